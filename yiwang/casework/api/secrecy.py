"""What somebody may not see does not exist for them: the same answer as for an id that was never given out.

And whose tasks somebody has: an API token acts for its owner, but takes the owner's tasks only if it was made so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from yiwang.casework.service import CaseService
from yiwang.flow.errors import TaskNotYours
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import NotFound, Problem


def reader_of(actor: Actor) -> Actor:
    """The actor for reading: a token without its owner's posts sees nothing for being handed to the owner."""
    return replace(actor, account_id=None) if actor.tasks_of != actor.account_id else actor


def require_own_tasks(actor: Actor, verb: str) -> None:
    """Raises TaskNotYours for a token that has neither its owner's tasks nor the grant ``task:verb``."""
    if actor.tasks_of != actor.account_id and not actor.may("task", verb):
        raise TaskNotYours()


@asynccontextmanager
async def secret_task(service: CaseService, task_id: UUID, actor: Actor) -> AsyncIterator[None]:
    """Any refusal inside becomes NotFound for one who may not know of the task; costs nothing where nothing is refused.

    Raises:
        NotFound: there is no such task, or the actor may not know of it. Else what was refused inside.
    """
    try:
        yield
    except Problem as problem:
        if not await _may_know(service, task_id, reader_of(actor)):
            raise NotFound(what="任务 the task") from problem
        raise


@asynccontextmanager
async def secret_attachment() -> AsyncIterator[None]:
    """Whether a file exists is told to nobody who may not read it."""
    try:
        yield
    except NotFound as problem:
        raise NotFound(what="附件 the attachment") from problem


async def _may_know(service: CaseService, task_id: UUID, actor: Actor) -> bool:
    """Whether the task, open or finished, is or was with the actor or one of their posts, or its case is theirs to read."""
    async with service.context.database.connection() as connection:
        row = await connection.fetchrow(
            "select subject_id, area, grid, organisation_id, array[post_id, home_post_id] as posts,"
            " array[assignee_id] as people from flow_task where id = $1"
            " union all select subject_id, area, null, organisation_id, array[post_id], array[assignee_id, actor_id]"
            " from flow_step where id = $1 limit 1",
            task_id,
        )
        if row is None:
            return False
        own = actor.account_id is not None and actor.account_id in row["people"]
        if own or not set(actor.posts).isdisjoint(row["posts"]):
            return True
        if actor.reaches("task", "read", area=row["area"], organisation=row["organisation_id"], grid=row["grid"]):
            return True
        try:
            await service.reading.readable(connection, row["subject_id"], actor)
        except NotFound:
            return False
        return True
