"""What the journal tells of an advance besides its words: whose step ended, whether in time, and what is due next.

Scoring follows the journal alone, so every deadline that it judges by stands there: ``due`` of the handling clock (null
while it stands still) and ``stopped`` once it has been stopped; ``refused`` where the case ended as not accepted; ``post``,
``step_due`` and ``late`` of the step that ended; and ``next``: the first open task with a deadline of its own (stage, due,
post, person). Instants are ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.flow.model import Advance, TaskRow
from yiwang.kernel.database import JsonObject

HANDLING = "handling"
NOT_ACCEPTED = "not_accepted"


def timing(advance: Advance) -> JsonObject:
    """The members for the entry that tells of an advance."""
    data: JsonObject = {"next": next_deadline(advance.new_tasks)}
    clock = advance.clocks.get(HANDLING)
    if clock is not None:
        data["due"] = clock.due_at.isoformat() if clock.due_at is not None else None
        if clock.stopped_at is not None:
            data["stopped"] = True
    if advance.ended and advance.stage == NOT_ACCEPTED:
        data["refused"] = True
    finished = advance.finished
    if finished is not None and finished.kind == "step":
        data["post"] = finished.post_id
        if finished.due_at is not None:
            data["step_due"] = finished.due_at.isoformat()
            data["late"] = finished.overdue
    return data


def next_deadline(tasks: Sequence[TaskRow]) -> JsonObject | None:
    """The first of these tasks that has a deadline of its own; None where there is none."""
    for task in tasks:
        if task.due_at is not None and "clock" not in task.clock and task.kind == "step":
            return {
                "stage": task.stage,
                "due": task.due_at.isoformat(),
                "post": task.post_id or task.home_post_id,
                "person": str(task.assignee_id) if task.assignee_id is not None else None,
            }
    return None
