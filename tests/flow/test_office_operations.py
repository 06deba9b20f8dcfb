"""The table of office operations, cell by cell, done for real: what it calls legal works and leaves everything in order;
what it refuses is refused with its reason and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from bench.flow_sequences.laws import Snapshot, check, read
from tests.flow.office_places import Place, Places, owner_of
from tests.flow.offices import Office, actor, context, directory, person_id
from yiwang.flow import legality
from yiwang.flow.errors import (
    InstanceEnded,
    InstanceNotEnded,
    InstanceNotSuspended,
    InstanceSuspended,
    TaskAlreadyDone,
    TaskNotClaimed,
    TaskTaken,
)
from yiwang.flow.legality import Kind, NotAllowed, Operation, State
from yiwang.flow.service import FlowService
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Connection, Database
from yiwang.kernel.errors import Problem

PROBLEMS: dict[str, tuple[type[Problem], ...]] = {
    "ended": (TaskAlreadyDone, InstanceEnded),
    "no_task": (TaskAlreadyDone, NotAllowed),
    "suspended": (InstanceSuspended,),
    "not_suspended": (InstanceNotSuspended,),
    "not_ended": (InstanceNotEnded,),
    "taken": (TaskTaken,),
    "not_claimed": (TaskNotClaimed,),
}
OVERTIMES = {"overtime_remind": 1, "overtime_escalate": 2, "overtime_pass": 3, "overtime_return": 4}


@pytest.fixture(scope="module")
async def places(database: Database) -> Places:
    shared = context(database)
    assert isinstance(shared.clock, ManualClock)
    return Places(Office(FlowService(shared, directory(shared.clock, database))))


async def do(operation: Operation, flow: FlowService, connection: Connection, place: Place, found: Snapshot) -> object:
    """The operation by somebody who may, on the place."""
    now, task = flow.context.clock.now(), place.task
    row = next((row for row in found.tasks if row.id == task), None)
    own = owner_of(row) if row is not None else SYSTEM
    people = [person_id("网格员甲")]
    match operation:
        case "complete":
            return await flow.complete(connection, task, own, "agree", {}, now)
        case "claim":
            return await flow.claim(connection, task, actor("受理员"))
        case "release":
            return await flow.release(connection, task, own)
        case "assign":
            return await flow.assign(connection, task, own, person_id=people[0])
        case "delegate":
            return await flow.delegate(connection, task, own, people[0], now)
        case "add_before":
            return await flow.add_before(connection, task, own, people, now)
        case "add_after":
            return await flow.add_after(connection, task, own, "agree", people, now)
        case "take_back":
            return await flow.take_back(connection, task, own, now)
        case "add_to_round":
            return await flow.add_to_round(connection, task, own, people, now)
        case "remove_signer":
            return await flow.remove_signer(connection, task, SYSTEM, now)
        case "send_back":
            return await flow.send_back(connection, task, own, "x1" if place.kind == "call" else "first", "", now)
        case "send_back_to_previous":
            return await flow.send_back_to_previous(connection, task, own, "", now)
        case "send_back_to_start":
            return await flow.send_back_to_start(connection, task, own, "", now)
        case "recall":
            assert place.step.actor_id is not None
            return await flow.recall(connection, place.step.id, actor(place.step.actor_name), now)
        case _:
            return await do_besides(operation, flow, connection, place, found)


async def do_besides(
    operation: Operation, flow: FlowService, connection: Connection, place: Place, found: Snapshot
) -> object:
    """Operations that others do than whoever has the task, or that the engine does by itself."""
    now, task, case = flow.context.clock.now(), place.task, place.case
    row = next((row for row in found.tasks if row.id == task), None)
    match operation:
        case "urge":
            return await flow.urge(connection, case, actor=actor("管理员"), at=now, note="请尽快")
        case "supervise":
            return await flow.supervise(connection, case, actor("管理员"), now, "请说明")
        case "answer_supervision":
            if found.tasks:
                await flow.supervise(connection, case, actor("管理员"), now, "请说明")
            return await flow.answer_supervision(connection, task, owner_of(row) if row else SYSTEM, "在办", now)
        case "copy":
            return await flow.copy_to(connection, case, [person_id("网格员甲")], actor("管理员"), now)
        case "ask_extension":
            return await flow.ask_extension(connection, task, owner_of(row) if row else SYSTEM, "1工作日", "", now)
        case "answer_extension":
            request = place.request
            if row is not None:
                request = (await flow.ask_extension(connection, task, owner_of(row), "1工作日", "", now)).id
            elif request == UUID(int=0):
                return await flow.extend_task(connection, task, "1工作日", now)
            return await flow.answer_extension(connection, request, SYSTEM, True, now)
        case "extend":
            return await flow.extend_task(connection, task, "1工作日", now)
        case "suspend":
            return await flow.suspend(connection, case, now)
        case "resume":
            return await flow.resume(connection, case, now)
        case "jump":
            return await flow.jump(connection, case, SYSTEM, "first", "", now)
        case "cancel":
            return await flow.cancel(connection, case, SYSTEM, "", now)
        case "reopen":
            return await flow.reopen(connection, case, SYSTEM, "first", "", now)
        case _:
            raise ValueError(operation)


async def fire(operation: Operation, flow: FlowService, connection: Connection, place: Place, found: Snapshot) -> bool:
    """Let the overtime rule of the place's own step fire; whether it did."""
    node = f"x2/{OVERTIMES[operation]}"
    timer = next((timer for timer in found.timers if timer.holder_id == place.task and timer.node == node), None)
    later = flow.context.clock.now() + timedelta(days=7)
    return timer is not None and await flow.fire(connection, timer.id, later)


@pytest.mark.parametrize(
    ("operation", "kind", "state"), list(legality.cells()), ids=lambda part: part if isinstance(part, str) else None
)
async def test_cell(places: Places, operation: Operation, kind: Kind, state: State) -> None:
    base: State = "open" if operation == "claim" else "claimed"
    place = await places.at(kind, state, base)
    flow = places.office.flow
    expected = legality.reason_in(operation, kind, place.states)
    async with places.office.database.connection() as connection:
        work = connection.transaction()
        await work.start()
        try:
            found = await read(flow, connection, place.case)
            if operation in OVERTIMES:
                fired = await fire(operation, flow, connection, place, found)
                assert fired == (expected is None)
            elif expected is None:
                await do(operation, flow, connection, place, found)
            else:
                await refused(operation, expected, flow, connection, place, found)
            check(await read(flow, connection, place.case))
        finally:
            await work.rollback()


async def refused(
    operation: Operation,
    expected: legality.Reason,
    flow: FlowService,
    connection: Connection,
    place: Place,
    found: Snapshot,
) -> None:
    problems = PROBLEMS.get(expected.code, (NotAllowed,))
    with pytest.raises(problems) as caught:
        async with connection.transaction():
            await do(operation, flow, connection, place, found)
    if isinstance(caught.value, NotAllowed):
        assert caught.value.data["reason"] == expected.code
    after = await read(flow, connection, place.case)
    assert (after.tasks, after.tokens, after.scopes, after.steps) == (
        found.tasks,
        found.tokens,
        found.scopes,
        found.steps,
    )


@pytest.mark.parametrize("kind", legality.TASK_KINDS)
async def test_what_may_be_done_with_a_task_is_known_before_it_is_tried(places: Places, kind: Kind) -> None:
    for state in legality.STATES[:4]:
        place = await places.at(kind, state)
        async with places.office.database.connection() as connection:
            found = await read(places.office.flow, connection, place.case)
        row = next(row for row in found.tasks if row.id == place.task)
        assert (legality.kind_of(found.standing, row), legality.states_of(found.instance, row)) == (kind, (state,))
        own = legality.allowed(found.standing, row, owner_of(row))
        assert set(own) == set(get_args(Operation)) - {"recall", *OVERTIMES}
        for operation, reason in own.items():
            cell = legality.reason_at(operation, kind, state)
            assert reason == cell or (reason is not None and reason.code == "not_supervised")
        others = legality.allowed(found.standing, row, actor("排水工"))
        assert {others[name] and others[name].code for name in ("complete", "send_back", "delegate")} & {
            "not_yours",
            "held",
        }
