"""The gateway for data loggers (数采仪) that speak HJ 212 over TCP, editions of 2005, 2017 and 2025 side by side.

``checksum`` … ``joining`` are the codec, without input or output; a simulator or a test imports them without the gateway.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yiwang.sensing.gateways.hj212.gateway import Patience
    from yiwang.sensing.gateways.listening import GatewaySettings
    from yiwang.sensing.service import Sensing


async def serve(
    services: Sensing,
    settings: GatewaySettings,
    stop: asyncio.Event,
    *,
    patience: Patience | None = None,
    listening: asyncio.Future[int] | None = None,
) -> None:
    """Listen on ``settings.host`` and ``settings.port`` until ``stop`` is set; ``listening`` is given the port (port 0: any).

    Returns when everything that was acknowledged is committed and everything committed acknowledged.

    Raises:
        GatewayPortTaken: the port is another program's.
    """
    from yiwang.sensing.gateways.door import Door
    from yiwang.sensing.gateways.hj212.gateway import Gateway

    async with Door(services.context, services.directory, settings) as door:
        await Gateway(services, door, settings, patience).run(stop, listening)
