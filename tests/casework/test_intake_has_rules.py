"""Intake: every channel has its own acceptance rule; a report is durable once, folded once, numbered without gaps."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from support.small_city import SmallCity

from yiwang.casework import errors
from yiwang.casework.model import Reporter
from yiwang.kernel.errors import Forbidden, InvalidInput, SignInNeeded
from yiwang.kernel.identifiers import new_id


async def test_市民上报_建案_编号_分类_定位(city: SmallCity) -> None:
    opened = await city.report("学校门口垃圾桶满了没人收")
    case = await city.case(opened.id)
    assert opened.number.startswith("CG20260618")
    assert opened.class_name == "垃圾站（箱）满溢"
    assert opened.class_reason == "垃圾桶满了没人收"  # the words of the report that spoke for it
    assert case.area.startswith("120199")
    assert len(case.area) == 15
    assert case.class_system == "GB/T 47678.5-2026"
    assert case.status == "待核实"
    assert await city.verbs(opened.id) == ["case.opened"]


@pytest.mark.parametrize(
    ("channel", "by", "more", "refusal"),
    [
        ("resident", None, {"lon": None, "lat": None}, InvalidInput),
        ("resident", None, {"text": "坏"}, errors.ReportRefused),
        ("grid-worker", None, {}, SignInNeeded),
        ("grid-worker", "acceptor1", {"class_code": "06010"}, errors.ChannelNotYours),
        ("grid-worker", "worker1", {"class_code": "06010"}, InvalidInput),
        ("hotline", "acceptor1", {"reporter": Reporter()}, InvalidInput),
        ("hotline", "city-handler", {}, Forbidden),
        ("carrier-pigeon", None, {}, errors.ChannelUnknown),
    ],
)
async def test_每个渠道有自己的受理规则(
    city: SmallCity, channel: str, by: str | None, more: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await city.report(by=by, channel=channel, **more)


async def test_市外的位置被拒绝_并说明坐标(city: SmallCity) -> None:
    with pytest.raises(errors.PlaceOutsideCity) as refused:
        await city.report(lon=2.35, lat=48.85)
    assert refused.value.data == {"lon": 2.35, "lat": 48.85}


async def test_百度和国测局坐标被换算(city: SmallCity) -> None:
    plain = await city.case((await city.report(lon=117.0042, lat=39.0061)).id)
    shifted = await city.case((await city.report("路灯不亮了", lon=117.0142, lat=39.0121, crs="GCJ-02")).id)
    assert plain.lon == 117.0042
    assert shifted.lon is not None
    assert 0.004 < 117.0142 - shifted.lon < 0.008


@pytest.mark.parametrize("days", [1, -400])
async def test_不可能的发生时间被拒绝(city: SmallCity, days: int) -> None:
    with pytest.raises(errors.TimeImpossible):
        await city.report(occurred_at=city.now() + timedelta(days=days))


async def test_未知分类和未知类型被拒绝(city: SmallCity) -> None:
    with pytest.raises(errors.ClassUnknown):
        await city.report(class_code="00000")
    with pytest.raises(errors.CaseTypeUnknown):
        await city.report(type="no-such-case")


async def test_没有认识的词_由人来分类(city: SmallCity) -> None:
    case = await city.case((await city.report("请来看一下这里")).id)
    assert (case.class_code, case.class_source) == ("99990", "none")


async def test_不存在或别人的照片不能使用(city: SmallCity) -> None:
    photo = await city.photo()
    with pytest.raises(errors.PhotoUnknown):
        await city.report(photos=(photo._replace(claim="x" * 16),))
    with pytest.raises(errors.PhotoUnknown):
        await city.report(photos=(photo._replace(id=new_id()),))
    opened = await city.report(photos=(photo,))
    assert [item.id for item in (await city.view(opened.id)).attachments] == [photo.id]
    with pytest.raises(errors.PhotoUnknown):
        await city.report("同一张照片不能用两次", photos=(photo,))


async def test_同地同类并案_两位市民各有编号和查询码(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    first = await city.report(lon=lon, lat=lat)
    second = await city.report("垃圾桶满了,都溢出来了", lon=lon + 0.0002, lat=lat)
    assert second.head_number == first.number
    assert second.number != first.number
    assert (await city.case(first.id)).followers == 1
    public = await city.cases.reading.follow(second.number, second.code)
    assert (public.head_number, public.case.status) == (first.number, "已并案")


async def test_不同类_太远_太久的不并案(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    first = await city.report("路灯不亮", lon=lon, lat=lat)
    other_class = await city.report("路面有个坑,道路破损", lon=lon, lat=lat)
    far = await city.report("路灯不亮", lon=lon + 0.0005, lat=lat)
    assert first.head_number is other_class.head_number is far.head_number is None


async def test_同时到达的二十份同样上报只立一案(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    found = await asyncio.gather(*(city.report("下水道堵了污水外流", lon=lon, lat=lat) for _ in range(20)))
    heads = {item.head_number for item in found}
    assert len([item for item in found if item.head_number is None]) == 1
    assert len(heads) == 2
    assert len({item.number for item in found}) == 20


async def test_并发上报的编号连续无空号(city: SmallCity) -> None:
    before = await city.report("消防栓漏水")
    await asyncio.gather(*(city.report("消防栓漏水了一地") for _ in range(40)), return_exceptions=True)
    with pytest.raises(errors.PhotoUnknown):
        await city.report(photos=((await city.photo())._replace(claim="y" * 16),))
    after = await city.report("消防栓漏水")
    assert int(after.number[-6:]) - int(before.number[-6:]) == 41


async def test_同一幂等键只立一案_回执相同(city: SmallCity) -> None:
    key = f"public:{new_id()}"
    found = await asyncio.gather(*(city.report("井盖丢了很危险", idempotency_key=key) for _ in range(10)))
    assert len({(item.number, item.code) for item in found}) == 1
    assert sum(not item.repeated for item in found) == 1


async def test_一份坏上报不影响同组的其他上报(city: SmallCity) -> None:
    bad = (await city.photo())._replace(claim="z" * 16)
    results = await asyncio.gather(
        *(city.report(f"第{n}处道路积水", photos=(bad,) if n == 5 else ()) for n in range(12)), return_exceptions=True
    )
    assert [n for n, item in enumerate(results) if isinstance(item, BaseException)] == [5]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
async def test_坐标不是有限的数_说明哪一个(city: SmallCity, bad: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        await city.report(lon=bad, lat=39.0)
    assert [item.where for item in refused.value.errors] == ["/lon"]
    with pytest.raises(InvalidInput) as refused:
        await city.report(lon=bad, lat=bad)
    assert [item.where for item in refused.value.errors] == ["/lon", "/lat"]
