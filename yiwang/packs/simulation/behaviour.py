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


DAY = 1440.0
"""Minutes of a calendar day."""

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
            Way("file", 0.45, texts.ACCEPTED),
            Way("answer", 0.06, texts.ANSWERED),
            Way("give", 0.45, texts.ACCEPTED),
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
    "answer": Manner(2, (Way("dispatch", 0.88, texts.DISPATCHED), Way("answered", 0.12, texts.ANSWERED))),
    "door": Manner(25, (Way("done", 0.95, texts.FINISHED), Way("absent", 0.05, texts.UNREACHED))),
    "filing": Manner(90, (Way("approve", 0.97), Way("refuse", 0.03, texts.REFUSED))),
    "identify": Manner(60, (Way("none", 0.98), Way("withdraw", 0.02, texts.EXPLAINED))),
    "cosign": Manner(20, (Way("agree", 0.97), Way("disagree", 0.03, texts.NOT_CHECKED))),
    "legal_review": Manner(180, (Way("pass", 0.92), Way("back", 0.08, texts.UNCLEAR))),
    "secure": Manner(15, (Way("secured", 0.92, texts.FINISHED), Way("false_alarm", 0.08, texts.NOT_FOUND))),
    "redo": Manner(60, (Way("finish", 1.0, texts.FINISHED),)),
    "review": Manner(20, (Way("done", 0.96), Way("again", 0.04, texts.NOT_CHECKED))),
    "archive": Manner(30, (Way("archive", 1.0),)),
    "approve": Manner(60, (Way("approve", 0.96), Way("back", 0.04, texts.UNCLEAR))),
    "report_up": Manner(45, (Way("report", 0.96, texts.CONFIRMED), Way("redo", 0.04, texts.NOT_CHECKED))),
    "report_city": Manner(30, (Way("reported", 1.0, texts.CONFIRMED),)),
    "inspect": Manner(150, (Way("conform", 0.78), Way("rectify", 0.22, texts.NOT_CHECKED))),
    "penalise": Manner(600, (Way("decided", 1.0, texts.CONFIRMED),)),
    "decide": Manner(240, (Way("agree", 0.9), Way("refuse", 0.1, texts.NOT_SHARED))),
    "second_review": Manner(120, (Way("agree", 0.95), Way("refuse", 0.05, texts.NOT_SHARED))),
    "answer_question": Manner(150, (Way("answered", 1.0, texts.ANSWERED),)),
    "approve_answer": Manner(60, (Way("close", 0.95), Way("rework", 0.05, texts.NOT_CORRECTED))),
    "look_into": Manner(300, (Way("recovered", 0.6, texts.CORRECTED), Way("explained", 0.4, texts.EXPLAINED))),
    "match": Manner(45, (Way("matched", 0.85), Way("by_hand", 0.15))),
    "arrange": Manner(60, (Way("give_up", 0.7, texts.EXPLAINED), Way("again", 0.3, texts.CONFIRMED))),
    "serve": Manner(150, (Way("finish", 0.97), Way("missed", 0.03, texts.NOT_FOUND))),
    "correct": Manner(180, (Way("corrected", 0.85, texts.CORRECTED), Way("explained", 0.15, texts.EXPLAINED))),
    "prepare": Manner(240, (Way("drop", 1.0, texts.EXPLAINED),)),
    "mediate": Manner(180, (Way("settled", 0.9, texts.FINISHED), Way("order", 0.1, texts.NOT_CHECKED))),
    "settle": Manner(60, (Way("close", 0.95), Way("rework", 0.05, texts.NOT_CORRECTED))),
    "register": Manner(40, (Way("file", 1.0),)),
    "divide": Manner(60, (Way("divided", 1.0),)),
    "oversee": Manner(DAY, (Way("settled", 1.0),)),
    "carry_out": Manner(3 * DAY, (Way("confirm", 0.5, texts.FINISHED), Way("done", 0.5, texts.FINISHED))),
    "write": Manner(240, (Way("confirm", 1.0, texts.MONTHLY),)),
    "read": Manner(60, (Way("accept", 0.95), Way("again", 0.05, texts.UNCLEAR))),
    "supplement": Manner(DAY, (Way("given", 0.95), Way("given_up", 0.05, texts.EXPLAINED))),
    "enrol": Manner(30, (Way("enrolled", 1.0),)),
    "assess": Manner(240, (Way("assessed", 0.5), Way("done", 0.5))),
    "rectify": Manner(2 * DAY, (Way("finish", 1.0, texts.FINISHED),)),
    "recheck": Manner(120, (Way("pass", 0.93, texts.CHECKED), Way("not_pass", 0.07, texts.NOT_CHECKED))),
    "amend": Manner(DAY, (Way("again", 1.0, texts.CORRECTED),)),
    "pay": Manner(DAY, (Way("paid", 1.0, texts.CONFIRMED),)),
    "vote": Manner(10 * DAY, (Way("counted", 1.0),)),
    "minutes": Manner(180, (Way("publish", 1.0),)),
    "audit": Manner(DAY, (Way("approve", 0.97), Way("refuse", 0.03, texts.REFUSED))),
    "pass_on": Manner(20, (Way("dispatch", 1.0, texts.DISPATCHED),)),
    "help": Manner(
        DAY,
        (Way("found", 0.8, texts.FINISHED), Way("not_found", 0.15, texts.NOT_FOUND), Way("back", 0.05, texts.RETURNED)),
    ),
    "transfer": Manner(30, (Way("dispatch", 1.0, texts.DISPATCHED),)),
    "withdrawal": Manner(60, (Way("approve", 0.9), Way("refuse", 0.1, texts.EXPLAINED))),
    "rename": Manner(30, (Way("assign", 1.0),)),
    "appraise": Manner(10 * DAY, (Way("received", 1.0),)),
    "summary": Manner(240, (Way("submit", 0.95), Way("again", 0.05, texts.UNCLEAR))),
    "discuss": Manner(DAY, (Way("keep", 0.9), Way("change", 0.1, texts.EXPLAINED))),
    "notice": Manner(120, (Way("served", 1.0, texts.CONFIRMED),)),
    "await_hearing": Manner(
        5 * DAY,
        (
            Way("no_request", 0.9),
            Way("statement", 0.08, texts.EXPLAINED),
            Way("hearing", 0.02, texts.EXPLAINED),
        ),
    ),
    "hear": Manner(180, (Way("held", 0.95, texts.CONFIRMED), Way("dropped", 0.05, texts.EXPLAINED))),
    "review_statement": Manner(DAY, (Way("done", 1.0, texts.EXPLAINED),)),
    "final": Manner(
        DAY,
        (
            Way("confirm", 0.94),
            Way("amend", 0.04, texts.EXPLAINED),
            Way("no_penalty", 0.02, texts.EXPLAINED),
        ),
    ),
    "publish": Manner(DAY, (Way("published", 0.97), Way("exempt", 0.03, texts.EXPLAINED))),
    "execute": Manner(
        7 * DAY,
        (
            Way("performed", 0.96, texts.FINISHED),
            Way("reconsider", 0.02, texts.EXPLAINED),
            Way("court", 0.02, texts.EXPLAINED),
        ),
    ),
    "inform_late": Manner(60, (Way("told", 1.0, texts.EXPLAINED),)),
    "reconsideration": Manner(
        20 * DAY,
        (
            Way("uphold", 0.85, texts.EXPLAINED),
            Way("change", 0.1, texts.EXPLAINED),
            Way("revoke", 0.05, texts.EXPLAINED),
        ),
    ),
    "feedback": Manner(60, (Way("done", 1.0, texts.CONFIRMED),)),
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
