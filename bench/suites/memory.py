"""Resident memory of a web worker after all the loads before."""

from __future__ import annotations

from bench import load
from bench.installation import BareWeb
from bench.results import Measurement, Run, Target
from bench.stage import Stage

MEMORY = Target(300)


async def measure(stage: Stage) -> list[Measurement]:
    """``memory.worker``: the largest worker; beside a worker of the same server with a bare application."""
    requests = stage.reports().requests(500)
    (await load.saturate(stage.address, requests, connections=32)).check("before measuring memory")
    stage.note_memory()
    bare = BareWeb(stage.url, stage.cluster, stage.city)
    await bare.start()
    least = max(bare.memory_mb())
    await bare.stop()
    stage.say(f"memory: workers {', '.join(f'{size:.0f}' for size in stage.memory_mb)} MB, bare {least:.0f} MB")
    return [
        Measurement(
            "memory.worker", "resident, the largest web worker after all loads", "MB", "less",
            (Run(max(stage.memory_mb), least),), "the same server with a bare application",
            MEMORY, stage.cases,
        )
    ]  # fmt: skip
