"""The code table of HJ 212-2017 (Annex B): what a factor code means, in both languages, with its units and its code
of 2005.

The table is facts from the standard, printed slips included (two meanings for e701xx and g119xx: the first is
found). Codes with ``x`` stand for a number of the device or measuring point: ``e20203`` is found under ``e202xx``.
Units are those of the annex; what a station really sends is said by its profile, because particles, say, are
printed in ng/m³ and sent in µg/m³ or mg/m³. Codes that are not here (a05024 ozone, a34000 …) are used in the field
all the same: nothing is refused for want of an entry.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Code:
    """An entry: ``unit`` of concentrations (and of anything that is no mass), ``mass_unit`` of the cumulated
    amount, ``kind`` as the standard writes field types (``N5.2``), ``code_2005`` the three-digit code of the
    edition before, where there was one."""

    code: str
    zh: str
    en: str
    unit: str
    mass_unit: str
    kind: str
    code_2005: str


@cache
def table() -> tuple[Code, ...]:
    """All entries in the standard's order."""
    text = resources.files("yiwang.sensing.gateways.hj212").joinpath("codes.csv").read_text("utf-8")
    lines = list(csv.reader(text.splitlines()))
    return tuple(Code(*line) for line in lines[1:])


@cache
def _by_code() -> dict[str, Code]:
    found: dict[str, Code] = {}
    for entry in table():
        found.setdefault(entry.code, entry)
    return found


def find(code: str) -> Code | None:
    """The entry of a factor code, exact or with ``x`` for its last digits; None where the standard has none."""
    entries = _by_code()
    return entries.get(code) or entries.get(f"{code[:-1]}x") or entries.get(f"{code[:-2]}xx")


@cache
def codes_2005() -> dict[str, tuple[str, ...]]:
    """For a code of 2017 what devices of 2005 send for it: ``w01018`` → ``("011",)``."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in table():
        if entry.code_2005:
            found[entry.code] = (*found.get(entry.code, ()), entry.code_2005)
    return found
