"""Who may read the subject of a flow: the engines that own subjects, asked by flow's routes which cannot know them."""

from __future__ import annotations

from uuid import UUID

from yiwang.casework.service import CaseService
from yiwang.flow.api.look import SubjectReader
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import NotFound


def subject_readers(casework: CaseService) -> dict[str, SubjectReader]:
    """By kind of subject, whether an actor may read one."""

    async def case(actor: Actor, case_id: UUID) -> bool:
        async with casework.context.database.connection() as connection:
            try:
                await casework.reading.readable(connection, case_id, actor)
            except NotFound:
                return False
        return True

    return {"case": case}
