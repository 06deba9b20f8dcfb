"""A rehearsal whose every verb is also done by the service on a real database; afterwards both must stand alike."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from tests.flow.offices import context
from yiwang.flow import store
from yiwang.flow.decisions.model import Document, Table
from yiwang.flow.model import Definition, Directory, InstanceRow, Start, TaskRow
from yiwang.flow.rehearsal import Moment, Rehearsal, Rows
from yiwang.flow.service import FlowService
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Connection, Database, Json
from yiwang.kernel.identifiers import new_id

Answer = TypeVar("Answer")
Seen = dict[str, list[str] | dict[str, Json] | str]


class Mirror(Rehearsal):
    """``xml`` are the drawings by key. Runs in a thread; the database's work is done on ``loop``."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        database: Database,
        xml: Mapping[str, str],
        definitions: Sequence[Definition],
        directory: Directory,
        calendar: WorkingCalendar,
        at: datetime,
        tables: Iterable[Table],
    ) -> None:
        kept = list(tables)
        super().__init__(definitions, directory, calendar, at, tables=kept)
        self.loop, self.database = loop, database
        shared = context(database, at)
        assert isinstance(shared.clock, ManualClock)
        self.clock = shared.clock
        self.service = FlowService(shared, directory)
        self.ids: dict[str, UUID] = {}
        self.checked = 0
        self._wait(self._publish(definitions, xml, kept))

    # The service

    def _wait(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    async def _publish(self, definitions: Sequence[Definition], xml: Mapping[str, str], tables: list[Table]) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(
                "truncate flow_instance, flow_task, flow_step, flow_token, flow_scope, flow_timer, flow_wait, flow_event,"
                " flow_start, flow_definition, flow_decision cascade"
            )
        async with self.database.transaction() as connection:
            for table in tables:
                await self.service.decisions.publish(connection, table.key, Document(table), SYSTEM, self.now)
            for definition in definitions:
                await self.service.publish(connection, definition.key, xml[definition.key], SYSTEM, self.now)

    async def _do(self, work: Coroutine[Any, Any, object] | None) -> None:
        if work is not None:
            await work
        self.clock.at = self.now
        while True:
            async with self.database.transaction() as connection:
                await connection.execute("update flow_event set wake_at = least(wake_at, $1)", self.now)
            if not await self.service.deliver_due(self.now):
                break

    def _done(self, found: list[Moment], work: Coroutine[Any, Any, object]) -> list[Moment]:
        """Do it in the database as well, and compare."""
        self._wait(self._do(work))
        self._compare()
        return found

    async def _task(self, connection: Connection, instance: str, node: str, by: Actor, item: Json) -> TaskRow:
        """The task of the database that stands where that of the rehearsal stood."""
        wanted = super().task(instance, node, by, item)
        scope = self._rows(instance).scopes.get(wanted.scope_id) if wanted.scope_id else None
        local = scope.variables if scope is not None else {}
        scopes = {row.id: row for row in await store.scopes_of(connection, self.ids[instance])}
        for row in await store.tasks_of(connection, self.ids[instance]):
            same = scopes[row.scope_id].variables == local if row.scope_id else not local
            if (row.node, row.assignee_id, row.post_id, row.origin) == (
                wanted.node, wanted.assignee_id, wanted.post_id, wanted.origin,
            ) and same:  # fmt: skip
                return row
        raise AssertionError(f"the service has no task {node}")

    # The verbs

    def start(
        self,
        key: str,
        variables: Mapping[str, Json] | None = None,
        by: Actor = SYSTEM,
        *,
        area: str = "",
        grid: str = "",
        node: str = "",
        name: str = "",
    ) -> list[Moment]:
        inner = self._nested
        found = super().start(key, variables, by, area=area, grid=grid, node=node, name=name)
        if inner:
            return found  # begun by what another verb has thrown: so has the service
        return self._done(found, self._start(key, dict(variables or {}), by, area, grid, node, found[0].at))

    _nested = False

    async def _start(
        self, key: str, variables: dict[str, Json], by: Actor, area: str, grid: str, node: str, at: datetime
    ) -> None:
        async with self.database.transaction() as connection:
            definition = await self.service.latest(connection, key)
            instance = new_id()
            start = Start(instance, definition, "flow", instance, area, grid, variables, node)
            await self.service.start_many(connection, [start], at, actor=by)

    def complete(
        self,
        instance: str,
        node: str,
        outcome: str,
        by: Actor,
        variables: Mapping[str, Json] | None = None,
        *,
        item: Json = None,
        note: str = "",
    ) -> list[Moment]:
        task = self._wait(self._found(instance, node, by, item))
        found = self._once(super().complete, instance, node, outcome, by, variables, item=item, note=note)
        return self._done(found, self._complete(task.id, outcome, by, dict(variables or {})))

    async def _found(self, instance: str, node: str, by: Actor, item: Json) -> TaskRow:
        async with self.database.connection() as connection:
            return await self._task(connection, instance, node, by, item)

    async def _complete(self, task: UUID, outcome: str, by: Actor, variables: dict[str, Json]) -> None:
        async with self.database.transaction() as connection:
            await self.service.complete(connection, task, by, outcome, variables, self.now)

    def send_back(
        self, instance: str, node: str, to: str, by: Actor, *, item: Json = None, note: str = ""
    ) -> list[Moment]:
        task = self._wait(self._found(instance, node, by, item))
        found = self._once(super().send_back, instance, node, to, by, item=item, note=note)
        return self._done(found, self._send_back(task.id, to, by))

    async def _send_back(self, task: UUID, to: str, by: Actor) -> None:
        async with self.database.transaction() as connection:
            await self.service.send_back(connection, task, by, to, "", self.now)

    def suspend(self, instance: str, by: Actor = SYSTEM) -> list[Moment]:
        return self._done(super().suspend(instance, by), self._whole(self.service.suspend, instance))

    def resume(self, instance: str, by: Actor = SYSTEM) -> list[Moment]:
        return self._done(super().resume(instance, by), self._whole(self.service.resume, instance))

    def cancel(self, instance: str, by: Actor = SYSTEM, *, note: str = "") -> list[Moment]:
        return self._done(super().cancel(instance, by, note=note), self._cancel(instance, by, note))

    async def _cancel(self, instance: str, by: Actor, note: str) -> None:
        async with self.database.transaction() as connection:
            await self.service.cancel(connection, self.ids[instance], by, note, self.now)

    def jump(self, instance: str, node: str, by: Actor = SYSTEM, *, note: str = "") -> list[Moment]:
        found = self._once(super().jump, instance, node, by, note=note)
        return self._done(found, self._jump(instance, node, by, note))

    async def _jump(self, instance: str, node: str, by: Actor, note: str) -> None:
        async with self.database.transaction() as connection:
            await self.service.jump(connection, self.ids[instance], by, node, note, self.now)

    async def _whole(self, verb: Any, instance: str) -> None:
        async with self.database.transaction() as connection:
            await verb(connection, self.ids[instance], self.now)

    def message(
        self, name: str, key: str = "", variables: Mapping[str, Json] | None = None, *, area: str = ""
    ) -> list[Moment]:
        found = self._once(super().message, name, key, variables, area=area)
        return self._done(found, self._message(name, key, dict(variables or {}), area))

    async def _message(self, name: str, key: str, variables: dict[str, Json], area: str) -> None:
        async with self.database.transaction() as connection:
            await self.service.receive(connection, name, key, variables, SYSTEM, self.now, area=area)

    def signal(self, name: str, variables: Mapping[str, Json] | None = None) -> list[Moment]:
        found = self._once(super().signal, name, variables)
        return self._done(found, self._signal(name, dict(variables or {})))

    async def _signal(self, name: str, variables: dict[str, Json]) -> None:
        async with self.database.transaction() as connection:
            await self.service.broadcast(connection, name, variables, self.now)

    def work(
        self,
        instance: str,
        node: str,
        variables: Mapping[str, Json] | None = None,
        *,
        error: str | None = None,
        item: Json = None,
    ) -> list[Moment]:
        rows = self._rows(instance)
        works = (wait for wait in rows.waits.values() if wait.kind == "work" and node in (wait.node, wait.name))
        wait = next(wait for wait in works if item is None or rows.is_for(rows.scope_of(wait), item))
        place = next(at for at, one in enumerate(rows.waits.values()) if one.id == wait.id)
        kinds = [one.kind for one in list(rows.waits.values())[:place]].count("work")
        found = self._once(super().work, instance, node, variables, error=error, item=item)
        return self._done(found, self._work(instance, wait.name, kinds, dict(variables or {}), error))

    async def _work(self, instance: str, topic: str, place: int, variables: dict[str, Json], error: str | None) -> None:
        async with self.database.transaction() as connection:
            rows = await store.waits_of(connection, self.ids[instance], "work")
            chosen = sorted(rows, key=lambda row: row.id)[place]
            assert chosen.name == topic
            await connection.execute(
                "update flow_wait set worker = 'w', locked_until = $2 where id = $1", chosen.id, self.now
            )
            await self.service.finish_work(connection, chosen.id, "w", variables, SYSTEM, self.now, error=error)

    def pass_until(self, moment: datetime) -> list[Moment]:
        found = self._once(super().pass_until, moment)
        return self._done(found, self._pass(sorted({one.at for one in found} | {moment})))

    async def _pass(self, moments: list[datetime]) -> None:
        for moment in moments:
            self.clock.at = moment
            while await self._due(moment):
                pass

    async def _due(self, moment: datetime) -> int:
        """A story that begins its instance by hand leaves out what timers would begin besides."""
        done = await self.service.fire_due(moment) + await self.service.deliver_due(moment)
        return done + (await self.service.start_due(moment) if self._starts is not None else 0)

    def _once(self, verb: Any, *given: Any, **named: Any) -> list[Moment]:
        """What a verb begins besides is begun by the service's verb too, not a second time."""
        self._nested = True
        try:
            return list(verb(*given, **named))
        finally:
            self._nested = False

    # Whether both stand alike

    def _compare(self) -> None:
        self.checked += 1
        rows = self._wait(self._all())
        for name, (_, instance) in zip(self.instances, sorted(rows.items()), strict=True):
            self.ids.setdefault(name, instance.instance.id)
        for name, mine in self.instances.items():
            theirs = rows[self.ids[name]]
            seen, expected = shown(theirs), shown(mine)
            assert seen == expected, {key: (seen[key], expected[key]) for key in seen if seen[key] != expected[key]}

    async def _all(self) -> dict[UUID, Rows]:
        found = {}
        async with self.database.connection() as connection:
            ids = [row[0] for row in await connection.fetch("select id from flow_instance order by id")]
            for one in ids:
                instance = await store.find_instance(connection, one)
                assert instance is not None
                definition = await self.service.definition(connection, instance.definition_id)
                rows = Rows(definition, instance)
                rows.tasks = {row.id: row for row in await store.tasks_of(connection, one)}
                rows.tokens = {row.id: row for row in await store.tokens_of(connection, one)}
                rows.scopes = {row.id: row for row in await store.scopes_of(connection, one)}
                rows.timers = {row.id: row for row in await store.timers_of(connection, one)}
                rows.waits = {
                    row.id: row
                    for kind in ("message", "signal", "condition", "work")
                    for row in await store.waits_of(connection, one, kind)
                }
                rows.steps = list(await store.steps_of(connection, one))
                found[one] = rows
        return found


def shown(rows: Rows) -> Seen:
    """Everything of an instance but its ids."""
    instance: InstanceRow = rows.instance
    return {
        "instance": f"{instance.state} {instance.area} {instance.started_at} {instance.ended_at} {instance.suspended_at}",
        "variables": dict(instance.variables),
        "clocks": dict(instance.clocks),
        "tasks": sorted(
            f"{t.node} {t.stage} {t.status} {t.post_id} {t.organisation_id} {t.assignee_id} {t.created_at} {t.due_at}"
            f" {t.warn_at} {text(t.clock)} {t.paused_at} {t.urged} {t.kind} {t.held} {text(t.origin)}"
            for t in rows.tasks.values()
        ),
        "tokens": sorted(f"{t.node} {t.sequence_flow} {t.kind} {t.arrived_at}" for t in rows.tokens.values()),
        "scopes": sorted(
            f"{s.node} {s.kind} {s.total} {s.done} {text(s.tally)} {text(s.rest)} {text(s.variables)}"
            for s in rows.scopes.values()
        ),
        "timers": sorted(f"{t.node} {t.wake_at} {text(t.clock)} {t.left_count}" for t in rows.timers.values()),
        "waits": sorted(f"{w.kind} {w.name} {w.key} {w.node} {w.area}" for w in rows.waits.values()),
        "steps": sorted(
            f"{s.node} {s.how} {s.outcome} {s.actor_name} {s.done_at} {s.due_at} {s.used_seconds:.3f} {s.overdue}"
            for s in rows.steps
        ),
    }


def text(value: Json) -> str:
    """JSON with its keys in order, which the database does not keep."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
