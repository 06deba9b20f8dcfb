"""How fast the server answers when there is nothing to do: the product's health page beside a bare application."""

from __future__ import annotations

import itertools

from bench import load
from bench.installation import BareWeb
from bench.results import Measurement, in_turns
from bench.stage import Stage

CONNECTIONS = 32


async def measure(stage: Stage) -> list[Measurement]:
    """``reply.rate``: the gate, routing and one model; no database."""
    bare = BareWeb(stage.url, stage.cluster, stage.city)
    await bare.start()

    async def product() -> float:
        requests = itertools.repeat(load.request("GET", "/healthz"))
        found = await load.saturate(stage.address, requests, connections=CONNECTIONS, seconds=stage.seconds(3))
        return found.check("health").rate

    async def raw() -> float:
        requests = itertools.repeat(load.request("GET", "/"))
        found = await load.saturate(bare.address, requests, connections=CONNECTIONS, seconds=stage.seconds(2))
        return found.check("bare reply").rate

    try:
        runs = await in_turns(stage.rounds, product, raw, stage.say, "bare reply, requests/s")
    finally:
        await bare.stop()
    return [
        Measurement(
            "reply.rate", "GET /healthz, no database", "requests/s", "more", runs,
            "a fixed answer by the same server software, workers and load generator", cases=stage.cases,
        )
    ]  # fmt: skip
