"""Case numbers: ``{division}``, ``{date:%Y%m%d}`` and ``{serial:6}`` in literal text; the serial is gapless within a day.

A number is taken in the transaction that writes the case. The day is the city's own (local) date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_PART = re.compile(r"\{(division|date|serial)(?::([^{}]*))?\}")


@dataclass(frozen=True, slots=True)
class NumberRule:
    """A compiled pattern. ``rule`` names the counter: all that stands before the serial except the date."""

    pattern: str
    rule: str
    width: int

    def number(self, serial: int, day: date, division: str) -> str:
        """The number for ``serial`` of ``day``; a serial longer than its width is written in full."""
        before, after = _frame(self.pattern, day, division)
        return f"{before}{serial:0{self.width}d}{after}"


@lru_cache(maxsize=4096)
def _frame(pattern: str, day: date, division: str) -> tuple[str, str]:
    """What stands before and after the serial on that day."""

    def part(match: re.Match[str]) -> str:
        name, form = match.group(1), match.group(2)
        if name == "division":
            return division
        return day.strftime(form or "%Y%m%d") if name == "date" else "\0"

    before, after = _PART.sub(part, pattern).split("\0")
    return before, after


def parse_number_rule(pattern: str) -> NumberRule:
    """Compile a pattern.

    Raises:
        ValueError: no or several serials, an unknown or unclosed placeholder, or no date (the serial restarts daily).
    """
    parts = _PART.findall(pattern)
    names = [name for name, _ in parts]
    if names.count("serial") != 1:
        raise ValueError("a number pattern has exactly one {serial:N}")
    if "date" not in names:
        raise ValueError("a number pattern needs {date:%Y%m%d}, because the serial restarts every day")
    for name, form in parts:
        if name == "date" and not {"%Y", "%y"} & set(re.findall(r"%.", form or "%Y%m%d")):
            raise ValueError("the date of a number pattern must hold the year")
        if name == "date" and form and not {"%m", "%d"} <= set(re.findall(r"%.", form)) and "%j" not in form:
            raise ValueError("the date of a number pattern must hold month and day, because the serial restarts daily")
    rest = _PART.sub("", pattern)
    if "{" in rest or "}" in rest or any(ord(character) < 33 for character in rest):
        raise ValueError("a number pattern holds text, {division}, {date:…} and {serial:N} only")
    width = dict(parts)["serial"] or "6"
    if not width.isdigit() or not 1 <= int(width) <= 12:
        raise ValueError("{serial:N} takes 1 to 12 digits")
    return NumberRule(pattern, pattern, int(width))
