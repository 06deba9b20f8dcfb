"""The city as its administrators word it: what they have set, laid over what the files of packs and city say. Pure.

Promises: the files stay as they are; a setting whose target the files no longer have (a class that an upgrade of a pack took
away) changes nothing and is told as idle, so that an upgrade is never refused for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from yiwang.casework.declarations import ClassTree
from yiwang.identity.declarations import RoleDeclaration
from yiwang.insight.indicators.declared import Board, IndicatorFile
from yiwang.kernel.calendar import DayMark, WorkingCalendar, WorkingHours, read_working_hours
from yiwang.packs.administration.documents import (
    SHAPES,
    AnyDocument,
    Kind,
    SetBoard,
    SetHours,
    SetIndicator,
    SetLimit,
    SetOrganisation,
    SetRole,
    SetYear,
)
from yiwang.packs.administration.store import Setting
from yiwang.packs.loaded import City, Loaded, Pack
from yiwang.packs.model.city import OrganisationEntry, OrganisationsFile, PostEntry

Name = tuple[Kind, str]
"""Kind and key of a setting."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """``idle``: settings that no longer have a target."""

    city: City
    idle: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Office:
    """An organisation as the city has it, out of its tree; ``parent`` "" at the top."""

    entry: OrganisationEntry
    parent: str


def documents(settings: Iterable[Setting]) -> dict[Name, AnyDocument]:
    """All that is set now, read."""
    return {
        (item.kind, item.key): SHAPES[item.kind].model.model_validate(item.document)
        for item in settings
        if item.document is not None
    }


def overlaid(city: City, found: Mapping[Name, AnyDocument]) -> Overlaid:
    """The city with everything laid over it that concerns its files; calendar and roles are not files of packs."""
    used: set[Name] = set()
    packs = tuple(_pack(pack, found, used) for pack in city.packs)
    organisations = city.organisations
    if organisations is not None:
        offices = offices_of(city)
        roots = _tree(_with_offices(offices, found, used), {code: one.parent for code, one in offices.items()})
        value = OrganisationsFile(organisations=roots) if roots else organisations.value
        organisations = Loaded(organisations.source, value)
    concerned = {name for name in found if name[0] in ("limit", "indicator", "board", "organisation")}
    return Overlaid(replace(city, packs=packs, organisations=organisations), tuple(sorted(concerned - used)))


def _pack(pack: Pack, found: Mapping[Name, AnyDocument], used: set[Name]) -> Pack:
    return replace(
        pack,
        classes=tuple(Loaded(item.source, _classes(item.value, found, used)) for item in pack.classes),
        indicators=tuple(Loaded(item.source, _indicators(item.value, found, used)) for item in pack.indicators),
        boards=tuple(Loaded(item.source, _board(item.value, found, used)) for item in pack.boards),
    )


def _classes(tree: ClassTree, found: Mapping[Name, AnyDocument], used: set[Name]) -> ClassTree:
    if not any(kind == "limit" and key.startswith(f"{tree.id}/") for kind, key in found):
        return tree
    classes = []
    for item in tree.classes:
        standards = []
        for standard in item.standards:
            name: Name = ("limit", f"{tree.id}/{item.code}/{standard.id}")
            wanted = found.get(name)
            if isinstance(wanted, SetLimit):
                used.add(name)
                standards.append(standard.model_copy(update={"limit": wanted.limit}))
            else:
                standards.append(standard)
        classes.append(item if standards == item.standards else item.model_copy(update={"standards": standards}))
    return tree.model_copy(update={"classes": classes})


def _indicators(file: IndicatorFile, found: Mapping[Name, AnyDocument], used: set[Name]) -> IndicatorFile:
    indicators = []
    for item in file.indicators:
        wanted = found.get(("indicator", item.id))
        if isinstance(wanted, SetIndicator):
            used.add(("indicator", item.id))
            indicators.append(item.model_copy(update={"weight": wanted.weight}))
        else:
            indicators.append(item)
    return file.model_copy(update={"indicators": indicators})


def _board(board: Board, found: Mapping[Name, AnyDocument], used: set[Name]) -> Board:
    wanted = found.get(("board", board.id))
    if not isinstance(wanted, SetBoard):
        return board
    used.add(("board", board.id))
    ours = {item.indicator: item for item in wanted.measures}
    measures = [
        item.model_copy(update={"weight": set_.weight, "full_at": set_.full_at})
        if (set_ := ours.get(item.indicator)) is not None
        else item
        for item in board.measures
    ]
    changes: dict[str, object] = {"measures": measures}
    if wanted.grades is not None:
        changes["grades"] = wanted.grades
    if "target" in wanted.model_fields_set:
        changes["target"] = wanted.target
    if wanted.least_weight is not None:
        changes["least_weight"] = wanted.least_weight
    return board.model_copy(update=changes)


# -- offices ------------------------------------------------------------------------------------------------------------


def offices_of(city: City) -> dict[str, Office]:
    """Every organisation of the city's tree by its code, as declared."""
    found: dict[str, Office] = {}

    def walk(entries: Sequence[OrganisationEntry], parent: str) -> None:
        for entry in entries:
            found[entry.code] = Office(entry.model_copy(update={"children": []}), parent)
            walk(entry.children, entry.code)

    walk(city.organisations.value.organisations if city.organisations else (), "")
    return found


def _with_offices(
    offices: Mapping[str, Office], found: Mapping[Name, AnyDocument], used: set[Name]
) -> dict[str, Office | None]:
    """The offices as set; None stands for one that is closed."""
    result: dict[str, Office | None] = dict(offices)
    for (kind, code), wanted in found.items():
        if kind != "organisation" or not isinstance(wanted, SetOrganisation):
            continue
        used.add((kind, code))
        result[code] = None if wanted.closed else Office(entry_of(code, wanted), wanted.parent or "")
    return result


def entry_of(code: str, wanted: SetOrganisation) -> OrganisationEntry:
    """The office as organisations.yaml would have it, without those below it."""
    posts = [
        post.code
        if post.area is None and post.names is None
        else PostEntry(code=post.code, area=post.area, names=post.names)
        for post in wanted.posts
    ]
    return OrganisationEntry(
        code=code,
        names=wanted.names,
        kind=wanted.kind,
        area=wanted.area,
        serves=wanted.serves,
        posts=posts,
        children=[],
    )


def _tree(offices: Mapping[str, Office | None], declared: Mapping[str, str]) -> list[OrganisationEntry]:
    """The offices as a tree: one below a closed office moves up to the next that is open, one in a circle to the top."""
    below: dict[str, list[str]] = {}
    for code, office in offices.items():
        if office is not None:
            below.setdefault(_open_parent(code, offices, declared), []).append(code)

    def build(parent: str) -> list[OrganisationEntry]:
        return [
            office.entry.model_copy(update={"children": build(code)})
            for code in below.get(parent, [])
            if (office := offices[code]) is not None
        ]

    return build("")


def _open_parent(code: str, offices: Mapping[str, Office | None], declared: Mapping[str, str]) -> str:
    seen = {code}
    at = code
    found = ""
    while True:
        office = offices.get(at)
        at = declared.get(at, "") if office is None else office.parent
        if not at or at not in offices:
            return found
        if at in seen:
            return ""
        seen.add(at)
        if not found and offices[at] is not None:
            found = at


# -- calendar and roles -------------------------------------------------------------------------------------------------


def calendar_with(base: WorkingCalendar, found: Mapping[Name, AnyDocument]) -> WorkingCalendar:
    """The calendar of the files with the days and hours that administrators have set.

    Raises:
        WorkingHoursInvalid.
    """
    years: set[int] = set()
    hours: WorkingHours | None = None
    marks: dict[date, DayMark] = {}
    for (kind, key), wanted in found.items():
        if isinstance(wanted, SetYear):
            marks.update({item.day: DayMark(item.working, item.name) for item in wanted.days})
            years.update([int(key)] if wanted.announced else [])
        elif isinstance(wanted, SetHours) and kind == "hours":
            hours = hours_of(wanted, base)
    return base.changed(marks, hours=hours, years=years) if marks or years or hours else base


def hours_of(wanted: SetHours, base: WorkingCalendar) -> WorkingHours:
    """Working hours in the base calendar's zone.

    Raises:
        WorkingHoursInvalid: slots or seasons that overlap or are out of order.
    """
    return read_working_hours(hours_document(wanted, base.hours.timezone.key), "工作时间")


def hours_document(wanted: SetHours, timezone: str) -> dict[str, object]:
    """The same as city.yaml writes it."""
    return {
        "timezone": timezone,
        "slots": list(wanted.slots),
        "nominal_day": wanted.nominal_day,
        "seasons": [
            {"name": item.name, "from": item.first, "to": item.last, "slots": list(item.slots)}
            for item in wanted.seasons
        ],
    }


def roles_of(found: Mapping[Name, AnyDocument]) -> list[RoleDeclaration]:
    """The city's own roles."""
    return [
        RoleDeclaration(code=key, names=wanted.names, grants=wanted.grants)
        for (kind, key), wanted in found.items()
        if isinstance(wanted, SetRole) and kind == "role" and not wanted.closed
    ]
