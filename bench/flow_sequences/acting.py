"""One random operation on an instance, by somebody who may; and what the table of operations said of it beforehand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from bench.flow_sequences.laws import Broken, Snapshot
from bench.flow_sequences.office import ACTORS, POSTS
from yiwang.flow import legality
from yiwang.flow.legality import Operation, Reason
from yiwang.flow.model import TaskRow
from yiwang.flow.service import FlowService
from yiwang.flow.store import extensions
from yiwang.flow.walk.queues import queue_of_task
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import Problem

WORKER = "bench"

WEIGHTS: Mapping[Operation, int] = {
    "complete": 40,
    "claim": 3,
    "release": 2,
    "assign": 3,
    "delegate": 5,
    "add_before": 5,
    "add_after": 5,
    "take_back": 3,
    "add_to_round": 3,
    "remove_signer": 3,
    "send_back": 6,
    "send_back_to_previous": 3,
    "send_back_to_start": 2,
    "recall": 6,
    "urge": 1,
    "supervise": 1,
    "answer_supervision": 1,
    "copy": 1,
    "ask_extension": 2,
    "extend": 1,
    "suspend": 2,
    "jump": 1,
    "cancel": 1,
}
"""Extensions asked for are answered, suspended instances resumed and ended ones reopened when their turn comes."""

DYNAMIC = frozenset(
    {
        "flow.step_not_reachable",
        "flow.nobody_for_step",
        "flow.clock_unknown",
        "deadline.kinds_differ",
        "flow.walk_too_long",
        "flow.round_too_large",
    }
)
"""Refusals that depend on more than the place; the table does not foresee them."""
DYNAMIC_REASONS = frozenset(
    {"in_round", "nobody_before", "asked", "unanswered", "self", "own_request", "answered_before", "unreachable"}
)


@dataclass
class Act:
    """What was tried. ``refused``: the problem; ``expected``: what the table said; ``on``: the task that was acted on."""

    operation: str
    on: TaskRow | None = None
    refused: Problem | None = None
    expected: Reason | None = None
    asked: bool = False
    words: str = ""
    note: dict[str, object] = field(default_factory=dict)


class Acting:
    """Acts on one instance through the service, each act within the connection's transaction."""

    def __init__(self, flow: FlowService, connection: Connection, dice: Random) -> None:
        self.flow = flow
        self.connection = connection
        self.dice = dice
        clock = flow.context.clock
        if not isinstance(clock, ManualClock):
            raise TypeError("the office works by a clock that it sets")
        self.clock = clock

    @property
    def now(self) -> datetime:
        return self.clock.at

    async def once(self, found: Snapshot) -> Act:
        """One operation, refused or not; a refusal leaves no trace."""
        self.clock.at += timedelta(seconds=self.dice.randint(1, 1800), hours=self.dice.choice([0, 0, 0, 0, 2]))
        act, work = await self._chosen(found)
        act.words = act.operation if act.on is None else f"{act.operation} {act.on.kind} {act.on.node}"
        try:
            async with self.connection.transaction():
                await work()
        except Problem as problem:
            act.refused = problem
            act.words += f" ({problem.code})"
        self._compare(act)
        return act

    def _compare(self, act: Act) -> None:
        """The table and the engine must agree."""
        if not act.asked:
            return
        if act.expected is not None and act.refused is None:
            raise Broken(f"{act.words}: the table refuses it ({act.expected.code}), the engine does not")
        if act.expected is None and act.refused is not None:
            reason = act.refused.data.get("reason")
            if act.refused.code not in DYNAMIC and reason not in DYNAMIC_REASONS:
                raise Broken(f"{act.words}: the table allows it, the engine says {act.refused}")

    async def _chosen(self, found: Snapshot) -> tuple[Act, Callable[[], Awaitable[object]]]:
        flow, connection, now, case = self.flow, self.connection, self.now, found.instance.id
        if found.over:
            nodes = [task.id for task in found.definition.graph.tasks]
            return Act("reopen"), lambda: flow.reopen(connection, case, SYSTEM, self.dice.choice(nodes), "", now)
        if found.instance.suspended_at is not None and self.dice.random() < 0.5:
            return Act("resume"), lambda: flow.resume(connection, case, now)
        background = self._background(found)
        if background is not None and (not found.tasks or self.dice.random() < 0.25):
            return background
        if not found.tasks:
            return Act("suspend"), lambda: flow.suspend(connection, case, now)
        operation = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        task = self.dice.choice(found.tasks)
        if operation == "recall":
            return self._recall(found)
        actor = self._owner(task)
        allowed = legality.allowed(found.standing, task, actor)
        act = Act(operation, task, expected=allowed[operation], asked=True)
        return act, self._verb(operation, found, task, actor)

    def _background(self, found: Snapshot) -> tuple[Act, Callable[[], Awaitable[object]]] | None:
        """What the world does: time passes, a message comes, a worker works."""
        flow, connection, now = self.flow, self.connection, self.now
        if found.instance.suspended_at is not None:
            return None
        due = [timer for timer in found.timers if timer.wake_at is not None and timer.wake_at <= now]
        if due:
            timer = due[0]
            return Act(f"timer {timer.node}"), lambda: flow.fire(connection, timer.id, now)
        waits = [wait for wait in found.waits if wait.kind in ("message", "work")]
        if not waits:
            return None
        wait = self.dice.choice(waits)
        if wait.kind == "message":
            key = str(found.instance.id)
            return Act(f"message {wait.node}"), lambda: flow.receive(connection, wait.name, key, {}, SYSTEM, now)
        return Act(f"work {wait.node}"), lambda: self._work(wait.id)

    async def _work(self, wait_id: UUID) -> None:
        work = await self.flow.fetch_work(self.connection, ["stamp"], WORKER, self.now)
        if wait_id in {row.id for row in work}:
            if self.dice.random() < 0.3:
                await self.flow.fail_work(self.connection, wait_id, WORKER, "no paper", SYSTEM, self.now)
            else:
                await self.flow.finish_work(self.connection, wait_id, WORKER, {}, SYSTEM, self.now)

    def _recall(self, found: Snapshot) -> tuple[Act, Callable[[], Awaitable[object]]]:
        steps = [step for step in found.steps[-6:] if step.actor_id is not None]
        if not steps:
            return Act("nothing"), _nothing
        step = self.dice.choice([steps[-1], self.dice.choice(steps)])
        actor = ACTORS[step.actor_id] if step.actor_id is not None else SYSTEM
        return (
            Act("recall", note={"step": step.node}),
            lambda: self.flow.recall(self.connection, step.id, actor, self.now, "再想想"),
        )

    def _owner(self, task: TaskRow) -> Actor:
        queue = queue_of_task(task)
        if queue.assignee_id is not None:
            return ACTORS[queue.assignee_id]
        names = next((names for number, _, names in POSTS.values() if number == queue.post_id), ())
        holders = [actor for actor in ACTORS.values() if actor.name in names]
        return self.dice.choice(holders) if holders else SYSTEM

    def _others(self, actor: Actor, most: int) -> list[UUID]:
        rest = [account for account in ACTORS if account != actor.account_id]
        return self.dice.sample(rest, self.dice.randint(1, most))

    def _verb(
        self, operation: Operation, found: Snapshot, task: TaskRow, actor: Actor
    ) -> Callable[[], Awaitable[object]]:
        flow, connection, now, dice, case = self.flow, self.connection, self.now, self.dice, found.instance.id
        graph = found.standing.graph_of(task)
        outcomes = list(graph.task(task.node).outcomes) if task.kind == "step" else ["agree", "agree", "disagree"]
        walked = sorted({step.node for step in found.steps}) or [task.node]
        limit = dice.choice([None, None, "4工作时"])
        verbs: dict[Operation, Callable[[], Awaitable[object]]] = {
            "complete": lambda: flow.complete(connection, task.id, actor, dice.choice(outcomes), {}, now, note="已阅"),
            "claim": lambda: flow.claim(connection, task.id, actor),
            "release": lambda: flow.release(connection, task.id, actor),
            "assign": lambda: self._assign(task, actor),
            "delegate": lambda: flow.delegate(connection, task.id, actor, self._others(actor, 1)[0], now, limit=limit),
            "add_before": lambda: flow.add_before(connection, task.id, actor, self._others(actor, 3), now, limit=limit),
            "add_after": lambda: flow.add_after(
                connection, task.id, actor, dice.choice(outcomes), self._others(actor, 3), now, "请会签", limit=limit
            ),
            "take_back": lambda: flow.take_back(connection, task.id, actor, now),
            "add_to_round": lambda: flow.add_to_round(connection, task.id, actor, self._others(actor, 2), now),
            "remove_signer": lambda: flow.remove_signer(connection, task.id, SYSTEM, now),
            "send_back": lambda: flow.send_back(connection, task.id, actor, dice.choice(walked), "材料不全", now),
            "send_back_to_previous": lambda: flow.send_back_to_previous(connection, task.id, actor, "材料不全", now),
            "send_back_to_start": lambda: flow.send_back_to_start(connection, task.id, actor, "材料不全", now),
            "urge": lambda: flow.urge(connection, case, actor=actor, at=now, note="请尽快"),
            "supervise": lambda: flow.supervise(connection, case, actor, now, "请说明"),
            "answer_supervision": lambda: flow.answer_supervision(connection, task.id, actor, "正在办", now),
            "copy": lambda: flow.copy_to(connection, case, self._others(actor, 2), actor, now),
            "ask_extension": lambda: self._extension(task, actor),
            "extend": lambda: flow.extend_task(connection, task.id, "1工作日", now),
            "suspend": lambda: flow.suspend(connection, case, now),
            "jump": lambda: flow.jump(
                connection, case, SYSTEM, dice.choice(sorted(found.definition.graph.nodes)), "", now
            ),
            "cancel": lambda: flow.cancel(connection, case, SYSTEM, "", now),
        }
        return verbs[operation]

    async def _assign(self, task: TaskRow, actor: Actor) -> None:
        if self.dice.random() < 0.3:
            await self.flow.assign(self.connection, task.id, SYSTEM, post_id=POSTS["review"][0])
        else:
            await self.flow.assign(self.connection, task.id, actor, person_id=self._others(actor, 1)[0])

    async def _extension(self, task: TaskRow, actor: Actor) -> None:
        """Ask, and let the leader of the bureau answer."""
        asked = await self.flow.ask_extension(self.connection, task.id, actor, "1工作日", "路远", self.now)
        leader = next(actor for actor in ACTORS.values() if POSTS["leader"][0] in actor.posts)
        if self.dice.random() < 0.7 and actor is not leader:
            granted = self.dice.random() < 0.7
            await self.flow.answer_extension(self.connection, asked.id, leader, granted, self.now)
            stored = await extensions.find_extension(self.connection, asked.id)
            if stored is None or stored.state != ("granted" if granted else "refused"):
                raise Broken("an answered extension is not what it was answered")


async def _nothing() -> None:
    """There was nothing to do."""
