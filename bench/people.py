"""The people of the measured city: whoever has a token here, and a worker for every grid.

Every post of the loop is held by somebody, as in a city at work; each person has an API token that acts in the posts.
The tokens are no secrets: the database is private, thrown away, and reachable from this machine only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from yiwang.http.services import Services
from yiwang.identity.declarations import GrantDeclaration, Names, RoleDeclaration
from yiwang.identity.passwords import token_hash
from yiwang.kernel.clock import real_now
from yiwang.kernel.identifiers import new_id

TOKEN = "yw_bench-{login}-0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Person:
    """One with a token. ``posts``: kinds of post that they hold, each of the first organisation that has it."""

    login: str
    posts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        return TOKEN.format(login=self.login)


ACCEPTOR = Person("bench-acceptor", ("acceptor",))
SECOND_ACCEPTOR = Person("bench-acceptor-two", ("acceptor",))
DISPATCHER = Person("bench-dispatcher", ("dispatcher",))
SUPERVISOR = Person("bench-supervisor", ("supervisor",))
DEPARTMENT = Person("bench-department", ("department-desk", "handler"))
ANYONE = Person("bench-anyone", (), ("bench-anyone",))
"""Whoever may do everything: a program that drives cases through all hands."""
WORKER = Person("bench-worker", ("grid-worker",))
PEOPLE = (ACCEPTOR, SECOND_ACCEPTOR, DISPATCHER, SUPERVISOR, DEPARTMENT, ANYONE, WORKER)


async def appoint(services: Services) -> None:
    """Make the accounts, appoint them, give them tokens; fill every post that nobody holds."""
    role = RoleDeclaration(
        code="bench-anyone",
        names=Names(zh="测量", en="Measurement"),
        grants=[GrantDeclaration(kind=kind, verbs=["*"]) for kind in ("case", "task", "attachment")],
    )
    now = services.clock.now()
    async with services.context.database.transaction() as connection:
        await services.identity.publish_roles(connection, [role], [], source="bench")
        posts = await connection.fetch("select id, code, organisation_id from post where active order by id")
        for person in PEOPLE:
            account = new_id()
            first = {code: row for code in person.posts for row in reversed(posts) if row["code"] == code}
            home = next((row["organisation_id"] for row in first.values()), None)
            await connection.execute(
                "insert into account (id, login, name, organisation_id, created_at) values ($1, $2, $3, $4, $5)",
                account, person.login, person.login, home, now,
            )  # fmt: skip
            await connection.executemany(
                "insert into appointment (account_id, post_id, starts_at) values ($1, $2, $3)",
                [(account, row["id"], now) for row in first.values()],
            )
            await connection.executemany(
                "insert into account_role (id, account_id, role_code, granted_at) values ($1, $2, $3, $4)",
                [(new_id(), account, code, now) for code in person.roles],
            )
            await connection.execute(
                "insert into api_token (id, hash, account_id, name, grants, in_posts, created_at, expires_at)"
                " values ($1, $2, $3, 'bench', $4, true, $5, $6)",
                new_id(), token_hash(person.token), account, [{"kind": "*", "verbs": ["*"], "area": ""}],
                real_now(), real_now() + timedelta(days=3650),
            )  # fmt: skip
        await connection.execute(
            "with vacant as (select p.id, p.organisation_id, gen_random_uuid() as account, row_number() over () as no"
            "  from post p where p.active and not exists (select from appointment a where a.post_id = p.id)),"
            " people as (insert into account (id, login, name, organisation_id, created_at)"
            "  select account, 'bench-holder-' || no, 'holder ' || no, organisation_id, $1 from vacant)"
            " insert into appointment (account_id, post_id, starts_at) select account, id, $1 from vacant",
            now,
        )
        await connection.execute("update directory_version set version = version + 1")
    await services.identity.directory.refresh()
