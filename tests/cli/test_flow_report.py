"""``yiwang report flow``: the bottlenecks of a flow from the machine itself."""

from __future__ import annotations

import asyncio

import pytest

from tests.cli.conftest import Command
from yiwang.kernel.database import connect


@pytest.fixture(autouse=True)
def in_city(city_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_DATABASE_URL", city_url)


async def work(url: str) -> None:
    """Three cases: an hour at intake, three at dispatch, on 10 June 2026."""
    connection = await connect(url)
    definition = await connection.fetchval("select id from flow_definition where key = 'urban-case'")
    for _ in range(3):
        instance = await connection.fetchval(
            "insert into flow_instance (id, definition_id, subject_kind, subject_id, area, grid, state, variables, clocks,"
            " started_at, ended_at) values (gen_random_uuid(), $1, 'case', gen_random_uuid(), '120111', '', 'completed',"
            " '{}', '{}', '2026-06-10T00:00Z', '2026-06-10T04:00Z') returning id",
            definition,
        )
        for node, begin, end in (("accept", "00:00", "01:00"), ("dispatch", "01:00", "04:00")):
            await connection.execute(
                "insert into flow_step (id, instance_id, node, how, subject_kind, subject_id, area, stage, actor_name, note,"
                " created_at, done_at, used_seconds, overdue) values (gen_random_uuid(), $1, $2, 'done', 'case',"
                f" gen_random_uuid(), '120111', $2, '', '', '2026-06-10T{begin}Z', '2026-06-10T{end}Z', 60, true)",
                instance,
                node,
            )
    await connection.close()


def test_瓶颈排在最前(yiwang: Command, city_url: str) -> None:
    asyncio.run(work(city_url))
    period = ("--from", "2026-06-10", "--to", "2026-06-11")
    found = yiwang("report", "flow", "urban-case", *period, "--json").json()
    assert [(step["node"], step["visits"], step["waiting_seconds"]) for step in found["steps"]] == [
        ("dispatch", 3, 3 * 3 * 3600),
        ("accept", 3, 3 * 3600),
    ]
    assert (found["steps"][0]["zh"], found["steps"][0]["elapsed"]["p90"], found["steps"][0]["overdue_share"]) == (
        "派遣",
        3 * 3600,
        1,
    )
    table = yiwang("report", "flow", "urban-case", *period).out
    assert table.index("派遣 dispatch") < table.index("受理立案 accept")
    assert "3小时" in table
    for more in (("--area", "110101"), ("--from", "2026-06-11"), ("--version", "1", "--area", "1201119")):
        assert yiwang("report", "flow", "urban-case", *period, *more, "--json").json()["steps"] == []


def test_a_flow_that_is_not_there_is_named(yiwang: Command) -> None:
    for more in ((), ("--version", "9")):
        answer = yiwang("report", "flow", "no-such-flow", *more)
        assert (answer.code, "no-such-flow" in answer.error) == (3, True)
