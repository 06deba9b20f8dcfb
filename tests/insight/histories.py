"""Histories of cases as journal entries: plausible lives with everything that may come between, drawn at random."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.kernel.database import JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal import Entry

AREAS = ("120111001001", "120111001002", "120111002001")
DEPARTMENTS = (11, 12, 13)
TYPES = ("urban-case", "hotline-case")
CHANNELS = ("resident", "grid-worker", "hotline")
PEOPLE = tuple(UUID(int=number + 1) for number in range(6))


@dataclass(slots=True)
class Teller:
    """Tells one case's life, entry by entry; ``at`` moves on."""

    chance: random.Random
    at: datetime
    case: UUID = field(default_factory=new_id)
    entries: list[Entry] = field(default_factory=list)
    department: int | None = None
    due: datetime | None = None
    area: str = ""
    type: str = "urban-case"

    def tell(self, verb: str, person: UUID | None = None, **data: object) -> None:
        told: JsonObject = {
            "number": "CG1", "type": self.type, "class": "10101", "organisation": self.department, **data,
        }  # type: ignore[dict-item]  # fmt: skip
        kind = "person" if person else "system"
        self.entries.append(
            Entry(self.at, f"case.{verb}", "case", self.case, kind, person, str(person or "系统"), self.area, told)
        )

    def wait(self, most: float = 20.0) -> None:
        self.at += timedelta(hours=self.chance.random() * most, minutes=1)

    def iso(self, hours: float) -> str:
        return (self.at + timedelta(hours=hours)).isoformat()

    def next(self, stage: str, hours: float) -> JsonObject:
        person = self.chance.choice((None, str(self.chance.choice(PEOPLE))))
        return {"stage": stage, "due": self.iso(hours), "post": self.chance.choice((1, 2, 3, None)), "person": person}

    def step(self, stage: str, outcome: str | None, then: JsonObject | None, **data: object) -> None:
        """Finish a step; whether it was late is told beside its limit."""
        limit = self.chance.uniform(-5, 5)
        timed: dict[str, object] = {}
        if (
            stage in ("verify", "accept", "dispatch", "check", "close", "visit", "build")
            and self.chance.random() < 0.95
        ):
            timed = {"step_due": (self.at + timedelta(hours=limit)).isoformat(), "late": limit < 0}
        if self.due is not None:
            timed["due"] = self.due.isoformat()
        post = self.chance.choice((1, 2, 3))
        self.tell(
            "step", self.chance.choice(PEOPLE), stage=stage, outcome=outcome, post=post, next=then, **timed, **data
        )


def random_life(chance: random.Random, began: datetime, types: Sequence[str] = TYPES) -> list[Entry]:
    """One case from its report to some point of its life, with surprises; entries in order of time."""
    case = Teller(chance, began, area=chance.choice(AREAS), type=chance.choice(types))
    channel = chance.choice(CHANNELS)
    headed = chance.random() < 0.1
    more: dict[str, object] = {"head": "CG0"} if headed else {"next": case.next("verify", 3)}
    case.tell("opened", chance.choice((None, *PEOPLE)), channel=channel, post=chance.choice((None, 1)), **more)
    for _ in range(chance.randrange(1, 16)):
        case.wait()
        _HAPPENS[chance.choices(range(len(_HAPPENS)), _WEIGHTS)[0]](case, chance)
    return case.entries


def _verify(case: Teller, chance: random.Random) -> None:
    case.step("verify", chance.choice(("exist", "not_exist", "unable")), case.next("accept", 1))


def _accept(case: Teller, chance: random.Random) -> None:
    outcome = chance.choice(("file", "file", "file", "verify", "not_accept", "answer"))
    case.step("accept", outcome, case.next("dispatch", 2) if outcome == "file" else None)
    if outcome == "not_accept":
        case.tell("closed", chance.choice(PEOPLE), outcome=outcome)


def _dispatch(case: Teller, chance: random.Random) -> None:
    if chance.random() < 0.15:
        case.step("dispatch", "back", case.next("accept", 1))
        return
    case.department = chance.choice(DEPARTMENTS)
    case.due = case.at + timedelta(hours=chance.uniform(-3, 60))
    case.step("dispatch", "dispatch", None)


def _receive(case: Teller, chance: random.Random) -> None:
    outcome = chance.choice(("assign", "handle_self", "back"))
    case.step("receive", outcome, case.next("dispatch", 2) if outcome == "back" else None)


def _handle(case: Teller, chance: random.Random) -> None:
    case.step("handle", chance.choice(("finish", "back")), None)


def _confirm(case: Teller, chance: random.Random) -> None:
    case.step("confirm", chance.choice(("confirm", "confirm", "redo")), case.next("check", 4))


def _check(case: Teller, chance: random.Random) -> None:
    outcome = chance.choice(("pass", "pass", "not_pass", "unable"))
    if outcome == "not_pass":
        case.due = case.at + timedelta(hours=chance.uniform(-3, 60))
    case.step("check", outcome, case.next("close", 2) if outcome != "not_pass" else None)


def _close(case: Teller, chance: random.Random) -> None:
    outcome = chance.choice(("close", "close", "rework"))
    case.step("close", outcome, None)
    if outcome == "close":
        case.tell("closed", chance.choice(PEOPLE), outcome=outcome)


def _visit(case: Teller, chance: random.Random) -> None:
    stars = chance.choice((None, 1, 3, 4, 5))
    outcome = chance.choice(("done", "unreachable", "not_solved", None))
    case.step("visit", outcome, None, **({"satisfaction": stars} if stars else {}))


def _extended(case: Teller, chance: random.Random) -> None:
    if case.due is not None:
        case.due += timedelta(hours=chance.uniform(1, 80))
        case.tell("extension_approved", chance.choice(PEOPLE), due=case.due.isoformat())


def _suspend(case: Teller, chance: random.Random) -> None:
    case.tell("suspended", chance.choice(PEOPLE))
    case.wait(50)
    due = case.at + timedelta(hours=chance.uniform(-5, 60))
    case.due = due if case.due is not None else None
    case.tell(
        "resumed", chance.choice(PEOPLE), due=case.due.isoformat() if case.due else None, next=case.next("check", 3)
    )


def _simple(*verbs: str):
    def happen(case: Teller, chance: random.Random) -> None:
        case.tell(chance.choice(verbs), chance.choice(PEOPLE))

    return happen


def _rated(case: Teller, chance: random.Random) -> None:
    case.tell("rated", None, satisfaction=chance.randrange(1, 6))


def _again(case: Teller, chance: random.Random) -> None:
    case.tell(chance.choice(("reopened", "unfolded")), None, next=case.next("accept", 1))


def _recalled(case: Teller, chance: random.Random) -> None:
    stage = chance.choice(("accept", "dispatch", "confirm", "check"))
    more = {"due": case.due.isoformat()} if case.due else {}
    case.tell("recalled", chance.choice(PEOPLE), stage=stage, next=case.next(stage, 2), **more)


def _sent_back(case: Teller, chance: random.Random) -> None:
    stage = chance.choice(("accept", "dispatch", "handle"))
    case.tell("send_back", chance.choice(PEOPLE), stage="confirm", next=case.next(stage, 2))


def _grid(case: Teller, chance: random.Random) -> None:
    case.department = chance.choice(DEPARTMENTS)
    case.step("build", "handle_here", case.next("handle", chance.uniform(-3, 20)))
    case.wait()
    case.tell("step", chance.choice(PEOPLE), stage="handle", outcome=chance.choice(("finish", "escalate")), step_due=case.iso(1),
              late=False, next=case.next("check", 3))  # fmt: skip


_HAPPENS = (
    _verify, _accept, _dispatch, _receive, _handle, _confirm, _check, _close, _visit, _extended, _suspend,
    _simple("supervised", "urged", "archived", "claimed"), _simple("appeal_approved"), _simple("voided", "force_closed"),
    _rated, _again, _recalled, _sent_back, _simple("folded"), _grid,
)  # fmt: skip
_WEIGHTS = (3, 8, 12, 4, 8, 12, 8, 8, 3, 4, 3, 3, 3, 1, 2, 2, 3, 2, 1, 2)


def ordinary_life(chance: random.Random, began: datetime) -> list[Entry]:
    """A case as most are: filed, dispatched, handled (perhaps late), checked, closed."""
    case = Teller(chance, began, area=chance.choice(AREAS))
    case.tell("opened", chance.choice(PEOPLE), channel="grid-worker", next=case.next("accept", 1))
    for happens in (_accept, _dispatch, _handle, _confirm, _check, _close):
        case.wait(6)
        happens(case, chance)
    return case.entries
