"""Votes as other floors call them. ``calling``: call, withdraw, end · ``casting``: codes, ballots, receipts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson

from yiwang.casework import store as cases
from yiwang.casework.rules import may_read
from yiwang.casework.service import CaseService
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound
from yiwang.registry.service import RegistryService
from yiwang.voting import store
from yiwang.voting.box import Box
from yiwang.voting.calling import Calling, visible
from yiwang.voting.casting import Casting
from yiwang.voting.declarations import VoteDeclaration
from yiwang.voting.model import KIND, Voice, Vote, VoteState


class VotingService:
    """One per process."""

    def __init__(self, context: Context, registry: RegistryService, casework: CaseService) -> None:
        self.context = context
        box = Box(context.settings.home)
        self.calling = Calling(context, registry, casework, box)
        self.casting = Casting(context, box)

    async def publish(self, connection: Connection, found: Sequence[tuple[str, VoteDeclaration]], at: datetime) -> int:
        """Take over what packs declare, each (pack, declaration); how many are new, changed or withdrawn. In the caller's
        transaction."""
        rows = []
        for pack, declaration in found:
            body = declaration.model_dump(mode="json", by_alias=True)
            digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
            rows.append((declaration.id, pack, body, digest))
        return await store.publish(connection, rows, at)

    async def refresh(self) -> None:
        """Take over what other processes published."""
        await self.calling.refresh()

    async def keep_up(self) -> bool:
        """One round of the background worker: votes whose time is over are counted."""
        await self.calling.end_due()
        return False

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def declarations(self) -> list[VoteDeclaration]:
        """All that are in force."""
        async with self.context.database.connection() as connection:
            return await store.declared(connection)

    async def votes(self, actor: Actor, state: VoteState | None, after: UUID | None, limit: int) -> list[Vote]:
        """Votes within the reader's reach, newest first.

        Raises:
            Forbidden: without a grant to read votes.
        """
        actor.require(KIND, "read")
        async with self.context.database.connection() as connection:
            return await store.votes(connection, actor, state, after, limit)

    async def one(self, actor: Actor, vote_id: UUID) -> tuple[Vote, int]:
        """(vote, how many have voted). What was voted is told when it has ended.

        Raises:
            VoteUnknown.
        """
        async with self.context.database.connection() as connection:
            vote = await visible(connection, actor, vote_id, "read")
            return vote, await store.count_cast(connection, vote_id)

    async def of_case(self, actor: Actor, case_id: UUID) -> list[Vote]:
        """The votes of a case, newest first; for whoever may read the case.

        Raises:
            NotFound.
        """
        async with self.context.database.connection() as connection:
            case = await cases.find_case(connection, case_id)
            if case is None or not may_read(actor, case):
                raise NotFound(what="案件 the case")
            return await store.of_case(connection, case_id)

    async def roll(
        self, actor: Actor, vote_id: UUID, after: int, limit: int, *, cast: bool | None
    ) -> tuple[Vote, list[Voice]]:
        """The roll: who may vote and who has; of open votes that were counted also how.

        Raises:
            VoteUnknown, Forbidden: without the grant to manage votes.
        """
        async with self.context.database.connection() as connection:
            vote = await visible(connection, actor, vote_id, "manage")
            return vote, await store.roll(connection, vote_id, after, limit, cast=cast)

    async def results(self, after: UUID | None, limit: int) -> list[Vote]:
        """What was counted, for everybody."""
        async with self.context.database.connection() as connection:
            return await store.results(connection, after, limit)
