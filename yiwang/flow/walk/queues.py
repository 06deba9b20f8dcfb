"""A queue as JSON, where it must be kept: people still to come in a round, whom a task goes back to."""

from __future__ import annotations

from uuid import UUID

from yiwang.flow.assignment import Queue
from yiwang.flow.model.rows import TaskRow
from yiwang.kernel.database import Json


def queue_json(queue: Queue) -> Json:
    """``[post, organisation, account, absent account]``."""
    accounts = [None if account is None else str(account) for account in (queue.assignee_id, queue.for_id)]
    return [queue.post_id, queue.organisation_id, *accounts]


def queue_of(value: Json) -> Queue:
    """The queue that :func:`queue_json` has written.

    Raises:
        ValueError: it is none.
    """
    match value:
        case [int() | None as post, int() | None as organisation, str() | None as account, str() | None as absent]:
            return Queue(post, organisation, UUID(account) if account else None, UUID(absent) if absent else None)
        case _:
            raise ValueError("no queue")


def queue_of_task(task: TaskRow) -> Queue:
    """Whose a task is, also while it is held."""
    if task.held and task.origin is not None:
        return queue_of(task.origin["queue"])
    absent = task.origin.get("for") if task.origin else None
    for_id = UUID(absent) if isinstance(absent, str) else None
    return Queue(task.post_id, task.organisation_id, task.assignee_id, for_id)
