"""Driving cases through all hands of the main flow over the public API, many at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from bench import load
from bench.installation import sql
from bench.people import ANYONE, Person
from bench.reports import Reports

STEPS: Mapping[str, Mapping[str, object]] = {
    "verify": {"outcome": "exist"},
    "accept": {"outcome": "file"},
    "dispatch": {"outcome": "dispatch"},
    "receive": {"outcome": "handle_self"},
    "handle": {"outcome": "finish", "note": "已修复,现场已清理"},
    "confirm": {"outcome": "confirm", "note": "处置完毕"},
    "check": {"outcome": "pass"},
    "close": {"outcome": "close"},
}
"""The ordinary way through ``urban-case``: node → what finishes it. ``accept`` and ``dispatch`` need words of the class."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits, with what its step needs to know of the case."""

    id: UUID
    node: str
    case_id: UUID
    type_version: int
    class_code: str
    department: str


@dataclass(slots=True)
class Driver:
    """Sends requests to ``address``; looks task ids up in the database, which no person would do."""

    address: load.Address
    url: str
    standards: dict[str, str] = field(default_factory=dict)
    departments: dict[str, str] = field(default_factory=dict)

    async def create(self, reports: Reports, count: int, *, connections: int = 16) -> list[UUID]:
        """Open ``count`` cases; those that were folded are left out."""
        found: list[UUID] = []

        def answered(status: int, body: bytes) -> None:
            receipt = orjson.loads(body)
            if status == 201 and receipt["head_number"] is None:
                found.append(UUID(receipt["id"]))

        requests = ((data, answered) for data in reports.requests(count))
        (await load.saturate(self.address, requests, connections=connections)).check("creating cases")
        return found

    async def tasks(self, cases: Sequence[UUID]) -> list[OpenTask]:
        """The open task of each case."""
        rows = await sql(
            self.url,
            "select t.id, t.node, t.subject_id, c.type_version, coalesce(c.class_code, '') as class_code,"
            " coalesce(o.code, '') as department from flow_task t join case_file c on c.id = t.subject_id"
            " left join organisation o on o.id = c.department_id where t.subject_id = any($1::uuid[]) order by t.id",
            list(cases),
        )
        return [OpenTask(*row) for row in rows]

    def step(self, task: OpenTask, person: Person = ANYONE) -> bytes:
        """The request that finishes a task in the ordinary way."""
        body = dict(STEPS[task.node])
        if task.node == "accept":
            body["standard"] = self.standards[task.class_code]
        if task.node == "dispatch":
            body["department"] = self.departments[task.class_code]
        return load.request("POST", f"/api/v1/tasks/{task.id}/complete", token=person.token, body=body)

    async def learn(self) -> None:
        """Read the classes' first standards and departments from the public catalogue."""
        classes = await load.ask(self.address, load.request("GET", "/api/v1/case-types/urban-case/classes"))
        self.standards = {item["code"]: item["standards"][0]["id"] for item in classes}
        self.departments = {item["code"]: item["department"] for item in classes}

    async def advance(self, cases: Sequence[UUID], *, connections: int = 16) -> load.Load:
        """Finish the open task of every case."""
        requests = [self.step(task) for task in await self.tasks(cases)]
        return (await load.saturate(self.address, iter(requests), connections=connections)).check("finishing steps")

    async def prototypes(self, reports: Reports, count: int) -> dict[UUID, str]:
        """Cases at every stage and ``count`` closed ones: case id → stage."""
        await self.learn()
        stages: dict[UUID, str] = {}
        cases = await self.create(reports, count + 4 * len(STEPS))
        for stage in STEPS:
            held, cases = cases[:4], cases[4:]
            stages.update(dict.fromkeys(held, stage))
            await self.advance(cases)
        stages.update(dict.fromkeys(cases, "closed"))
        return stages
