"""An office that signs together: the verbs of signing, each a transaction of its own a minute after the one before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from bench.flow_sequences.laws import check, read
from tests.flow.office_places import NAMES
from tests.flow.offices import Drawing, Office, actor, person_id
from yiwang.flow import store
from yiwang.flow.model import Advance, ScopeRow, TaskRow
from yiwang.flow.service import FlowService
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json

Answer = TypeVar("Answer")


def round_of(
    key: str,
    sign: str = "",
    *,
    sequential: bool = False,
    step: str = "",
    extra: str = "",
    until: str = "",
    people: str = "=people",
) -> Drawing:
    """受理 → 会签 → 汇总, where the people of a variable sign."""
    condition = f"<bpmn:completionCondition>{until}</bpmn:completionCondition>" if until else ""
    multi = (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><bpmn:extensionElements>'
        f'<yiwang:multi people="{people}"/></bpmn:extensionElements>{condition}</bpmn:multiInstanceLoopCharacteristics>'
    )
    drawing = Drawing(key).start().task("accept").task("sign", "agree no", step=step, extra=sign + extra)
    drawing.parts.append(drawing.parts.pop().replace("</bpmn:userTask>", f"{multi}</bpmn:userTask>"))
    return drawing.task("sum", "ok no").end().line("start", "accept", "sign", "sum", "end")


class SigningOffice(Office):
    """After every act the laws of the rows are checked."""

    async def act(self, case: UUID, verb: Callable[[FlowService, Connection], Awaitable[Answer]]) -> Answer:
        self.set_clock(self.now + timedelta(minutes=1))
        async with self.database.transaction() as connection:
            answer = await verb(self.flow, connection)
            check(await read(self.flow, connection, case))
        return answer

    async def begin(self, drawing: Drawing, *people: str, **variables: Json) -> UUID:
        """An instance whose first step is done; ``people`` sign."""
        names: list[Json] = [str(person_id(name)) for name in people]
        definition = await self.publish(drawing)
        return (await self.start(definition, people=names, **variables)).instance_id

    async def of(self, case: UUID, name: str, node: str = "") -> TaskRow:
        """The open task of a person."""
        found = [task for task in await self.tasks(case) if task.assignee_id == person_id(name)]
        return next(task for task in found if not node or task.node == node)

    async def do(self, case: UUID, name: str, outcome: str, note: str = "", node: str = "") -> Advance:
        task = await self.of(case, name, node)
        return await self.act(
            case, lambda flow, at: flow.complete(at, task.id, actor(name), outcome, {}, self.now, note=note)
        )

    async def step(self, case: UUID, node: str, outcome: str = "ok", who: Actor = SYSTEM) -> Advance:
        task = next(task for task in await self.tasks(case) if task.node == node and not task.held)
        return await self.act(case, lambda flow, at: flow.complete(at, task.id, who, outcome, {}, self.now))

    async def before(self, task: TaskRow, by: str, *people: str, limit: str | None = None) -> Advance:
        return await self.act(
            task.instance_id,
            lambda flow, at: flow.add_before(at, task.id, actor(by), ids(people), self.now, "请先看", limit=limit),
        )

    async def after(self, task: TaskRow, by: str, outcome: str, *people: str) -> Advance:
        return await self.act(
            task.instance_id,
            lambda flow, at: flow.add_after(at, task.id, actor(by), outcome, ids(people), self.now, "我同意"),
        )

    async def delegate(self, task: TaskRow, by: str, to: str) -> Advance:
        return await self.act(
            task.instance_id, lambda flow, at: flow.delegate(at, task.id, actor(by), person_id(to), self.now, "请代办")
        )

    async def who(self, case: UUID) -> list[tuple[str, str, str]]:
        """Every open task: its step, its kind or ``held``, with whom."""
        return sorted(
            (task.node, "held" if task.held else task.kind, with_whom(task)) for task in await self.tasks(case)
        )

    async def story_scopes(self, case: UUID) -> list[ScopeRow]:
        async with self.database.connection() as connection:
            return await store.scopes_of(connection, case)

    async def notes(self, case: UUID) -> list[tuple[str, str, str, str]]:
        """The story: step, kind, how it ended (the outcome of what was done), by whom."""
        return [
            (step.node, step.kind, step.outcome if step.how == "done" and step.outcome else step.how, step.actor_name)
            for step in (await self.story(case)).steps
        ]


def ids(names: Sequence[str]) -> list[UUID]:
    return [person_id(name) for name in names]


def with_whom(task: TaskRow) -> str:
    if task.assignee_id is not None:
        return NAMES[task.assignee_id]
    return f"岗位{task.post_id}" if task.post_id is not None else ""
