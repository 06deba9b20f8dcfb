"""Recalling (撤回): whoever finished a step takes it back, as long as nothing that followed was touched.

What followed is found twice and must agree: by the moment of the act, which its tasks, tokens and scopes bear, and by
walking the act once more from where the instance would stand without them. So a step whose branch was joined, whose
round was decided, or whose message is out cannot be recalled, and the reason is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from yiwang.flow import legality, store
from yiwang.flow.assignment import Queue
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import NamedClock, read_clocks, write_clocks
from yiwang.flow.closing import retime_shared
from yiwang.flow.legality import REASONS, Reason
from yiwang.flow.model import Advance, BoundaryEvent, Graph, ScopeRow, StepRow, TaskRow, TokenRow
from yiwang.flow.service.added import clock_until, in_queue
from yiwang.flow.service.returning import ReturnVerbs
from yiwang.flow.standing import Act, Standing
from yiwang.flow.store import signing
from yiwang.flow.walk import Completed, Delta, Recalled, walk
from yiwang.flow.walk.queues import queue_of_task
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound, Problem
from yiwang.kernel.identifiers import new_id


@dataclass(frozen=True, slots=True)
class _Followed:
    """What bears the moment of an act."""

    tasks: Sequence[TaskRow]
    tokens: Sequence[TokenRow]
    scopes: Sequence[ScopeRow]

    @property
    def ids(self) -> set[UUID]:
        return {row.id for rows in (self.tasks, self.tokens, self.scopes) for row in rows}


class RecallVerbs(ReturnVerbs):
    """What was filled in when the step was finished stays; its deadline goes on as if it had never been finished."""

    async def recall(
        self, connection: Connection, step_id: UUID, actor: Actor, at: datetime, reason: str = ""
    ) -> Advance:
        """Take back a step that one has finished (撤回): the step is one's own again, what it opened is withdrawn.

        In a round that goes on, one's answer no longer counts; in a sequential one the next person's turn comes again.

        Raises:
            NotFound: no such step. NotAllowed: with what has followed. InstanceSuspended, InstanceEnded.
        """
        step = await store.finished_step(connection, step_id)
        if step is None:
            raise NotFound(what="办理记录")
        instance = await self.lock_instance(connection, step.instance_id)
        if actor.account_id is None or step.actor_id != actor.account_id:
            raise legality.not_allowed("recall", REASONS["not_yours_done"])
        self.require("recall", instance)
        if step.how != "done":
            raise legality.not_allowed("recall", REASONS["not_done"])
        if step.kind != "step":
            raise self.refusal("recall", REASONS["added"], instance)
        standing = _unturned(await self.standing(connection, instance), step, self)
        scope = next((scope for scope in standing.scopes if scope.id == step.scope_id), None)
        if scope is not None and scope.kind == "multi" and scope.node == step.node:
            event = await self._from_round(connection, standing, scope, step)
        else:
            event = await self._from_flow(connection, standing, scope, step, at)
        act = Act("recall", actor, at, dropped="recalled", note=reason)
        changes, answer = await self.plan(connection, standing, event, act)
        opened = self._as_before(answer.new_tasks[0], step, at)
        changes.tasks = [opened, *changes.tasks[1:]]
        if not answer.dropped:  # the story would not show it otherwise
            changes.steps = [*changes.steps, _taken_back(step, act)]
        self._keep_clocks(changes, standing, instance.clocks is not standing.instance.clocks)
        await self.write(connection, changes, answer, at)
        return replace(answer, new_tasks=(opened, *answer.new_tasks[1:]))

    # In a round that goes on

    async def _from_round(self, connection: Connection, standing: Standing, scope: ScopeRow, step: StepRow) -> Recalled:
        mine = [
            row
            for row in await signing.steps_in_scope(connection, standing.instance.id, scope.id)
            if row.actor_id == step.actor_id and row.how in ("done", "recalled")
        ]
        if mine and mine[-1].id != step.id:
            raise legality.not_allowed("recall", REASONS["recalled"])
        multi = _graph_at(standing, scope).task(scope.node).multi
        gone: list[TaskRow] = []
        if multi is not None and multi.sequential:
            open_ = [row for row in standing.tasks.values() if row.scope_id == scope.id and row.kind == "step"]
            gone = [row for row in open_ if row.created_at == step.done_at]
            if gone != open_:
                raise await self._what_followed(connection, standing, step)
            for row in gone:
                _require_untouched(standing, row)
        return Recalled(
            step.node,
            scope.id,
            [row.id for row in gone],
            _own_queue(step),
            step.outcome,
            [queue_of_task(row) for row in gone],
        )

    # On its way through the flow

    async def _from_flow(
        self, connection: Connection, standing: Standing, scope: ScopeRow | None, step: StepRow, at: datetime
    ) -> Recalled:
        if step.scope_id is not None and scope is None:
            raise legality.not_allowed("recall", REASONS["decided" if _in_round(standing, step) else "left"])
        if step.node not in standing.graph_at(step.scope_id).nodes:  # a step of a version that the instance has left
            raise legality.not_allowed("recall", REASONS["left"])
        followed = _followed(standing, step.done_at)
        delta = await self._walked_again(connection, standing, followed, step, at)
        if delta.thrown:
            raise legality.not_allowed("recall", REASONS["thrown"])
        if _more_than(delta, followed):
            joins = any(token.kind == "join" for token in delta.waiting.values())
            if joins and not any(token.kind == "join" for token in followed.tokens):
                raise legality.not_allowed("recall", REASONS["joined"])
            raise await self._what_followed(connection, standing, step)
        if not followed.ids:
            raise legality.not_allowed("recall", REASONS["over"])
        if _reaches_out(standing, followed):
            raise legality.not_allowed("recall", REASONS["followed"])
        asked = Counter((task.node.id, task.queue.post_id, task.queue.assignee_id) for task in delta.entered.values())
        if asked != Counter((row.node, row.post_id, row.assignee_id) for row in followed.tasks):
            raise legality.not_allowed("recall", REASONS["touched"])
        for row in followed.tasks:
            _require_untouched(standing, row)
        if await signing.work_is_taken(connection, [token.id for token in followed.tokens]):
            raise legality.not_allowed("recall", REASONS["touched"])
        return Recalled(step.node, step.scope_id, list(followed.ids), _own_queue(step))

    async def _walked_again(
        self, connection: Connection, standing: Standing, followed: _Followed, step: StepRow, at: datetime
    ) -> Delta:
        """The act once more, from where the instance would stand without what followed."""
        gone = followed.ids
        before = replace(
            standing,
            tasks={
                **{key: row for key, row in standing.tasks.items() if key not in gone},
                step.id: _open_again(standing, step),
            },
            tokens=[row for row in standing.tokens if row.id not in gone],
            scopes=[row for row in standing.scopes if row.id not in gone],
            conditions=[row for row in standing.conditions if row.holder_id not in gone],
        )
        needed = {row.scope_id for row in before.tasks.values()} | {row.scope_id for row in before.tokens}
        needed |= {scope.parent_id for scope in before.scopes}
        if needed - {scope.id for scope in before.scopes} - {None}:
            raise legality.not_allowed("recall", REASONS["followed"])
        world = await self._world_of(connection, before, at)
        event = Completed(step.id, step.outcome or "")
        try:
            return walk(before.definition.graph, before.position, event, before.instance.variables, world)
        except Problem as problem:
            raise legality.not_allowed("recall", REASONS["followed"]) from problem

    async def _what_followed(self, connection: Connection, standing: Standing, step: StepRow) -> Problem:
        """The refusal that names what came of the act."""
        for row in await signing.steps_begun_at(connection, step.instance_id, step.done_at):
            if row.id != step.id and row.how in ("done", "sent_back", "auto", "timer", "event"):
                name = standing.definition.graph.nodes.get(row.node)
                words = f"“{name.names.zh if name else row.node}”已由{row.actor_name}办理"
                english = f"“{name.names.en if name else row.node}” was finished by {row.actor_name}"
                return legality.not_allowed("recall", Reason("done", words, english))
        return legality.not_allowed("recall", REASONS["followed"])

    # As it was before

    def _as_before(self, opened: TaskRow, step: StepRow, at: datetime) -> TaskRow:
        """The step with whoever had it, and with the deadline that it had."""
        task = in_queue(opened, _own_queue(step), step.post_id)
        if step.due_at is None or "limit" not in task.clock:
            return task
        timing = self.timing(at)
        warn_at = task.warn_at if task.warn_at is None or task.warn_at < step.due_at else step.due_at
        clock = clock_until(task.clock, at, step.due_at, timing)
        return replace(task, due_at=step.due_at, warn_at=warn_at, clock=clock)

    def _keep_clocks(self, changes: Changes, standing: Standing, turned: bool) -> None:
        """Write named clocks that the act had started or stopped; tasks that share them follow."""
        if not turned:
            return
        instance = changes.instance or standing.instance
        changes.instance = instance
        clocks = read_clocks(instance.clocks, self.context.calendar)
        gone = set(changes.tasks_gone)
        rest = [row for row in standing.tasks.values() if row.id not in gone]
        changes.tasks_retimed = retime_shared(rest, clocks, set(clocks))


def _unturned(standing: Standing, step: StepRow, verbs: RecallVerbs) -> Standing:
    """The instance with its named clocks as before the act: what it stopped runs on, what it started never began."""
    calendar = verbs.context.calendar
    clocks = read_clocks(standing.instance.clocks, calendar)
    before: dict[str, NamedClock] = {}
    for name, clock in clocks.items():
        if clock.stopped_at == step.done_at:
            before[name] = NamedClock.of(name, clock.running, clock.warn, calendar)
        elif clock.running.started_at != step.done_at:
            before[name] = clock
    if before == clocks:
        return standing
    instance = replace(standing.instance, clocks=write_clocks(before, calendar))
    return replace(standing, instance=instance)


def _followed(standing: Standing, moment: datetime) -> _Followed:
    return _Followed(
        [row for row in standing.tasks.values() if row.created_at == moment and row.kind == "step"],
        [row for row in standing.tokens if row.arrived_at == moment],
        [row for row in standing.scopes if row.opened_at == moment],
    )


def _more_than(delta: Delta, followed: _Followed) -> bool:
    """Whether the act did something else than what is there, or what is not there any more."""
    if delta.joined or delta.closed or delta.dropped or delta.fired or delta.ended or delta.error is not None:
        return True
    tasks = Counter((task.node.id, task.definition_id) for task in delta.entered.values())
    tokens = Counter((token.node, token.flow, token.kind) for token in delta.waiting.values())
    scopes = Counter((scope.node, scope.kind) for scope in delta.opened.values())
    return (
        tasks != Counter((row.node, row.definition_id) for row in followed.tasks)
        or tokens != Counter((row.node, row.sequence_flow, row.kind) for row in followed.tokens)
        or scopes != Counter((row.node, row.kind) for row in followed.scopes)
    )


def _reaches_out(standing: Standing, followed: _Followed) -> bool:
    """Whether an event of what followed has opened a task beside it."""
    nodes = {row.node for row in followed.tasks} | {scope.node for scope in followed.scopes}
    gone = followed.ids
    for row in standing.tasks.values():
        if row.id not in gone and row.kind == "step":
            graph = standing.graph_of(row)
            blocks = [graph.nodes[branch.block] for branch in graph.nodes[row.node].scope]
            if any(isinstance(block, BoundaryEvent) and block.attached in nodes for block in blocks):
                return True
    return False


def _require_untouched(standing: Standing, task: TaskRow) -> None:
    """Refuse when somebody has claimed the task, handed it on or added signers."""
    if task.held or task.home_post_id is not None or any(row.of_task == task.id for row in standing.tasks.values()):
        raise legality.not_allowed("recall", REASONS["touched"])


def _graph_at(standing: Standing, scope: ScopeRow) -> Graph:
    return standing.graph_at(scope.parent_id)


def _in_round(standing: Standing, step: StepRow) -> bool:
    called = standing.called.get(step.definition_id) if step.definition_id is not None else standing.definition
    return called is not None and called.graph.task(step.node).multi is not None


def _own_queue(step: StepRow) -> Queue:
    return Queue(None, step.organisation_id, step.actor_id)


def _open_again(standing: Standing, step: StepRow) -> TaskRow:
    """The task that the step was, as far as the walk looks at it."""
    return TaskRow(
        id=step.id,
        instance_id=step.instance_id,
        node=step.node,
        subject_kind=step.subject_kind,
        subject_id=step.subject_id,
        area=step.area,
        grid=standing.instance.grid,
        post_id=None,
        organisation_id=step.organisation_id,
        assignee_id=step.actor_id,
        home_post_id=step.post_id,
        stage=step.stage,
        status="",
        created_at=step.created_at,
        due_at=step.due_at,
        warn_at=None,
        clock={},
        paused_at=None,
        urged=0,
        priority=0,
        scope_id=step.scope_id,
        definition_id=step.definition_id,
    )


def _taken_back(step: StepRow, act: Act) -> StepRow:
    """The step that says that an answer was taken back."""
    return replace(
        step,
        id=new_id(),
        how="recalled",
        note=act.note,
        created_at=step.done_at,
        done_at=act.at,
        used_seconds=0.0,
        overdue=False,
    )
