"""A worker that only judges readings, in a process that a test may kill: ``nursery("support.judging")``."""

from __future__ import annotations

import asyncio
from pathlib import Path

from yiwang.http.services import open_services
from yiwang.kernel.settings import Settings
from yiwang.sensing.rules.following import RuleFollowing

PACKS = Path(__file__).resolve().parents[2] / "packs"


def run(url: str, home: str, city: str) -> None:
    """Judge until killed; says ``ready`` before the first."""
    asyncio.run(_judge(url, Path(home), Path(city)))


async def _judge(url: str, home: Path, city: Path) -> None:
    settings = Settings(home=home, city=city, packs=PACKS, demo=True)
    async with open_services(settings, url, connections=3) as services:
        following = RuleFollowing(services.context, services.sensing.directory, services.sensing.book)
        print("ready", flush=True)
        while True:
            if not await following.advance(limit=2):
                await asyncio.sleep(0.01)
