"""Simulated HTTP sensors: each posts its own batch with its own key, as the installed device would.

A batch that got no answer is kept and sent again with the next one, so that a restart of the city loses nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import httpx

from yiwang.kernel import logs
from yiwang.kernel.database import JsonObject
from yiwang.sensing.simulators.mqtt import values_of
from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions

log = logs.get("simulator")

_most_kept = 2000


async def simulate(devices: Sequence[SimulatedDevice], options: SimulateOptions, stop: asyncio.Event) -> None:
    """Play the devices until ``stop``, or for ``options.duration``."""
    async with httpx.AsyncClient(base_url=options.url, timeout=20, trust_env=False) as client:
        tasks = [asyncio.create_task(_live(device, options, client)) for device in devices]
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting}, timeout=options.duration)
        for task in (*tasks, waiting):
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)


async def _live(device: SimulatedDevice, options: SimulateOptions, client: httpx.AsyncClient) -> None:
    chance = random.Random(f"{options.seed}:{device.device.code}")  # noqa: S311  # a play, no secret
    kept: list[JsonObject] = []
    await asyncio.sleep(chance.uniform(0, min(5.0, options.pause(device.profile))))
    while True:
        now = options.clock.now()
        kept += [
            {"metric": one.code, "at": now.isoformat(timespec="milliseconds"), "value": one.value}
            for one in values_of(device, options, now)
        ]
        if chance.random() < options.errors:
            kept.append({"metric": "nonsense", "value": "?"})
        kept = [] if await _sent(device, client, kept) else kept[-_most_kept:]
        await asyncio.sleep(options.pause(device.profile) * chance.uniform(0.95, 1.05))


async def _sent(device: SimulatedDevice, client: httpx.AsyncClient, rows: Sequence[JsonObject]) -> bool:
    """Whether the batch was taken, or can never be."""
    try:
        answer = await client.post(
            "/api/v1/observations", json={"observations": list(rows)}, auth=(device.address, device.secret or "")
        )
    except httpx.HTTPError as error:
        log.warning("a simulated sensor waits for the city", device=device.address, error=type(error).__name__)
        return False
    if answer.status_code not in (201, 422):
        log.warning("a simulated sensor is refused", device=device.address, status=answer.status_code)
    return answer.status_code in (201, 422)
