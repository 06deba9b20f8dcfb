"""What people corrected of the classes that cases had got (更正): the examples from which the next model learns. Reading only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from yiwang.casework.service import CaseService
from yiwang.casework.store.lists import case_scope
from yiwang.http.words import Words, words
from yiwang.kernel.access import SignedInActor, Sql
from yiwang.kernel.refusals import problems

router = APIRouter(
    prefix="/api/v1/desk", tags=["advice 智能建议"], responses=problems("identity.sign_in_needed", "identity.forbidden")
)


class Correction(BaseModel):
    """A case whose class a person chose otherwise than it was proposed; ``before`` is null where none was proposed."""

    case_id: UUID
    number: str
    type_names: Words
    text: str
    reported_at: datetime
    before: Words | None
    after: Words


@router.get("/corrections", summary="Corrected classes 分类更正", responses=problems())
async def corrections(
    request: Request,
    actor: SignedInActor,
    days: Annotated[int, Query(ge=1, le=90)] = 30,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[Correction]:
    """Of cases reported in the last days that the caller may read, the newest first."""
    actor.require("case", "read")
    service: CaseService = request.app.state.casework
    args = Sql()
    scope = case_scope(actor, "read", args)
    since = args.bind(service.context.clock.now() - timedelta(days=days))
    async with service.context.database.connection() as connection:
        rows = await connection.fetch(
            "select c.id, c.number, c.type, c.text, c.reported_at, c.class_code, o.class as before from case_file c"
            " join lateral (select j.data->>'class' as class from journal j where j.subject_id = c.id"
            " and j.verb = 'case.opened' order by j.seq limit 1) o on true"
            f" where c.class_source = 'person' and c.reported_at >= {since} and {scope}"
            " and o.class is distinct from c.class_code and c.class_code is not null"
            f" order by c.reported_at desc, c.id desc limit {args.bind(limit)}",
            *args.values,
        )
    found = []
    for row in rows:
        case_type = service.catalogue.latest(row["type"])
        names = case_type.declaration.names
        before: str | None = row["before"]
        found.append(
            Correction(
                case_id=row["id"],
                number=row["number"],
                type_names=Words(zh=names.zh, en=names.en),
                text=row["text"][:200],
                reported_at=row["reported_at"],
                before=words((case_type.class_name(before), case_type.class_name(before, "en"))) if before else None,
                after=words((case_type.class_name(row["class_code"]), case_type.class_name(row["class_code"], "en"))),
            )
        )
    return found
