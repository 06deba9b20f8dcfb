"""Several people finish the same task at once: one of them did it, the others are told who it was and when."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import orjson

from bench import load
from bench.driving import OpenTask
from bench.people import ACCEPTOR, ANYONE, SECOND_ACCEPTOR, Person
from bench.reports import creation, new_key
from bench.served import Served
from yiwang.kernel.database import connect

ROUNDS = 40


async def _at_the_acceptors(served: Served, count: int) -> list[OpenTask]:
    """Tasks 受理立案 in the acceptors' queue."""
    cases = await served.driver.create(served.reports, count + count // 4 + 2)
    await served.driver.advance(cases)
    tasks = [task for task in await served.driver.tasks(cases) if task.node == "accept"]
    assert len(tasks) >= count
    return tasks[:count]


async def _finish(served: Served, task: OpenTask, people: list[Person]) -> list[tuple[int, dict[str, object]]]:
    answers = await asyncio.gather(*(load.one(served.address, served.driver.step(task, person)) for person in people))
    return [(status, orjson.loads(body)) for status, body in answers]


async def _name(served: Served, person: Person) -> tuple[str, str]:
    connection = await connect(served.url)
    row = await connection.fetchrow("select id, name from account where login = $1", person.login)
    await connection.close()
    assert row is not None
    return str(row["id"]), row["name"]


async def _traces(served: Served, tasks: list[OpenTask]) -> dict[UUID, tuple[int, int, int]]:
    """case id → (finished accept steps, their journal entries, open tasks)."""
    connection = await connect(served.url)
    rows = await connection.fetch(
        "select c.id, (select count(*) from flow_step s where s.subject_id = c.id and s.node = 'accept') as steps,"
        " (select count(*) from journal j where j.subject_id = c.id and j.verb = 'case.step'"
        "   and j.data ->> 'stage' = 'accept') as entries,"
        " (select count(*) from flow_task t where t.subject_id = c.id) as open"
        " from case_file c where c.id = any($1::uuid[])",
        [task.case_id for task in tasks],
    )
    await connection.close()
    return {row["id"]: (row["steps"], row["entries"], row["open"]) for row in rows}


async def test_两人同时办结同一任务_一人办成_另一人得知谁在何时办结(served: Served) -> None:
    tasks = await _at_the_acceptors(served, ROUNDS)
    names = {person.login: await _name(served, person) for person in (ACCEPTOR, SECOND_ACCEPTOR)}
    winners = set()
    for task in tasks:
        people = [ACCEPTOR, SECOND_ACCEPTOR]
        answers = await _finish(served, task, people)
        assert sorted(status for status, _ in answers) == [200, 409], answers
        first = [status for status, _ in answers].index(200)
        account, name = names[people[first].login]
        refusal = answers[1 - first][1]
        assert refusal["code"] == "flow.task_already_done"
        data = refusal["data"]
        assert isinstance(data, dict)
        assert data["who"] == name
        assert data["account_id"] == account
        assert name in str(refusal["zh"])
        assert datetime.fromisoformat(str(data["when"])).tzinfo is not None
        winners.add(people[first].login)
    assert set((await _traces(served, tasks)).values()) == {(1, 1, 1)}


async def test_八个请求同时办结同一任务_只成一次(served: Served) -> None:
    tasks = await _at_the_acceptors(served, 8)
    for task in tasks:
        answers = await _finish(served, task, [ACCEPTOR, SECOND_ACCEPTOR, ANYONE, ACCEPTOR] * 2)
        assert sorted(status for status, _ in answers) == [200] + [409] * 7, answers
    assert set((await _traces(served, tasks)).values()) == {(1, 1, 1)}


async def test_same_report_sent_by_many_at_once_opens_one_case(served: Served) -> None:
    for _ in range(10):
        body, key = served.reports.body(), new_key()
        answers = await asyncio.gather(*(load.one(served.address, creation(body, key)) for _ in range(8)))
        assert sorted(status for status, _ in answers) == [200] * 7 + [201]
        assert len({orjson.loads(answer)["number"] for _, answer in answers}) == 1


async def test_same_matter_told_by_many_at_once_becomes_one_head_with_followers(served: Served) -> None:
    for _ in range(10):
        body = served.reports.body()
        answers = await asyncio.gather(*(load.one(served.address, creation(body, new_key())) for _ in range(8)))
        assert [status for status, _ in answers] == [201] * 8
        receipts = [orjson.loads(answer) for _, answer in answers]
        heads = [item["head_number"] for item in receipts]
        assert heads.count(None) <= 1  # none where an earlier case of the same place and class took them all
        assert len({head for head in heads if head is not None}) == 1
