"""Health and metrics: whether this process lives, whether it can serve, and its figures."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from yiwang.http.proxies import from_this_machine
from yiwang.http.revision import newest_revision
from yiwang.kernel import jobs, metrics
from yiwang.kernel.access import CurrentActor
from yiwang.kernel.clock import CityClock, real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY
from yiwang.kernel.errors import Problem
from yiwang.sensing.figures import Pace, standing_still
from yiwang.sensing.figures import figures as sensing_figures

router = APIRouter(tags=["health"])

_reading_age_seconds = 10.0


class Live(BaseModel):
    """This process answers."""

    status: str = "ok"
    version: str


class Ready(BaseModel):
    """Each check with ``ok`` or what is wrong; ``warnings``: what is wrong elsewhere, and no reason to send callers away."""

    ready: bool
    checks: dict[str, str]
    warnings: dict[str, str] = {}


@dataclass(slots=True)
class Readings:
    """Figures read from the database for ``/metrics``, at most every ten seconds."""

    values: dict[str, tuple[str, float | metrics.Labelled]] = field(default_factory=dict)
    read_at: float = -_reading_age_seconds


@router.get("/healthz", summary="存活 · Alive", description="进程存活即答复。\n\nAnswers while the process lives.")
async def alive(request: Request) -> Live:
    return Live(version=request.app.version)


@router.get(
    "/readyz",
    summary="就绪 · Ready",
    description="数据库可用、结构为最新、时钟正常时返回 200;warnings 列出停滞的后台环节。\n\n"
    "200 when the database answers, is migrated, and the clock runs; `warnings` names what stands still behind it.",
    responses={503: {"model": Ready, "description": "A check fails."}},
)
async def ready(request: Request, response: Response) -> Ready:
    context: Context = request.app.state.context
    checks = {"database": "ok", "migrations": "ok", "clock": "ok"}
    warnings = {}
    try:
        async with asyncio.timeout(3), context.database.connection() as connection:
            revision = await connection.fetchval("select version_num from alembic_version")
        if revision != newest_revision():
            checks["migrations"] = (
                f"the database has {revision}, this version needs {newest_revision()}; run yiwang migrate"
            )
        else:
            warnings = await _warnings(context)
    except AWAY as error:
        checks["database"] = f"does not answer ({type(error).__name__})"
        checks["migrations"] = "unknown"
    behind = (real_now() - request.app.state.services.clock_read_at).total_seconds()
    if behind > 10:
        checks["clock"] = f"was last read {behind:.0f} s ago"
    good = all(value == "ok" for value in checks.values())
    response.status_code = 200 if good else 503
    return Ready(ready=good, checks=checks, warnings=warnings)


@router.get(
    "/metrics",
    summary="指标 · Metrics",
    description="Prometheus 文本;仅本机,或带 metrics:read 权限的令牌。\n\n"
    "Prometheus text; from this machine only, or with a token that grants metrics:read.",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def show_metrics(request: Request, actor: CurrentActor) -> Response:
    if not from_this_machine(request.scope):
        actor.require("metrics", "read")
    context: Context = request.app.state.context
    pool = context.database.pool
    metrics.database_connections.labels("open").set(pool.get_size())
    metrics.database_connections.labels("idle").set(pool.get_idle_size())
    readings: Readings = request.app.state.readings
    if time.monotonic() - readings.read_at > _reading_age_seconds:
        try:
            readings.values = await _read(context)
            readings.read_at = time.monotonic()
        except (*AWAY, Problem):
            readings.values = {"yiwang_database_up": ("Whether the database answers.", 0)}
    text = await asyncio.to_thread(metrics.exposition, readings.values)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _pace(context: Context) -> Pace:
    clock = context.clock
    return Pace(clock.now(), clock.state.speed if isinstance(clock, CityClock) and clock.state.simulated else 1.0)


async def _warnings(context: Context) -> dict[str, str]:
    """Followers of readings that stand still, each with its seconds."""
    async with asyncio.timeout(3), context.database.connection() as connection:
        found = await standing_still(connection, _pace(context))
    return {
        f"follower {name}": f"has stood still for {seconds:.0f} s; see that yiwang worker runs, then its log"
        for name, seconds in sorted(found.items())
    }


async def _read(context: Context) -> dict[str, tuple[str, float | metrics.Labelled]]:
    async with context.database.connection() as connection:
        row = await connection.fetchrow(
            "select"
            " (select count(*) from (select from case_file where closed_at is null limit 1000000) o) as open_cases,"
            " (select count(*) from (select from case_file where closed_at is null and handled_at is null"
            "   and suspended_at is null and due_at < $1 limit 1000000) o) as overdue,"
            " (select count(*) from (select from journal where tx >= (select coalesce(max(tx_to), 0) from journal_seal)"
            "   limit 1000000) u) as unsealed,"
            " (select extract(epoch from $1 - max(sealed_at))::float8 from journal_seal) as seal_age",
            context.clock.now(),
        )
        queue = await jobs.backlog(connection)
        senses = await sensing_figures(connection, _pace(context))
    figures = dict(row) if row else {}
    return {
        "yiwang_database_up": ("Whether the database answers.", 1),
        "yiwang_open_cases": ("Cases that are not closed (counted to 1,000,000).", figures["open_cases"]),
        "yiwang_overdue_cases": ("Open cases past their limit.", figures["overdue"]),
        "yiwang_journal_unsealed": ("Journal entries not under seal yet.", figures["unsealed"]),
        "yiwang_journal_seal_age_seconds": ("City seconds since the last seal.", figures["seal_age"] or 0),
        "yiwang_jobs_waiting": ("Background jobs that wait.", queue.waiting),
        "yiwang_jobs_running": ("Background jobs that run.", queue.running),
        "yiwang_jobs_dead": ("Background jobs that were given up; see yiwang jobs.", queue.dead),
        "yiwang_jobs_oldest_seconds": ("Age of the oldest job that could run now.", queue.oldest_seconds),
        **senses,
    }
