"""Migration (流程迁移): running instances go over from one version of a definition to another, by a mapping.

Each instance is judged and moved in a transaction of its own, under the lock of its row (its subject's first), with a
journal entry and the note of what became of it. So a migration may stop anywhere and goes on where it was: nothing is moved
twice, and an instance that somebody worked on meanwhile is judged as it is when its turn comes. A dry run does the same and
takes it back; against a draft it only judges, since nothing can run on a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from yiwang.flow import store as flow_store
from yiwang.flow.assignment import Place
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.clocks import read_clocks
from yiwang.flow.model import Definition, InstanceRow, Names
from yiwang.flow.service import FlowService
from yiwang.flow.service import world as walks
from yiwang.flow.service.base import unmoved
from yiwang.flow.service.definitions import checked as compiled_graph
from yiwang.flow.service.definitions import compiled
from yiwang.flow.standing import Act
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.flow.versions import store
from yiwang.flow.versions.bridge import Bridge
from yiwang.flow.versions.errors import NothingToMigrate
from yiwang.flow.versions.mapping import checked, read_mapping
from yiwang.flow.versions.moving import Moved, move
from yiwang.flow.versions.obstacles import Remark, obstacle
from yiwang.flow.versions.store import CaseRow, MigrationRow, Verdict
from yiwang.flow.versions.whole import Whole, World
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound, Problem, Unavailable
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.jobs import Kind, enqueue
from yiwang.kernel.journal import append, entry

most_rounds = 5
page_size = 200


class MigrationWork(BaseModel):
    """The migration that a job is to carry out."""

    migration: UUID


MIGRATION = Kind("flow.migration", MigrationWork, at_once=1)

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many instances are done, of how many."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a migration has come. In a dry run ``moved`` are those that could go over."""

    row: MigrationRow
    moved: int
    refused: int
    over: int

    @property
    def done(self) -> int:
        return self.moved + self.refused + self.over


@dataclass(frozen=True, slots=True)
class _Plan:
    row: MigrationRow
    old: Definition
    new: Definition
    bridge: Bridge
    actor: Actor


class Migrations:
    """Migrations of the instances of a flow service. Whether the actor may migrate is asked by the caller."""

    def __init__(self, flow: FlowService) -> None:
        self.flow = flow
        self.database = flow.context.database

    # Asking

    async def ask(
        self,
        connection: Connection,
        key: str,
        old_version: int,
        new_version: int,
        mapping: Mapping[str, Json],
        actor: Actor,
        *,
        dry_run: bool,
        queued: bool = True,
    ) -> MigrationRow:
        """Write a migration down, and with ``queued`` have the background worker carry it out.

        Raises:
            NotFound: no such version. NothingToMigrate: these two do not go together.
            MappingInvalid: with every fault. FlowRefused: the draft has faults.
        """
        old, new = await self._two(connection, key, old_version, new_version)
        if new.state == "draft" and not dry_run:
            raise NothingToMigrate(
                old=old_version,
                new=new_version,
                reason_zh="草稿只能试运行,请先发布",
                reason_en="to a draft there is only a dry run; publish it first",
            )
        wanted = checked(
            read_mapping(mapping), (await self._definition(old)).graph, (await self._definition(new)).graph
        )
        now = self.flow.context.clock.now()
        row = MigrationRow(
            id=new_id(),
            key=key,
            old_id=old.id,
            new_id=new.id,
            old_version=old.version,
            new_version=new.version,
            mapping=wanted.json(),
            dry_run=dry_run,
            state="waiting",
            total=0,
            created_at=now,
            created_by=actor.account_id,
            created_name=actor.label,
            ended_at=None,
        )
        await store.add_migration(connection, row)
        data: JsonObject = {"key": key, "from": old.version, "to": new.version, "migration": str(row.id)}
        verb = "definition.migration_tried" if dry_run else "definition.migration_asked"
        await append(connection, entry(actor, now, verb, "definition", new.id, data={**data, "mapping": row.mapping}))
        if queued:
            await enqueue(connection, MIGRATION, MigrationWork(migration=row.id), key=str(row.id))
        return row

    async def _two(
        self, connection: Connection, key: str, old_version: int, new_version: int
    ) -> tuple[DefinitionRow, DefinitionRow]:
        old = await self.flow.version(connection, key, old_version)
        new = await self.flow.version(connection, key, new_version)
        if old.id == new.id or old.state == "draft":
            same = old.id == new.id
            raise NothingToMigrate(
                old=old_version,
                new=new_version,
                reason_zh="两个版本相同" if same else "草稿上没有正在办理的流程",
                reason_en="they are the same" if same else "nothing runs on a draft",
            )
        return old, new

    async def _definition(self, row: DefinitionRow) -> Definition:
        """A version compiled; a draft, too, which is not remembered."""
        return compiled(row, compiled_graph(row.key, read_bpmn(row.xml)))

    async def progress(self, connection: Connection, row: MigrationRow) -> Progressed:
        """How far it has come."""
        found = (await store.counts(connection, [row.id]))[row.id]
        return Progressed(row, found.get("moved", 0), found.get("refused", 0), found.get("over", 0))

    async def migration(self, connection: Connection, migration_id: UUID, key: str | None = None) -> MigrationRow:
        """A migration.

        Raises:
            NotFound: there is none, or it is of another definition.
        """
        row = await store.find_migration(connection, migration_id, key)
        if row is None:
            raise NotFound(what="流程迁移")
        return row

    # Carrying out

    async def work(self, payload: MigrationWork) -> None:
        """What the background worker does."""
        await self.run(payload.migration)

    async def run(self, migration_id: UUID, progress: Progress | None = None) -> Progressed:
        """Carry a migration out, from where it stopped; done already, it only answers.

        Raises:
            NotFound.
        """
        async with self.database.transaction() as connection:
            row = await self.migration(connection, migration_id)
            if row.state == "done":
                return await self.progress(connection, row)
            total = await store.begin_migration(connection, row)
            plan = await self._plan(connection, row)
        async with self.database.connection() as connection:
            done = (await self.progress(connection, row)).done
        left: list[UUID] = []
        for _ in range(most_rounds):
            left, done = await self._round(plan, done, total, progress)
            if not left:
                break
        async with self.database.transaction() as connection:
            for instance_id in left:
                await self._keep_away(connection, plan, instance_id)
            await store.end_migration(connection, row.id, self.flow.context.clock.now())
            return await self.progress(connection, await self.migration(connection, row.id))

    async def _plan(self, connection: Connection, row: MigrationRow) -> _Plan:
        old, new = await self._two(connection, row.key, row.old_version, row.new_version)
        before, after = await self._definition(old), await self._definition(new)
        bridge = Bridge(before.graph, after.graph, checked(read_mapping(row.mapping), before.graph, after.graph))
        person = Actor("person", row.created_by, row.created_name)
        return _Plan(row, before, after, bridge, person if row.created_by is not None else SYSTEM)

    async def _round(self, plan: _Plan, done: int, total: int, progress: Progress | None) -> tuple[list[UUID], int]:
        """Judge all that are left; answers those that are to be tried once more."""
        left: list[UUID] = []
        after: UUID | None = None
        while True:
            async with self.database.connection() as connection:
                page = await store.not_judged(connection, plan.row, after, page_size)
            if not page:
                return left, done
            for instance_id in page:
                if await self._one(plan, instance_id):
                    done += 1
                else:
                    left.append(instance_id)
                if progress is not None:
                    progress(done, max(total, done))
            after = page[-1]

    async def _one(self, plan: _Plan, instance_id: UUID) -> bool:
        """Judge and move one instance; False when somebody is at work on its subject just now."""
        try:
            async with self.database.transaction() as connection:
                return await self._in_turn(connection, plan, instance_id)
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            return False

    async def _in_turn(self, connection: Connection, plan: _Plan, instance_id: UUID) -> bool:
        known = await flow_store.find_instance(connection, instance_id)
        if known is None:
            return True
        listener = self.flow.listeners.get(known.subject_kind)
        lock = listener.lock if listener is not None else None
        if lock is not None and not await lock(connection, known.subject_id):
            return False
        instance = await self.flow.lock_instance(connection, instance_id)
        if instance.ended_at is not None or instance.definition_id != plan.row.old_id:
            await self._keep(connection, plan, Whole(instance), "over", (), ())
            return True
        before = await store.whole_of(connection, Whole(instance))
        now = self.flow.context.clock.now()
        found = move(before, plan.bridge, plan.new, await self._world(connection, plan, before, now))
        if found.after is None:
            await self._keep(connection, plan, before, "refused", found.obstacles, found.notes)
            return True
        refused = await self._carry_over(connection, plan, before, found, now)
        verdict: Verdict = "moved" if refused is None else "refused"
        await self._keep(connection, plan, before, verdict, (refused,) if refused is not None else (), found.notes)
        return True

    async def _world(self, connection: Connection, plan: _Plan, whole: Whole, now: datetime) -> World:
        instance = whole.instance
        called = {scope.definition_id for scope in whole.scopes if scope.definition_id is not None}
        graphs = {name: (await self.flow.definition(connection, name)).graph for name in called}
        handlers = await store.last_handlers(connection, instance.id) if plan.bridge.new_remembered else {}
        place = Place(instance.area, instance.grid)
        kinds = {instance.subject_kind, plan.row.key}
        assign = walks.World(self.flow.assignment, place, now, kinds)
        return World(now, self.flow.context.calendar, assign, handlers, graphs)

    async def _carry_over(
        self, connection: Connection, plan: _Plan, before: Whole, found: Moved, now: datetime
    ) -> Remark | None:
        """Write the instance under the new version, tell its subject, journal it; the obstacle if its subject refuses.

        In a dry run all of it is taken back; on a draft nothing can be written.
        """
        if found.after is None or plan.new.state == "draft":
            return None
        savepoint = connection.transaction()
        await savepoint.start()
        try:
            await store.write_moved(connection, before, found.after, plan.bridge.steps)
            await self._tell(connection, plan, before, found, found.after, now)
        except Unavailable:
            raise
        except Problem as problem:
            await savepoint.rollback()
            return obstacle("subject_refuses", other=Names(problem.message("zh"), problem.message("en")))
        if plan.row.dry_run:
            await savepoint.rollback()
        else:
            await savepoint.commit()
        return None

    async def _tell(
        self, connection: Connection, plan: _Plan, before: Whole, found: Moved, after: Whole, now: datetime
    ) -> None:
        called = {
            scope.definition_id: await self.flow.definition(connection, scope.definition_id)
            for scope in after.scopes
            if scope.definition_id is not None
        }
        standing = after.standing(plan.new, called)
        clocks = read_clocks(after.instance.clocks, self.flow.context.calendar)
        answer = unmoved(standing, Act("migrate", plan.actor, now), after.instance, clocks)
        listener = self.flow.listeners.get(answer.subject_kind)
        if listener is not None:
            await listener.advanced(connection, answer, plan.actor, now)
        data: JsonObject = {
            "definition": plan.row.key,
            "from": plan.row.old_version,
            "to": plan.row.new_version,
            "former": str(plan.row.old_id),
            "migration": str(plan.row.id),
            "status": answer.status,
            "steps": {old: new for old, new in _at(before, after).items() if old != new},
            "notes": [note.code for note in found.notes],
        }
        told = entry(
            plan.actor,
            now,
            "flow.migrated",
            answer.subject_kind,
            answer.subject_id,
            area=after.instance.area,
            data=data,
        )
        await append(connection, told)

    async def _keep(
        self,
        connection: Connection,
        plan: _Plan,
        whole: Whole,
        verdict: Verdict,
        obstacles: tuple[Remark, ...],
        notes: tuple[Remark, ...],
    ) -> None:
        """Note what became of an instance."""
        instance: InstanceRow = whole.instance
        places = dict.fromkeys([task.node for task in whole.tasks] + [token.node for token in whole.tokens])
        row = CaseRow(
            instance.id,
            instance.subject_kind,
            instance.subject_id,
            verdict,
            list(places)[:50],
            [item.json() for item in obstacles],
            [item.json() for item in notes],
            self.flow.context.clock.now(),
        )
        await store.add_case(connection, plan.row.id, row)

    async def _keep_away(self, connection: Connection, plan: _Plan, instance_id: UUID) -> None:
        """Give up one whose subject was busy, or not there, each time."""
        instance = await flow_store.find_instance(connection, instance_id)
        if instance is not None:
            await self._keep(connection, plan, Whole(instance), "refused", (obstacle("subject_away"),), ())


def _at(before: Whole, after: Whole) -> dict[str, str]:
    """Old step → new step of the open tasks."""
    nodes = {task.id: task.node for task in after.tasks}
    return {task.node: nodes[task.id] for task in before.tasks}
