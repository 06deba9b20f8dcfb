"""报警的一生:产生、升级、确认、恢复、关闭、搁置、并入同因报警。"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from alarm_world import FLOODED, AlarmWorld, warden

from yiwang.kernel.errors import Forbidden
from yiwang.sensing.alarms.errors import AlarmUnknown, ShelfNotUsable
from yiwang.sensing.rules.model import Severity

QUIET = {key: value for key, value in FLOODED.items() if key != "opens"}


async def test_超限产生一条报警_再超不重复_恢复后结束(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.1, 0.3, 0.31)
    alarm = await world.alarm("G-1")
    assert (alarm.state, alarm.severity, alarm.over) == ("raised", Severity.MAJOR, True)
    assert alarm.limit_value == pytest.approx(0.27)
    assert alarm.names["zh"] == "1号积水点:地道积水"
    await world.city.wait(minutes=5)
    await world.measure("G-1", 0.4)
    again = await world.alarm("G-1")
    assert again.id == alarm.id
    assert again.peak == pytest.approx(0.4)
    await world.city.wait(minutes=5)
    await world.measure("G-1", 0.1)
    over = await world.alarm("G-1")
    assert (over.state, over.over) == ("cleared", False)
    assert await world.verbs(over) == ["alarm.raised", "alarm.cleared"]


async def test_同一来源同一规则只有一条未结报警_由数据库保证(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.3)
    async with world.context.database.transaction() as connection:
        await connection.execute("delete from rule_state")  # what is remembered is lost
        await connection.execute("update rule_epoch set epoch = epoch + 1")
    await world.city.wait(minutes=1)
    await world.measure("G-1", 0.35)
    assert len(await world.alarms(device=world.devices["G-1"])) == 1


async def test_升级_级别变高并有记录(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-2", 0.3)
    await world.city.wait(minutes=1)
    await world.measure("G-2", 0.6)
    alarm = await world.alarm("G-2")
    assert alarm.severity == Severity.CRITICAL
    assert await world.verbs(alarm) == ["alarm.raised", "alarm.escalated"]


async def test_确认之后仍在报警_恢复后结束(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.3)
    alarm = await world.alarm("G-1")
    done, refused = await world.sensing.alarms.acknowledge(warden("read", "acknowledge"), [alarm.id, uuid4()], "已派人")
    assert done == [alarm.id]
    assert isinstance(refused[0].problem, AlarmUnknown)
    alarm = await world.alarm("G-1")
    assert (alarm.state, alarm.acknowledged_label) == ("acknowledged", "值班员")
    await world.city.wait(minutes=1)
    await world.measure("G-1", 0.1)
    assert (await world.alarm("G-1")).state == "cleared"


async def test_超限时人工关闭_恢复前不再报_升级则再报(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.3)
    alarm = await world.alarm("G-1")
    await world.sensing.alarms.close(warden("*"), [alarm.id], "误报,正在抽水")
    await world.city.wait(minutes=1)
    await world.measure("G-1", 0.35)
    assert [one.state for one in await world.alarms(device=world.devices["G-1"])] == ["closed"]
    await world.city.wait(minutes=1)
    await world.measure("G-1", 0.7)
    assert [one.state for one in await world.alarms(device=world.devices["G-1"])] == ["raised", "closed"]


async def test_人工关闭后恢复_再超限是新的报警(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.3)
    await world.sensing.alarms.close(warden("*"), [(await world.alarm("G-1")).id], "抽水中")
    await world.city.wait(minutes=5)
    await world.measure("G-1", 0.1, 0.3)
    assert [one.state for one in await world.alarms(device=world.devices["G-1"])] == ["raised", "closed"]


async def test_搁置期间不出现在看板_到期自动回来(world: AlarmWorld) -> None:
    await world.rules(flooded=FLOODED)
    await world.measure("G-3", 0.3)
    alarm = await world.alarm("G-3")
    until = world.city.now() + timedelta(hours=2)
    await world.sensing.alarms.shelve(warden("*"), [alarm.id], until, "泵站检修")
    assert await world.alarms(shelved=False) == []
    await world.work()
    assert (await world.alarm("G-3")).case_id is None  # nothing is opened from the shelf
    await world.city.wait(hours=3)
    await world.watching.sweep()
    alarm = await world.alarm("G-3")
    assert alarm.shelved_until is None
    assert [verb for verb in await world.verbs(alarm) if "shelved" in verb] == ["alarm.shelved", "alarm.unshelved"]
    await world.work()
    assert (await world.alarm("G-3")).case_number is not None


async def test_搁置的来源再报警_仍在搁置中(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-3", 0.3)
    until = world.city.now() + timedelta(hours=2)
    await world.sensing.alarms.shelve(warden("*"), [(await world.alarm("G-3")).id], until, "泵站检修")
    await world.city.wait(minutes=5)
    await world.measure("G-3", 0.1, 0.3)
    alarm = await world.alarm("G-3")
    assert (alarm.state, alarm.shelved_until) == ("raised", until)
    await world.sensing.alarms.unshelve(warden("*"), [alarm.id])
    assert (await world.alarm("G-3")).shelved_until is None


async def test_搁置必须有期限_不能超过三十天(world: AlarmWorld) -> None:
    for days in (-1, 31):
        with pytest.raises(ShelfNotUsable):
            await world.sensing.alarms.shelve(warden("*"), [], world.city.now() + timedelta(days=days), "x")


async def test_看不到的报警等于没有_看得到却无权的说明无权(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.3)
    alarm = await world.alarm("G-1")
    elsewhere = warden("read", "acknowledge", area="120111")
    assert await world.alarms(elsewhere) == []
    with pytest.raises(AlarmUnknown):
        await world.sensing.alarms.one(elsewhere, alarm.id)
    _, refused = await world.sensing.alarms.acknowledge(elsewhere, [alarm.id])
    assert isinstance(refused[0].problem, AlarmUnknown)
    with pytest.raises(Forbidden):
        await world.sensing.alarms.close(warden("read"), [alarm.id], "x")


STORM = {**QUIET, "fold": {"by": "attribute:substation", "within": "10min", "least": 4}}


async def test_同一变电站五处报警并为一条_全部恢复后它也恢复(world: AlarmWorld) -> None:
    await world.rules(flooded=STORM)
    same = ["G-1", "G-3", "G-5", "G-7", "G-9"]
    for gauge in same[:3]:
        await world.measure(gauge, 0.3)
    assert len(await world.alarms()) == 3
    await world.measure("G-2", 0.3)  # of another substation
    assert len(await world.alarms()) == 4
    await world.measure(same[3], 0.6)
    await world.measure(same[4], 0.3)
    parent, other = sorted(await world.alarms(), key=lambda alarm: alarm.children, reverse=True)
    assert (parent.children, parent.severity, parent.source) == (5, Severity.CRITICAL, "fold:substation:s1")
    assert other.device_id == world.devices["G-2"]
    assert len(await world.alarms(parent=parent.id)) == 5
    await world.city.wait(minutes=2)
    for gauge in same[:4]:
        await world.measure(gauge, 0.1)
    assert (await world.alarms())[-1].open or (await world.sensing.alarms.one(warden("read"), parent.id)).open
    await world.measure(same[4], 0.1)
    assert (await world.sensing.alarms.one(warden("read"), parent.id)).state == "cleared"


async def test_一百个传感器同时报警_折成一条_只开一个案件(world: AlarmWorld) -> None:
    opens = {**FLOODED, "fold": {"by": "area", "within": "10min", "least": 5}}
    await world.rules(flooded=opens)
    for gauge in world.devices:
        await world.arrive(gauge, [0.3])
    await world.work()
    (parent,) = await world.alarms()
    assert parent.children == len(world.devices)
    assert parent.case_number is not None
    async with world.context.database.connection() as connection:
        assert await connection.fetchval("select count(*) from alarm_opening") == 1


async def test_静默的设备报警_来数据恢复(world: AlarmWorld) -> None:
    silent = {
        "names": {"zh": "数据中断", "en": "Silent"},
        "profile": "test-gauge",
        "when": {"metric": "depth", "absent": "30min"},
    }
    for gauge in world.devices:
        await world.arrive(gauge, [0.1])
    await world.rules(silent=silent)
    assert await world.watching.sweep() == 0
    await world.city.wait(minutes=31)
    await world.measure("G-1", 0.1)
    assert await world.watching.sweep() == len(world.devices) - 1
    assert await world.watching.sweep() == 0  # the same again changes nothing
    await world.measure("G-2", 0.1)
    await world.watching.sweep()
    assert (await world.alarm("G-2")).state == "cleared"
    assert (await world.alarm("G-3")).state == "raised"


async def test_规则停用_它的报警结束(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-1", 0.3)
    await world.rules()
    assert (await world.alarm("G-1")).state == "cleared"


async def test_补传的历史数据不报警(world: AlarmWorld) -> None:
    await world.rules(flooded=QUIET)
    await world.measure("G-4", 0.9, 0.9, at=world.city.now() - timedelta(hours=3))
    assert await world.alarms() == []
