"""All SQL of flow. Only this package writes its tables; every function runs in the caller's transaction.

The row of flow_instance is the lock of everything that belongs to it: whoever changes an instance, its tasks, tokens or
timers locks that row first and then, where one is at hand, the task or timer.
"""

from yiwang.flow.store.definitions import (
    definition_by_id,
    definition_by_version,
    insert_definition,
    list_definitions,
    lock_key,
    newest_definitions,
    publish_definition,
    save_draft,
)
from yiwang.flow.store.locking import lock_instance, lock_task, tasks_of, timers_of, tokens_of
from yiwang.flow.store.reading import find_instance, finished_step, open_task, steps_of, walked
from yiwang.flow.store.timers import DueTimer, claim_timer, due_timers, next_wake, postpone_timer
from yiwang.flow.store.writing import move_task, relocate, urge, write

__all__ = [
    "DueTimer",
    "claim_timer",
    "definition_by_id",
    "definition_by_version",
    "due_timers",
    "find_instance",
    "finished_step",
    "insert_definition",
    "list_definitions",
    "lock_instance",
    "lock_key",
    "lock_task",
    "move_task",
    "newest_definitions",
    "next_wake",
    "open_task",
    "postpone_timer",
    "publish_definition",
    "relocate",
    "save_draft",
    "steps_of",
    "tasks_of",
    "timers_of",
    "tokens_of",
    "urge",
    "walked",
    "write",
]
