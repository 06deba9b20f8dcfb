"""Work without a person: workers fetch it by topic under a lease, and report the result, a failure, or an error.

A worker that dies loses its lease when that runs out, and another one gets the work; the result of a lost lease is
refused, so a step goes on exactly once. After the declared number of tries the failure becomes the error ``failed``, which
a boundary event may catch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.errors import WorkNotLeased
from yiwang.flow.model import Advance, ServiceTask
from yiwang.flow.service.base import check_variables
from yiwang.flow.service.events import EventVerbs
from yiwang.flow.standing import Act
from yiwang.flow.store import WorkRow
from yiwang.flow.walk import Worked
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.journal import append, entry

longest_lease = timedelta(hours=1)
first_pause = timedelta(seconds=10)
error_failed = "failed"


class WorkVerbs(EventVerbs):
    """Workers are other systems over the API, or functions of this process."""

    async def fetch_work(
        self,
        connection: Connection,
        topics: Sequence[str],
        worker: str,
        at: datetime,
        *,
        lease: timedelta = timedelta(minutes=1),
        limit: int = 10,
    ) -> list[WorkRow]:
        """Lease work to ``worker``, the oldest first; it must be finished or failed before the lease runs out."""
        return await store.take_work(connection, topics, worker, at, min(lease, longest_lease), limit)

    async def finish_work(
        self,
        connection: Connection,
        work_id: UUID,
        worker: str,
        variables: Mapping[str, Json],
        actor: Actor,
        at: datetime,
        *,
        error: str | None = None,
    ) -> Advance:
        """The work is done, or ended in a business error that the flow may catch; the instance goes on.

        Raises:
            NotFound: no such work, or done before.
            WorkNotLeased: the lease is not the worker's (any more).
            InstanceSuspended: the instance is on hold; report again when it goes on.
        """
        check_variables(variables, variables)
        return await self._end_work(connection, work_id, worker, variables, actor, at, error)

    async def fail_work(
        self, connection: Connection, work_id: UUID, worker: str, reason: str, actor: Actor, at: datetime
    ) -> Advance | None:
        """The work could not be done now: it is tried again after a growing pause, and after the last try becomes an error.

        Raises:
            NotFound, WorkNotLeased: as :meth:`finish_work`.
        """
        failures = await self._require_lease(connection, work_id, worker, at)
        claimed = await store.claim_wait(connection, work_id)
        if claimed is None:
            raise NotFound(what="工作项 the work")
        standing = await self.standing(connection, claimed[1])
        token = next(token for token in standing.tokens if token.id == claimed[0].holder_id)
        graph = standing.graph_at(token.scope_id)
        node = graph.nodes[token.node]
        tries = node.tries if isinstance(node, ServiceTask) else 1
        if failures + 1 >= tries:
            return await self._end_work(connection, work_id, worker, {}, actor, at, error_failed)
        pause: timedelta = first_pause * 2**failures
        await store.fail_work(connection, work_id, at + pause, reason[:500])
        return None

    async def _require_lease(self, connection: Connection, work_id: UUID, worker: str, at: datetime) -> int:
        found = await store.leased_to(connection, work_id)
        if found is None:
            raise NotFound(what="工作项 the work")
        holder, until, failures = found
        if holder != worker or until is None or until < at:
            raise WorkNotLeased(worker=worker[:100])
        return failures

    async def _end_work(
        self,
        connection: Connection,
        work_id: UUID,
        worker: str,
        variables: Mapping[str, Json],
        actor: Actor,
        at: datetime,
        error: str | None,
    ) -> Advance:
        await self._require_lease(connection, work_id, worker, at)
        claimed = await store.claim_wait(connection, work_id)
        if claimed is None:
            found = await store.wait_instance(connection, work_id)
            if found is None:
                raise NotFound(what="工作项 the work")
            self.require_active(await self.lock_instance(connection, found))
            raise WorkNotLeased(worker=worker[:100])
        wait, instance = claimed
        standing = await self.standing(connection, instance)
        act = Act("work", actor, at, left="event", timer=wait.node)
        answer = await self.go(connection, standing, Worked(wait.holder_id, variables, error), act)
        await self._tell_work(connection, answer, actor, at, wait.node, error)
        return answer

    async def _tell_work(
        self, connection: Connection, answer: Advance, actor: Actor, at: datetime, node: str, error: str | None
    ) -> None:
        listener = self.listeners.get(answer.subject_kind)
        if listener is not None:
            await listener.advanced(connection, answer, actor, at)
            return
        data: JsonObject = {"step": node, "error": error, "status": answer.status}
        await append(connection, entry(actor, at, "flow.worked", answer.subject_kind, answer.subject_id, data=data))
