"""Moments and days as numbers: microseconds and days since 2000, the days those of the city's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.insight.scoring.wire import Numbers

NEVER: Final = 2**63 - 1
"""``timestamptz`` infinity as PostgreSQL sends it: microseconds since 2000."""
NO_DAY: Final = 2**31 - 1
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DAY: Final = 86_400_000_000
_RECENT: Final = 25 * 365 * _DAY
"""Stands for a moment that is not given, so that it lies among those that are."""

_BLANK, _POINT, _ZERO, _PLUS, _MINUS, _COLON = np.frombuffer(b" .0+-:", dtype="u1")
_MARKED: Final = np.array([4, 7, 10, 13, 16])
_MARKS: Final = np.frombuffer(b"--T::", dtype="u1")[:, None]
_DIGITS: Final = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 26, 27, 29, 30])
"""Where a moment's marks and digits stand: date and time, six of a second's fraction, the zone."""
_DAYS_BEFORE: Final = 10_957
"""Days from 1970 to 2000."""


def moments_of(texts: Numbers) -> Numbers:
    """Moments written as in ``data`` (ISO 8601; padded with blanks, blank: :data:`NEVER`) as microseconds since 2000.

    Taken apart here and all at once: the database takes them apart one by one, for longer than it reads the entries.

    Raises:
        ValueError: a text that is no moment.
    """
    letters = np.ascontiguousarray(texts).view("u1").reshape(len(texts), texts.dtype.itemsize)
    found = np.full(len(texts), NEVER)
    given = np.flatnonzero(letters[:, 0] != _BLANK)
    by_place = np.ascontiguousarray(letters[given].T)
    whole = by_place[19] != _POINT  # seconds without a fraction
    zone, rest = np.where(whole, by_place[19:25], by_place[26:32]), np.where(whole, by_place[25:31], _BLANK)
    digits = np.concatenate((by_place[:19], np.where(whole, _ZERO, by_place[20:26]), zone)) - _ZERO
    usual = (by_place[_MARKED] == _MARKS).all(axis=0) & ((zone[0] == _PLUS) | (zone[0] == _MINUS))
    usual &= (zone[3] == _COLON) & (rest == _BLANK).all(axis=0) & (by_place[32:] == _BLANK).all(axis=0)
    usual &= (digits[_DIGITS] <= 9).all(axis=0)
    two = digits[:-1] * np.uint8(10) + digits[1:]
    usual &= (
        (two[5] - np.uint8(1) < 12) & (two[8] - np.uint8(1) < 31) & (two[11] < 24) & (two[14] < 60) & (two[17] < 60)
    )
    months = (two[0].astype("i8") * 100 + two[2] - 1970) * 12 + two[5] - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype("i8") + two[8] - 1 - _DAYS_BEFORE
    minutes = (
        two[11].astype("i8") * 60 + two[14] - np.where(zone[0] == _MINUS, -1, 1) * (two[26].astype("i8") * 60 + two[29])
    )
    fraction = (two[19].astype("i8") * 100 + two[21]) * 100 + two[23]
    found[given] = days * _DAY + (minutes * 60 + two[17]) * 1_000_000 + fraction
    for place in given[~usual]:
        found[place] = _moment(bytes(texts[place]).decode().strip())
    return found


def _moment(text: str) -> int:
    at = datetime.fromisoformat(text)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def days_of(moments: Numbers, zone: ZoneInfo) -> Numbers:
    """The city's days, since 2000, in which moments lie (microseconds since 2000, UTC)."""
    instants, offsets = _offsets(zone)
    given = np.where(moments == NEVER, _RECENT, moments)
    if not len(given):
        return given
    first, last = (int(np.searchsorted(instants, edge, side="right")) for edge in (given.min(), given.max()))
    shift = offsets[first - 1] if first == last else offsets[np.searchsorted(instants, given, side="right") - 1]
    return np.where(moments == NEVER, NO_DAY, (given + shift) // _DAY)


@lru_cache(maxsize=4)
def _offsets(zone: ZoneInfo) -> tuple[Numbers, Numbers]:
    """When the zone's distance from UTC changes from 1990 to 2100, and to what; microseconds."""
    at = datetime(1990, 1, 1, tzinfo=UTC)
    instants, offsets = [-(2**62)], [_offset(at, zone)]
    while at.year < 2100:
        following = at + timedelta(days=1)
        if _offset(following, zone) != offsets[-1]:
            while _offset(at, zone) == offsets[-1]:
                at += timedelta(minutes=15)
            instants.append((at - _EPOCH) // timedelta(microseconds=1))
            offsets.append(_offset(at, zone))
        at = following
    return np.array(instants), np.array(offsets)


def _offset(at: datetime, zone: ZoneInfo) -> int:
    return (at.astimezone(zone).utcoffset() or timedelta(0)) // timedelta(microseconds=1)
