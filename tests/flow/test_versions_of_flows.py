"""Definitions: drafted, published, versioned; what is published never changes, and running cases keep their version."""

from __future__ import annotations

import asyncio

import pytest

from tests.flow.offices import Drawing, Office, actor, steps
from yiwang.flow.errors import DraftMissing, FlowRefused, FlowUnreadable
from yiwang.flow.service import FlowService
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.errors import NotFound


async def publish(office: Office, drawing: Drawing, key: str | None = None, file: str = "") -> int:
    async with office.database.transaction() as connection:
        definition = await office.flow.publish(
            connection, key or drawing.key, drawing.xml, SYSTEM, office.now, file=file
        )
        return definition.version


async def test_同样的图不产生新版本(office: Office) -> None:
    assert await publish(office, steps(["a"], "same")) == 1
    assert await publish(office, steps(["a"], "same")) == 1
    assert await publish(office, steps(["a", "b"], "same")) == 2
    assert await publish(office, steps(["a"], "same")) == 3


async def test_running_cases_keep_their_version(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "kept"))
    case = (await office.start(old)).instance_id
    new = await office.publish(steps(["a", "c"], "kept"))
    assert (await office.complete(case, "a")).new_tasks[0].node == "b"
    other = (await office.start(new)).instance_id
    assert (await office.complete(other, "a")).new_tasks[0].node == "c"
    async with office.database.connection() as connection:
        assert (await office.flow.latest(connection, "kept")).id == new.id
        with pytest.raises(NotFound):
            await office.flow.latest(connection, "never-published")


async def test_a_faulty_flow_is_refused_with_every_fault(office: Office) -> None:
    drawing = steps(["a"], "faulty").task("lost").flow("lost", "end").task("b", step='deadline="soon"')
    with pytest.raises(FlowRefused) as refused:
        await publish(office, drawing, file="flows/faulty.bpmn")
    where = [error.where for error in refused.value.errors]
    assert "flows/faulty.bpmn:9#lost" in where
    assert {error.code for error in refused.value.errors} == {
        "flow.not_reachable",
        "flow.deadline_unreadable",
        "flow.ways",
    }
    with pytest.raises(FlowRefused) as refused:
        await publish(office, steps(["a"], "one-key"), key="another-key")
    assert [error.code for error in refused.value.errors] == ["flow.key_differs"]
    with pytest.raises(FlowUnreadable):
        async with office.database.transaction() as connection:
            await office.flow.publish(connection, "x", "<a>", SYSTEM, office.now)


async def test_a_draft_may_have_faults_until_it_is_published(office: Office) -> None:
    designer = actor("管理员")
    async with office.database.transaction() as connection:
        with pytest.raises(DraftMissing):
            await office.flow.publish_draft(connection, "drafted", designer, office.now)
        faulty = steps(["a"], "drafted").without("a-end")
        drafted = await office.flow.save_draft(connection, "drafted", faulty.xml, designer, office.now)
        assert (drafted.definition.version, drafted.definition.state) == (1, "draft")
        assert {finding.code for finding in drafted.findings} == {"ways", "no_end", "not_reachable"}
        with pytest.raises(NotFound):
            await office.flow.definition(connection, drafted.definition.id)
        with pytest.raises(FlowRefused):
            await office.flow.publish_draft(connection, "drafted", designer, office.now)
        again = await office.flow.save_draft(connection, "drafted", steps(["a"], "drafted").xml, designer, office.now)
        assert (again.definition.id, again.findings) == (drafted.definition.id, ())
        published = await office.flow.publish_draft(connection, "drafted", designer, office.now)
        assert (published.id, published.version, published.state) == (drafted.definition.id, 1, "published")
        entries = await journal.story(connection, published.id)
    assert [row.entry.verb for row in entries] == ["definition.drafted", "definition.drafted", "definition.published"]


async def test_a_draft_overtaken_by_a_pack_gets_the_newest_number(office: Office) -> None:
    async with office.database.transaction() as connection:
        await office.flow.save_draft(
            connection, "overtaken", steps(["a", "draft"], "overtaken").xml, SYSTEM, office.now
        )
    assert await publish(office, steps(["a"], "overtaken")) == 2
    async with office.database.transaction() as connection:
        assert (await office.flow.publish_draft(connection, "overtaken", SYSTEM, office.now)).version == 3


async def test_what_is_published_cannot_be_changed_or_deleted(office: Office) -> None:
    definition = await office.publish(steps(["a"], "immutable"))
    async with office.database.connection() as connection:
        for attack in (
            "update flow_definition set xml = xml || ' ' where id = $1",
            "update flow_definition set state = 'draft' where id = $1",
            "update flow_definition set version = 7 where id = $1",
            "delete from flow_definition where id = $1",
        ):
            with pytest.raises(Exception, match="cannot be changed"):
                await connection.execute(attack, definition.id)


async def test_publishing_at_once_gives_two_versions(office: Office) -> None:
    versions = await asyncio.gather(
        *(publish(office, steps([f"s{number}"], "at-once")) for number in range(6)), return_exceptions=True
    )
    assert sorted(versions) == [1, 2, 3, 4, 5, 6]  # type: ignore[type-var]


async def test_the_file_is_kept_as_it_was_written(office: Office, flow: FlowService) -> None:
    xml = steps(["a"], "as-written").xml.replace("测试流程", "测试流程 📄 &amp; &#x4E2D;")
    async with office.database.transaction() as connection:
        definition = await flow.publish(connection, "as-written", b"\xef\xbb\xbf" + xml.encode(), SYSTEM, office.now)
        row = await flow.version(connection, "as-written", 1)
    assert row.xml == xml
    assert definition.names.zh == "测试流程 📄 & 中"
