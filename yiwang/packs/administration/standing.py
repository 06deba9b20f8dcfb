"""How one thing stands, files and settings together, as the document that would set it so. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.calendar import Slot, WorkingCalendar
from yiwang.packs.administration.documents import (
    AnyDocument,
    Kind,
    SetBoard,
    SetHours,
    SetIndicator,
    SetLimit,
    SetMeasure,
    SetOrganisation,
    SetPost,
    SetSeason,
    SetYear,
)
from yiwang.packs.administration.overlay import Name, offices_of, overlaid
from yiwang.packs.loaded import City


def standing(
    city: City, calendar: WorkingCalendar, found: Mapping[Name, AnyDocument], kind: Kind, key: str
) -> AnyDocument | None:
    """The document that says how it stands now; None where neither files nor settings have it.

    ``city`` and ``calendar`` are those of the files alone. A year's days are only those that were set.
    """
    wanted = found.get((kind, key))
    if kind == "role" or (wanted is not None and kind in ("hours", "limit", "indicator", "organisation")):
        return wanted
    if kind == "calendar":
        return wanted or SetYear(days=[])
    if kind == "hours":
        return _hours(calendar)
    if kind == "organisation":
        return _office(city, key)
    new = overlaid(city, found).city
    if kind == "limit":
        tree, code, standard = key.split("/")
        return next(
            (
                SetLimit(limit=each.limit)
                for pack in new.packs
                for item in pack.classes
                if item.value.id == tree
                for one in item.value.classes
                if one.code == code
                for each in one.standards
                if each.id == standard
            ),
            None,
        )
    if kind == "indicator":
        every = [one for pack in new.packs for file in pack.indicators for one in file.value.indicators]
        return next((SetIndicator(weight=one.weight) for one in every if one.id == key), None)
    board = next((item.value for pack in new.packs for item in pack.boards if item.value.id == key), None)
    if board is None:
        return None
    measures = [SetMeasure(indicator=one.indicator, weight=one.weight, full_at=one.full_at) for one in board.measures]
    return SetBoard(measures=measures, grades=board.grades, target=board.target, least_weight=board.least_weight)


def _hours(calendar: WorkingCalendar) -> SetHours:
    hours = calendar.hours
    return SetHours(
        slots=[_slot(slot) for slot in hours.slots],
        nominal_day=hours.nominal_day_seconds / 3600,
        seasons=[
            SetSeason(
                name=one.name,
                first=f"{one.first[0]:02}-{one.first[1]:02}",
                last=f"{one.last[0]:02}-{one.last[1]:02}",
                slots=[_slot(slot) for slot in one.slots],
            )
            for one in hours.seasons
        ],
    )


def _slot(slot: Slot) -> str:
    begin, end = (f"{seconds // 3600:02}:{seconds % 3600 // 60:02}" for seconds in (slot.start, slot.end))
    return f"{begin}-{end}"


def _office(city: City, key: str) -> SetOrganisation | None:
    office = offices_of(city).get(key)
    if office is None:
        return None
    entry = office.entry
    posts = [
        SetPost(code=post) if isinstance(post, str) else SetPost(code=post.code, area=post.area, names=post.names)
        for post in entry.posts
    ]
    return SetOrganisation(
        names=entry.names,
        kind=entry.kind,
        parent=office.parent or None,
        area=entry.area,
        serves=entry.serves,
        posts=posts,
    )
