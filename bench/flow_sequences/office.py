"""A small office: its people and posts as the real directory, and the service that works for it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

from yiwang.flow.service import FlowService
from yiwang.identity.directory import Directory, Snapshot
from yiwang.identity.model import Appointment, OrganisationRow, PersonRow, PostRow
from yiwang.kernel.access import Actor
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings

BEGIN = datetime(2026, 6, 15, 1, 0, tzinfo=UTC)
"""A Monday at nine in China."""

AREA, GRID = "120111001001", ""
BUREAU, SECTION = 1, 2
POSTS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    # kind: id, organisation, holders
    "desk": (1, SECTION, ("甲", "乙")),
    "review": (2, SECTION, ("丙", "丁")),
    "leader": (3, BUREAU, ("局长",)),
    "system-admin": (4, BUREAU, ("管理员",)),
    "vacant": (5, SECTION, ()),
}
WITHOUT_POST = ("戊", "己", "庚")
PEOPLE = (*dict.fromkeys(name for _, _, names in POSTS.values() for name in names), *WITHOUT_POST)


def person_id(name: str) -> UUID:
    return uuid5(UUID(int=11), name)


ACTORS: dict[UUID, Actor] = {
    person_id(name): Actor(
        "person",
        person_id(name),
        name,
        BUREAU if name in ("局长", "管理员") else SECTION,
        tuple(number for number, _, names in POSTS.values() if name in names),
    )
    for name in PEOPLE
}


def open_service(database: Database) -> FlowService:
    """The service over a directory that is filled by hand; its clock is a :class:`ManualClock`."""
    clock = ManualClock(BEGIN)
    organisations = [
        OrganisationRow(BUREAU, "bureau", None, "局", "Bureau", "department", "120111", ("bureau",), (BUREAU,)),
        OrganisationRow(SECTION, "section", BUREAU, "科", "Section", "section", "", (), (BUREAU, SECTION)),
    ]
    posts = [PostRow(number, home, kind, kind, kind, "") for kind, (number, home, _) in POSTS.items()]
    since = datetime(2020, 1, 1, tzinfo=UTC)
    held = [Appointment(person_id(name), number, since) for number, _, names in POSTS.values() for name in names]
    persons = [
        PersonRow(actor.account_id or UUID(int=0), actor.name, actor.name, SECTION, True) for actor in ACTORS.values()
    ]
    snapshot = Snapshot.build(
        version=1, at=BEGIN, organisations=organisations, posts=posts, appointments=held, persons=persons
    )
    context = Context(database, clock, load_calendar(calendar_files()), Settings(_env_file=None))
    return FlowService(context, Directory(database, clock, snapshot))
