"""报警生成案件:一条报警一个案件,附证据;升级、恢复告知案件;结案时仍超限则保留报警。"""

from __future__ import annotations

from alarm_world import FLOODED, AlarmWorld

from yiwang.casework.model import Opened
from yiwang.kernel.access import SYSTEM


def opened(case_id: object) -> Opened:
    return Opened(case_id, "", "", "", None, "", "", "", None, False)  # type: ignore[arg-type]


async def test_超限读数自己走到结案(world: AlarmWorld) -> None:
    await world.rules(flooded=FLOODED)
    await world.measure("G-6", 0.1, 0.3)
    await world.work()
    alarm = await world.alarm("G-6")
    assert alarm.case_id is not None
    case = await world.city.case(alarm.case_id)
    assert (case.channel, case.class_code) == ("sensor", FLOODED["opens"]["class"])  # type: ignore[index]
    assert case.text == "6号积水点积水 0.30 m,超过 0.27"
    assert case.urgency == "urgent"
    evidence = case.fields["evidence"]
    assert isinstance(evidence, dict)
    assert evidence["device"] == {"code": "G-6", "zh": "6号积水点", "en": "Gauge 6"}
    assert len(evidence["curves"][0]["points"]) >= 2  # type: ignore[index,call-overload,arg-type]
    assert evidence["near"]
    await world.city.wait(minutes=2)
    await world.measure("G-6", 0.1)
    await world.work()
    assert "case.alarm" in await world.city.verbs(alarm.case_id)
    await world.city.close(opened(alarm.case_id))
    assert (await world.city.case(alarm.case_id)).closed_at is not None
    assert (await world.alarm("G-6")).state == "cleared"


async def test_同一报警只开一个案件_重复执行也一样(world: AlarmWorld) -> None:
    await world.rules(flooded=FLOODED)
    await world.measure("G-7", 0.3)
    await world.work()
    alarm = await world.alarm("G-7")
    async with world.context.database.transaction() as connection:  # as if the worker died between case and note
        await connection.execute("update alarm_opening set done_at = null, case_id = null")
        await connection.execute("update alarm set case_id = null, case_number = null")
    await world.work()
    again = await world.alarm("G-7")
    assert again.case_id == alarm.case_id


async def test_半小时后证据补全(world: AlarmWorld) -> None:
    await world.rules(flooded=FLOODED)
    await world.measure("G-8", 0.3)
    await world.work()
    before = (await world.city.case((await world.alarm("G-8")).case_id)).fields["evidence"]  # type: ignore[arg-type]
    await world.city.wait(minutes=31)
    await world.measure("G-8", *[0.3] * 25)
    await world.work()
    alarm = await world.alarm("G-8")
    after = (await world.city.case(alarm.case_id)).fields["evidence"]  # type: ignore[arg-type]
    assert len(after["curves"][0]["points"]) > len(before["curves"][0]["points"])  # type: ignore[index,call-overload,arg-type]
    assert alarm.evidence == after


async def test_报警升级_案件加急并有记录(world: AlarmWorld) -> None:
    await world.rules(flooded={**FLOODED, "severity": "minor"})
    await world.measure("G-9", 0.3)
    await world.work()
    alarm = await world.alarm("G-9")
    assert alarm.case_id is not None
    await world.city.wait(minutes=1)
    await world.measure("G-9", 0.8)
    await world.work()
    case = await world.city.case(alarm.case_id)
    assert case.urgency == "urgent"
    assert "case.alarm" in await world.city.verbs(alarm.case_id)


async def test_规则要求恢复即结案(world: AlarmWorld) -> None:
    await world.rules(flooded={**FLOODED, "opens": {**FLOODED["opens"], "clear": "close"}})  # type: ignore[dict-item]
    await world.measure("G-10", 0.3)
    await world.work()
    await world.city.wait(minutes=1)
    await world.measure("G-10", 0.1)
    await world.work()
    case = await world.city.case((await world.alarm("G-10")).case_id)  # type: ignore[arg-type]
    assert case.closed_at is not None


async def test_结案时仍超限_报警保留_安静期后另立新案(world: AlarmWorld) -> None:
    await world.rules(flooded=FLOODED)
    await world.measure("G-11", 0.3)
    await world.work()
    first = await world.alarm("G-11")
    assert first.case_id is not None
    await world.city.cases.operations.force_close(first.case_id, SYSTEM, "现场看过")
    await world.work()
    alarm = await world.alarm("G-11")
    assert (alarm.state, alarm.case_id) == ("raised", first.case_id)
    assert "case.alarm" in await world.city.verbs(first.case_id)
    await world.city.wait(hours=2, minutes=1)
    await world.work()
    alarm = await world.alarm("G-11")
    assert alarm.case_id not in (None, first.case_id)


async def test_等待期内恢复_不开案件(world: AlarmWorld) -> None:
    await world.rules(flooded={**FLOODED, "opens": {**FLOODED["opens"], "after": "5min"}})  # type: ignore[dict-item]
    await world.measure("G-12", 0.3)
    await world.work()
    await world.city.wait(minutes=2)
    await world.measure("G-12", 0.1)
    await world.city.wait(minutes=10)
    await world.work()
    assert (await world.alarm("G-12")).case_id is None


async def test_案件类型不收传感器渠道_报警仍在_原因写在报警里(world: AlarmWorld) -> None:
    await world.rules(flooded={**FLOODED, "opens": {**FLOODED["opens"], "channel": "nowhere"}})  # type: ignore[dict-item]
    await world.measure("G-5", 0.3)
    for _ in range(6):
        await world.work()
        await world.city.wait(minutes=2)
    alarm = await world.alarm("G-5")
    assert (alarm.state, alarm.case_id) == ("raised", None)
    assert "alarm.noted" in await world.verbs(alarm)
