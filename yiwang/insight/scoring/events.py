"""Events: journal entries about cases as fixed-width rows, read by binary COPY into one array. Nothing else is read.

The same statement serves the follower (a few entries behind the cursor) and a recomputation (all entries of some cases).
Days are days of the city's own time zone. A time or day that is not given is :data:`NEVER` or :data:`NO_DAY`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.insight.scoring.wire import Numbers, Rows, Wire
from yiwang.kernel.database import Connection

NEVER: Final = 2**63 - 1
"""``timestamptz`` infinity as PostgreSQL sends it: microseconds since 2000."""
NO_DAY: Final = 2**31 - 1
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DAY: Final = 86_400_000_000
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"

VERBS: Final = (
    "opened", "imported", "folded", "unfolded", "step", "closed", "force_closed", "voided", "suspended", "resumed",
    "extension_approved", "reckoned", "supervised", "urged", "reopened", "rated", "appeal_approved", "recalled",
    "send_back", "send_back_to_previous", "send_back_to_start",
)  # fmt: skip
"""Verbs (``case.…``) that change what is counted."""
STAGES: Final = (
    "verify", "accept", "build", "dispatch", "receive", "handle", "confirm", "check", "close", "visit", "evaluate",
    "send_check",
)  # fmt: skip
"""Stages of flows that scoring knows; a step of another stage only moves the case."""
OUTCOMES: Final = (
    "exist", "file", "handle_here", "escalate", "answer", "not_accept", "verify", "dispatch", "back", "handle_self",
    "finish", "confirm", "pass", "not_pass", "rework", "not_solved", "done", "good", "fair", "poor",
)  # fmt: skip

VERB: Final = {name: number for number, name in enumerate(VERBS, start=1)}
STAGE: Final = {name: number for number, name in enumerate(STAGES, start=1)}
OUTCOME: Final = {name: number for number, name in enumerate(OUTCOMES, start=1)}
"""The numbers that stand for them in events."""

_MOMENTS: Final = ("at", "due_at", "step_due_at", "next_due_at")
_PLAIN: Final = (
    "case_hi",
    "case_lo",
    "tx",
    "seq",
    "actor_hi",
    "actor_lo",
    "area",
    "next_hi",
    "next_lo",
    "slices",
    *_MOMENTS,
)
_WIRE: Final = Wire(
    np.dtype(
        [
            (name, "i8")
            for name in (
                "case_hi", "case_lo", "tx", "seq", "at", "actor_hi", "actor_lo", "words", "places", "area", "due_at",
                "step_due_at", "next_due_at", "next_hi", "next_lo", "slices",
            )
        ]
    )
)  # fmt: skip
"""Few wide columns: ``words`` holds all that is a small number, ``places`` post, office and the next step's post."""
_BITS: Final = (
    ("verb", 8), ("stage", 8), ("outcome", 8), ("next_stage", 8), ("satisfaction", 4), ("late", 1), ("has_due", 1),
    ("marks", 3),
)  # fmt: skip
"""How ``words`` is divided, from its highest bits down."""
_PLACE_BITS: Final = 20
OTHER_STAGE: Final = 255
"""``next_stage`` of a stage that scoring does not know."""

EVENT: Final = np.dtype(
    [
        *((name, "i8") for name in _PLAIN),
        *(
            (name, "i4")
            for name in ("day", "due_on", "step_due_on", "next_due_on", "post", "office", "next_post", "place")
        ),
        *((name, "i2") for name, _ in _BITS),
    ]
)
"""``area`` is a code as a number, of an opened case only; ``place`` the area, ``office`` the department, as objects."""

HEADED, FOLLOWED, FIELD_CHANNEL = 1, 2, 4
"""Bits of ``marks``: it has a head (opened folded, or closed with its head); it tells the head of a follower; reported by
a grid worker."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A condition by which counts are kept apart: case types and channels; empty: any."""

    bit: int
    types: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def statement(where: str, slices: Sequence[Slice]) -> str:
    """The SELECT of events of ``journal j``; ``where`` is SQL on it. Words of packs stand in it as literals."""
    opened = "j.verb in ('case.opened', 'case.imported')"
    verbs = [f"case.{name}" for name in VERBS]
    parts = (
        (f"array_position({_array(verbs)}, j.verb)", 8),
        (f"coalesce(array_position({_array(STAGES)}, j.data ->> 'stage'), 0)", 8),
        (f"coalesce(array_position({_array(OUTCOMES)}, j.data ->> 'outcome'), 0)", 8),
        (
            "case when j.data -> 'next' ->> 'stage' is null then 0"
            f" else coalesce(array_position({_array(STAGES)}, j.data -> 'next' ->> 'stage'), {OTHER_STAGE}) end",
            8,
        ),
        ("coalesce((j.data ->> 'satisfaction')::int4, 0)", 4),
        ("case when j.data ->> 'late' = 'true' then 1 else 0 end", 1),
        ("case when j.data ? 'due' then 1 else 0 end", 1),
        (
            f"case when j.verb = 'case.step' then 0 else case when j.data ? 'head' then {HEADED} else 0 end"
            f" + case when j.data ? 'follower' then {FOLLOWED} else 0 end"
            f" + case when j.data ->> 'channel' = 'grid-worker' then {FIELD_CHANNEL} else 0 end end",
            3,
        ),
    )
    words = "0::int8"
    for expression, bits in parts:
        words = f"(({words}) << {bits}) | ({expression})"
    office = f"(case when {opened} then j.data ->> 'department_id' else j.data ->> 'organisation' end)"
    places = (
        f"(coalesce((j.data ->> 'post')::int8, 0) << {2 * _PLACE_BITS}) | (coalesce({office}::int8, 0) << {_PLACE_BITS})"
        " | coalesce((j.data -> 'next' ->> 'post')::int8, 0)"
    )
    settled = "j.verb = 'case.step' and j.data ->> 'stage' in ('accept', 'handle', 'confirm')"  # they begin no limit
    return f"""
        select j.subject_id, j.tx, j.seq, j.at, coalesce(j.actor_id, '{_NOBODY}'), {words}, {places},
            case when {opened} then coalesce(nullif(j.area, '')::int8, 0) else 0 end,
            case when {settled} then 'infinity' else coalesce((j.data ->> 'due')::timestamptz, 'infinity') end,
            coalesce((j.data ->> 'step_due')::timestamptz, 'infinity'),
            coalesce((j.data -> 'next' ->> 'due')::timestamptz, 'infinity'),
            coalesce((j.data -> 'next' ->> 'person')::uuid, '{_NOBODY}'),
            case when {opened} then {_slices(slices)} else 0::int8 end
        from journal j where j.subject_kind = 'case' and j.verb = any({_array(verbs)}) and {where}"""


def _slices(slices: Sequence[Slice]) -> str:
    parts = []
    for one in slices:
        conditions = []
        if one.types:
            conditions.append(f"j.data ->> 'type' = any({_array(one.types)})")
        if one.channels:
            conditions.append(f"coalesce(j.data ->> 'channel', '') = any({_array(one.channels)})")
        condition = " and ".join(conditions) or "true"
        parts.append(f"case when {condition} then {1 << one.bit}::int8 else 0 end")
    return " + ".join(parts) or "0::int8"


def _array(words: Sequence[str]) -> str:
    literals = ("'" + word.replace("'", "''") + "'" for word in words)
    return f"array[{', '.join(literals)}]::text[]"


async def read_events(connection: Connection, zone: ZoneInfo, query: str, *values: object) -> Rows:
    """The events of a query made by :func:`statement`, in no order; ``place`` is not known yet, ``office`` still an id."""
    read = await _WIRE.read(connection, query, *values)
    events = np.zeros(len(read), dtype=EVENT)
    for name in _PLAIN:
        events[name] = read[name]
    words = read["words"].copy()
    for name, bits in reversed(_BITS):
        events[name] = words & ((1 << bits) - 1)
        words >>= bits
    places, mask = read["places"], (1 << _PLACE_BITS) - 1
    events["next_post"] = places & mask
    events["office"] = (places >> _PLACE_BITS) & mask
    events["post"] = places >> (2 * _PLACE_BITS)
    for moment, day in zip(_MOMENTS, ("day", "due_on", "step_due_on", "next_due_on"), strict=True):
        events[day] = days_of(events[moment], zone)
    return events


def days_of(moments: Numbers, zone: ZoneInfo) -> Numbers:
    """The city's days, since 2000, in which moments lie (microseconds since 2000, UTC)."""
    instants, offsets = _offsets(zone)
    given = np.where(moments == NEVER, 0, moments)
    days = (given + offsets[np.searchsorted(instants, given, side="right") - 1]) // _DAY
    return np.where(moments == NEVER, NO_DAY, days)


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
