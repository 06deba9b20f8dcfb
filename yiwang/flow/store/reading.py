"""Reading what happened: instances, finished steps."""

from __future__ import annotations

from uuid import UUID

from yiwang.flow.model.rows import InstanceRow, StepRow, TaskRow
from yiwang.flow.store.columns import INSTANCE, STEP, TASK, instance_of, listed, step_of, task_of
from yiwang.kernel.database import Connection

most_steps = 1000

# What an instance walked before it went over to another version is read as the steps of its present one (flow_step.became);
# a step that has no counterpart there keeps its former version's id and so belongs to no walk that can be taken up again.
_NODE = "coalesce(became, node)"
_DEFINITION = "case when became is null then definition_id end"
_SEEN = ", ".join({"node": _NODE, "definition_id": _DEFINITION}.get(name, name) for name in STEP)


async def find_instance(connection: Connection, instance_id: UUID) -> InstanceRow | None:
    row = await connection.fetchrow(f"select {listed(INSTANCE)} from flow_instance where id = $1", instance_id)
    return None if row is None else instance_of(row)


async def open_task(connection: Connection, task_id: UUID) -> TaskRow | None:
    row = await connection.fetchrow(f"select {listed(TASK)} from flow_task where id = $1", task_id)
    return None if row is None else task_of(row)


async def finished_step(connection: Connection, task_id: UUID) -> StepRow | None:
    """The step that a task became."""
    row = await connection.fetchrow(f"select {_SEEN} from flow_step where id = $1", task_id)
    return None if row is None else step_of(row)


async def steps_of(connection: Connection, instance_id: UUID) -> list[StepRow]:
    """The newest :data:`most_steps` finished steps, oldest first."""
    rows = await connection.fetch(
        f"select {_SEEN} from (select * from flow_step where instance_id = $1"
        " order by done_at desc, id desc limit $2) s order by done_at, id",
        instance_id,
        most_steps,
    )
    return [step_of(row) for row in rows]


async def walked(connection: Connection, instance_id: UUID, node: str) -> bool:
    """Whether the instance has finished that step before."""
    found: bool = await connection.fetchval(
        f"select exists (select from flow_step where instance_id = $1 and {_NODE} = $2)", instance_id, node
    )
    return found


async def last_step(
    connection: Connection, instance_id: UUID, node: str, definition_id: UUID | None = None
) -> StepRow | None:
    """When a step of the instance's own, or of a called definition, was finished last; what others' acts ended does not
    count."""
    row = await connection.fetchrow(
        f"select {_SEEN} from flow_step where instance_id = $1 and {_NODE} = $2 and kind = 'step'"
        f" and how in ('done', 'auto', 'skipped') and {_DEFINITION} is not distinct from $3"
        " order by done_at desc, id desc limit 1",
        instance_id,
        node,
        definition_id,
    )
    return None if row is None else step_of(row)


async def steps_walked(connection: Connection, instance_id: UUID, definition_id: UUID | None) -> list[StepRow]:
    """The newest :data:`most_steps` steps of the instance's own, or of a called definition, newest first; without what was
    added to them or withdrawn."""
    rows = await connection.fetch(
        f"select {_SEEN} from flow_step where instance_id = $1 and {_DEFINITION} is not distinct from $2"
        " and kind = 'step' and how in ('done', 'auto', 'skipped', 'sent_back') order by done_at desc, id desc limit $3",
        instance_id,
        definition_id,
        most_steps,
    )
    return [step_of(row) for row in rows]
