"""A city's changes over a pack's file, made before the shape is checked, so that a wrong change is told at the city's line."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence

from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.model.city import OverrideFile
from yiwang.packs.source import Source, Step, Trail, Value, value_at

_STEP = re.compile(r"\.?([^.\[\]]+)|\[([^\[\]]+)\]")


def apply_overrides(source: Source, overrides: Sequence[tuple[Source, OverrideFile]], findings: Findings) -> Source:
    """The pack's file as this city words it; a value that a city changed stands, from then on, in the city's file."""
    value = copy.deepcopy(source.value)
    places, keys = dict(source.places), dict(source.keys)
    for origin, override in overrides:
        for index, change in enumerate(override.change):
            place = origin.place(("change", index, "at"))
            trail = _find(value, change.at, place, override.target, findings)
            if trail is None:
                continue
            _put(value, trail, value_at(origin.value, ("change", index, "to")))
            _move_places(places, keys, trail, origin, ("change", index, "to"))
    return Source(source.path, value, places, keys, source.cut)


def _find(value: Value, path: str, place: Place, target: str, findings: Findings) -> Trail | None:
    """The trail of a path such as ``classes[09006].names.zh``; its last key may be new."""
    steps = [(match[1], match[2]) for match in _STEP.finditer(path)]
    if "".join(f".{key}" if key else f"[{item}]" for key, item in steps).lstrip(".") != path:
        hints = {"hint_zh": "请写成 classes[编码].键。", "hint_en": "write classes[code].key."}
        findings.add(place, "city.override", at=path, target=target, **hints)
        return None
    trail: list[Step] = []
    at: Value = value
    for number, (key, item) in enumerate(steps):
        known: list[str]
        if key and isinstance(at, dict):
            known = list(at)
            if key not in at and number < len(steps) - 1:
                break
            trail.append(key)
            at = at.get(key)
        elif item and isinstance(at, list):
            names = [_name_of(entry) for entry in at]
            known = [name for name in names if name]
            found = names.index(item) if item in names else int(item) - 1 if item.isdigit() and len(item) < 5 else -1
            if not 0 <= found < len(at):
                break
            trail.append(found)
            at = at[found]
        else:
            known = list(at) if isinstance(at, dict) else []
            break
    else:
        return tuple(trail)
    zh, en = suggestion(key or item, known)
    findings.add(place, "city.override", at=path, target=target, hint_zh=zh, hint_en=en)
    return None


def _name_of(entry: Value) -> str:
    if not isinstance(entry, dict):
        return ""
    return str(entry.get("code") or entry.get("id") or "")


def _put(value: Value, trail: Trail, new: Value) -> None:
    holder: Value = value
    for step in trail[:-1]:
        holder = value_at(holder, (step,))
    last = trail[-1]
    if isinstance(holder, dict) and isinstance(last, str):
        if new is None:
            holder.pop(last, None)
        else:
            holder[last] = new
    elif isinstance(holder, list) and isinstance(last, int):
        holder[last] = new


def _move_places(
    places: dict[Trail, Place], keys: dict[Trail, Place], trail: Trail, origin: Source, start: Trail
) -> None:
    for table, theirs in ((places, origin.places), (keys, origin.keys)):
        for known in [known for known in table if known[: len(trail)] == trail]:
            del table[known]
        for known, place in theirs.items():
            if known[: len(start)] == start:
                table[trail + known[len(start) :]] = place
