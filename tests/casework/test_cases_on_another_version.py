"""Cases whose flow goes over to another version: the case type goes with it, and the case is worked on as before."""

from __future__ import annotations

from support.small_city import SmallCity

from yiwang.flow.model import Definition
from yiwang.flow.versions import store
from yiwang.flow.versions.migrating import Migrations, Progressed
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Json


async def publish(city: SmallCity, *changes: tuple[str, str]) -> Definition:
    """The flow of urban cases, drawn a little differently."""
    flow = city.services.flow
    async with city.services.context.database.transaction() as connection:
        now = await flow.latest(connection, "urban-case")
        xml = (await flow.version(connection, "urban-case", now.version)).xml
        for old, new in changes:
            assert old in xml
            xml = xml.replace(old, new)
        return await flow.publish(connection, "urban-case", xml, SYSTEM, city.now())


async def publish_type(city: SmallCity, definition: Definition) -> None:
    known = city.cases.catalogue.latest("urban-case")
    async with city.services.context.database.transaction() as connection:
        await city.cases.publish_case_type(
            connection, known.declaration, known.tree, known.table, definition, city.now()
        )
    await city.services.refresh()


async def migrate(city: SmallCity, old: int, new: int, *, dry_run: bool = False, **steps: Json) -> Progressed:
    migrations = Migrations(city.services.flow)
    async with city.services.context.database.transaction() as connection:
        row = await migrations.ask(
            connection, "urban-case", old, new, {"steps": steps}, SYSTEM, dry_run=dry_run, queued=False
        )
    return await migrations.run(row.id)


async def test_案件随流程换版_类型版本一起换_照常办到结案(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "dispatch")
    before = await city.case(opened.id)
    first = city.cases.catalogue.latest("urban-case").definition.version
    changed = await publish(city, ('id="handle"', 'id="treat"'), ('"handle"', '"treat"'), ("待派遣", "等待派遣"))
    refused = await migrate(city, first, changed.version)
    async with city.services.context.database.connection() as connection:
        reasons = await store.reasons(connection, refused.row.id)
    assert (refused.moved, [row["code"] for row in reasons]) == (0, ["subject_refuses"])
    assert "没有在这一版流程上发布过" in reasons[0]["zh"]
    assert await city.case(opened.id) == before

    await publish_type(city, changed)
    tried = await migrate(city, first, changed.version, dry_run=True)
    assert tried.moved == 1
    assert await city.case(opened.id) == before
    moved = await migrate(city, first, changed.version)
    assert moved.moved == 1
    after = await city.case(opened.id)
    assert (after.type_version, after.status, after.due_at) == (before.type_version + 1, "等待派遣", before.due_at)
    view = await city.view(opened.id)
    assert [item.outcome for item in view.operations if item.verb == "complete"]
    assert (await city.verbs(opened.id)).count("flow.migrated") == 1
    await city.to(opened, "receive")
    await city.step(opened.id, "handle_self")
    assert (await city.task(opened.id)).node == "treat"
    await city.step(opened.id, "finish", note="已处理", photos=(await city.photo(),))
    await city.close(opened)
    assert (await city.case(opened.id)).state == "closed"
