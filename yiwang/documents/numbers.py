"""Numbers of documents (文号): ``{office}``, ``{year}`` and ``{serial}`` in literal text; gapless for each office and year."""

from __future__ import annotations

import re

_PART = re.compile(r"\{(office|year|serial)(?::([0-9]{1,2}))?\}")
_NEEDED = ("office", "year", "serial")


def number_of(pattern: str, office: str, year: int, serial: int) -> str:
    """The number for a serial, which is written in full where it is longer than its width."""

    def part(match: re.Match[str]) -> str:
        name, width = match.group(1), int(match.group(2) or 1)
        return {"office": office, "year": str(year), "serial": f"{serial:0{width}d}"}[name]

    return _PART.sub(part, pattern)


def fault_of(pattern: str) -> tuple[str, str] | None:
    """What is wrong with a pattern, in Chinese and English; None when nothing is."""
    parts = _PART.findall(pattern)
    names = [name for name, _ in parts]
    for name in _NEEDED:
        if names.count(name) != 1:
            return f"文号要有且只有一个 {{{name}}}", f"a number has exactly one {{{name}}}"
    if any(width and (name != "serial" or not 1 <= int(width) <= 9) for name, width in parts):
        return "只有 {serial} 可以写位数,1 到 9", "only {serial} takes a width, 1 to 9"
    rest = _PART.sub("", pattern)
    if "{" in rest or "}" in rest or any(ord(character) < 33 for character in rest):
        return "文号由文字、{office}、{year}、{serial} 组成,不含空格", (
            "a number holds text, {office}, {year} and {serial}, without blanks"
        )
    return None
