"""The runs: a definition, an instance, some dozen operations; after each every law, and for every round who is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import asyncpg

from bench.flow_sequences.acting import Acting
from bench.flow_sequences.drawing import Builder
from bench.flow_sequences.laws import Broken, Snapshot, check, read
from bench.flow_sequences.office import ACTORS, AREA, BEGIN, GRID, open_service
from yiwang.flow.errors import FlowRefused
from yiwang.flow.model import Definition, ScopeRow, Start
from yiwang.flow.service import FlowService
from yiwang.flow.walk.queues import queue_of, queue_of_task
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Connection, Database, Json, JsonObject
from yiwang.kernel.identifiers import new_id

longest = 30
FAULTS = (Broken, asyncpg.PostgresError, LookupError, TypeError, ValueError)
"""What no sequence may lead to: a broken law, a constraint of the database, a walk that lost its way."""
per_definition = 5
"""How many instances walk through one random definition."""


@dataclass
class Tally:
    """What was done: runs, operations by name (those refused besides), rounds seen, faults in words."""

    runs: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    ended: int = 0
    faults: list[str] = field(default_factory=list)


async def run_sequences(
    database: Database, first: int, runs: int, *, say: Callable[[Tally], None] | None = None, most_faults: int = 5
) -> Tally:
    """Walk ``runs`` sequences, beginning with number ``first``; nothing is kept in the database."""
    flow, tally = open_service(database), Tally()
    number = first
    while number < first + runs and len(tally.faults) < most_faults:
        batch = min(per_definition, first + runs - number)
        async with database.connection() as connection:
            work = connection.transaction()
            await work.start()
            try:
                await _batch(flow, connection, number, batch, tally)
            finally:
                await work.rollback()
        number += batch
        if say is not None:
            say(tally)
    return tally


async def _batch(flow: FlowService, connection: Connection, number: int, batch: int, tally: Tally) -> None:
    definition = await _definition(flow, connection, Random(number))
    for index in range(number, number + batch):
        dice = Random(index)
        log: list[str] = []
        try:
            async with connection.transaction():
                await _run(flow, connection, definition, dice, tally, log)
        except FAULTS as fault:
            tally.faults.append(f"run {index}: {type(fault).__name__} {fault}; after {' · '.join(log)}")
        tally.runs += 1


async def _definition(flow: FlowService, connection: Connection, dice: Random) -> Definition:
    """A random definition, with another one that it may call."""
    for attempt in range(20):
        called, key = f"called-{new_id().hex[:8]}", f"random-{new_id().hex[:8]}"
        try:
            async with connection.transaction():
                await flow.publish(connection, called, Builder(dice, called).xml(), SYSTEM, BEGIN)
                return await flow.publish(connection, key, Builder(dice, key, (called,)).xml(), SYSTEM, BEGIN)
        except FlowRefused as refused:
            if attempt == 19:
                raise Broken(f"no definition is sound: {refused.errors[:3]}") from refused
    raise AssertionError


async def _run(
    flow: FlowService, connection: Connection, definition: Definition, dice: Random, tally: Tally, log: list[str]
) -> None:
    clock = flow.context.clock
    if isinstance(clock, ManualClock):
        clock.at = BEGIN
    case = new_id()
    people: list[Json] = [str(account) for account in dice.sample(list(ACTORS), dice.randint(2, 4))]
    clerk = str(dice.choice(list(ACTORS)))
    variables: dict[str, Json] = {"panel": people, "number": str(case), "clerk": clerk}
    start = Start(case, definition, "matter", case, AREA, GRID, variables)
    await flow.start_many(connection, [start], BEGIN)
    found = await read(flow, connection, case)
    check(found)
    acting = Acting(flow, connection, dice)
    for _ in range(longest):
        act = await acting.once(found)
        log.append(act.words)
        (tally.done if act.refused is None else tally.refused)[act.operation.partition(" ")[0]] += 1
        before, found = found, await read(flow, connection, case)
        check(found)
        _owed(before, found)
        tally.rounds += _new_rounds(before, found)
        if act.refused is not None and _rows(before) != _rows(found):
            raise Broken(f"{act.words}: refused, and yet something has changed")
    tally.ended += found.over


def _rows(found: Snapshot) -> tuple[object, ...]:
    return found.instance, found.tasks, found.tokens, found.scopes, found.timers, len(found.steps)


def _owed(before: Snapshot, found: Snapshot) -> None:
    """Whether a step to which a round was sent back, and which goes straight back to it, owes it exactly those who had not
    answered, with the answers given."""
    known = {task.id for task in before.tasks}
    for task in found.tasks:
        back = task.origin.get("back") if task.origin else None
        if task.id in known or not isinstance(back, dict) or "people" not in back:
            continue
        kept = {scope.id for scope in found.scopes}
        gone = [scope for scope in before.scopes if scope.node == back["node"] and scope.id not in kept]
        owed = Counter(queue_of(queue).assignee_id for queue in _listed(back["people"]))
        fits = [
            scope
            for scope in gone
            if (back["done"], back["tally"]) == (scope.done, scope.tally) and owed == Counter(_asked(before, scope))
        ]
        if not fits:
            raise Broken(f"{task.node} does not owe the round {back['node']} those who had not answered")


def _new_rounds(before: Snapshot, found: Snapshot) -> int:
    """Whether the rounds that an act has opened ask exactly whom they should: everybody once, or after a straight return
    those who had not answered."""
    known = {scope.id for scope in before.scopes}
    fresh = [scope for scope in found.scopes if scope.kind == "multi" and scope.id not in known]
    for scope in fresh:
        asked = _asked(found, scope)
        back = _straight(before, found, scope.node)
        if back is not None:
            wanted = [queue_of(queue).assignee_id for queue in _listed(back.get("people"))]
            if (back.get("done"), back.get("tally")) != (scope.done, scope.tally):
                raise Broken(f"the round {scope.node} came straight back without the answers given")
        else:
            panel = found.instance.variables.get("panel")
            wanted = [UUID(account) for account in _listed(panel) if isinstance(account, str)]
            if scope.done:
                raise Broken(f"the round {scope.node} came anew with answers")
        if Counter(asked) != Counter(wanted):
            raise Broken(f"the round {scope.node} asks {asked}, not {wanted}")
    return len(fresh)


def _asked(found: Snapshot, scope: ScopeRow) -> list[UUID | None]:
    """Who has a task in a round, or will have one."""
    open_ = [task for task in found.tasks if task.scope_id == scope.id and task.kind == "step"]
    rest = [element for element in _listed(scope.rest.get("next")) if isinstance(element, dict)]
    return [
        *(queue_of_task(task).assignee_id for task in open_),
        *(queue_of(item["queue"]).assignee_id for item in rest),
    ]


def _straight(before: Snapshot, found: Snapshot, node: str) -> JsonObject | None:
    """What a step that was finished the ordinary way had to say about going straight back to ``node``."""
    steps = {step.id: step for step in found.steps}
    for task in before.tasks:
        back = task.origin.get("back") if task.origin else None
        step = steps.get(task.id)
        if isinstance(back, dict) and back.get("node") == node and step is not None and step.outcome == "ok":
            return back
    return None


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
