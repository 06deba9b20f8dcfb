"""How people of the simulated city work: how long each step takes them, how it ends, and what they write.

Shares are rough figures of published city reports: most cases pass straight through; some are not there, go back, come
back for rework, wait for an extension, or stand suspended.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from yiwang.packs.simulation import texts


@dataclass(frozen=True, slots=True)
class Way:
    """An outcome with its share and what is written; ``noted`` makes the note a must even where the flow asks for none."""

    outcome: str
    share: float
    notes: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a step is done: median city minutes until it is finished, and its ways."""

    minutes: float
    ways: tuple[Way, ...]


_ASSIGN = (Way("assign", 0.86), Way("handle_self", 0.09), Way("back", 0.05, texts.RETURNED))

MANNERS: dict[str, Manner] = {
    "verify": Manner(
        12,
        (
            Way("exist", 0.92, texts.VERIFIED),
            Way("not_exist", 0.05, texts.NOT_FOUND),
            Way("unable", 0.03, texts.NOT_FOUND),
        ),
    ),
    "accept": Manner(
        3,
        (
            Way("file", 0.85, texts.ACCEPTED),
            Way("answer", 0.11, texts.ANSWERED),
            Way("not_accept", 0.04, texts.REFUSED),
        ),
    ),
    "dispatch": Manner(3, (Way("dispatch", 0.98, texts.DISPATCHED), Way("back", 0.02, texts.UNCLEAR))),
    "receive": Manner(5, _ASSIGN),
    "rework": Manner(5, (Way("assign", 0.9), Way("handle_self", 0.1))),
    "handle": Manner(50, (Way("finish", 0.97, texts.FINISHED), Way("back", 0.03, texts.RETURNED))),
    "confirm": Manner(8, (Way("confirm", 0.96, texts.CONFIRMED), Way("redo", 0.04, texts.NOT_CHECKED))),
    "check": Manner(
        20,
        (
            Way("pass", 0.9, texts.CHECKED),
            Way("not_pass", 0.08, texts.NOT_CHECKED),
            Way("unable", 0.02, texts.NOT_FOUND),
        ),
    ),
    "close": Manner(4, (Way("close", 0.98, texts.CLOSED), Way("rework", 0.02, texts.NOT_CHECKED))),
    "visit": Manner(
        60,
        (
            Way("done", 0.85, texts.VISITED),
            Way("unreachable", 0.1, texts.UNREACHED),
            Way("not_solved", 0.05, texts.COMPLAINTS),
        ),
    ),
    "remind": Manner(10, (Way("done", 1.0, texts.URGINGS),)),
    "build": Manner(
        10,
        (Way("handle_here", 0.7), Way("escalate", 0.26, texts.ESCALATIONS), Way("not_accept", 0.04, texts.REFUSED)),
    ),
    "handle_community": Manner(90, (Way("finish", 0.9, texts.FINISHED), Way("escalate", 0.1, texts.ESCALATIONS))),
    "build_street": Manner(
        10,
        (
            Way("dispatch", 0.86, texts.DISPATCHED),
            Way("escalate", 0.1, texts.ESCALATIONS),
            Way("back", 0.04, texts.UNCLEAR),
        ),
    ),
    "build_district": Manner(8, (Way("dispatch", 0.97, texts.DISPATCHED), Way("back", 0.03, texts.UNCLEAR))),
    "evaluate": Manner(30, (Way("good", 0.7), Way("fair", 0.25), Way("poor", 0.05, texts.NOT_CHECKED))),
    "patrol": Manner(
        120, (Way("normal", 0.86), Way("found", 0.1, texts.PATROL_FOUND), Way("missed", 0.04, texts.PATROL_MISSED))
    ),
    "review": Manner(20, (Way("done", 0.96), Way("again", 0.04, texts.NOT_CHECKED))),
}
"""By id of the node; nodes that are not here take the flow's first outcome."""

OTHERWISE = 15.0
"""Median minutes of a step that is not in the table."""

SLOW_SHARE = 0.07
"""Share of handlings that take several times as long; with short limits they end overdue."""

FIELD_HOURS = (time(7), time(20))
OFFICE_HOURS = (time(7), time(19))
_FIELD = frozenset({"grid-worker"})
_OFFICE = frozenset({"department-desk", "handler", "street-desk", "community-desk"})


def choose_way(chance: random.Random, node: str, outcomes: Sequence[str], *, calm: bool, absent: bool) -> Way:
    """How the step ends, among what the flow offers. ``calm`` cases take the ordinary way; ``absent``: nothing was found."""
    manner = MANNERS.get(node)
    if manner is None:
        return Way(outcomes[0], 1.0, texts.DONE)
    ways = [way for way in manner.ways if way.outcome in outcomes]
    if not ways:
        return Way(outcomes[0], 1.0, texts.DONE)
    if absent and node == "accept" and "not_accept" in outcomes:
        return Way("not_accept", 1.0, texts.NOT_FOUND)
    if calm:
        return ways[0]
    return chance.choices(ways, [way.share for way in ways])[0]


def minutes_for(chance: random.Random, node: str, *, urgent: bool, pace: float) -> timedelta:
    """City time until the step is finished: log-normal around the median, shorter for urgent cases."""
    median = MANNERS[node].minutes if node in MANNERS else OTHERWISE
    spread = median * chance.lognormvariate(0, 0.5)
    if node == "handle" and chance.random() < SLOW_SHARE and pace >= 1:
        spread *= chance.uniform(4, 12)
    return timedelta(minutes=max(spread * (0.5 if urgent else 1.0) * pace, 0.2))


def working_moment(at: datetime, post: str, zone: tzinfo, *, urgent: bool) -> datetime:
    """``at``, or the next opening where people of the post have gone home; urgent matters are done at any hour."""
    if urgent or post not in _FIELD | _OFFICE:
        return at
    opening, closing = FIELD_HOURS if post in _FIELD else OFFICE_HOURS
    local = at.astimezone(zone)
    if opening <= local.time() < closing:
        return at
    day = local.date() + timedelta(days=1 if local.time() >= closing else 0)
    late = timedelta(minutes=(local.minute * 7 + local.second) % 45)
    return datetime.combine(day, opening, tzinfo=zone) + late
