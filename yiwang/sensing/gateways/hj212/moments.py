"""Times on the wire: ``yyyyMMddHHmmss``, some with milliseconds, always Asia/Shanghai (UTC+8, no summer time since
1992)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_SHANGHAI: Final = timedelta(hours=8)
_MOST_DAYS: Final = 4096
_days: dict[str, int] = {}


def micros_of(text: str) -> int:
    """Microseconds UTC since 1970 of a time of 14 or 17 digits.

    Raises:
        ValueError: it is not such a time.
    """
    if len(text) not in (14, 17) or not (text.isascii() and text.isdigit()):
        raise ValueError(text[:32])
    day = _days.get(text[:8])
    if day is None:
        day = _day(text[:8])
    hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:14])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(text)
    found = day + (hour * 3600 + minute * 60 + second) * 1_000_000
    return found + int(text[14:]) * 1000 if len(text) == 17 else found


def _day(text: str) -> int:
    ordinal = date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()
    if len(_days) >= _MOST_DAYS:
        _days.clear()
    found = _days[text] = ((ordinal - _EPOCH_DAY) * 86400 - 8 * 3600) * 1_000_000
    return found


def moment_of(text: str) -> datetime:
    """The aware UTC time of a text on the wire.

    Raises:
        ValueError: it is not such a time.
    """
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros_of(text))


def text_of(at: datetime) -> str:
    """``yyyyMMddHHmmss`` in Asia/Shanghai of an aware time."""
    return (at.astimezone(UTC) + _SHANGHAI).strftime("%Y%m%d%H%M%S")


def number_of(at: datetime) -> str:
    """A request number (QN): ``yyyyMMddHHmmsszzz`` in Asia/Shanghai."""
    return f"{text_of(at)}{at.microsecond // 1000:03d}"
