"""What an administrator looks up about the installation itself: the working calendar of a year, and the packs.

Reading only: calendars and packs are files of the city, changed there and published by ``yiwang up``.
"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.calendar import Slot
from yiwang.kernel.context import Context
from yiwang.kernel.refusals import problems
from yiwang.packs.check import run_check
from yiwang.packs.check.plan import clauses_claimed, clauses_proved
from yiwang.packs.findings import Findings
from yiwang.packs.loader import load_pack, pack_folders

router = APIRouter(prefix="/api/v1", tags=["administration 管理"], responses=problems("identity.sign_in_needed"))

_checking = asyncio.Lock()


class DayView(BaseModel):
    """A day that is not what its weekday would make it, or that has a name."""

    day: date
    working: bool
    name: str


class CalendarView(BaseModel):
    """工作日历. ``known``: whether holidays of the year have been announced; without, only weekends are taken off."""

    year: int
    timezone: str
    known: bool
    hours: list[str] = Field(description="Working slots of an ordinary day, city time.")
    seasons: list[str] = Field(description="Other slots for part of the year.")
    nominal_day_hours: float = Field(description="What a working day of a deadline means.")
    working_days: int
    days: list[DayView]


class PackView(BaseModel):
    """应用包."""

    id: str
    zh: str
    en: str
    version: str
    level: Literal["declared", "working", "proved"]
    here: bool = Field(description="Whether this city runs it.")
    retired: bool = Field(description="Whether this city gives it up: no new cases, what there is stays readable.")
    case_types: int
    flows: int
    classes: int
    scenarios: int
    clauses: int = Field(description="Clauses of plans that it claims to answer.")
    proved: int


class PackList(BaseModel):
    items: list[PackView]


class CheckFinding(BaseModel):
    level: Literal["error", "warning"]
    file: str
    line: int
    code: str
    zh: str
    en: str


class CheckView(BaseModel):
    """The answer of ``yiwang check`` for this city."""

    errors: int
    warnings: int
    findings: list[CheckFinding]


@router.get("/calendar", summary="Working calendar of a year 工作日历", responses=problems())
async def calendar(
    request: Request, actor: SignedInActor, year: Annotated[int, Query(ge=2000, le=2099)]
) -> CalendarView:
    """Working hours, and the days of a year that differ from their weekday: holidays, and weekends that are worked."""
    context: Context = request.app.state.context
    kept, hours = context.calendar, context.calendar.hours
    days, working = [], 0
    day = date(year, 1, 1)
    while day.year == year:
        is_working = kept.is_working_day(day)
        working += is_working
        mark = kept.mark(day)
        if mark is not None:
            days.append(DayView(day=day, working=is_working, name=mark.name))
        day += timedelta(1)
    return CalendarView(
        year=year,
        timezone=hours.timezone.key,
        known=kept.knows(year),
        hours=[_slot(slot) for slot in hours.slots],
        seasons=[
            f"{season.name} {season.first[0]:02}-{season.first[1]:02} … {season.last[0]:02}-{season.last[1]:02}:"
            f" {', '.join(_slot(slot) for slot in season.slots)}"
            for season in hours.seasons
        ],
        nominal_day_hours=hours.nominal_day_seconds / 3600,
        working_days=working,
        days=days,
    )


@router.get("/packs", summary="Packs 应用包", responses=problems())
async def packs(request: Request, actor: SignedInActor) -> PackList:
    """Every pack of this installation, those of this city first."""
    context: Context = request.app.state.context
    file = request.app.state.city.file
    folder = context.settings.packs

    def read() -> list[PackView]:
        read_packs = (_read_pack(path, _state(path)) for path in pack_folders(folder))
        return [pack for pack in read_packs if pack is not None]

    items = [
        pack.model_copy(update={"here": pack.id in file.packs, "retired": pack.id in file.retired})
        for pack in await asyncio.to_thread(read)
    ]
    return PackList(items=sorted(items, key=lambda item: (not item.here, not item.retired, item.id)))


@router.post("/packs/check", summary="Check packs and city 检查应用包与城市", responses=problems("identity.forbidden"))
async def check(request: Request, actor: SignedInActor) -> CheckView:
    """``yiwang check`` over the packs and this city: every remark with file and line. Takes some seconds; one at a time."""
    actor.require("pack", "check")
    context: Context = request.app.state.context
    settings = context.settings
    async with _checking:
        result = await asyncio.to_thread(run_check, settings.packs, only_cities=[settings.city])
    return CheckView(
        errors=result.errors,
        warnings=result.warnings,
        findings=[
            CheckFinding(level=item.level, file=item.file, line=item.line, code=item.code, zh=item.zh, en=item.en)
            for item in result.findings
        ],
    )


def _slot(slot: Slot) -> str:
    return f"{_clock(slot.start)}–{_clock(slot.end)}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"


def _state(folder: Path) -> int:
    """What tells whether the files of a pack are still the same."""
    found = []
    for path in sorted(folder.rglob("*")):
        stat = path.stat()
        found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return hash(tuple(found))


@lru_cache(maxsize=512)
def _read_pack(folder: Path, state: int) -> PackView | None:
    """A pack as its files in this state say, read once for each; whether it is of this city is said by the caller."""
    pack = load_pack(folder, Findings())
    if pack is None:
        return None
    file = pack.file.value
    claimed, shown = clauses_claimed(pack), clauses_proved(pack)
    return PackView(
        id=pack.id,
        zh=file.names.zh,
        en=file.names.en,
        version=file.version,
        level=file.level,
        here=False,
        retired=False,
        case_types=len(pack.cases),
        flows=len(pack.flows),
        classes=sum(len(tree.value.classes) for tree in pack.classes),
        scenarios=sum(len(item.value.scenarios) for item in pack.scenarios),
        clauses=len(claimed),
        proved=len(claimed & shown),
    )
