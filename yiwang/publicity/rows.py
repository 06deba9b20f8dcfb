"""Rows as everybody will see them: collected from the registry or the cases, masked, ordered, ready to be kept.

What is kept holds no personal value: only masked text, and the keyed digest by which a person finds their own row.
"""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from yiwang.casework.catalogue import CaseType, Catalogue
from yiwang.casework.model import CaseFile
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.text import clean_line, search_terms
from yiwang.publicity.declarations import OwnRows, PublicationDeclaration
from yiwang.publicity.errors import IssueTooLarge
from yiwang.publicity.model import NewRow
from yiwang.registry import store as things
from yiwang.registry.model import Asked, Fact
from yiwang.registry.reading import masked
from yiwang.registry.sealing import Sealer
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

MOST = 50_000
_page = 2000
_case_words = {
    "number": ("编号", "Number"), "class": ("类别", "Class"), "status": ("状态", "Status"), "channel": ("渠道", "Channel"),
    "reported_at": ("受理时间", "Received"), "closed_at": ("办结时间", "Closed"), "satisfaction": ("满意度", "Satisfaction"),
}  # fmt: skip


def own_key(sealer: Sealer, publication: str, own: OwnRows, name: str, number: str) -> str:
    """What stands for a person in a publication: found by who knows name and digits, telling nothing to who does not."""
    digits = "".join(sign for sign in number.upper() if sign.isalnum())[-own.last :]
    return sealer.blind(f"publicity/{publication}", f"{clean_line(name)}\x1f{digits}")


# -- of the registry ------------------------------------------------------------------------------------------------------


async def rows_of_things(
    connection: Connection,
    registry: RegistryService,
    actor: Actor,
    declared: PublicationDeclaration,
    *,
    area: str,
    since: date | None,
    until: date | None,
    now: datetime,
    zone: ZoneInfo,
) -> list[NewRow]:
    """The rows of an issue, from what the actor may read.

    Raises:
        IssueTooLarge, TypeUnknown, FilterUnknown.
    """
    kind = registry.types.type(declared.source.type or "")
    filters = registry.reading.filter_query(kind, declared.source.where)
    found: list[tuple[tuple[bool, str | float], NewRow]] = []
    after: UUID | None = None
    within = "" if kind.declaration.area == "none" else area  # what lies nowhere is not narrowed by area
    while True:
        asked = Asked(area=within, after=after, limit=_page)
        page = await things.listed(connection, actor, kind.id, "read", asked, filters, now)
        for fact in page[:_page]:
            plain = registry.reading.plain(kind, fact)
            day = _day(plain.get(declared.dated)) if declared.dated else None
            if (since and (day is None or day < since)) or (until and (day is None or day > until)):
                continue
            made = _row_of_thing(registry.sealer, kind, declared, fact, plain, day, zone)
            found.append((_sort_key(plain.get(declared.order.by) if declared.order else None), made))
            if len(found) > MOST:
                raise IssueTooLarge(most=MOST)
        if len(page) <= _page:
            break
        after = page[_page - 1].thing_id
    return _ordered(found, declared)


def columns_of_type(kind: CompiledType, declared: PublicationDeclaration) -> list[JsonObject]:
    """The headings of an issue, as they are worded now."""
    columns: list[JsonObject] = []
    for field in declared.fields:
        attribute = kind.declaration.attributes[field.name]
        names = field.names or attribute.names
        columns.append(
            {
                "name": field.name,
                "names": {"zh": names.zh, "en": names.en},
                "unit": attribute.unit,
                "words": {value: {"zh": words.zh, "en": words.en} for value, words in attribute.words.items()},
            }
        )
    return columns


def _row_of_thing(
    sealer: Sealer,
    kind: CompiledType,
    declared: PublicationDeclaration,
    fact: Fact,
    plain: JsonObject,
    day: date | None,
    zone: ZoneInfo,
) -> NewRow:
    shown: JsonObject = {}
    terms: dict[str, None] = {}
    for field in declared.fields:
        value = plain.get(field.name)
        if value is None:
            continue
        if field.mask is not None:
            shown[field.name] = masked(value, field.mask)
            continue
        shown[field.name] = value
        words = kind.declaration.attributes[field.name].words.get(str(value))
        terms.update(dict.fromkeys(search_terms(f"{value} {words.zh} {words.en}" if words else str(value))))
    own = None
    if declared.own is not None:
        name, number = plain.get(declared.own.name), plain.get(declared.own.number)
        if isinstance(name, str) and isinstance(number, str):
            own = own_key(sealer, declared.id, declared.own, name, number)
    at = datetime.combine(day, time(), zone) if day else None
    return NewRow(fact.thing_id, None, fact.area, at, shown, tuple(terms), own)


# -- of cases -------------------------------------------------------------------------------------------------------------


def columns_of_case(case_type: CaseType, declared: PublicationDeclaration) -> list[JsonObject]:
    columns: list[JsonObject] = []
    for field in declared.fields:
        own = case_type.declaration.fields.get(field.name)
        zh, en = _case_words.get(field.name, (field.name, field.name))
        if own is not None:
            zh, en = own.names.zh, own.names.en
        if field.names is not None:
            zh, en = field.names.zh, field.names.en
        words = {} if own is not None else _words_of(case_type, field.name)
        columns.append({"name": field.name, "names": {"zh": zh, "en": en}, "unit": "", "words": words})
    return columns


def _words_of(case_type: CaseType, name: str) -> JsonObject:
    """What a value of a column of every case is called in both languages."""
    match name:
        case "class":
            codes = [None, *(item.code for item in case_type.tree.classes)]
            called = [(case_type.class_name(code), case_type.class_name(code, "en")) for code in codes]
            return {zh: {"zh": zh, "en": en} for zh, en in called}
        case "status":
            return {zh: {"zh": zh, "en": en} for zh, en in case_type.declaration.statuses.items()}
        case "channel":
            channels = case_type.declaration.channels.items()
            return {key: {"zh": channel.names.zh, "en": channel.names.en} for key, channel in channels}
        case _:
            return {}


def rows_of_cases(
    catalogue: Catalogue, declared: PublicationDeclaration, cases: list[CaseFile], zone: ZoneInfo
) -> list[NewRow]:
    """Cases as rows: what a publication may show of them, never who reported or in which words."""
    found: list[tuple[tuple[bool, str | float], NewRow]] = []
    for case in cases:
        values = _values_of(catalogue, case)
        shown: JsonObject = {}
        terms: dict[str, None] = {}
        for field in declared.fields:
            value = values.get(field.name)
            if value is None:
                continue
            shown[field.name] = masked(value, field.mask) if field.mask is not None else value
            if field.mask is None:
                terms.update(dict.fromkeys(search_terms(str(value))))
        at = case.reported_at if declared.dated is None else _moment(values.get(declared.dated), zone)
        row = NewRow(None, case.id, case.area, at, shown, tuple(terms), None)
        found.append((_sort_key(values.get(declared.order.by) if declared.order else None), row))
    return _ordered(found, declared)


def _values_of(catalogue: Catalogue, case: CaseFile) -> JsonObject:
    # A field of the type may be called like a column of every case: the field wins where it is declared.
    common: JsonObject = {
        "number": case.number,
        "class": catalogue.latest(case.type).class_name(case.class_code),
        "status": case.status,
        "channel": case.channel,
        "reported_at": case.reported_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "satisfaction": case.satisfaction,
    }
    return {**common, **case.fields}


def _ordered(found: list[tuple[tuple[bool, str | float], NewRow]], declared: PublicationDeclaration) -> list[NewRow]:
    if declared.order is None:
        return [row for _, row in reversed(found)]  # read newest first
    found.sort(key=lambda pair: (pair[0][0], *_comparable(pair[0][1])), reverse=declared.order.descending)
    return [row for _, row in found]


def _sort_key(value: Json) -> tuple[bool, str | float]:
    if isinstance(value, bool) or value is None:
        return (value is not None, "")
    return (True, float(value) if isinstance(value, int | float) else str(value))


def _comparable(value: str | float) -> tuple[float, str]:
    return (value, "") if isinstance(value, float) else (0.0, value)


def _day(value: Json) -> date | None:
    """A date, or the first day of a month or a year: 2026-03-15, 2026-03, 2026."""
    if not isinstance(value, str):
        return None
    text = value[:10]
    full = {4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text)
    try:
        return date.fromisoformat(full)
    except ValueError:
        return None


def _moment(value: Json, zone: ZoneInfo) -> datetime | None:
    day = _day(value)
    return datetime.combine(day, time(), zone) if day else None
