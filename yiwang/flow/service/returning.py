"""Sending back (退回): to any step walked, to the one before, to whoever began; and which steps can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.flow import legality, store
from yiwang.flow.assignment import Queue
from yiwang.flow.errors import StepNotReachable
from yiwang.flow.legality import Operation, Reason
from yiwang.flow.model import Advance, Names, StepRow, TaskRow, UserTask
from yiwang.flow.service.added import kinds_of
from yiwang.flow.service.definitions import DefinitionVerbs
from yiwang.flow.service.world import World
from yiwang.flow.standing import Act, Standing
from yiwang.flow.walk import SentBack, walk
from yiwang.flow.walk.queues import queue_json, queue_of_task
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound, Problem


@dataclass(frozen=True, slots=True)
class Returnable:
    """A step that was walked; ``reason`` says why it cannot be chosen, None when it can."""

    node: str
    names: Names
    stage: str
    done_by: str
    done_at: datetime
    reason: Reason | None


class ReturnVerbs(DefinitionVerbs):
    """Verbs for whoever has the task. A task added before or after another (加签) sends that one back; a delegate does not."""

    async def send_back(
        self, connection: Connection, task_id: UUID, actor: Actor, to_node: str, reason: str, at: datetime
    ) -> Advance:
        """Send a task back (退回) to a step that the instance has walked; out of a fork, its other branches are withdrawn.

        Raises:
            StepNotReachable: never walked, or in another branch; the message says which.
            TaskAlreadyDone, TaskNotYours, InstanceSuspended, NotAllowed: as for finishing it.
        """
        standing, origin = await self._sending(connection, task_id, actor, "send_back")
        step = await store.last_step(connection, standing.instance.id, to_node, origin.definition_id)
        if step is None:
            node = standing.graph_of(origin).nodes.get(to_node)
            raise StepNotReachable(
                node=node.names.zh if node is not None else to_node[:60],
                reason_zh="本件没有办理过这一步,只能退回到走过的步骤",
                reason_en="this instance has not been there; only steps walked before can be chosen",
            )
        queue = self.queue_of_step(step, kinds_of(standing), at)
        return await self._go_back(connection, standing, origin, step.node, queue, actor, reason, at)

    async def send_back_to_previous(
        self, connection: Connection, task_id: UUID, actor: Actor, reason: str, at: datetime
    ) -> Advance:
        """Send a task back to the step that was done before it (退回上一步); behind a join, to that before its fork.

        Raises:
            NotAllowed: no step before can be reached. Else as :meth:`send_back`.
        """
        standing, origin = await self._sending(connection, task_id, actor, "send_back_to_previous")
        step = await self.previous(connection, standing, origin, at)
        if step is None:
            raise legality.not_allowed("send_back_to_previous", legality.REASONS["nobody_before"])
        queue = self.queue_of_step(step, kinds_of(standing), at)
        return await self._go_back(connection, standing, origin, step.node, queue, actor, reason, at)

    async def send_back_to_start(
        self, connection: Connection, task_id: UUID, actor: Actor, reason: str, at: datetime
    ) -> Advance:
        """Send a task back to the first step of its flow and to whoever did that (退回发起人); of a called flow, to its first.

        Raises:
            NotAllowed: nobody has done a step before. Else as :meth:`send_back`.
        """
        standing, origin = await self._sending(connection, task_id, actor, "send_back_to_start")
        walked = await store.steps_walked(connection, standing.instance.id, origin.definition_id)
        first = min(
            (step for step in walked if step.how == "done"), key=lambda step: (step.created_at, step.id), default=None
        )
        if first is None or first.node == origin.node:
            raise legality.not_allowed("send_back_to_start", legality.REASONS["nobody_before"])
        queue = (
            self.assignment.for_person(first.actor_id, kinds_of(standing), at) if first.actor_id is not None else None
        )
        return await self._go_back(connection, standing, origin, first.node, queue, actor, reason, at)

    async def returnable(self, connection: Connection, task_id: UUID, at: datetime) -> list[Returnable]:
        """Every step to which a task might go back, the latest first, each with the reason if it cannot be chosen.

        Without lock. Raises: NotFound: it is not open.
        """
        task = await store.open_task(connection, task_id)
        instance = await store.find_instance(connection, task.instance_id) if task is not None else None
        if task is None or instance is None:
            raise NotFound(what="任务")
        standing = await self.standing(connection, instance)
        origin = self.original(standing, task)
        graph = standing.graph_of(origin)
        world = await self._world_of(connection, standing, at)
        refused = legality.reason_in("send_back", legality.kind_of(standing, task), legality.states_of(instance, task))
        found = []
        for step in _last_of_each(await store.steps_walked(connection, instance.id, origin.definition_id)):
            node = graph.nodes[step.node]
            reason = refused or self._unreachable(standing, origin, step.node, world)
            found.append(Returnable(node.id, node.names, step.stage, step.actor_name, step.done_at, reason))
        return found

    async def previous(self, connection: Connection, standing: Standing, task: TaskRow, at: datetime) -> StepRow | None:
        """The nearest step done by a person before a task to which it can go back; None without one."""
        walked = await store.steps_walked(connection, standing.instance.id, task.definition_id)
        world = await self._world_of(connection, standing, at)
        for step in done_before(task, walked):
            if self._unreachable(standing, task, step.node, world) is None:
                return step
        return None

    def original(self, standing: Standing, task: TaskRow) -> TaskRow:
        """The step itself of a task that may have been added to it."""
        while task.of_task is not None:
            task = standing.tasks[task.of_task]
        return task

    async def _sending(
        self, connection: Connection, task_id: UUID, actor: Actor, operation: Operation
    ) -> tuple[Standing, TaskRow]:
        task, instance = await self.lock_own_task(connection, task_id, actor)
        standing = await self.standing(connection, instance)
        self.require(operation, instance, task, standing)
        return standing, self.original(standing, task)

    async def _go_back(
        self,
        connection: Connection,
        standing: Standing,
        origin: TaskRow,
        node: str,
        queue: Queue | None,
        actor: Actor,
        reason: str,
        at: datetime,
    ) -> Advance:
        act = Act("send_back", actor, at, left="sent_back", note=reason)
        event = SentBack(origin.id, node, queue, straight_back(standing, origin))
        return await self.go(connection, standing, event, act)

    async def _world_of(self, connection: Connection, standing: Standing, at: datetime) -> World:
        graphs = [standing.definition.graph, *(called.graph for called in standing.called.values())]
        world = await self.world(connection, standing.instance, at, graphs)
        world.add(*standing.called.values(), newest=False)
        return world

    def _unreachable(self, standing: Standing, task: TaskRow, node: str, world: World) -> Reason | None:
        """Why a task cannot go back to a step: the walk itself is asked."""
        event = SentBack(task.id, node)
        try:
            walk(standing.definition.graph, standing.position, event, standing.instance.variables, world)
        except StepNotReachable as problem:
            return Reason("unreachable", str(problem.data["reason_zh"]), str(problem.data["reason_en"]))
        except Problem as problem:
            return Reason("unreachable", problem.message("zh"), problem.message("en"))
        return None


def done_before(task: TaskRow, walked: Sequence[StepRow]) -> list[StepRow]:
    """The steps that people did before a task, each once, the latest first. ``walked``: newest first.

    What came between the first time and a return does not count: when D goes back to B, the step before B is A, not C.
    """
    moment = task.created_at
    while any(step.how == "sent_back" and step.done_at == moment for step in walked):
        earlier = next(
            (step for step in walked if step.node == task.node and step.done_at <= moment and step.created_at < moment),
            None,
        )
        if earlier is None:
            break
        moment = earlier.created_at
    done = [step for step in walked if step.how == "done" and step.done_at <= moment and step.node != task.node]
    return _last_of_each(done)


def _last_of_each(walked: Sequence[StepRow]) -> list[StepRow]:
    """Of each step the latest time; what was only sent back was not walked."""
    found: dict[str, StepRow] = {}
    for step in walked:
        if step.how != "sent_back":
            found.setdefault(step.node, step)
    return list(found.values())


def straight_back(standing: Standing, task: TaskRow) -> JsonObject | None:
    """Where the step that a task is sent back to goes straight to when done, if the task's step declares that.

    Of a round, to those who had not answered yet, and to whoever sent it back; answers given stay given. What is still to
    come in turn comes again.
    """
    graph = standing.graph_of(task)
    node: UserTask = graph.task(task.node)
    if node.back.of(standing.variables_of(task)) != "straight":
        return None
    scope = next((scope for scope in standing.scopes if scope.id == task.scope_id and scope.kind == "multi"), None)
    if scope is None:
        return {"node": node.id, "queue": queue_json(queue_of_task(task))}
    open_ = [row for row in standing.tasks.values() if row.scope_id == scope.id and row.kind == "step"]
    people = [_element(row) for row in open_]
    rest = scope.rest.get("next")
    for element in rest if isinstance(rest, list) else ():
        if isinstance(element, dict):
            people.append(element.get("queue", element))
    return {"node": node.id, "people": people, "done": scope.done, "tally": scope.tally}


def _element(task: TaskRow) -> Json:
    """Whose a task of a round is; with the element for which it is done, if the round is not one of people."""
    queue, item = queue_json(queue_of_task(task)), task.origin.get("item") if task.origin else None
    return {"queue": queue, "item": next(iter(item.values()))} if isinstance(item, dict) and item else queue
