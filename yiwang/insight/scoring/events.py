"""Events: journal entries about cases as fixed-width rows, read by binary COPY into one array. Nothing else is read.

The same statement serves the follower (a few entries behind the cursor) and a recomputation (all entries of some cases).
Days are days of the city's own time zone. A time or day that is not given is :data:`NEVER` or :data:`NO_DAY`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.insight.scoring.moments import days_of, moments_of
from yiwang.insight.scoring.slices import Slicing
from yiwang.insight.scoring.wire import Columns, Wire
from yiwang.kernel.database import Connection

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
_TEXT: Final = 36
"""Letters of a moment as it stands in ``data``, with room to see that it is no longer."""
_NO_TEXT: Final = f"''::char({_TEXT})"
_WIRE: Final = Wire(
    np.dtype(
        [
            (name, f"S{_TEXT}" if name.endswith("due_at") else "i8")
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

HEADED, FOLLOWED, FIELD_CHANNEL = 1, 2, 4
"""Bits of ``marks``: it has a head (opened folded, or closed with its head); it tells the head of a follower; reported by
a grid worker."""
STOPPED, REFUSED = 1, 2
"""Bits of ``marks`` of a step: the handling clock has been stopped; the case ended as not accepted."""


def statement(where: str, slicing: Slicing) -> str:
    """The SELECT of events of ``journal j``; ``where`` is SQL on it. Words of packs stand in it as literals."""
    opened = "j.verb in ('case.opened', 'case.imported')"
    verbs = [f"case.{name}" for name in VERBS]
    parts = (
        (f"array_position({_array(verbs)}, j.verb)", 8),
        (f"coalesce(array_position({_array(STAGES)}, j.data ->> 'stage'), 0)", 8),
        (f"coalesce(array_position({_array(OUTCOMES)}, j.data ->> 'outcome'), 0)", 8),
        (
            f"coalesce(array_position(array_prepend(null, {_array(STAGES)}), j.data -> 'next' ->> 'stage') - 1, {OTHER_STAGE})",
            8,
        ),
        ("coalesce((j.data ->> 'satisfaction')::int4, 0)", 4),
        ("case when j.data ->> 'late' = 'true' then 1 else 0 end", 1),
        ("case when j.data ? 'due' then 1 else 0 end", 1),
        (
            f"case when j.verb = 'case.step' then case when j.data ? 'stopped' then {STOPPED} else 0 end"
            f" + case when j.data ? 'refused' then {REFUSED} else 0 end"
            f" else case when j.data ? 'head' then {HEADED} else 0 end"
            f" + case when j.data ? 'follower' then {FOLLOWED} else 0 end"
            f" + case when j.data ->> 'channel' = 'grid-worker' then {FIELD_CHANNEL} else 0 end end",
            3,
        ),
    )
    words = "0::int8"
    for expression, bits in parts:
        words = f"(({words}) << {bits}) | ({expression})"
    office = (
        "(case when j.verb = 'case.imported' then j.data ->> 'department_id'"
        " when j.verb = 'case.opened' and j.data ->> 'due' is null then null else j.data ->> 'organisation' end)"
    )
    places = (
        f"(coalesce((j.data ->> 'post')::int8, 0) << {2 * _PLACE_BITS}) | (coalesce({office}::int8, 0) << {_PLACE_BITS})"
        " | coalesce((j.data -> 'next' ->> 'post')::int8, 0)"
    )
    return f"""
        select j.subject_id, j.tx, j.seq, j.at, coalesce(j.actor_id, '{_NOBODY}'), {words}, {places},
            case when {opened} then coalesce(nullif(j.area, '')::int8, 0) else 0 end,
            coalesce((j.data ->> 'due')::char({_TEXT}), {_NO_TEXT}),
            coalesce((j.data ->> 'step_due')::char({_TEXT}), {_NO_TEXT}),
            coalesce((j.data -> 'next' ->> 'due')::char({_TEXT}), {_NO_TEXT}),
            coalesce((j.data -> 'next' ->> 'person')::uuid, '{_NOBODY}'),
            case when {opened} then {_kind(slicing)} else 0::int8 end
        from journal j where j.subject_kind = 'case' and j.verb = any({_array(verbs)}) and {where}"""


def _kind(slicing: Slicing) -> str:
    """The kind of a case that is opened: see :class:`Slicing`."""
    case_type = f"coalesce(array_position({_array(slicing.types)}, j.data ->> 'type'), 0)::int8"
    channel = f"coalesce(array_position({_array(slicing.channels)}, j.data ->> 'channel'), 0)"
    return f"{case_type} * {slicing.channel_places} + {channel}"


def _array(words: Sequence[str]) -> str:
    literals = ("'" + word.replace("'", "''") + "'" for word in words)
    return f"array[{', '.join(literals)}]::text[]"


async def read_events(connection: Connection, zone: ZoneInfo, query: str, *values: object) -> Columns:
    """The events of a query made by :func:`statement`, in no order; ``office`` is still an id, ``place`` not there yet.

    ``area`` is a code as a number, of an opened case only; :meth:`Objects.place` makes of it ``place``, the area as an
    object, and turns ``office``, the department, into one. ``slices`` is the kind of an opened case;
    :meth:`SliceSets.place` makes of it the number of a set.
    """
    events = await _WIRE.columns_of(connection, query, *values)
    words = events.pop("words")
    for name, bits in reversed(_BITS):
        events[name] = (words & ((1 << bits) - 1)).astype("i2")
        words >>= bits
    places, mask = events.pop("places"), (1 << _PLACE_BITS) - 1
    events["next_post"] = (places & mask).astype("i4")
    events["office"] = ((places >> _PLACE_BITS) & mask).astype("i4")
    events["post"] = (places >> (2 * _PLACE_BITS)).astype("i4")
    for name in _MOMENTS[1:]:
        events[name] = moments_of(events[name])
    for moment, day in zip(_MOMENTS, ("day", "due_on", "step_due_on", "next_due_on"), strict=True):
        events[day] = days_of(events[moment], zone).astype("i4")
    return events
