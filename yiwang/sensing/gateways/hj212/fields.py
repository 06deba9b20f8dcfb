"""The data area (数据区, table 4) as typed fields: ``DataTime=…;w01018-Rtd=36.9,w01018-Flag=N;…``.

Fields of a factor become one :class:`Factor` with its numbers by suffix (Rtd, Avg, …) and its data flag; the rest
are plain fields under the standard's spelling. Known names are matched in any case where the exact spelling does
not match; blanks are trimmed; commas and semicolons both end a field; a text between ``//`` may hold anything.
Numbers that are not finite or longer than the standard's N14 are kept as texts and counted. Never raises. No input
or output here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final

from yiwang.sensing.gateways.hj212.moments import micros_of


class _Sort(enum.Enum):
    PLAIN = 0
    NUMBER = 1
    FLAG = 2
    TEXT = 3


@dataclass(slots=True)
class Factor:
    """One factor 监测因子 of a data area: numbers and texts by suffix; ``flag`` is the data flag (N, F, M, S, D, C, T,
    B …)."""

    code: str
    numbers: dict[str, float] = field(default_factory=dict)
    flag: str = ""
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class DataArea:
    """``fields``: plain ones; ``factors`` in the order sent; ``unreadable``: pieces that are no field or no
    number."""

    fields: dict[str, str]
    factors: list[Factor]
    unreadable: int = 0

    def micros(self, name: str = "DataTime") -> int | None:
        """A time field in microseconds UTC since 1970; None where it is absent or no time."""
        text = self.fields.get(name)
        if text is None:
            return None
        try:
            return micros_of(text)
        except ValueError:
            return None

    def integer(self, name: str) -> int | None:
        """A field that is a whole number of at most nine digits; None otherwise."""
        text = self.fields.get(name, "")
        return int(text) if 0 < len(text) < 10 and text.isascii() and text.isdigit() else None


_PLAIN = {
    name.lower(): name
    for name in (
        "DataTime", "BeginTime", "EndTime", "SystemTime", "RestartTime", "SampleTime", "RtdInterval", "MinInterval", "PolId",
        "InfoId", "NewPW", "OverTime", "ReCount", "VaseNo", "CstartTime", "Ctime", "Stime", "QnRtn", "ExeRtn", "QN", "CN",
    )
}  # fmt: skip
_NUMBERS = {
    name.lower(): name
    for name in (
        "Rtd", "Avg", "Min", "Max", "Cou", "ZsRtd", "ZsAvg", "ZsMin", "ZsMax", "Data", "DayData", "NightData", "RS", "RT",
    )
}  # fmt: skip
_TEXTS = {name.lower(): name for name in ("EFlag", "SampleTime", "Info", "SN")}
_MOST_NAMES: Final = 8192
_LARGEST: Final = 1e14  # N14.2: fourteen digits before the point
_names: dict[str, tuple[_Sort, str, str]] = {}


def _sort_name(name: str) -> tuple[_Sort, str, str]:
    """What a field name means: its sort, the factor's code (or plain name), and the suffix."""
    trimmed = name.strip()
    code, dash, suffix = trimmed.rpartition("-")
    small = suffix.lower()
    if not dash or not code:
        found = (_Sort.PLAIN, _PLAIN.get(trimmed.lower(), trimmed), "")
    elif small == "flag":
        found = (_Sort.FLAG, code, "Flag")
    elif small in _TEXTS:
        found = (_Sort.TEXT, code, _TEXTS[small])
    else:
        found = (_Sort.NUMBER, code, _NUMBERS.get(small, suffix))
    if len(name) <= 48:
        if len(_names) >= _MOST_NAMES:
            _names.clear()
        _names[name] = found
    return found


def read_data(text: str) -> DataArea:
    """The fields of a data area; never raises."""
    fields: dict[str, str] = {}
    factors: list[Factor] = []
    unreadable = 0
    lookup = _names.get
    strange = "_" in text  # float() would read 1_000
    groups = _groups_around_texts(text) if "//" in text else [part.split(",") for part in text.split(";")]
    for group in groups:
        factor: Factor | None = None
        for item in group:
            name, mark, value = item.partition("=")
            if not mark:
                unreadable += bool(item.strip())
                continue
            sort, code, suffix = lookup(name) or _sort_name(name)
            if sort is _Sort.NUMBER:
                if factor is None or factor.code != code:
                    factor = Factor(code)
                    factors.append(factor)
                try:
                    number = float(value)
                except ValueError:
                    number = _LARGEST
                if -_LARGEST < number < _LARGEST and not (strange and "_" in value):
                    factor.numbers[suffix] = number
                else:
                    factor.texts[suffix] = value.strip()
                    unreadable += 1
            elif sort is _Sort.FLAG:
                if factor is None or factor.code != code:
                    factor = _factor(factors, code)
                factor.flag = value.strip()
            elif sort is _Sort.TEXT:
                if factor is None or factor.code != code:
                    factor = _factor(factors, code)
                text_value = value.strip()
                parameter = _parameter(text_value) if suffix == "Info" else None
                if parameter is None:
                    factor.texts[suffix] = text_value
                else:
                    factor.numbers[suffix] = parameter
            else:
                fields[code] = value.strip()
    return DataArea(fields, factors, unreadable)


def _parameter(text: str) -> float | None:
    """A state or parameter of a site that is a number; logs stand between slashes and are none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -_LARGEST < number < _LARGEST and "_" not in text else None


def _factor(factors: list[Factor], code: str) -> Factor:
    """The last factor of this code, or a new one: some devices send the flag as a group of its own."""
    for factor in reversed(factors):
        if factor.code == code:
            return factor
    factors.append(Factor(code))
    return factors[-1]


def _groups_around_texts(text: str) -> list[list[str]]:
    """Groups of fields where texts between ``//`` are left whole."""
    groups: list[list[str]] = [[]]
    start = position = 0
    size = len(text)
    while position < size:
        if text.startswith("=//", position):
            end = text.find("//", position + 3)
            position = end + 2 if end >= 0 else size
            continue
        sign = text[position]
        if sign in ",;":
            groups[-1].append(text[start:position])
            if sign == ";":
                groups.append([])
            start = position + 1
        position += 1
    groups[-1].append(text[start:])
    return groups


def bare_text(value: str) -> str:
    """A log text without the slashes around it."""
    return value[2:-2] if len(value) >= 4 and value.startswith("//") and value.endswith("//") else value


def factor_text(code: str, numbers: dict[str, float] | None = None, flag: str = "", decimals: int = 3) -> str:
    """Fields of one factor for sending: ``code-Rtd=1.5,code-Flag=N``; numbers with at most ``decimals`` places."""
    parts = [f"{code}-{suffix}={_plain(number, decimals)}" for suffix, number in (numbers or {}).items()]
    if flag:
        parts.append(f"{code}-Flag={flag}")
    return ",".join(parts)


def _plain(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
