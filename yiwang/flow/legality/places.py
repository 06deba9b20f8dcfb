"""Where a task stands in the table of operations, whose it is, and everything that may be done with it now."""

from __future__ import annotations

from yiwang.flow.legality.table import (
    REASONS,
    RULES,
    Kind,
    Operation,
    Reason,
    State,
    deepest_delegation,
    reason_in,
)
from yiwang.flow.model import Graph, InstanceRow, TaskRow, TokenRow
from yiwang.flow.standing import Standing
from yiwang.flow.walk.queues import queue_of_task
from yiwang.kernel.access import Actor


def kind_of(standing: Standing, task: TaskRow) -> Kind:
    """The kind of place that a task is."""
    if task.kind != "step":
        return task.kind
    graph = standing.graph_of(task)
    scope = next((scope for scope in standing.scopes if scope.id == task.scope_id), None)
    if scope is not None and scope.kind == "multi" and scope.node == task.node:
        return round_kind(graph, task.node)
    return kind_of_step(graph, task.node, called=task.definition_id is not None)


def round_kind(graph: Graph, node: str) -> Kind:
    multi = graph.task(node).multi
    return "round_sequential" if multi is not None and multi.sequential else "round_parallel"


def kind_of_step(graph: Graph, node: str, *, called: bool) -> Kind:
    """The kind of place that a single step is."""
    task = graph.task(node)
    if called:
        return "call"
    if task.container:
        return "sub"
    return "branch" if task.scope else "plain"


def kind_of_token(token: TokenRow) -> Kind:
    """The kind of place at which a token waits; a branch at its join waits for events elsewhere."""
    match token.kind:
        case "receive" | "gateway" | "work":
            return token.kind
        case _:
            return "event"


def states_of(instance: InstanceRow, task: TaskRow | None) -> tuple[State, ...]:
    """The states of a task, or of an instance where it waits without one; the graver first."""
    if instance.ended_at is not None:
        return ("ended",)
    of_task: State = "open" if task is None else state_of(task)
    return (of_task,) if instance.suspended_at is None else ("suspended", of_task)


def state_of(task: TaskRow) -> State:
    """The state of a task for itself."""
    if task.held:
        return "held"
    if task.assignee_id is None:
        return "open"
    return "personal" if task.home_post_id is None else "claimed"


def owns(actor: Actor, task: TaskRow) -> bool:
    """Whether the task is the actor's: with them, or in the queue of a post that they hold; also while it is held."""
    queue = queue_of_task(task)
    if queue.assignee_id is not None:
        return actor.tasks_of == queue.assignee_id
    return queue.post_id in actor.posts


def may(actor: Actor, task: TaskRow, grant: str) -> bool:
    """Whether the actor may act on the task: it is theirs, or by a grant task:``grant``."""
    return owns(actor, task) or actor.reaches(
        "task", grant, area=task.area, organisation=task.organisation_id, grid=task.grid
    )


def allowed(standing: Standing, task: TaskRow, actor: Actor) -> dict[Operation, Reason | None]:
    """Every operation on an open task or its instance: None where the actor may do it now, else why not.

    Left out are recalling (it is about a finished step) and what the engine does by itself. Rights on the instance
    (suspend, jump, cancel, copy …) are for the engine that owns its subject to ask.
    """
    kind, states = kind_of(standing, task), states_of(standing.instance, task)
    found: dict[Operation, Reason | None] = {}
    for operation, rule in RULES.items():
        if rule.of in ("step", "engine"):
            continue
        reason = reason_in(operation, kind, states) or special(operation, standing, task)
        if reason is None and rule.own and not may(actor, task, rule.grant):
            reason = REASONS["not_yours"]
        found[operation] = reason
    return found


def special(operation: Operation, standing: Standing, task: TaskRow) -> Reason | None:
    """What refuses an operation beyond kind and state."""
    match operation:
        case "delegate" if depth_of(standing, task) >= deepest_delegation:
            return REASONS["too_deep"]
        case "extend" | "ask_extension" | "answer_extension" if not ({"limit", "clock"} & task.clock.keys()):
            return REASONS["no_deadline"]
        case "answer_supervision" if not open_supervisions(task):
            return REASONS["not_supervised"]
        case "remove_signer":
            return _cannot_remove(standing, task)
        case _:
            return None


def _cannot_remove(standing: Standing, task: TaskRow) -> Reason | None:
    if task.held and task.origin is not None and "after" in task.origin:
        return REASONS["answered"]
    if task.kind == "step":
        scope = next((scope for scope in standing.scopes if scope.id == task.scope_id), None)
        return REASONS["last_signer"] if scope is not None and scope.total <= 1 else None
    others = [row for row in standing.tasks.values() if row.of_task == task.of_task and row.id != task.id]
    return None if others else REASONS["last_signer"]


def depth_of(standing: Standing, task: TaskRow) -> int:
    """How many delegations in a row have led to a task."""
    depth = 0
    while task.kind == "delegated" and task.of_task is not None:
        depth, task = depth + 1, standing.tasks[task.of_task]
    return depth


def open_supervisions(task: TaskRow) -> list[dict[str, object]]:
    """The supervisions (督办) of a task that nobody has answered."""
    given = task.origin.get("supervised") if task.origin else None
    return [
        dict(item)
        for item in (given if isinstance(given, list) else ())
        if isinstance(item, dict) and not item.get("answer")
    ]
