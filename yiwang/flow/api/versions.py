"""HTTP routes of versions: what changed between two, migrating running instances, simulating on real cases. Thin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, status
from fastapi.responses import StreamingResponse

from yiwang.flow.api.common import ALWAYS, Key, Limit, service_of
from yiwang.flow.api.version_views import (
    CannotMovePage,
    CannotMoveView,
    CompareView,
    MappingBody,
    MigrationBody,
    MigrationPage,
    MigrationView,
    ReasonView,
    RemarkView,
    SimulationBody,
    SimulationView,
)
from yiwang.flow.versions import sheets, store
from yiwang.flow.versions.chances import Assumptions
from yiwang.flow.versions.comparing import compare_versions
from yiwang.flow.versions.errors import SimulationBusy
from yiwang.flow.versions.migrating import Migrations, Progressed
from yiwang.flow.versions.simulating import Scenario, Simulations
from yiwang.flow.versions.store import CaseRow, MigrationRow
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import NotFound
from yiwang.kernel.refusals import problems

CSV = "text/csv"

MigrationId = Annotated[UUID, Path(description="迁移编号 id of the migration")]


router = APIRouter(prefix="/api/v1", tags=["flow 流程"], responses=problems(*ALWAYS))
_simulating = asyncio.Lock()


@router.get(
    "/definitions/{key}/compare",
    summary="What changed between two versions 版本比较",
    responses=problems("not_found", "flow.refused"),
)
async def compare(
    request: Request,
    actor: SignedInActor,
    key: Key,
    old: Annotated[int, Query(alias="from", ge=1, le=2**31 - 1, description="原版本号")],
    new: Annotated[int, Query(alias="to", ge=1, le=2**31 - 1, description="新版本号")],
) -> CompareView:
    """The difference in words. Drafts only for those who may edit; one with faults is refused with all of them."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        _, _, found = await compare_versions(service, connection, key, old, new, drafts=_may_edit(actor))
    return CompareView.model_validate({"key": key, "old": old, "new": new, **found.json()})


@router.post(
    "/definitions/{key}/migrations",
    summary="Migrate running instances 流程迁移",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(
        "identity.forbidden", "not_found", "flow.nothing_to_migrate", "flow.mapping_invalid", "flow.refused"
    ),
)
async def migrate(request: Request, actor: SignedInActor, key: Key, body: MigrationBody) -> MigrationView:
    """Judge, or with ``dry_run: false`` move, every open instance of a version. The background worker does it; ask again
    for how far it has come. A dry run may go to a draft, too."""
    actor.require("definition", "publish")
    migrations = _migrations(request)
    async with migrations.database.transaction() as connection:
        row = await migrations.ask(
            connection, key, body.old, body.new, body.mapping.model_dump(), actor, dry_run=body.dry_run
        )
        return _view(await migrations.progress(connection, row))


@router.get("/definitions/{key}/migrations", summary="Migrations of a definition 迁移记录", responses=problems())
async def list_migrations(
    request: Request,
    actor: SignedInActor,
    key: Key,
    before: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> MigrationPage:
    """The newest first."""
    _require_edit(actor)
    async with service_of(request).context.database.connection() as connection:
        rows = await store.list_migrations(connection, key, before=before, limit=limit)
        found = await store.counts(connection, [row.id for row in rows])
    views = [
        _view(Progressed(row, *(found[row.id].get(verdict, 0) for verdict in ("moved", "refused", "over"))))
        for row in rows
    ]
    return MigrationPage(items=views, next=rows[-1].id if len(rows) == limit else None)


@router.get(
    "/definitions/{key}/migrations/{migration_id}",
    summary="How far a migration has come 迁移进度",
    responses=problems("not_found"),
)
async def migration(request: Request, actor: SignedInActor, key: Key, migration_id: MigrationId) -> MigrationView:
    """With the commonest reasons of those that cannot go over."""
    _require_edit(actor)
    migrations = _migrations(request)
    async with migrations.database.connection() as connection:
        row = await migrations.migration(connection, migration_id, key)
        view = _view(await migrations.progress(connection, row))
        reasons = await store.reasons(connection, row.id)
    view.reasons = [ReasonView.model_validate(dict(item)) for item in reasons]
    return view


@router.get(
    "/definitions/{key}/migrations/{migration_id}/cannot-move",
    summary="Instances that cannot go over 不能迁移的清单",
    responses=problems("not_found"),
)
async def cannot_move(
    request: Request,
    actor: SignedInActor,
    key: Key,
    migration_id: MigrationId,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> CannotMovePage:
    """Each with every reason."""
    rows = await _refused(request, actor, key, migration_id, after, limit)
    return CannotMovePage(
        items=[
            CannotMoveView(
                instance_id=row.instance_id,
                subject_kind=row.subject_kind,
                subject_id=row.subject_id,
                at=row.at_nodes,
                reasons=[RemarkView.model_validate(item) for item in row.obstacles],
            )
            for row in rows
        ],
        next=rows[-1].instance_id if len(rows) == limit else None,
    )


@router.get(
    "/definitions/{key}/migrations/{migration_id}/cannot-move.csv",
    summary="Instances that cannot go over, as CSV 不能迁移的清单(表格)",
    response_class=StreamingResponse,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, **problems("not_found")},
)
async def cannot_move_csv(
    request: Request, actor: SignedInActor, key: Key, migration_id: MigrationId
) -> StreamingResponse:
    """One line for each reason of each instance."""
    await _refused(request, actor, key, migration_id, None, 1)
    name = f"{key}-cannot-move.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_sheet(request, migration_id), media_type=CSV, headers=headers)


@router.post(
    "/definitions/{key}/simulations",
    summary="Simulate a version on real cases 流程试算",
    responses=problems(
        "identity.forbidden",
        "not_found",
        "flow.refused",
        "flow.no_cases",
        "flow.simulation_busy",
        "deadline.unreadable",
        "deadline.out_of_range",
    ),
)
async def simulate(request: Request, actor: SignedInActor, key: Key, body: SimulationBody) -> SimulationView:
    """How the cases of a period would have gone under a version (a draft, too), beside how they went. Takes a few seconds;
    one at a time in each process."""
    _require_edit(actor)
    if _simulating.locked():
        raise SimulationBusy()
    simulations = Simulations(service_of(request))
    since, until = simulations.period(body.since, body.until)
    assumed = Assumptions(body.share, body.durations, body.outcomes, body.waits)
    scenario = Scenario(
        key,
        since.astimezone(UTC),
        until.astimezone(UTC),
        body.version,
        body.area,
        body.cases,
        body.seed,
        body.steps,
        assumed,
    )
    async with _simulating:
        report = await simulations.run(scenario, actor)
    return SimulationView.model_validate(report.json())


def _migrations(request: Request) -> Migrations:
    return Migrations(service_of(request))


def _may_edit(actor: Actor) -> bool:
    return actor.may("definition", "edit") or actor.may("definition", "publish")


def _require_edit(actor: Actor) -> None:
    if not _may_edit(actor):
        actor.require("definition", "edit")


async def _refused(
    request: Request, actor: Actor, key: str, migration_id: UUID, after: UUID | None, limit: int
) -> list[CaseRow]:
    _require_edit(actor)
    async with service_of(request).context.database.connection() as connection:
        row: MigrationRow | None = await store.find_migration(connection, migration_id, key)
        if row is None:
            raise NotFound(what="流程迁移")
        return await store.cases(connection, row.id, "refused", after=after, limit=limit)


async def _sheet(request: Request, migration_id: UUID) -> AsyncIterator[bytes]:
    yield sheets.head().encode()
    after: UUID | None = None
    while True:
        async with service_of(request).context.database.connection() as connection:
            page = await store.cases(connection, migration_id, "refused", after=after, limit=500)
        if not page:
            return
        yield sheets.lines(page).encode()
        after = page[-1].instance_id


def _view(found: Progressed) -> MigrationView:
    row = found.row
    return MigrationView(
        id=row.id,
        key=row.key,
        old=row.old_version,
        new=row.new_version,
        dry_run=row.dry_run,
        state=row.state,
        total=row.total,
        moved=found.moved,
        refused=found.refused,
        over=found.over,
        mapping=MappingBody.model_validate(row.mapping),
        created_at=row.created_at,
        created_by=row.created_name,
        ended_at=row.ended_at,
        reasons=[],
    )
