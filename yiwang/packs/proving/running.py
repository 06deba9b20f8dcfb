"""Runs the scenarios of a city's packs and keeps what each reached, pack by pack: an interrupted run keeps what it finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from yiwang.packs.loaded import Pack
from yiwang.packs.proving.keeping import keep, proof_digest
from yiwang.packs.scenarios.report import ScenarioReport, ScenarioResult
from yiwang.packs.scenarios.runner import Done, OpenCity, run_scenarios


async def run_and_keep(
    packs: Sequence[Pack],
    every: Mapping[str, Pack],
    cities: Mapping[str, Path],
    home: Path,
    open_city: OpenCity,
    at: datetime,
    tell: Done,
) -> ScenarioReport:
    """Run every scenario of ``packs`` (all of one folder); ``at`` is the moment that is kept with the results.

    Raises:
        ScenarioNotReady: a pack or city cannot be read; `yiwang check` says why.
    """
    files = [file.source.path for pack in packs for file in pack.scenarios]
    if not files:
        return ScenarioReport(())
    # Taken before the run: a file changed meanwhile makes the result stale, as it should.
    digests = {pack.id: proof_digest(pack, every, cities) for pack in packs}
    by_id = {pack.id: pack for pack in packs}
    waiting = Counter(pack.id for pack in packs for file in pack.scenarios for _ in file.value.scenarios)
    reached: dict[str, list[ScenarioResult]] = {}

    def done(result: ScenarioResult, number: int, of: int) -> None:
        tell(result, number, of)
        mine = reached.setdefault(result.pack, [])
        mine.append(result)
        if len(mine) == waiting[result.pack]:
            keep(home, by_id[result.pack], digests[result.pack], mine, at)

    return await run_scenarios(packs[0].folder.parent, open_city, files=files, done=done)
