"""A town whose offices, posts and absences a test writes down, as the real directory filled by hand; and steps to be taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from yiwang.flow.assignment import Assignment, Place, Queue
from yiwang.flow.conditions import compile_condition
from yiwang.flow.model import Multi, Names, UserTask, Value, Who
from yiwang.identity.directory import Directory, Snapshot
from yiwang.identity.model import AbsenceRow, Appointment, OrganisationRow, PersonRow, PostRole, PostRow
from yiwang.kernel.clock import ManualClock

NOW = datetime(2026, 6, 15, 1, 0, tzinfo=UTC)
DISTRICT, WATER, DRAINS, PUMPS, TOWN = 1, 2, 3, 4, 5
HOME = Place("120111001001", "西青-001")

_PATHS = {DISTRICT: (1,), WATER: (1, 2), DRAINS: (1, 2, 3), PUMPS: (1, 2, 3, 4), TOWN: (1, 5)}
_CODES = {DISTRICT: "district", WATER: "water", DRAINS: "drains", PUMPS: "pumps", TOWN: "town"}
_POSTS: list[tuple[int, int, str, str, list[str]]] = [
    # id, organisation, kind, area, holders
    (1, DISTRICT, "system-admin", "", ["管理员"]),
    (2, DISTRICT, "leader", "", ["区长"]),
    (3, WATER, "leader", "", ["水务局长"]),
    (4, DRAINS, "leader", "", ["排水科长"]),
    (5, DRAINS, "handler", "", ["排水工甲", "排水工乙"]),
    (6, PUMPS, "handler", "", ["泵站工"]),
    (7, TOWN, "grid-worker", "西青-001", ["网格员甲"]),
    (8, TOWN, "grid-worker", "西青-002", []),
    (9, TOWN, "grid-worker", "120111001", ["镇巡查员"]),
    (10, WATER, "reviewer", "", []),
    (11, DISTRICT, "expert", "", ["专家丙", "专家甲", "专家乙"]),
    (12, TOWN, "auditor", "120111001", ["审核员"]),
    (13, DRAINS, "closed", "", ["排水工甲"]),
]
_ROLES = {
    "reviewing": ["reviewer", "expert", "auditor"],
    "patrolling": ["grid-worker"],
    "unheld": ["reviewer"],
    "leading": ["leader"],
}
KINDS = ("drain-case", "lamp-case")


def person(name: str) -> UUID:
    return uuid5(UUID(int=9), name)


def absence(
    who: str, deputy: str, *kinds: str, begin: timedelta = timedelta(0), end: timedelta = timedelta(hours=8)
) -> AbsenceRow:
    """An absence from now on, unless ``begin`` and ``end`` (from now) say otherwise."""
    key = uuid5(UUID(int=10), f"{who}{deputy}{kinds}{begin}{end}")
    return AbsenceRow(key, person(who), person(deputy), NOW + begin, NOW + end, frozenset(kinds), "", NOW)


@dataclass
class People:
    """The town with its absences; ``gone`` are out of service."""

    absences: Iterable[AbsenceRow] = ()
    gone: Iterable[str] = ("离职者",)
    more: dict[str, int] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def directory(self) -> Directory:
        homes = {"离职者": DRAINS, "无岗者": DRAINS, "无处者": None}
        homes |= {name: row[1] for row in reversed(_POSTS) for name in row[4]} | self.more
        snapshot = Snapshot.build(
            version=1,
            at=self.clock.now(),
            organisations=[
                OrganisationRow(number, code, path[-2] if len(path) > 1 else None, code, code, "office", "", (), path)
                for number, path in _PATHS.items()
                for code in [_CODES[number]]
            ],
            posts=[
                PostRow(number, place, kind, kind, kind, area, active=kind != "closed")
                for number, place, kind, area, _ in _POSTS
            ],
            appointments=[
                Appointment(person(name), row[0], NOW - timedelta(days=100 - index))
                for row in _POSTS
                for index, name in enumerate(row[4])
            ],
            persons=[PersonRow(person(name), name, name, home, name not in self.gone) for name, home in homes.items()],
            absences=self.absences,
            post_roles=[
                *(PostRole(kind, role) for role, kinds in _ROLES.items() for kind in kinds),
                PostRole("system-admin", "system-admin", "system"),
            ],
        )
        return Directory(None, self.clock, snapshot)  # never refreshed, so it needs no database

    def assignment(self) -> Assignment:
        return Assignment(self.directory(), "system-admin")


def step(who: Who, multi: Multi | None = None) -> UserTask:
    return UserTask(
        id="check", names=Names("核查", "Check"), line=1, stage="check", status="待核查", who=who, multi=multi
    )


def who(
    *,
    post: str = "",
    role: str = "",
    organisation: str = "",
    area: str = "",
    person: str = "",
    step: str = "",
    manager: str = "",
    expression: str = "",
    empty: str = "administrator",
    apart: tuple[str, ...] = (),
) -> Who:
    """A rule as it is written in a file: ``=name`` takes the variable of that name."""

    def value(text: str) -> Value | None:
        if not text:
            return None
        return Value(variable=text[1:]) if text.startswith("=") else Value(text)

    return Who(
        post=post,
        apart=apart,
        organisation=value(organisation),
        area=value(area),
        person=value(person),
        empty=empty,
        role=role,
        step=step,
        manager=value(manager),
        expression=compile_condition(expression) if expression else None,
    )


def at_post(number: int) -> Queue:
    place = next(row[1] for row in _POSTS if row[0] == number)
    return Queue(number, place, None)


def with_person(name: str, organisation: int | None, absent: str = "") -> Queue:
    return Queue(None, organisation, person(name), person(absent) if absent else None)


ADMINISTRATOR = at_post(1)
