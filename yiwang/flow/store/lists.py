"""Lists of instances that are their own subject, and of their tasks: paged by key, scoped in the query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from yiwang.flow.model.rows import InstanceRow, TaskRow
from yiwang.flow.store.columns import INSTANCE, TASK, instance_of, listed, task_of
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection

InstanceCursor: TypeAlias = tuple[datetime, UUID]


async def list_instances(
    connection: Connection,
    actor: Actor,
    *,
    key: str | None,
    state: str | None,
    after: InstanceCursor | None,
    limit: int,
) -> list[InstanceRow]:
    """Instances of kind ``flow`` that the actor may read, the newest first; ``after``: the last of the page before."""
    args = Sql()
    wanted = ["i.subject_kind = 'flow'"]
    scope = scope_condition(actor, "instance", "read", args, area="i.area", grid="i.grid")
    if actor.tasks_of is None:
        wanted.append(scope)
    else:
        mine = (
            f"exists (select from flow_step s where s.instance_id = i.id and s.actor_id = {args.bind(actor.tasks_of)})"
        )
        wanted.append(f"({scope} or {mine})")
    if key is not None:
        wanted.append(f"i.definition_id in (select id from flow_definition where key = {args.bind(key)})")
    if state is not None:
        wanted.append(f"i.state = {args.bind(state)}")
    if after is not None:
        wanted.append(f"(i.started_at, i.id) < ({args.bind(after[0])}, {args.bind(after[1])})")
    rows = await connection.fetch(
        f"select {listed(INSTANCE, 'i')} from flow_instance i where {' and '.join(wanted)}"
        f" order by i.started_at desc, i.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [instance_of(row) for row in rows]


async def own_tasks(
    connection: Connection,
    posts: Sequence[int],
    account_id: UUID | None,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[TaskRow]:
    """Open tasks of instances of kind ``flow`` at these posts or with this person, the most pressing first."""
    due, last = after if after is not None else (None, None)
    rows = await connection.fetch(
        f"select {listed(TASK)} from flow_task where subject_kind = 'flow'"
        " and (post_id = any($1::int[]) or assignee_id = $2)"
        " and ($3::timestamptz is null or (sort_due, id) > ($3::timestamptz, $4::uuid)) order by sort_due, id limit $5",
        list(posts),
        account_id,
        due,
        last,
        limit,
    )
    return [task_of(row) for row in rows]
