"""城市自己的趋势:counted from the journal in the background, equal to counting the cases; scoped; alarms raised once."""

from __future__ import annotations

import asyncio
import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from support.journal_final import until_final
from support.small_city import SmallCity

from yiwang.casework.importing import import_cases, read_mapping
from yiwang.insight.trends.errors import TooFewDays
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden

MAPPING = """
type: urban-case
system: 旧平台
timezone: Asia/Shanghai
columns: {number: 编号, text: 内容, reported_at: 上报, closed_at: 办结, status: 状态, lon: 经度, lat: 纬度}
open_statuses: [在办]
placeholders: []
"""
LAST = date(2026, 6, 17)


def _history(folder: Path, days: int = 150) -> Path:
    """Some six cases on working days, two at weekends, forty on the last day."""
    path = folder / "history.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["编号", "内容", "上报", "办结", "状态", "经度", "纬度"])
        for back in range(days):
            day = LAST - timedelta(days=back)
            usual = 5 + back * 5 % 3 if day.weekday() < 5 else 2
            for number in range(40 if back == 0 else usual):
                at = datetime(day.year, day.month, day.day, 1 + number % 12, number, tzinfo=UTC)
                text = "路灯不亮" if number % 2 else "垃圾满溢"
                place = f"{117.0005 + number * 1e-4:.6f}", "39.0012"
                closed = (at + timedelta(hours=2)).isoformat()
                out.writerow([f"T{back}-{number}", text, at.isoformat(), closed, "办结", *place])
    return path


async def _caught_up(city: SmallCity) -> None:
    await until_final(city.services.context.database)
    for _ in range(200):
        if not await city.services.trends.follow():
            async with city.services.context.database.connection() as connection:
                behind = await connection.fetchval(
                    "select (select count(*) from trend_stale)"
                    " + (select count(*) from journal j where (j.tx, j.seq) > (select tx, seq from trend_progress))"
                )
            if behind == 0:
                return
        await asyncio.sleep(0.02)
    raise AssertionError("the counts never came after the journal")


async def _counted(city: SmallCity) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    async with city.services.context.database.connection() as connection:
        kept = await connection.fetch("select day, type, class_code, area, cases from trend_count")
        true = await connection.fetch(
            "select (reported_at at time zone 'Asia/Shanghai')::date, type, coalesce(class_code, ''), left(area, 9),"
            " count(*)::int from case_file where state <> 'void' group by 1, 2, 3, 4"
        )
    return sorted(tuple(row) for row in kept), sorted(tuple(row) for row in true)


async def test_没有数据时说明至少需要多少天(city: SmallCity) -> None:
    with pytest.raises(TooFewDays):
        await city.services.trends.trends(await city.actor("shift1"))
    assert await city.services.trends.watch() == 0


async def test_后台按日计数_与逐件统计相同(city: SmallCity, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    result = await import_cases(city.cases, _history(tmp_path), read_mapping(mapping))
    assert result.refused == 0
    await city.report("路灯不亮")
    gone = await city.report("垃圾没人收")
    await _caught_up(city)
    kept, true = await _counted(city)
    assert kept == true
    await city.cases.operations.void(gone.id, await city.actor("shift1"), "重复录入")
    await _caught_up(city)
    kept, true = await _counted(city)
    assert kept == true


async def test_改分类后计数跟着变(city: SmallCity) -> None:
    opened = await city.report("垃圾没人收")
    await _caught_up(city)
    await city.to(opened, "accept")
    view = await city.view(opened.id)
    other = next(code for code in view.case_type.classes if code != view.case.class_code)
    standard = view.case_type.standard(other, None)
    await city.step(opened.id, "file", class_code=other, standard=standard.id)
    await _caught_up(city)
    kept, true = await _counted(city)
    assert kept == true


async def test_预测带区间和误差_周末较少(city: SmallCity) -> None:
    found = await city.services.trends.trends(await city.actor("shift1"), by="class", days=149, horizon=7)
    assert found.on(found.seen - 1) == LAST
    assert found.total.counts.sum() == sum(item.counts.sum() for item in found.series)
    assert found.score is not None
    assert found.score.mase < found.score.naive_mase * 1.5
    bounds = found.total.ahead.interval()
    assert (bounds.low <= bounds.high).all()
    days = {found.on(found.seen + step).weekday(): found.total.ahead.mean[step] for step in range(7)}
    assert days[6] < days[2]


async def test_只统计读者能看的街道(city: SmallCity) -> None:
    shift = await city.actor("shift1")
    elsewhere = Actor(kind="person", grants=tuple(replace(grant, area="999999") for grant in shift.grants))
    with pytest.raises(TooFewDays):
        await city.services.trends.trends(elsewhere)
    assert await city.services.trends.alarms(elsewhere, before=None, limit=10) == []
    with pytest.raises(Forbidden):
        await city.services.trends.trends(Actor(kind="person"))


async def test_突增当天之后报警一次_写入日志(city: SmallCity) -> None:
    raised = await city.services.trends.watch()
    assert raised >= 1
    assert await city.services.trends.watch() == 0
    alarms = await city.services.trends.alarms(await city.actor("shift1"), before=None, limit=50)
    whole = next(item for item in alarms if item.class_code == "" and item.day == LAST)
    assert (whole.kind, whole.cases) == ("more", 40)
    assert whole.expected < 12
    async with city.services.context.database.connection() as connection:
        told = await connection.fetchval("select count(*) from journal where verb = 'trend.alarmed'")
    assert told == raised
    again = await city.services.trends.alarms(
        await city.actor("shift1"), before=(alarms[0].day, alarms[0].id), limit=50
    )
    assert [item.id for item in again] == [item.id for item in alarms[1:]]
