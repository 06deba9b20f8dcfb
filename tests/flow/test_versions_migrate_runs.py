"""How a migration is carried out: tried, told, gone on with after a crash, while everybody works."""

from __future__ import annotations

import asyncio

import pytest

from tests.flow.migrating import MANAGER, migrate, versions
from tests.flow.offices import Office, steps
from yiwang.flow.versions import store
from yiwang.flow.versions.errors import MappingInvalid, NothingToMigrate
from yiwang.flow.versions.migrating import Migrations, Progressed
from yiwang.kernel import journal


async def test_试运行什么都不改_草稿也能试(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "tried"))
    cases = [(await office.start(old)).instance_id for _ in range(3)]
    await office.complete(cases[0], "a")
    async with office.database.transaction() as connection:
        drafted = await office.flow.save_draft(connection, "tried", steps(["a"], "tried").xml, MANAGER, office.now)
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        with pytest.raises(NothingToMigrate):
            await migrations.ask(connection, "tried", 1, 2, {}, MANAGER, dry_run=False)
        row = await migrations.ask(connection, "tried", 1, 2, {}, MANAGER, dry_run=True, queued=False)
    found = await migrations.run(row.id)
    assert (drafted.definition.version, found.moved, found.refused) == (2, 2, 1)
    async with office.database.transaction() as connection:
        new = await office.flow.publish_draft(connection, "tried", MANAGER, office.now)
    again = await migrate(office, old, new, dry_run=True)
    assert (again.moved, again.refused) == (2, 1)
    assert await versions(office, *cases) == [1, 1, 1]
    async with office.database.connection() as connection:
        verbs = [row.entry.verb for row in await journal.story(connection, cases[1])]
        refused = await store.cases(connection, again.row.id, "refused", limit=10)
    assert "flow.migrated" not in verbs
    assert [(row.instance_id, row.at_nodes) for row in refused] == [(cases[0], ["b"])]
    assert refused[0].obstacles[0] == {
        "code": "step_gone",
        "element": "b",
        "zh": "停在步骤(b),新版本没有它;请在映射里写明对应的元素",
        "en": "it stands at step (b), which the new version does not have; map it",
    }


async def test_每一件都记入日志_写明原版本(office: Office) -> None:
    old = await office.publish(steps(["a"], "told"))
    case = (await office.start(old)).instance_id
    new = await office.publish(steps(["a", "b"], "told"))
    assert (await migrate(office, old, new)).moved == 1
    async with office.database.connection() as connection:
        rows = await journal.story(connection, case)
    entry = next(row.entry for row in rows if row.entry.verb == "flow.migrated")
    assert (entry.data["from"], entry.data["to"], entry.data["former"]) == (1, 2, str(old.id))
    assert entry.actor_name == "管理员"


async def test_映射里的错误逐条指出(office: Office) -> None:
    old = await office.publish(steps(["a"], "faulty-map"))
    new = await office.publish(steps(["a", "b"], "faulty-map"))
    with pytest.raises(MappingInvalid) as refused:
        await migrate(
            office, old, new, {"steps": {"x": "a", "a": "end"}, "events": {"none": "drop"}, "restart": ["zz"]}
        )
    assert sorted(error.where for error in refused.value.errors) == [
        "/events/none",
        "/restart",
        "/steps/a",
        "/steps/x",
    ]
    with pytest.raises(MappingInvalid):
        await migrate(office, old, new, {"step": {}, "events": {"a": "maybe"}, "restart": "a"})
    with pytest.raises(NothingToMigrate):
        await migrate(office, old, old)


class Stopped(Exception):
    """The process ends."""


async def test_中途崩溃后接着做_没有一件迁移两次(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "crashed"))
    cases = [(await office.start(old)).instance_id for _ in range(8)]
    for case in cases[:2]:
        await office.complete(case, "a")
    new = await office.publish(steps(["a", "c"], "crashed"))
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        row = await migrations.ask(connection, "crashed", 1, 2, {}, MANAGER, dry_run=False, queued=False)

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise Stopped

    with pytest.raises(Stopped):
        await migrations.run(row.id, stop)
    async with office.database.connection() as connection:
        found = await migrations.progress(connection, await migrations.migration(connection, row.id))
    assert (found.row.state, found.row.total, found.done) == ("running", 8, 4)
    await office.complete(cases[7], "a")  # somebody works on meanwhile
    found = await migrations.run(row.id)
    assert (found.row.state, found.moved, found.refused, found.done) == ("done", 5, 3, 8)
    assert await migrations.run(row.id) == found
    assert sorted(await versions(office, *cases)) == [1, 1, 1, 2, 2, 2, 2, 2]
    async with office.database.connection() as connection:
        told = [entry.entry.verb for case in cases for entry in await journal.story(connection, case)]
    assert told.count("flow.migrated") == 5
    assert new.version == 2


async def test_迁移时大家照常办理_两个进程同时迁移也各只一次(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "busy"))
    cases = [(await office.start(old)).instance_id for _ in range(12)]
    await office.publish(steps(["a", "b", "c"], "busy"))
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        row = await migrations.ask(connection, "busy", 1, 2, {}, MANAGER, dry_run=False, queued=False)
    answers = await asyncio.gather(
        migrations.run(row.id), migrations.run(row.id), *(office.complete(case, "a") for case in cases)
    )
    assert isinstance(answers[0], Progressed)
    assert answers[0].moved == 12
    assert set(await versions(office, *cases)) == {2}
    assert [await office.nodes(case) for case in cases] == [["b"]] * 12
