"""Decision tables: drafted, published with their examples, versioned; what is published never changes and is asked by key."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.flow.offices import actor, at, context
from tests.flow.tables import answer, both, column, table
from yiwang.flow.decisions.errors import DecisionDraftMissing, DecisionRefused, DecisionUnreadable
from yiwang.flow.decisions.evaluate import evaluate
from yiwang.flow.decisions.model import Document, Example, Rule, Table
from yiwang.flow.decisions.service import DecisionService
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database
from yiwang.kernel.errors import NotFound

DESIGNER = actor("管理员")
YEARS = [column("years", "integer", "[0..60]")]
DAYS = [answer("days", "integer")]


def days(*rows: str, hit: str = "F") -> Table:
    return table(hit, YEARS, DAYS, *rows)


@pytest.fixture
def decisions(database: Database) -> DecisionService:
    return DecisionService(context(database))


async def publish(decisions: DecisionService, key: str, shown: Table | Document) -> int:
    document = Document(shown) if isinstance(shown, Table) else shown
    async with decisions.context.database.transaction() as connection:
        return (await decisions.publish(connection, key, document, SYSTEM, at(9))).row.version


async def test_同样的表不产生新版本(decisions: DecisionService) -> None:
    assert await publish(decisions, "same", days(">= 20 | 15", "- | 5")) == 1
    assert await publish(decisions, "same", days(">= 20 | 15", "- | 5")) == 1
    assert await publish(decisions, "same", days(">= 20 | 16", "- | 5")) == 2


async def test_按标识发问_答案来自现行版本(decisions: DecisionService) -> None:
    async with decisions.context.database.connection() as connection:
        with pytest.raises(NotFound):
            await decisions.decide(connection, "asked", {})
    await publish(decisions, "asked", days(">= 20 | 15", "- | 5"))
    async with decisions.context.database.connection() as connection:
        assert (await decisions.decide(connection, "asked", {"years": 20})).outputs == {"days": 15}
        held = await decisions.table(connection, "asked")
    await publish(decisions, "asked", days(">= 20 | 16", "- | 5"))
    async with decisions.context.database.connection() as connection:
        assert (await decisions.decide(connection, "asked", {"years": 20})).outputs == {"days": 16}
        assert (await decisions.evaluate(connection, "asked", {"years": 20}, version=1)).outputs == {"days": 15}
        other = DecisionService(decisions.context)
        assert (await other.decide(connection, "asked", {"years": 20})).outputs == {"days": 16}
    assert evaluate(held, {"years": 20}).outputs == {"days": 15}, "who holds a table keeps what it read"


async def test_有问题的表_连同每一处问题被拒绝(decisions: DecisionService) -> None:
    with pytest.raises(DecisionRefused) as refused:
        await publish(decisions, "faulty", days('"x" | 5', "> 3 | soon", "[4..2] | 1"))
    assert [error.where for error in refused.value.errors] == ["/rules/0/when/years", "/rules/1/then/days"]
    assert [error.code for error in refused.value.errors] == ["decision.kind", "decision.variable"]
    with pytest.raises(DecisionRefused):
        await publish(decisions, "faulty", days("> 3 | 1", "> 4 | 2", hit="U"))
    async with decisions.context.database.connection() as connection:
        with pytest.raises(NotFound):
            await decisions.latest(connection, "faulty")


async def test_样例不符就不能发布(decisions: DecisionService) -> None:
    asked = days(">= 20 | 15", "[5..20) | 10")
    good = (
        Example(both("满二十年"), {"years": 20}, {"days": 15}, ("r1",)),
        Example(both("不满五年"), {"years": 4}, None),
    )
    assert await publish(decisions, "exampled", Document(asked, good)) == 1
    wrong = (
        *good,
        Example(both("差一年"), {"years": 19}, {"days": 15}),
        Example(both("由谁给出"), {"years": 19}, {"days": 10}, ("r1",)),
        Example(both("没有这一列"), {"years": 19}, {"hours": 1}),
        Example(both("不满五年"), {"years": 4}, {"days": 0}),
        Example(both("应当没有"), {"years": 30}, None),
        Example(both("多个"), {"years": 30}, [{"days": 15}]),
        Example(both("错的变量"), {"years": "thirty"}, {"days": 15}),
    )
    with pytest.raises(DecisionRefused) as refused:
        await publish(decisions, "exampled", Document(asked, wrong))
    assert [error.zh for error in refused.value.errors] == [
        "样例 3(差一年):days 应为 15,实际为 10(规则 r2)",
        "样例 4(由谁给出):应由规则 r1 给出(规则 r2)",
        "样例 5(没有这一列):没有输出 hours(规则 r2)",
        "样例 6(不满五年):决策表“exampled”没有规则适用于 years=4;请补一条规则,或给输出列写默认值。",
        '样例 7(应当没有):应无规则适用,实际得到 {"days": 15}(规则 r1)',
        '样例 8(多个):这张表给出一个结果:{"days": 15}(规则 r1)',
        '样例 9(错的变量):决策表“exampled”的“years”是 "thirty",应为整数。',
    ]
    assert {error.where for error in refused.value.errors} == {f"/examples/{number}" for number in range(2, 9)}


async def test_草稿可以有问题_发布时才拒绝(decisions: DecisionService) -> None:
    async with decisions.context.database.transaction() as connection:
        with pytest.raises(DecisionDraftMissing):
            await decisions.publish_draft(connection, "drafted", DESIGNER, at(9))
        faulty = Document(days("> 3 | 1", "> 4 | 2", hit="U"))
        drafted = await decisions.save_draft(connection, "drafted", faulty, DESIGNER, at(9))
        assert (drafted.row.version, drafted.row.state, drafted.row.key) == (1, "draft", "drafted")
        assert [finding.code for finding in drafted.findings] == ["overlap", "gap"]
        with pytest.raises(DecisionRefused):
            await decisions.publish_draft(connection, "drafted", DESIGNER, at(9))
        with pytest.raises(NotFound):
            await decisions.decide(connection, "drafted", {"years": 1})
        assert (await decisions.evaluate(connection, "drafted", {"years": 4}, version=1)).outputs == {"days": 1}
        sound = Document(days("> 3 | 1", "<= 3 | 2", hit="U"))
        again = await decisions.save_draft(connection, "drafted", sound, DESIGNER, at(10))
        assert (again.row.id, again.findings) == (drafted.row.id, ())
        published = await decisions.publish_draft(connection, "drafted", DESIGNER, at(11))
        assert (published.row.id, published.row.version, published.row.state) == (drafted.row.id, 1, "published")
        entries = await journal.story(connection, published.row.id)
    assert [row.entry.verb for row in entries] == ["decision.drafted", "decision.drafted", "decision.published"]
    assert entries[-1].entry.data["key"] == "drafted"


async def test_a_draft_overtaken_by_a_pack_gets_the_newest_number(decisions: DecisionService) -> None:
    async with decisions.context.database.transaction() as connection:
        await decisions.save_draft(connection, "overtaken", Document(days("- | 1")), SYSTEM, at(9))
    assert await publish(decisions, "overtaken", days("- | 2")) == 2
    async with decisions.context.database.transaction() as connection:
        assert (await decisions.publish_draft(connection, "overtaken", SYSTEM, at(9))).row.version == 3


async def test_发布过的不能改也不能删(decisions: DecisionService) -> None:
    await publish(decisions, "immutable", days("- | 1"))
    async with decisions.context.database.connection() as connection:
        for attack in (
            "update flow_decision set body = body || '{\"x\": 1}' where key = $1",
            'update flow_decision set names = \'{"zh": "a", "en": "b"}\' where key = $1',
            "update flow_decision set state = 'draft' where key = $1",
            "update flow_decision set version = 7 where key = $1",
            "delete from flow_decision where key = $1",
        ):
            with pytest.raises(Exception, match="cannot be changed"):
                await connection.execute(attack, "immutable")


async def test_what_was_stored_comes_back_exactly(decisions: DecisionService) -> None:
    rules = (Rule("r1", ('"多行\n文字", 5.0',), ("1e3",), both("因为 “x”")),)
    shown = Document(
        Table("exact", both("表"), days("- | 1").hit, (column("x", allowed='-'),), (answer("y", default="null"),), rules),
        (Example(both("例"), {"x": 5.0, "z": [1, {"a": None}]}, {"y": 1000.0}),),
    )  # fmt: skip
    assert await publish(decisions, "exact", shown) == 1
    async with decisions.context.database.connection() as connection:
        assert await decisions.newest(connection, "exact") == shown
    assert await publish(decisions, "exact", shown) == 1


async def test_characters_that_cannot_be_stored_are_refused(decisions: DecisionService) -> None:
    bad = replace(days("- | 1"), names=both("a\0b"))
    async with decisions.context.database.transaction() as connection:
        with pytest.raises((DecisionUnreadable, DecisionRefused)):
            await decisions.save_draft(connection, "nul", Document(bad), SYSTEM, at(9))
        examples = (Example(both("x"), {"x": "\0"}, None),)
        with pytest.raises(DecisionUnreadable):
            await decisions.save_draft(connection, "nul", Document(days("- | 1"), examples), SYSTEM, at(9))
        spoilt = replace(days("- | 1"), inputs=(column("工龄", expression="years"),))
        with pytest.raises((DecisionUnreadable, DecisionRefused)):
            await decisions.save_draft(connection, "nul", Document(spoilt), SYSTEM, at(9))


async def test_两个版本之间的变化说成话(decisions: DecisionService) -> None:
    old = days("[20..60] | 15", "[10..20) | 10", "- | 5")
    new = replace(
        days("[20..60] | 16", "- | 5", "0 | 1", hit="C>"),
        names=both("年假"),
        inputs=(column("years", "number", "[0..60]"),),
    )
    await publish(decisions, "changing", old)
    await publish(decisions, "changing", new)
    async with decisions.context.database.connection() as connection:
        changes = await decisions.compare(connection, "changing", 1, 2)
        assert await decisions.compare(connection, "changing", 2, 2) == ()
        with pytest.raises(NotFound):
            await decisions.compare(connection, "changing", 1, 3)
    assert [change.zh for change in changes] == [
        "名称由“t”改为“年假”",
        "命中策略由 F(首条)改为 C>(取最大)",
        "输入列“years”的类型由 integer 改为 number",
        "规则 r1 的“days”由 15 改为 16",
        "删除规则 r2:years [10..20) → days = 10",
        "新增规则 r3:years 0 → days = 1",
    ]
    assert changes[3].en == "“days” of rule r1: 15 became 16"


async def test_rows_without_names_of_their_own_are_followed_by_what_they_say(decisions: DecisionService) -> None:
    await publish(decisions, "inserted", days("1 | 1", "2 | 2", "- | 3"))
    await publish(decisions, "inserted", days("0 | 0", "1 | 1", "2 | 2", "- | 3"))
    async with decisions.context.database.connection() as connection:
        changes = await decisions.compare(connection, "inserted", 1, 2)
    assert [change.en for change in changes] == ["rule r1 is new: years 0 → days = 0"]


async def test_asking_costs_one_small_query(decisions: DecisionService) -> None:
    await publish(decisions, "cheap", days("- | 1"))
    async with decisions.context.database.connection() as connection:
        await decisions.decide(connection, "cheap", {"years": 1})
        statements: list[str] = []
        connection.add_query_logger(lambda record: statements.append(record.query))
        await decisions.decide(connection, "cheap", {"years": 1})
        await asyncio.sleep(0)  # the logger is told a moment later
        assert len(statements) == 1
