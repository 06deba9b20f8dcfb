"""Payloads of MQTT devices → values, as the profile's ``payload`` declares: json, csv, Sparkplug B in JSON.

Paths are JSON pointers without the first slash (``data/temp``, ``list/0/v``); a path that begins with ``=`` is a CEL expression
over ``payload``. What cannot be read is named by a short word and never raises: ``size``, ``encoding``, ``json``, ``shape``,
``time``, ``value``, ``empty``.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final, TypeAlias

import orjson

from yiwang.kernel.database import Json
from yiwang.sensing.devices.declarations import Payload, ProfileDeclaration
from yiwang.sensing.devices.model import Measure, Profile
from yiwang.sensing.model import micros

largest_payload: Final = 256 * 1024
most_rows: Final = 5000
most_values: Final = 10_000
_most_steps = 12
_longest_expression = 500
_LOOPS = re.compile(r"\.\s*(all|exists|exists_one|existsOne|map|filter)\b")
_latest_seconds: Final = 10**11
_DEFAULT: Final = Payload()

Find: TypeAlias = Callable[[Json], Json]
"""From a payload, or one row of it, to a value; None where there is none."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a payload in the unit of its metric; ``at`` is microseconds since 1970, None: the time of arrival."""

    metric: int
    at: int | None
    value: float


@dataclass(slots=True)
class Decoded:
    """What was found, and what was wrong with the rest."""

    values: list[Value] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PayloadMap:
    """A profile's payload made ready. ``finds``: for each measure where it stands."""

    payload: Payload
    measures: Mapping[str, Measure]
    finds: tuple[tuple[Measure, Find], ...]
    at: Find | None
    rows: Find | None
    zone: tzinfo


class PathInvalid(ValueError):
    """A path or expression that cannot be used; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def check_payload(declaration: ProfileDeclaration) -> PathInvalid | None:
    """What is wrong with the paths that a profile declares; None: nothing. For ``yiwang check``."""
    payload = declaration.payload or _DEFAULT
    paths = [*payload.values.values(), *(path for path in (payload.at, payload.list_) if path is not None)]
    try:
        for path in paths:
            if payload.format == "csv":
                _column(path)
            else:
                _find(path)
    except PathInvalid as wrong:
        return wrong
    missing = sorted(set(payload.values) - set(declaration.measures))
    if missing:
        return PathInvalid(f"values 写了型号不测的 {missing[0]}", f"values names {missing[0]}, which is not measured")
    return None


def mapping_of(profile: Profile, zone: tzinfo) -> PayloadMap:
    """The payload of a published profile, made ready; a path that cannot be used finds nothing."""
    payload = profile.declaration.payload or _DEFAULT
    finds: list[tuple[Measure, Find]] = []
    for code, measure in profile.measures.items():
        finds.append((measure, _usable(payload.values.get(measure.metric.code, code), payload)))
    return PayloadMap(
        payload=payload,
        measures=profile.measures,
        finds=tuple(finds),
        at=_usable(payload.at, payload) if payload.at else None,
        rows=_usable(payload.list_, payload) if payload.list_ else None,
        zone=zone,
    )


def decode(mapping: PayloadMap, content: bytes) -> Decoded:
    """The values of one message. Never raises."""
    found = Decoded()
    if len(content) > largest_payload:
        found.faults.append("size")
        return found
    try:
        text = content.decode()
    except UnicodeDecodeError:
        found.faults.append("encoding")
        return found
    if mapping.payload.format == "csv":
        _read_lines(mapping, text, found)
    else:
        try:
            body: Json = orjson.loads(text)
        except (orjson.JSONDecodeError, RecursionError):
            found.faults.append("json")
            return found
        if mapping.payload.format == "sparkplug":
            _read_sparkplug(mapping, body, found)
        else:
            _read_json(mapping, body, found)
    if not found.values and not found.faults:
        found.faults.append("empty")
    return found


def read_status(content: bytes) -> bool | None:
    """Whether a message of the status topic says online; None where it says neither."""
    text = content[:200].decode(errors="replace").strip()
    try:
        body: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = text
    if isinstance(body, dict):
        body = next((body[name] for name in ("status", "state", "online") if name in body), None)
    if isinstance(body, bool):
        return body
    word = str(body).strip().lower()
    return True if word in _ONLINE else False if word in _OFFLINE else None


_ONLINE: Final = frozenset({"online", "on", "1", "up", "connected", "birth"})
_OFFLINE: Final = frozenset({"offline", "off", "0", "down", "disconnected", "death"})


# -- formats ------------------------------------------------------------------------------------------------------------


def _read_json(mapping: PayloadMap, body: Json, found: Decoded) -> None:
    rows: Json = [body] if mapping.rows is None else mapping.rows(body)
    if not isinstance(rows, list) or len(rows) > most_rows:
        found.faults.append("shape")
        return
    for row in rows:
        # In a list each row may have its own time, or all share the one beside the list.
        given = None if mapping.at is None else _either(mapping.at, row, body)
        at = _time(given, mapping, found)
        if given is not None and at is None:
            continue
        for measure, find in mapping.finds:
            _add(found, measure, at, find(row))


def _read_lines(mapping: PayloadMap, text: str, found: Decoded) -> None:
    separator = next((mark for mark in (",", ";", "\t") if mark in text), ",")
    try:
        lines = list(csv.reader(text.splitlines()[: most_rows + 1], delimiter=separator))
    except csv.Error:
        found.faults.append("shape")
        return
    if len(lines) > most_rows:
        found.faults.append("shape")
        return
    for line in lines:
        cells: Json = [cell.strip() for cell in line]
        if not cells:
            continue
        given = None if mapping.at is None else mapping.at(cells)
        at = _time(given, mapping, found)
        if given is not None and at is None:
            continue
        for measure, find in mapping.finds:
            cell = find(cells)
            _add(found, measure, at, None if cell == "" else cell)


def _read_sparkplug(mapping: PayloadMap, body: Json, found: Decoded) -> None:
    metrics = body.get("metrics") if isinstance(body, dict) else None
    if not isinstance(metrics, list) or len(metrics) > most_rows:
        found.faults.append("shape")
        return
    whole = body.get("timestamp") if isinstance(body, dict) else None
    for one in metrics:
        if not isinstance(one, dict):
            found.faults.append("shape")
            continue
        measure = mapping.measures.get(str(one.get("name")))
        if measure is None or one.get("is_null") or one.get("isNull"):
            continue
        given = one.get("timestamp", whole)
        at = _number_time(given, 1000)
        if given is not None and at is None:
            found.faults.append("time")
            continue
        _add(found, measure, at, one.get("value"))


def _add(found: Decoded, measure: Measure, at: int | None, given: Json) -> None:
    if given is None:
        return
    value = _number(given)
    kept = None if value is None else measure.kept(value)
    if kept is None or not math.isfinite(kept):
        found.faults.append("value")
    elif len(found.values) >= most_values:
        found.faults.append("size")
    else:
        found.values.append(Value(measure.metric_id, at, kept))


def _number(given: Json) -> float | None:
    """A number, also one written as text; true and false are 1 and 0, as switches and covers report them."""
    try:
        if isinstance(given, bool | int | float):
            return float(given)
        if isinstance(given, str) and 0 < len(given) <= 40:
            return float(given) if "_" not in given else None
    except (ValueError, OverflowError):
        return None
    return None


# -- times --------------------------------------------------------------------------------------------------------------


def _time(given: Json, mapping: PayloadMap, found: Decoded) -> int | None:
    """Microseconds of a time as the payload writes it; None without one, or (as a fault) for one that cannot be read."""
    if given is None:
        return None
    way = mapping.payload.time
    if way in ("seconds", "milliseconds"):
        at = _number_time(given, 1 if way == "seconds" else 1000)
    else:
        at = _text_time(given, mapping.zone if way == "local" else None)
    if at is None:
        found.faults.append("time")
    return at


def _number_time(given: Json, per_second: int) -> int | None:
    value = None if isinstance(given, bool) else _number(given)
    if value is None or not math.isfinite(value) or not 0 <= value / per_second < _latest_seconds:
        return None
    return round(value / per_second * 1e6)


def _text_time(given: Json, zone: tzinfo | None) -> int | None:
    if not isinstance(given, str) or len(given) > 40:
        return None
    try:
        at = datetime.fromisoformat(given.strip())
        if at.tzinfo is None:
            if zone is None:
                return None
            at = at.replace(tzinfo=zone)
        return micros(at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


# -- paths --------------------------------------------------------------------------------------------------------------


def _usable(path: str, payload: Payload) -> Find:
    try:
        return _column(path) if payload.format == "csv" else _find(path)
    except PathInvalid:  # a pack published before this rule
        return _nothing


def _nothing(_value: Json) -> Json:
    return None


def _find(path: str) -> Find:
    if path.startswith("="):
        return _expression(path[1:].strip())
    steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in path.strip("/").split("/"))
    if not all(steps) or len(steps) > _most_steps:
        raise PathInvalid(f"路径“{path}”应形如 data/temp", f"the path “{path}” should be like data/temp")
    return _member(steps[0]) if len(steps) == 1 else _pointer(steps)


def _member(name: str) -> Find:
    def find(value: Json) -> Json:
        return value.get(name) if isinstance(value, dict) else None

    return find


def _pointer(steps: tuple[str, ...]) -> Find:
    def find(value: Json) -> Json:
        for step in steps:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value

    return find


def _column(path: str) -> Find:
    if not (path.isascii() and path.isdigit() and 1 <= int(path) <= 1000):
        raise PathInvalid(f"csv 的列应为从 1 起的序号,不是“{path}”", f"a csv column is a number from 1, not “{path}”")
    place = int(path) - 1

    def find(value: Json) -> Json:
        return value[place] if isinstance(value, list) and place < len(value) else None

    return find


def _expression(text: str) -> Find:
    """CEL over ``payload``; without loops, so that its cost is that of its text."""
    if len(text) > _longest_expression or _LOOPS.search(text):
        raise PathInvalid(
            f"表达式至多 {_longest_expression} 字且不可循环", f"at most {_longest_expression} characters and no loops"
        )
    from yiwang.kernel.expressions import cel  # 6 MB that a gateway without expressions need not carry

    try:
        program = cel.compile(text)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise PathInvalid(f"不是有效的 CEL 表达式({reason})", f"not a CEL expression ({reason})") from error
    unknown = sorted(set(program.variables()) - {"payload"})
    if unknown:
        raise PathInvalid(f"表达式只认识 payload,不认识 {unknown[0]}", f"only payload is known here, not {unknown[0]}")

    def find(value: Json) -> Json:
        try:
            answer = program.execute({"payload": value})
        except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError):
            return None
        return answer if isinstance(answer, bool | int | float | str) else None

    return find


def _either(find: Find, row: Json, body: Json) -> Json:
    value = find(row)
    return find(body) if value is None else value


def topics_match(template: str, topic: str) -> str | None:
    """The address in ``topic`` where it is one of ``template`` (``devices/{address}/telemetry``); else None."""
    wanted, given = template.split("/"), topic.split("/")
    if len(wanted) != len(given):
        return None
    address: str | None = None
    for want, have in zip(wanted, given, strict=True):
        if want == "{address}":
            address = have
        elif want != have:
            return None
    return address or None
