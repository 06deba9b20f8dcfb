"""Versions of packs and the ranges that other packs need: ``urban-management ^0.2``, ``base-population >=1.1 <2``.

Owns how a version and a range are written and compared. A version has one to three numbers, missing ones are 0. In a range
every condition must hold: ``>=`` ``>`` ``<`` ``<=`` ``=`` as in arithmetic; ``^1.2`` is 1.2 up to the next version that may
break those who use it (2; for 0.3 it is 0.4); ``~1.2`` is 1.2 up to 1.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]

_NEED = re.compile(r"(?P<pack>[a-z][a-z0-9-]{0,59})(?P<range>( +(?:>=|<=|>|<|=|\^|~)[0-9]+(\.[0-9]+){0,2})*)")
_CONDITION = re.compile(r"(>=|<=|>|<|=|\^|~)([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Need:
    """Another pack, and which versions of it will do; an empty ``range`` takes any."""

    pack: str
    range: str = ""

    def takes(self, version: str) -> bool:
        """Whether a pack of this version will do."""
        low, high = _bounds(self.range)
        found = read_version(version)
        return all(_compares(found, sign, bound) for sign, bound in [*low, *high])


def read_need(text: str) -> Need:
    """A line of ``needs``.

    Raises:
        ValueError: with words in both languages, as fitting to a schema tells them.
    """
    match = _NEED.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"“{text[:60]}”不能读懂,应写应用包编号,可接版本范围,如 urban-management、urban-management ^0.2 或 "
            "urban-management >=0.2 <1 | "
            f"“{text[:60]}” cannot be read; write a pack's id and, if you like, a range: urban-management, "
            "urban-management ^0.2 or urban-management >=0.2 <1"
        )
    need = Need(match["pack"], " ".join(match["range"].split()))
    if need.range and not _possible(need.range):
        raise ValueError(
            f"没有版本符合 {need.range},请改写范围 | no version can satisfy {need.range}; write another range"
        )
    return need


def read_version(text: str) -> Version:
    """``1.2`` as (1, 2, 0)."""
    major, minor, patch = [*(int(part) for part in text.split(".")), 0, 0][:3]
    return major, minor, patch


def newer(version: str, other: str) -> bool:
    """Whether ``version`` comes after ``other``."""
    return read_version(version) > read_version(other)


_Bound: TypeAlias = tuple[str, Version]


def _bounds(written: str) -> tuple[list[_Bound], list[_Bound]]:
    """The conditions that hold from below and those that hold from above."""
    low: list[_Bound] = []
    high: list[_Bound] = []
    for sign, text in _CONDITION.findall(written):
        version = read_version(text)
        if sign in ("^", "~"):
            low.append((">=", version))
            high.append(("<", _after(version, text.count(".") + 1, sign)))
        elif sign == "=":
            low.append((">=", version))
            high.append(("<=", version))
        else:
            (low if sign.startswith(">") else high).append((sign, version))
    return low, high


def _after(version: Version, written: int, sign: str) -> Version:
    """The first version that a caret or tilde excludes; ``written``: how many numbers were given."""
    major, minor, patch = version
    if sign == "~":
        return (major + 1, 0, 0) if written == 1 else (major, minor + 1, 0)
    if major or written == 1:
        return major + 1, 0, 0
    if minor or written == 2:
        return 0, minor + 1, 0
    return 0, 0, patch + 1


def _compares(found: Version, sign: str, bound: Version) -> bool:
    return {">=": found >= bound, ">": found > bound, "<=": found <= bound, "<": found < bound}[sign]


def _possible(written: str) -> bool:
    """Whether some version fits: the least bound above, one step after it, or nothing below."""
    low, high = _bounds(written)
    least = max((bound for _, bound in low), default=(0, 0, 0))
    candidates = [least, (least[0], least[1], least[2] + 1)]
    return any(all(_compares(one, sign, bound) for sign, bound in [*low, *high]) for one in candidates)
