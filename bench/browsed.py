"""What the faces are measured in: fifty thousand live cases, a form of a hundred fields, somebody who is signed in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from bench.people import SUPERVISOR
from bench.stage import Stage
from yiwang.casework.declarations import CaseField, CaseTypeDeclaration, Channel, Words
from yiwang.http.services import open_services
from yiwang.identity.passwords import token_hash
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import connect
from yiwang.kernel.identifiers import new_id

LIVE = 50_000
FIELDS = 100
MIDDLE = FIELDS // 2
"""The field that is typed into: each other field has a rule that looks at it."""
KEYS_WITH_CONSEQUENCES = 40
"""With each of so many keys other fields begin to be needed."""


async def signed_in(stage: Stage) -> str:
    """A session of the supervisor: the value of its cookie."""
    token, now = secrets.token_urlsafe(32), real_now()
    connection = await connect(stage.url)
    try:
        await connection.execute(
            "insert into session (id, hash, account_id, created_at, seen_at, expires_at, address, agent)"
            " select $1, $2, id, $3, $3, $4, '127.0.0.1', 'bench' from account where login = $5",
            new_id(), token_hash(token), now, now + timedelta(hours=8), SUPERVISOR.login,
        )  # fmt: skip
    finally:
        await connection.close()
    return token


async def live_cases(stage: Stage) -> int:
    """Copies of the open cases some metres off, until there are :data:`LIVE`; how many there are."""
    connection = await connect(stage.url)
    try:
        columns = [
            row["attname"]
            for row in await connection.fetch(
                "select attname from pg_attribute where attrelid = 'case_file'::regclass and attnum > 0 and not attisdropped"
            )
        ]
        other = {
            "id": "gen_random_uuid()",
            "number": "number || '-' || $1::int",
            "point": "ST_Translate(point, random() * 400 - 200, random() * 400 - 200)",
            "idempotency_key": "null",
            "source_number": "null",
        }
        chosen = ", ".join(other.get(name, f'"{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        of = "from case_file where closed_at is null and point is not null"
        live: int = await connection.fetchval(f"select count(*) {of}")
        for turn in range(40):
            if not 0 < live < LIVE:
                break
            missing = LIVE - live
            await connection.execute(
                f"insert into case_file ({names}) select {chosen} {of} and number not like '%-%' limit {missing}", turn
            )
            live = await connection.fetchval(f"select count(*) {of}")
        await connection.execute("analyze case_file")
        return live
    finally:
        await connection.close()


FORM_NAME = "百项登记"


async def publish_form(stage: Stage) -> None:
    """A kind of case with a hundred fields, each with a rule of its own, that the supervisor may register."""
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        like = services.casework.catalogue.latest(stage.case_type.declaration.id)
        channel = Channel(names=Words(zh="测量", en="Measured"), who="signed-in", post=SUPERVISOR.posts[0])
        declaration = CaseTypeDeclaration.model_validate(
            {
                **like.declaration.model_dump(mode="json", by_alias=True),
                "id": "bench-form",
                "names": {"zh": FORM_NAME, "en": "A hundred fields"},
                "number": "BF{date:%Y%m%d}{serial:6}",
                "channels": {"measured": channel.model_dump(mode="json", by_alias=True)},
                "fields": {
                    f"f{number:03}": field.model_dump(mode="json", by_alias=True)
                    for number, field in enumerate(_fields())
                },
            }
        )
        async with services.context.database.transaction() as connection:
            await services.casework.publish_case_type(
                connection, declaration, like.tree, None, like.definition, services.clock.now()
            )


def _fields() -> Sequence[CaseField]:
    rules: tuple[dict[str, object], ...] = (
        {"type": "string", "pattern": "^[0-9]{1,60}$", "maxLength": 60},
        {"type": "integer", "minimum": 0, "maximum": 10**12},
        {"type": "string", "maxLength": 80, "pattern": "^[^<>]*$"},
        {"type": "string", "enum": ["甲", "乙", "丙", "丁"]},
    )
    return [
        CaseField(
            names=Words(zh=f"第{number + 1}项", en=f"Field {number + 1}"),
            schema=dict(rules[number % len(rules)]),
            require_if={}
            if number == MIDDLE
            else {f"f{MIDDLE:03}": {"minLength": number % KEYS_WITH_CONSEQUENCES + 1}},
        )
        for number in range(FIELDS)
    ]
