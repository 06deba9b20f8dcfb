"""Gateways (接入网关): one process per protocol; what they share stands in ``listening`` and ``door``.

Each gateway package has ``async def serve(services: Sensing, settings: GatewaySettings, stop: asyncio.Event) -> None``, which
returns when ``stop`` is set and everything acknowledged is committed.
"""
