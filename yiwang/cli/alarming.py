"""The worker's part in alarms: rules follow readings and time, alarms open cases and tell them, hours are learned.

Each round is short and may run in any number of workers; marks and row locks let one work at a time where it matters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from yiwang.casework.alarms import AlarmCases
from yiwang.http.services import Services
from yiwang.kernel import logs
from yiwang.sensing.alarms.evidence import Evidence
from yiwang.sensing.rules.following import RuleFollowing
from yiwang.sensing.rules.learning import Learning
from yiwang.sensing.rules.watching import Watching

log = logs.get("worker")

_follow_seconds = 0.15
_open_seconds = 0.15
_tell_seconds = 1.0
_sweep_seconds = 5.0
_learn_seconds = 60.0


class AlarmWork:
    """The rounds of one worker process; ``rounds`` gives each with the seconds between two."""

    def __init__(self, services: Services) -> None:
        sensing, casework = services.sensing, services.casework
        evidence = Evidence(sensing.directory, sensing.readings.lake)
        self._following = RuleFollowing(services.context, sensing.directory, sensing.book)
        self._watching = Watching(services.context, sensing.directory, sensing.book)
        self._learning = Learning(services.context, sensing.directory, sensing.book)
        self._cases = AlarmCases(casework.parts, casework.drafting, casework.opening, casework.operations, evidence)

    def rounds(self) -> list[tuple[float, Callable[[Services], Awaitable[bool]]]]:
        return [
            (_follow_seconds, self.follow_readings),
            (_open_seconds, self.open_cases),
            (_tell_seconds, self.tell_cases),
            (_sweep_seconds, self.watch_silence),
            (_learn_seconds, self.learn_hours),
        ]

    async def follow_readings(self, _: Services) -> bool:
        """Judge the readings that arrived."""
        return await self._following.advance() > 0

    async def open_cases(self, _: Services) -> bool:
        """Open the cases that alarms want."""
        opened = await self._cases.open_due()
        if opened:
            log.info("alarms opened cases", count=opened)
        return opened > 0

    async def tell_cases(self, _: Services) -> bool:
        """Tell cases what became of their alarms."""
        await self._cases.follow_closed()
        return await self._cases.tell_due() > 0

    async def watch_silence(self, _: Services) -> bool:
        """Find devices that fell silent, alarms that come off the shelf."""
        await self._watching.sweep()
        return False

    async def learn_hours(self, _: Services) -> bool:
        """Take the hours that are over into what is usual."""
        learned = await self._learning.advance()
        if learned:
            log.info("what is usual was learned", devices=learned)
        return False
