"""Reading the times of a source: ISO 8601, or a strptime format. Formats of plain digits are read by a compiled pattern,
several times faster than ``strptime`` and with the same result."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from yiwang.casework.importing.mapping import ImportMapping

_DIGITS = {"Y": r"(?P<Y>[0-9]{4})", "p": r"(?P<p>[AaPp][Mm])"}
_SIMPLE = frozenset("YmdHIMSp")
_earliest, _latest = 1900, 2100


def time_reader(mapping: ImportMapping) -> Callable[[str], datetime | None]:
    """A function from the source's text to UTC, or None when it cannot be read or lies outside 1900–2100."""
    zone, form = mapping.zone, mapping.time_format
    parse = datetime.fromisoformat if form is None else plain_reader(form) or _strptime(form)

    @lru_cache(maxsize=100_000)
    def read(text: str) -> datetime | None:
        try:
            found = parse(text)
        except ValueError:
            return None
        if not _earliest <= found.year <= _latest:
            return None
        return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)

    return read


def _strptime(form: str) -> Callable[[str], datetime]:
    def parse(text: str) -> datetime:
        return datetime.strptime(text, form)  # noqa: DTZ007  # without %z the caller sets the zone of the source

    return parse


def plain_reader(form: str) -> Callable[[str], datetime] | None:
    """A fast parser for formats made of %Y %m %d %H %I %M %S %p with at least a whole date; None for any other."""
    directives = re.findall(r"%(.)", form)
    if (
        not set(directives) <= _SIMPLE
        or len(set(directives)) != len(directives)
        or not {"Y", "m", "d"} <= set(directives)
    ):
        return None
    if ("I" in directives) != ("p" in directives) or {"H", "I"} <= set(directives):
        return None
    pattern = re.sub(
        r"%(.)|([^%]+)",
        lambda part: re.escape(part[2]) if part[2] else _DIGITS.get(part[1], f"(?P<{part[1]}>[0-9]{{1,2}})"),
        form,
    )
    match, wanted = re.compile(pattern).fullmatch, directives

    def parse(text: str) -> datetime:
        found = match(text)
        if found is None:
            raise ValueError(f"{text!r} is not of the form {form!r}")
        parts = dict(zip(wanted, (found[name] for name in wanted), strict=True))
        hour = int(parts.get("H", 0))
        if "I" in parts:
            hour = int(parts["I"])
            if not 1 <= hour <= 12:
                raise ValueError(f"{text!r} has no hour {hour} of a half day")
            hour = hour % 12 + (12 if parts["p"] in ("PM", "pm", "Pm", "pM") else 0)
        return datetime(  # noqa: DTZ001  # the caller sets the zone of the source
            int(parts["Y"]), int(parts["m"]), int(parts["d"]), hour, int(parts.get("M", 0)), int(parts.get("S", 0))
        )

    return parse
