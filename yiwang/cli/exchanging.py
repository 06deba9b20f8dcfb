"""The worker's part in the exchange of data: quality is checked, changes are pushed, other systems are asked for what is new.

Each round is short and may run in any number of workers; row locks and leases let one work at a time where it matters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from yiwang.exchange.subscriptions.pushing import Pusher
from yiwang.http.services import Services
from yiwang.kernel import logs

log = logs.get("worker")

_quality_seconds = 2.0
_night_seconds = 60.0
_push_seconds = 0.5
_pull_seconds = 2.0


class ExchangeWork:
    """The rounds of one worker process; ``rounds`` gives each with the seconds between two."""

    def __init__(self, services: Services) -> None:
        self._quality = services.quality
        self._pusher = Pusher(services.subscriptions)
        self._pulls = services.pulls

    def rounds(self) -> list[tuple[float, Callable[[Services], Awaitable[bool]]]]:
        return [
            (_quality_seconds, self.check_quality),
            (_night_seconds, self.begin_night),
            (_push_seconds, self.push_changes),
            (_pull_seconds, self.pull_due),
        ]

    async def check_quality(self, _: Services) -> bool:
        """One batch of the checks that wait."""
        return await self._quality.work()

    async def begin_night(self, _: Services) -> bool:
        """Ask for the night's checks."""
        begun = await self._quality.begin_night()
        if begun:
            log.info("the night's checks of quality", types=begun)
        return False

    async def push_changes(self, _: Services) -> bool:
        """Send changes to the consumers whose turn it is."""
        await self._pusher.round()
        return False

    async def pull_due(self, _: Services) -> bool:
        """Run the job whose turn it is."""
        return await self._pulls.work()

    async def stop(self) -> None:
        """Leave off with what is under way; it is done again."""
        await self._pusher.stop()
