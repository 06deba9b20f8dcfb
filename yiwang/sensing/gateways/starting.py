"""Starting a gateway process: which there are, their settings, and the module that serves each."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, cast

from yiwang.kernel.settings import Settings
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.service import Sensing

Serve = Callable[[Sensing, GatewaySettings, asyncio.Event], Coroutine[Any, Any, None]]

GATEWAYS: Final[Mapping[str, str]] = {
    "hj212": "yiwang.sensing.gateways.hj212",
    "jt808": "yiwang.sensing.gateways.jt808",
    "mqtt": "yiwang.sensing.gateways.mqtt.gateway",
}
"""Protocol → the package whose ``serve`` speaks it. HTTP devices need no gateway: they come to the web server."""


def gateway_settings(
    settings: Settings, name: str, *, host: str | None = None, port: int | None = None
) -> GatewaySettings:
    """How the gateway ``name`` listens by the installation's settings, ``host`` and ``port`` overriding them."""
    hosts = {"hj212": settings.gateway_hj212_host, "jt808": settings.gateway_jt808_host}
    ports = {"hj212": settings.gateway_hj212_port, "jt808": settings.gateway_jt808_port}
    return GatewaySettings(
        name,
        host or hosts.get(name, "127.0.0.1"),
        port if port is not None else ports.get(name, 0),
        settings.gateway_mqtt_broker or "",
        connections_per_remote=settings.gateway_connections_per_address,
        frames_per_second=settings.gateway_frames_per_second,
        trusted=settings.trusted_remotes,
    )


def serving(name: str) -> Serve:
    """The ``serve`` of a gateway; loaded only in the process that needs it."""
    return cast(Serve, importlib.import_module(GATEWAYS[name]).serve)
