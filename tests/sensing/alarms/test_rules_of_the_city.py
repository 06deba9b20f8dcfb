"""规则的版本与试算:应用包的规则、本市改写、发布、恢复;试算与实际一致。"""

from __future__ import annotations

from datetime import timedelta

import pytest
from alarm_world import FLOODED, AlarmWorld

from yiwang.kernel.access import SYSTEM
from yiwang.sensing.model import Grain, Reading, rows_of
from yiwang.sensing.rules import publishing, store
from yiwang.sensing.rules.compiling import compile_rule
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.errors import AlarmRuleNotDraft, RehearsalTooLong
from yiwang.sensing.rules.model import Rule
from yiwang.sensing.rules.rehearsal import Rehearsal, Trial

QUIET = {key: value for key, value in FLOODED.items() if key != "opens"}


async def states(world: AlarmWorld) -> list[tuple[str, str]]:
    async with world.context.database.connection() as connection:
        return [(one.origin, one.state) for one in await store.versions_of(connection, "flooded")]


async def test_本市改写规则_应用包更新也不覆盖_恢复即回到应用包最新版(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    own = RuleDeclaration.model_validate({**QUIET, "when": {"metric": "depth", "above": 0.5}, "steps": []})
    now = world.city.now()
    async with world.context.database.transaction() as connection:
        draft = await publishing.draft(connection, "flooded", own, "本区地势高", SYSTEM, now)
        assert draft.state == "draft"
        published = await publishing.publish(connection, draft.id, SYSTEM, now)
        assert (published.state, published.origin) == ("published", "city")
        with pytest.raises(AlarmRuleNotDraft):
            await publishing.publish(connection, draft.id, SYSTEM, now)
    await world.measure("G-1", 0.3)
    assert await world.alarms() == []
    await world.rules(flooded={**QUIET, "severity": "minor"})  # the pack brings a new version
    assert (await states(world))[:2] == [("pack", "shadowed"), ("city", "published")]
    async with world.context.database.transaction() as connection:
        back = await publishing.revert(connection, "flooded", SYSTEM, now)
    assert back is not None
    assert back.declaration.severity == "minor"
    await world.city.wait(minutes=1)
    await world.measure("G-1", 0.3)
    assert len(await world.alarms()) == 1


async def test_同样的声明不产生新版本(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    before = await states(world)
    await world.rules(flooded=QUIET)
    assert await states(world) == before


def compiled(world: AlarmWorld, body: dict[str, object]) -> Rule:
    return compile_rule("tried", 1, RuleDeclaration.model_validate(body), world.metrics, world.context.calendar)


async def tried(world: AlarmWorld, body: dict[str, object], hours: float = 6) -> Trial:
    now = world.city.now()
    rehearsal = Rehearsal(world.context, world.sensing.directory, world.sensing.readings.lake)
    trial = rehearsal.begin(compiled(world, body), now - timedelta(hours=hours), now)
    shares = [one.share async for one in rehearsal.run(compiled(world, body), trial)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return trial


async def test_试算得出报警次数_设备_起止_峰值(world: AlarmWorld) -> None:
    now = world.city.now()
    values = [0.1, 0.3, 0.4, 0.1, 0.1, 0.6, 0.55, 0.1, 0.3]
    rows = [
        Reading(world.devices["G-2"], world.metrics["depth"], Grain.REAL, now - timedelta(minutes=60 - 5 * n), value)
        for n, value in enumerate(values)
    ]
    await world.sensing.writer.put(rows_of(rows))
    trial = await tried(world, QUIET)
    assert (trial.fired, trial.sources) == (3, 1)
    first, second, last = trial.firings
    assert (first.device.code, first.peak) == ("G-2", pytest.approx(0.4))
    assert (first.raised, first.cleared) == (now - timedelta(minutes=55), now - timedelta(minutes=45))
    assert second.severity.name == "CRITICAL"
    assert last.cleared is None


async def test_试算静默_缺口即报警(world: AlarmWorld) -> None:
    now = world.city.now()
    minutes = [0, 5, 10, 70, 75, 180, 185]
    rows = [
        Reading(world.devices["G-3"], world.metrics["rain_rate"], Grain.REAL, now - timedelta(minutes=186 - m), 1.0)
        for m in minutes
    ]
    await world.sensing.writer.put(rows_of(rows))
    body = {"names": FLOODED["names"], "profile": "test-gauge", "when": {"metric": "rain_rate", "absent": "30min"}}
    trial = await tried(world, body, hours=3.1)
    of_gauge = [one for one in trial.firings if one.device.code == "G-3"]
    assert [round(one.peak or 0) for one in of_gauge] == [3600, 6300]


async def test_试算与实际判断一致(world: AlarmWorld) -> None:
    body = {**QUIET, "when": {"metric": "depth", "above": 0.27, "clear_below": 0.2, "for": "4min"}}
    await world.rules(flooded=body)
    now = world.city.now()
    values = [0.1, 0.3, 0.3, 0.3, 0.1, 0.25, 0.3, 0.3, 0.1, 0.5, 0.5, 0.5, 0.5, 0.1] * 2
    rows = [
        Reading(world.devices["G-7"], world.metrics["depth"], Grain.REAL, now - timedelta(minutes=58 - 2 * n), value)
        for n, value in enumerate(values)
    ]
    for row in rows:
        await world.sensing.writer.put(rows_of([row]))
    await world.judge()
    really = list(reversed(await world.alarms(device=world.devices["G-7"])))
    trial = await tried(world, body, hours=1)
    assert [one.began for one in trial.firings if one.device.code == "G-7"] == [one.began_at for one in really]
    assert trial.fired == 4


async def test_试算时段有界(world: AlarmWorld) -> None:
    rehearsal = Rehearsal(world.context, world.sensing.directory, world.sensing.readings.lake)
    now = world.city.now()
    for since, until in ((now, now), (now - timedelta(days=500), now), (now, now + timedelta(days=1))):
        with pytest.raises(RehearsalTooLong):
            rehearsal.begin(compiled(world, QUIET), since, until)


async def test_自适应规则_从小时汇总学习_之后按常态报警(world: AlarmWorld) -> None:
    from yiwang.sensing.readings.rollups import Rollups

    usual = {"deviations": 6, "side": "above", "learn": "2d", "floor": 0.5}
    body = {
        "names": FLOODED["names"],
        "profile": "test-gauge",
        "when": {"metric": "rain_rate", "baseline": usual},
    }
    rollups = Rollups(world.context.database.url, world.context.calendar.hours.timezone)
    await rollups.follow()
    now = world.city.now().replace(minute=0, second=0, microsecond=0)
    rows = [
        Reading(
            world.devices["G-9"], world.metrics["rain_rate"], Grain.REAL, now - timedelta(minutes=10 * n), 5 + n % 3
        )
        for n in range(1, 6 * 24 * 8)
    ]
    await world.sensing.writer.put(rows_of(rows))
    while await rollups.follow():
        continue
    await rollups.close()
    await world.rules(usual=body)
    assert await world.learning.advance() >= 1
    assert await world.learning.advance() == 0
    await world.judge()
    await world.measure("G-9", 7, metric="rain_rate")
    assert await world.alarms() == []
    await world.city.wait(minutes=1)
    await world.measure("G-9", 60, metric="rain_rate")
    (alarm,) = await world.alarms()
    assert alarm.kind == "baseline"
    assert alarm.limit_value is not None
    assert 8 < alarm.limit_value < 30
