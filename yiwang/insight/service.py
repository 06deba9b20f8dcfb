"""Insight as other floors call it: following the journal, recomputation, boards and indicators, appeals.

``following``: keeps counts up · ``rebuilding``: makes them anew · ``scores``: boards, indicators, cases behind ·
``appeals``: 超时申诉.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from yiwang.casework.service import CaseService
from yiwang.identity.directory import Directory
from yiwang.insight.appeals import Appeals
from yiwang.insight.indicators import publishing
from yiwang.insight.indicators.declared import Board, Indicator
from yiwang.insight.scoring.following import Following
from yiwang.insight.scoring.reading import Scores
from yiwang.insight.scoring.rebuilding import Rebuilding
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection


class InsightService:
    """One per process."""

    def __init__(self, context: Context, directory: Directory, casework: CaseService) -> None:
        self.context = context
        self.following = Following(context)
        self.rebuilding = Rebuilding(context, self.following)
        self.scores = Scores(context, directory)
        self.appeals = Appeals(context, casework)

    async def publish(
        self, connection: Connection, indicators: Sequence[Indicator], boards: Sequence[Board], at: datetime
    ) -> int:
        """Make these the published indicators and boards; returns how many are new. In the caller's transaction."""
        return await publishing.publish(connection, indicators, boards, at)

    async def keep_up(self) -> bool:
        """One round of the background worker: follow the journal; do or begin a recomputation that is due. True when
        there is more to do at once."""
        more = await self.following.advance()
        if more:
            return True
        async with self.context.database.connection() as connection:
            needed = await publishing.needs_recomputation(connection)
        if needed:
            await self.rebuilding.begin()
        return False

    async def recompute_if_asked(self) -> bool:
        """Go on with a recomputation that was asked for; its own task of the worker, since it may take minutes."""
        return await self.rebuilding.run()
