"""Giving a demo city its past once, through the import of closed cases: each case type is a file and a mapping.

What was begun and broken off is taken up again; a city in which people have worked already is given none.
"""

from __future__ import annotations

import asyncio
import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yiwang.casework.dispatch import Facts
from yiwang.casework.importing import ImportMapping, import_cases
from yiwang.casework.importing.known import has_cases, imported_files
from yiwang.casework.service import CaseService
from yiwang.identity.model import OrganisationRow
from yiwang.kernel.database import Connection
from yiwang.kernel.deadline_grammar import parse_deadline
from yiwang.packs.history.besides import NOWHERE
from yiwang.packs.history.inventing import Answered, Past, PastMatter
from yiwang.packs.loaded import City
from yiwang.packs.model.city import DemoHistory
from yiwang.packs.simulation.matters import Matter

_PREFIX = "demo-history-"
_COLUMNS = (
    "number", "text", "reported_at", "class", "channel", "due_at", "closed_at", "department", "address", "lon", "lat",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HistoryGiven:
    """How many invented cases came in; ``new`` false: the city has its past, or work of its own, already."""

    cases: int
    new: bool


async def give_history(
    service: CaseService, connection: Connection, city: City, wanted: DemoHistory, chosen: Sequence[str]
) -> HistoryGiven:
    """Invent and import the cases of these case types that end at the city's present time; ``connection`` only reads.

    Raises:
        CityNotSimulable: it has no open channel, or neither places nor a boundary.
    """
    files = await imported_files(connection, _PREFIX)
    if _complete(files) or (not files and await has_cases(connection)):
        return HistoryGiven(0, False)
    offices = _Offices(service)
    past = Past(city, wanted, service.context.calendar, service.context.clock.now(), offices.answering)
    found = await asyncio.to_thread(past.invent)
    by_type = {key: mine for key in chosen if (mine := [item for item in found if item.matter.type == key])}
    taken = 0
    with tempfile.TemporaryDirectory() as folder:
        for place, (key, mine) in enumerate(by_type.items(), 1):
            path = Path(folder) / f"{_PREFIX}{place}-of-{len(by_type)}-{key}.csv"
            if not files.get(path.name):
                await asyncio.to_thread(_write, path, mine)
                taken += (await import_cases(service, path, offices.mapping(key))).taken
    return HistoryGiven(taken, True)


def _complete(files: dict[str, bool]) -> bool:
    """Whether all the files of one past were finished; each name tells how many there are."""
    wanted = {int(name.removeprefix(_PREFIX).split("-")[2]) for name in files}
    return bool(files) and all(files.values()) and wanted == {len(files)}


class _Offices:
    """Who answers for what: the dispatch table of the case type, or the class's own department."""

    def __init__(self, service: CaseService) -> None:
        self._service = service
        self._codes: dict[str, str] = {}

    def answering(self, matter: Matter, office_code: str) -> Answered | None:
        parts = self._service.parts
        if office_code:
            own = parts.directory.organisation_by_code(office_code)
            return Answered("", self._name(own), parse_deadline(matter.standard.limit)) if own else None
        located = parts.locator.locate(matter.spot.lon, matter.spot.lat)
        if located is None:
            return None
        case_type = parts.catalogue.latest(matter.type)
        facts = Facts(matter.kind.code, located.area_code, matter.text, matter.channel, matter.standard.urgency)
        advice = case_type.dispatch.advise(facts) if case_type.dispatch else None
        kind = advice.department if advice else matter.kind.department
        limit = (advice.limit if advice else None) or matter.standard.limit
        office = (
            parts.directory.organisation_by_code(kind) or parts.directory.serving(kind, located.area_code)
            if kind
            else None
        )
        return Answered(located.area_code, self._name(office) if office else "", parse_deadline(limit))

    def _name(self, office: OrganisationRow) -> str:
        """Its name, with the code where another is called so, too."""
        name = office.name_zh if self._codes.setdefault(office.name_zh, office.code) == office.code else ""
        name = name or f"{office.name_zh}({office.code})"
        self._codes[name] = office.code
        return name

    def mapping(self, key: str) -> ImportMapping:
        """How a file of this case type is read."""
        case_type = self._service.catalogue.latest(key)
        return ImportMapping.model_validate(
            {
                "type": key,
                "system": case_type.tree.system,
                "columns": {name: name for name in _COLUMNS},
                "channels": {name: name for name in case_type.declaration.channels},
                "departments": self._codes,
                "placeholders": [],
            }
        )


def _write(path: Path, cases: Sequence[PastMatter]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_COLUMNS)
        for item in cases:
            matter, spot = item.matter, item.matter.spot
            place = ("", "") if spot == NOWHERE else (f"{spot.lon:.6f}", f"{spot.lat:.6f}")
            out.writerow((
                item.number, matter.text, item.reported_at.isoformat(), matter.kind.code, matter.channel,
                item.due_at.isoformat(), item.closed_at.isoformat(), item.office, spot.name, *place,
            ))  # fmt: skip
