"""Clients under fire: they open cases and finish steps, write down every answer, and repeat what got none.

A request without an answer is repeated with the same idempotency key (a step: on the same task) until it is answered.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from bench import load
from bench.driving import STEPS
from bench.people import ANYONE
from bench.reports import Reports, creation, new_key

ALREADY_DONE = "flow.task_already_done"
_pause = 0.05


@dataclass(slots=True)
class Created:
    """A report that was acknowledged: with what key and body, and what the receipt said."""

    key: str
    body: dict[str, object]
    case_id: UUID
    number: str
    folded: bool
    tries: int


@dataclass(slots=True)
class Stepped:
    """A finished step that was acknowledged. ``told_later``: the first answer was lost, the repetition said so."""

    task_id: UUID
    case_id: UUID
    outcome: str
    told_later: bool


@dataclass(slots=True)
class Ledger:
    """Everything that was acknowledged, and what should never have been answered."""

    created: dict[str, Created] = field(default_factory=dict)
    stepped: dict[UUID, Stepped] = field(default_factory=dict)
    unanswered: int = 0
    strange: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Clients:
    """``count`` clients that work until :meth:`finish`."""

    address: load.Address
    reports: Reports
    ledger: Ledger
    standards: dict[str, str]
    departments: dict[str, str]
    chance: random.Random
    count: int = 8
    on_created: Callable[[], None] = lambda: None
    _stopping: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self.count)]

    async def finish(self, seconds: float = 60) -> None:
        """Begin nothing new; wait until everything begun is acknowledged. Raises TimeoutError."""
        self._stopping = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), seconds)

    async def _work(self) -> None:
        mine: list[UUID] = []
        while not self._stopping:
            if mine and self.chance.random() < 0.5:
                case_id = mine[self.chance.randrange(len(mine))]
                if not await self._step(case_id):
                    mine.remove(case_id)
            else:
                created = await self._create()
                if created is not None and not created.folded:
                    mine.append(created.case_id)

    async def _create(self) -> Created | None:
        body, key = self.reports.body(), new_key()
        status, answer, tries = await self._until_answered(creation(body, key))
        if status not in (200, 201):
            self.ledger.strange.append(f"create: {status} {answer!r}"[:300])
            return None
        receipt = orjson.loads(answer)
        folded = receipt["head_number"] is not None
        made = Created(key, body, UUID(receipt["id"]), receipt["number"], folded, tries)
        self.ledger.created[key] = made
        self.on_created()
        return made

    async def _step(self, case_id: UUID) -> bool:
        """Finish the open task of a case; False when it has none any more."""
        status, answer, _ = await self._until_answered(
            load.request("GET", f"/api/v1/cases/{case_id}", token=ANYONE.token)
        )
        if status != 200:
            self.ledger.strange.append(f"read: {status} {answer!r}"[:300])
            return False
        view = orjson.loads(answer)
        if not view["tasks"]:
            return False
        task = view["tasks"][0]
        body = dict(STEPS[task["node"]])
        if task["node"] == "accept":
            body["standard"] = self.standards[view["class_code"]]
        if task["node"] == "dispatch":
            body["department"] = self.departments[view["class_code"]]
        task_id = UUID(task["id"])
        request = load.request("POST", f"/api/v1/tasks/{task_id}/complete", token=ANYONE.token, body=body)
        status, answer, tries = await self._until_answered(request)
        if status == 200 or (status == 409 and tries > 1 and orjson.loads(answer).get("code") == ALREADY_DONE):
            self.ledger.stepped[task_id] = Stepped(task_id, case_id, str(body["outcome"]), status != 200)
            return True
        self.ledger.strange.append(f"step: {status} after {tries} tries {answer!r}"[:300])
        return False

    async def _until_answered(self, request: bytes) -> tuple[int, bytes, int]:
        """(status, body, tries): repeated while there is no answer, or one that asks to come again (5xx)."""
        tries = 0
        while True:
            tries += 1
            try:
                status, body = await load.one(self.address, request)
            except (OSError, TimeoutError):
                status, body = 0, b""
            if status and status < 500:
                return status, body, tries
            self.ledger.unanswered += 1
            await asyncio.sleep(_pause)
