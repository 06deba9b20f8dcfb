"""The cast on stage: the real directory's answers from a declared cast, actors, and names for what waits with whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

from pydantic import JsonValue

from yiwang.identity.model import (
    AbsenceRow,
    Appointment,
    OrganisationRow,
    PersonRow,
    PostRole,
    PostRow,
    covering_areas,
)
from yiwang.identity.snapshot import Snapshot
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Json
from yiwang.packs.walks.declared import Cast

_PEOPLE = UUID("6f6d1d0a-6d0f-5b1e-9d3c-2a54a7b6c001")
_SINCE = datetime(2000, 1, 1, tzinfo=UTC)


class Company:
    """Answers what flow asks of a directory (``yiwang.flow.model.Directory``); its time is told by :attr:`now`."""

    def __init__(self, cast: Cast, at: datetime) -> None:
        self.now = at
        codes = {code: number for number, code in enumerate(cast.organisations, 1)}
        self.posts_by_id = {
            number: PostRow(number, codes[post.at], post.post, post.post, post.post, post.area)
            for number, post in enumerate(cast.posts, 1)
        }
        homes = _homes(cast)
        persons = [PersonRow(account(name), name, name, codes[home] if home else None) for name, home in homes.items()]
        self.names = {person.id: person.name for person in persons}
        self.accounts = {person.name: person.id for person in persons}
        self._snapshot = Snapshot.build(
            version=1,
            at=at,
            organisations=_organisations(cast, codes),
            posts=self.posts_by_id.values(),
            appointments=[
                Appointment(account(name), number, _SINCE)
                for number, post in enumerate(cast.posts, 1)
                for name in post.people
            ],
            persons=persons,
            absences=[
                AbsenceRow(
                    uuid5(_PEOPLE, f"away {number}"),
                    account(item.person),
                    account(item.deputy),
                    item.begin,
                    item.until,
                    frozenset(item.kinds),
                    "",
                    item.begin,
                )
                for number, item in enumerate(cast.away)
            ],
            post_roles=[PostRole(post, role) for role, posts in cast.roles.items() for post in posts],
        )

    def actor(self, name: str) -> Actor:
        """A person with the posts whose queues they see now. Raises: KeyError."""
        person = self._snapshot.persons[self.accounts[name]]
        posts = tuple(number for number in self.posts_by_id if person.id in self.attending(number))
        codes = frozenset(self.posts_by_id[number].code for number in posts)
        return Actor("person", person.id, name, person.organisation_id, posts, codes)

    def value(self, given: JsonValue) -> Json:
        """A declared value; ``@NAME`` in it stands for an account. Raises: KeyError: nobody is called so."""
        match given:
            case str() if given.startswith("@"):
                return str(self.accounts[given[1:]])
            case list():
                return [self.value(item) for item in given]
            case dict():
                return {key: self.value(item) for key, item in given.items()}
            case _:
                return given

    def variables(self, given: Mapping[str, JsonValue]) -> dict[str, Json]:
        return {name: self.value(value) for name, value in given.items()}

    def shown(self, value: Json) -> Json:
        """A value with names instead of accounts."""
        match value:
            case str():
                name = next((name for name, found in self.accounts.items() if str(found) == value), None)
                return value if name is None else f"@{name}"
            case list():
                return [self.shown(item) for item in value]
            case dict():
                return {key: self.shown(item) for key, item in value.items()}
            case _:
                return value

    # What flow asks

    @property
    def snapshot(self) -> Snapshot:
        if self._snapshot.stale_at is not None and self._snapshot.stale_at <= self.now:
            self._snapshot = self._snapshot.turned(self.now)
        return self._snapshot

    def posts(self, code: str, organisation_id: int | None = None) -> tuple[PostRow, ...]:
        if organisation_id is None:
            return self.snapshot.posts_by_code.get(code, ())
        return self.snapshot.posts_by_place.get((code, organisation_id), ())

    def posts_of_area(self, code: str, area: str, grid: str | None = None) -> tuple[PostRow, ...]:
        places = (grid, *covering_areas(area)) if grid and grid != area else tuple(covering_areas(area))
        return tuple(post for place in places for post in self.snapshot.posts_by_area.get((code, place), ()))

    def post(self, post_id: int) -> PostRow | None:
        return self.posts_by_id.get(post_id)

    def holders(self, post_id: int) -> tuple[UUID, ...]:
        return self.snapshot.holding.get(post_id, ())

    def kinds_of_role(self, role: str) -> tuple[str, ...]:
        return self.snapshot.kinds_by_role.get(role, ())

    def acting(self, account_id: UUID, kinds: Collection[str] = (), at: datetime | None = None) -> UUID | None:
        return self.snapshot.acting(account_id, kinds, at or self.now)

    def attending(self, post_id: int, kinds: Collection[str] = (), at: datetime | None = None) -> tuple[UUID, ...]:
        snapshot, moment = self.snapshot, at or self.now
        found: dict[UUID, None] = {}
        for holder in snapshot.holding.get(post_id, ()):
            seeing = snapshot.acting(holder, (), moment)
            if seeing is not None and snapshot.absences.away(seeing, kinds, moment) is None:
                found[seeing] = None
        return tuple(found)

    def substitute(
        self, post_id: int, kinds: Collection[str] = (), at: datetime | None = None
    ) -> tuple[UUID, UUID] | None:
        for holder in self.holders(post_id):
            acting = self.acting(holder, kinds, at)
            if acting is not None:
                return holder, acting
        return None

    def organisation(self, organisation_id: int) -> OrganisationRow | None:
        return self.snapshot.organisations.get(organisation_id)

    def organisation_by_code(self, code: str) -> OrganisationRow | None:
        return self.snapshot.by_code.get(code)

    def person(self, account_id: UUID) -> PersonRow | None:
        return self.snapshot.persons.get(account_id)


def account(name: str) -> UUID:
    """The account of a person of a cast; always the same."""
    return uuid5(_PEOPLE, name)


def _homes(cast: Cast) -> dict[str, str | None]:
    found: dict[str, str | None] = dict(cast.people)
    for post in cast.posts:
        for name in post.people:
            found.setdefault(name, post.at)
    return found


def _organisations(cast: Cast, codes: Mapping[str, int]) -> Iterable[OrganisationRow]:
    for code, item in cast.organisations.items():
        path, above = [codes[code]], item.within
        while above is not None and codes[above] not in path:
            path.append(codes[above])
            above = cast.organisations[above].within
        parent = codes[item.within] if item.within else None
        number, way = codes[code], tuple(reversed(path))
        yield OrganisationRow(number, code, parent, item.zh, item.en or item.zh, "cast", "", tuple(item.serves), way)
