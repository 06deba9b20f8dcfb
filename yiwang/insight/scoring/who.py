"""Who is evaluated, and who may see it: areas, departments, posts and persons as people know them.

What an actor may not see is left out before anything is read. Scores are seen by whoever holds the grant
``score: read`` where the object lies (its area, its organisation); everybody sees their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from yiwang.identity.directory import Directory
from yiwang.identity.model import OrganisationRow
from yiwang.insight.indicators.declared import Board, ObjectKind
from yiwang.insight.scoring.objects import seat_parts
from yiwang.insight.scoring.sums import objects_of
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection

KIND, READ = "score", "read"
LEVEL_DIGITS = {"district": 6, "street": 9, "community": 12}


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One object: its key (area code, organisation code, post id, account), names, and the stored objects that it sums up."""

    kind: ObjectKind
    key: str
    zh: str
    en: str
    parts: tuple[int, ...]


async def evaluated(
    connection: Connection, directory: Directory, actor: Actor, kind: ObjectKind, board: Board | None
) -> list[Evaluated]:
    """Everybody of this kind who has been counted, as far as the actor may see them, by name."""
    match kind:
        case "area":
            found = await _areas(connection, actor, board.level if board is not None and board.level else "street")
        case "department":
            found = await _departments(connection, directory, actor, board.departments if board is not None else ())
        case "post":
            found = await _posts(connection, directory, actor, board.posts if board is not None else ())
        case "person":
            found = await _persons(connection, directory, actor, board.posts if board is not None else ())
    return sorted(found, key=lambda one: one.key)


async def _areas(connection: Connection, actor: Actor, level: str) -> list[Evaluated]:
    digits = LEVEL_DIGITS[level]
    parts: dict[str, list[int]] = {}
    for code, number in (await objects_of(connection, "area")).items():
        if len(code) >= digits and actor.reaches(KIND, READ, area=code[:digits], organisation=None):
            parts.setdefault(code[:digits], []).append(number)
    names = await connection.fetch("select code, name_zh, name_en from area where code = any($1::text[])", list(parts))
    known = {row["code"]: (row["name_zh"], row["name_en"]) for row in names}
    return [
        Evaluated("area", code, known.get(code, (code, ""))[0], known.get(code, ("", ""))[1] or code, tuple(numbers))
        for code, numbers in parts.items()
    ]


async def _departments(
    connection: Connection, directory: Directory, actor: Actor, kinds: Sequence[str]
) -> list[Evaluated]:
    found = []
    for key, number in (await objects_of(connection, "department")).items():
        organisation = directory.organisation(int(key))
        if organisation is None or (kinds and not set(kinds) & set(organisation.serves)):
            continue
        if actor.reaches(KIND, READ, area=_area_of(directory, organisation), organisation=organisation.id):
            names = organisation.name_zh, organisation.name_en
            found.append(Evaluated("department", organisation.code, *names, (number,)))
    return found


def _area_of(directory: Directory, organisation: OrganisationRow) -> str:
    """Its own area, or that of the nearest organisation above which has one."""
    for above in reversed(organisation.path):
        found = directory.organisation(above)
        if found is not None and found.area:
            return found.area
    return organisation.area


async def _posts(connection: Connection, directory: Directory, actor: Actor, kinds: Sequence[str]) -> list[Evaluated]:
    parts: dict[int, list[int]] = {}
    for key, number in (await objects_of(connection, "seat")).items():
        post_id, _ = seat_parts(key)
        if post_id is not None:
            parts.setdefault(post_id, []).append(number)
    found = []
    for post_id, numbers in parts.items():
        post = directory.post(post_id)
        if post is None or (kinds and post.code not in kinds):
            continue
        if actor.reaches(KIND, READ, area=post.area, organisation=post.organisation_id) or post_id in actor.posts:
            office = directory.organisation(post.organisation_id)
            zh, en = (office.name_zh, office.name_en) if office is not None else ("", "")
            names = f"{zh} {post.name_zh} {post.area}".strip(), f"{en} {post.name_en} {post.area}".strip()
            found.append(Evaluated("post", str(post_id), *names, tuple(numbers)))
    return found


async def _persons(connection: Connection, directory: Directory, actor: Actor, kinds: Sequence[str]) -> list[Evaluated]:
    parts: dict[UUID, list[int]] = {}
    for key, number in (await objects_of(connection, "seat")).items():
        post_id, account = seat_parts(key)
        post = directory.post(post_id) if post_id is not None else None
        if account is not None and (not kinds or (post is not None and post.code in kinds)):
            parts.setdefault(account, []).append(number)
    found = []
    for account, numbers in parts.items():
        person = directory.person(account)
        if person is None:
            continue
        office = directory.organisation(person.organisation_id) if person.organisation_id is not None else None
        area = _area_of(directory, office) if office is not None else ""
        own = account == actor.account_id
        if own or actor.reaches(KIND, READ, area=area, organisation=person.organisation_id):
            found.append(Evaluated("person", str(account), person.name, person.name, tuple(numbers)))
    return found
