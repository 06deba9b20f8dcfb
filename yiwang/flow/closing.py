"""What acts leave behind of tasks: the step of one that ended, the words that the subject shows, clocks that turned. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from yiwang.flow.clocks import NamedClock
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import EndEvent
from yiwang.flow.model.rows import How, InstanceRow, StepRow, TaskRow
from yiwang.flow.standing import Act
from yiwang.flow.timing import Timing, shared_time
from yiwang.flow.walk.queues import queue_of_task

stage_done = "done"
stage_cancelled = "cancelled"
stage_waiting = "waiting"
status_waiting = "等待中"


def finished_step(task: TaskRow, how: How, act: Act, timing: Timing, clocks: Mapping[str, NamedClock]) -> StepRow:
    """The step that a task becomes when it ends."""
    spent = timing.spent(task, clocks)
    queue = queue_of_task(task)
    return StepRow(
        id=task.id,
        instance_id=task.instance_id,
        node=task.node,
        how=how,
        subject_kind=task.subject_kind,
        subject_id=task.subject_id,
        area=task.area,
        stage=task.stage,
        post_id=queue.post_id if queue.post_id is not None else task.home_post_id,
        organisation_id=task.organisation_id,
        assignee_id=queue.assignee_id,
        actor_id=act.actor.account_id,
        actor_name=act.actor.label,
        outcome=act.outcome if how in ("done", "auto") else None,
        note=act.note,
        created_at=task.created_at,
        done_at=act.at,
        due_at=spent.due_at,
        used_seconds=spent.used_seconds,
        overdue=spent.overdue,
        scope_id=task.scope_id,
        definition_id=task.definition_id,
        kind=task.kind,
    )


def words(graph: Graph, instance: InstanceRow, tasks: Iterable[TaskRow], end: EndEvent | None) -> tuple[str, str]:
    """The status and stage that the subject shows: of the newest step, or of the end."""
    for task in tasks:
        return task.status, task.stage
    if instance.state == "cancelled":
        return graph.status_cancelled, stage_cancelled
    if instance.ended_at is None:
        return status_waiting, stage_waiting
    if end is None:
        return graph.status_done, stage_done
    return end.status or graph.status_done, end.stage or stage_done


def retime_shared(tasks: Iterable[TaskRow], clocks: Mapping[str, NamedClock], turned: set[str]) -> list[TaskRow]:
    """The tasks that share a clock of ``turned``, with its new times; paused ones keep waiting."""
    found = []
    for task in tasks:
        name = task.clock.get("clock")
        if isinstance(name, str) and name in turned and task.paused_at is None:
            time = shared_time(name, clocks, task.clock)
            found.append(replace(task, due_at=time.due_at, warn_at=time.warn_at))
    return found
