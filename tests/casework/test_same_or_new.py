"""同件识别:while a report is typed its likeliest counterparts are shown with reasons; folding tells all reporters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.small_city import SmallCity

from yiwang.casework.errors import OperationNotNow
from yiwang.casework.likeness import Alike, Asked
from yiwang.casework.model import Reporter
from yiwang.kernel.access import ANONYMOUS, Actor

LAMP = "实验小学东门口的路灯不亮,晚上接孩子很危险"


async def _asked(city: SmallCity, text: str, by: str | None = "acceptor1", **more: object) -> list[Alike]:
    actor = await city.actor(by) if by else ANONYMOUS
    return await city.cases.likeness.alike(replace(Asked(text, city.now()), **more), actor)


async def test_边输入边提示_文字相近的排在最前并说明依据(city: SmallCity) -> None:
    lamp = await city.report(LAMP)
    await city.report("菜市场后面的垃圾好几天没人收了")
    found = await _asked(city, "实验小学东门口路灯")
    assert found[0].case.number == lamp.number
    assert found[0].foldable
    reasons = {reason.feature: reason for reason in found[0].likeness.reasons}
    assert reasons["text"].bits > 0
    assert "文字相近" in reasons["text"].zh
    assert reasons["time"].value < 1


async def test_同一地点的排在远处之前_距离以米说明(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    near = await city.report("道路中间井盖缺失", lon=lon, lat=lat)
    far = await city.report("道路中间井盖缺失")
    found = await _asked(city, "道路中间井盖没有了", lon=lon + 0.0001, lat=lat)
    numbers = [item.case.number for item in found]
    assert numbers[0] == near.number
    assert found[0].metres == pytest.approx(8.7, abs=0.5)
    assert far.number not in numbers or numbers.index(far.number) > 0


async def test_分类不同的证据为负(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    opened = await city.report("路灯不亮", lon=lon, lat=lat)
    found = await _asked(
        city, "路灯不亮", lon=lon, lat=lat, class_code="0201" if opened.class_code != "0201" else "0301"
    )
    one = next(item for item in found if item.case.number == opened.number)
    assert next(reason.bits for reason in one.likeness.reasons if reason.feature == "class") < 0


async def test_同一来电人只对可见来电信息的席位起作用(city: SmallCity) -> None:
    opened = await city.report("供水管道爆裂,路面积水严重", reporter=Reporter("周", "13911112222"))
    seen = await _asked(city, "又漏水了", phone="13911112222")
    mine = next(item for item in seen if item.case.number == opened.number)
    assert "caller" in {reason.feature for reason in mine.likeness.reasons}
    for login in ("worker1", "supervisor1"):
        found = await _asked(city, "又漏水了", login, phone="13911112222")
        assert all(reason.feature != "caller" for item in found for reason in item.likeness.reasons)


async def test_市民只看到所选地点附近的在办案件_看不到内容(city: SmallCity) -> None:
    lon, lat = city.elsewhere()
    opened = await city.report("树枝折断压住电线", lon=lon, lat=lat)
    assert await _asked(city, "树枝折断压住电线", None) == []
    found = await _asked(city, "树枝折断压住电线", None, lon=lon, lat=lat)
    assert [item.case.number for item in found] == [opened.number]
    assert not found[0].case.readable
    assert not found[0].foldable


async def test_看不到辖区外的案件(city: SmallCity) -> None:
    opened = await city.report("体育场北侧围挡倒塌挡住人行道")
    case = await city.case(opened.id)
    grants = (await city.actor("shift1")).grants
    actor = Actor(kind="person", grants=tuple(replace(grant, area="999999") for grant in grants))
    asked = Asked(case.text, city.now(), lon=case.lon, lat=case.lat)
    assert await city.cases.likeness.alike(asked, actor) == []


async def test_案件页列出可并入的案件_不列自己和被并的(city: SmallCity) -> None:
    head, other, third = [await city.report("游泳馆旁公厕污水外溢") for _ in range(3)]
    acceptor = await city.actor("acceptor1")
    await city.cases.operations.fold(third.id, acceptor, head.number)
    found = await city.cases.likeness.alike_case(other.id, acceptor)
    numbers = [item.case.number for item in found]
    assert head.number in numbers
    assert other.number not in numbers
    assert third.number not in numbers


async def test_过了时间窗不再提示(city: SmallCity) -> None:
    opened = await city.report("图书馆台阶破损绊倒老人")
    later = replace(Asked("图书馆台阶破损绊倒老人", city.now() + timedelta(days=31)))
    found = await city.cases.likeness.alike(later, await city.actor("acceptor1"))
    assert opened.number not in {item.case.number for item in found}


@pytest.mark.parametrize(
    "text",
    ["", "!!!???", "路" * 4000, "路灯" * 50_000, "lamp 灯 лампа 街灯 🚨", "路燈不亮,請派人修理", "\x00", "'; drop--"],
)
async def test_坏输入也能回答(city: SmallCity, text: str) -> None:
    assert isinstance(await _asked(city, text), list)
    assert isinstance(await _asked(city, text, lon=117.0005, lat=39.0005), list)


async def test_词频由后台统计_常见词不再是证据(city: SmallCity) -> None:
    for number in range(30):
        await city.report(f"反映情况请尽快处理谢谢{number}")
    assert await city.cases.likeness.take_sample()
    assert not await city.cases.likeness.take_sample()
    rarity = city.cases.likeness._rarity
    assert rarity.share("谢谢") > 0.2
    assert rarity.share("麒麟") < 0.01


async def test_并案后每位上报人都被告知立案和结案_都能看进度和评价(city: SmallCity) -> None:
    head, first, second = [await city.report("东湖公园健身器材损坏") for _ in range(3)]
    acceptor = await city.actor("acceptor1")
    for follower in (first, second):
        await city.cases.operations.fold(follower.id, acceptor, head.number)
    await city.to(head, "dispatch")
    seen = await city.cases.reading.follow(first.number, first.code)
    assert [row.entry.data["occasion"] for row in seen.notices] == ["filed"]
    assert seen.head is not None
    assert (seen.head.number, seen.head.status) == (head.number, (await city.case(head.id)).status)
    await city.close(head)
    for opened in (head, first, second):
        view = await city.cases.reading.follow(opened.number, opened.code)
        assert [row.entry.data["occasion"] for row in view.notices] == ["filed", "closed"]
        assert view.case.closed_at is not None
        rated = await city.cases.operations.rate(opened.number, opened.code, ANONYMOUS, 5, "")
        assert rated.id == opened.id
    assert "case.told" not in [row.entry.verb for row in seen.story]


async def test_未并案的案件不发告知(city: SmallCity) -> None:
    alone = await city.report("单独一件")
    await city.close(alone)
    assert (await city.cases.reading.follow(alone.number, alone.code)).notices == ()


async def test_并案可以撤销_撤销后不再随主案(city: SmallCity) -> None:
    head, other = await city.report("站台玻璃破碎"), await city.report("站台玻璃破碎")
    acceptor = await city.actor("acceptor1")
    await city.cases.operations.fold(other.id, acceptor, head.number)
    await city.cases.operations.unfold(other.id, acceptor, "是两个站台")
    await city.close(head)
    case = await city.case(other.id)
    assert (case.state, case.head_id, case.closed_at) == ("open", None, None)
    assert (await city.case(head.id)).followers == 0
    assert {"case.folded", "case.unfolded"} <= set(await city.verbs(other.id))


async def test_随主案结案的上报人仍可要求重办_不影响主案(city: SmallCity) -> None:
    head, other = await city.report("河道漂浮物"), await city.report("河道漂浮物")
    await city.cases.operations.fold(other.id, await city.actor("acceptor1"), head.number)
    await city.close(head)
    assert (await city.cases.reading.follow(other.number, other.code)).may_reopen
    await city.cases.operations.reopen(other.number, other.code, ANONYMOUS, "我这边没清理")
    assert (await city.case(other.id)).state == "open"
    assert (await city.case(head.id)).state == "closed"
    with pytest.raises(OperationNotNow):
        await city.cases.operations.reopen(other.number, other.code, ANONYMOUS, "再来一次")
