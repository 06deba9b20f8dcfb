"""``datastore_search`` and ``datastore_info``: the rows of an open dataset as CKAN's DataStore gives them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import orjson

from yiwang.exchange.open import rows
from yiwang.exchange.open.ckan.arguments import Arguments, clean, invalid, scalar
from yiwang.exchange.open.model import Column, Dataset, Row, RowsAsked
from yiwang.kernel.database import Json, JsonObject

MOST_ROWS = 10_000
MOST_OFFSET = 100_000
ID = "_id"
PLACE = "_geometry"
_most_values, _most_words = 100, 20
_TYPES = {
    "text": "text", "integer": "int", "number": "numeric", "boolean": "bool", "date": "date", "datetime": "timestamptz",
    "list": "json", "object": "json",
}  # fmt: skip


def fields_of(dataset: Dataset) -> list[JsonObject]:
    """The columns as the DataStore describes them; ``_id`` is the record's own, ``_geometry`` is GeoJSON."""
    found: list[JsonObject] = [{"id": ID, "type": "text"}]
    found += [_field(column) for column in dataset.columns]
    if dataset.geometry != "none":
        found.append({"id": PLACE, "type": "json", "info": {"label": "位置", "notes": "GeoJSON, CGCS2000"}})
    return found


def _field(column: Column) -> JsonObject:
    unit = f" ({column.unit})" if column.unit else ""
    return {
        "id": column.name,
        "type": _TYPES[column.kind],
        "info": {"label": column.names.zh + unit, "label_en": column.names.en, "notes": ""},
    }


def asked(dataset: Dataset, given: Arguments) -> RowsAsked:
    """Which rows a search wants.

    Raises:
        ActionRefused: an argument that is not acceptable, or a column that is not there.
    """
    filters: dict[str, tuple[str, ...]] = {}
    for name, value in given.mapping("filters").items():
        _column("filters", dataset, name)
        listed = value if isinstance(value, list) else [value]
        if len(listed) > _most_values:
            raise invalid("filters", f"At most {_most_values} values for a field")
        filters[name] = tuple(scalar("filters", each) for each in listed)
    words = given.either("q")
    if not isinstance(words, str):
        for name in words:
            _column("q", dataset, name)
        words = " ".join(scalar("q", value) for value in words.values())
    if len(words.split()) > _most_words:
        raise invalid("q", f"At most {_most_words} words")
    if given.flag("distinct"):
        raise invalid("distinct", "Not offered")
    return RowsAsked(
        filters=filters,
        words=clean("q", words),
        limit=given.whole("limit", 100, MOST_ROWS),
        offset=given.whole("offset", 0, MOST_OFFSET, refuse=True),
        sort=_sort(dataset, given.text("sort")),
    )


def _column(argument: str, dataset: Dataset, name: str) -> Column:
    found = dataset.column(name)
    if found is None:
        raise invalid(argument, f'invalid field: "{name[:60]}"')
    return found


def _sort(dataset: Dataset, text: str) -> tuple[tuple[str, bool], ...]:
    found: list[tuple[str, bool]] = []
    for part in [each.strip() for each in text.split(",") if each.strip()][:10]:
        name, _, direction = part.replace('"', "").partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise invalid("sort", f"Unable to parse: {part[:60]}")
        if name != ID:
            _column("sort", dataset, name)
            found.append((name, direction.strip().lower() == "desc"))
    return tuple(found)


def chosen(dataset: Dataset, given: Arguments) -> list[str]:
    """The fields that an answer holds."""
    known = [str(each["id"]) for each in fields_of(dataset)]
    wanted = given.listed("fields")
    for name in wanted:
        if name not in known:
            raise invalid("fields", f'invalid field: "{name[:60]}"')
    return wanted or known


def answer(
    dataset: Dataset, given: Arguments, question: RowsAsked, found: Sequence[Row], total: int | None, path: str
) -> JsonObject:
    """The result of ``datastore_search``; ``path`` is the address of the action, for links to other pages."""
    names = chosen(dataset, given)
    form = given.text("records_format", "objects")
    if form not in ("objects", "lists", "csv", "tsv"):
        raise invalid("records_format", "Must be one of objects, lists, csv, tsv")
    records = [_record(row, names) for row in found[: question.limit]]
    resource_id = given.text("resource_id") or given.text("id")
    by_id = {str(each["id"]): each for each in fields_of(dataset)}
    same: dict[str, Json] = {"resource_id": resource_id, "limit": question.limit}
    result: JsonObject = {
        "include_total": total is not None,
        "resource_id": resource_id,
        "fields": [by_id[name] for name in names],
        "records_format": form,
        "records": _formed(records, names, form),
        "limit": question.limit,
        "offset": question.offset,
        "_links": {
            "start": _link(path, given, {**same, "offset": 0}),
            "next": _link(path, given, {**same, "offset": question.offset + question.limit}),
        },
    }
    if question.filters:
        result["filters"] = {name: list(values) for name, values in question.filters.items()}
    if question.words:
        result["q"] = question.words
    if total is not None:
        result["total"] = min(total, rows.MOST_COUNTED)
        result["total_was_estimated"] = total > rows.MOST_COUNTED
    return result


def _record(row: Row, names: Sequence[str]) -> JsonObject:
    special: JsonObject = {ID: str(row.id), PLACE: row.geometry}
    return {name: special[name] if name in special else row.values.get(name) for name in names}


def _formed(records: Sequence[JsonObject], names: Sequence[str], form: str) -> Json:
    if form == "objects":
        return list(records)
    if form == "lists":
        return [[record[name] for name in names] for record in records]
    out = io.StringIO()
    writer = csv.writer(out, delimiter="," if form == "csv" else "\t", lineterminator="\n")
    writer.writerows([_cell(record[name]) for name in names] for record in records)
    return out.getvalue()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _link(path: str, given: Arguments, values: Mapping[str, Json]) -> str:
    more = {name: text for name in ("sort", "fields", "records_format") if (text := ",".join(given.listed(name)))}
    return f"{path}?{urlencode({**values, **more})}"
