"""Journal entries about devices: one place that decides what they tell. Nothing here is ever a secret or a frame."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.journal import Entry
from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.store.states import Turn

KIND = "device"


def entry_about(actor: Actor, at: datetime, verb: str, device: Device, more: JsonObject | None = None) -> Entry:
    """The entry for an act on a device; ``more`` is added to what every such entry tells."""
    data: JsonObject = {
        "device": device.id,
        "number": device.code,
        "type": device.profile,
        "head": device.name_zh,
        "organisation": device.organisation_id,
        "lon": device.lon,
        "lat": device.lat,
        **(more or {}),
    }
    return journal.entry(actor, at, verb, KIND, device.uid, area=device.area, data=data)


async def tell_turns(
    connection: Connection, at: datetime, online: Iterable[Turn], offline: Iterable[Turn], reason: str
) -> None:
    """Write down which devices went online and offline; ``reason`` of the latter: ``silent`` or ``said``."""
    entries = [_turned(at, "device.went_online", turn, {}) for turn in online]
    entries += [_turned(at, "device.went_offline", turn, {"reason": reason}) for turn in offline]
    await journal.append_many(connection, entries)


def _turned(at: datetime, verb: str, turn: Turn, more: JsonObject) -> Entry:
    data: JsonObject = {
        "device": turn.device_id,
        "number": turn.code,
        "type": turn.profile,
        "head": turn.names["zh"],
        "organisation": turn.organisation_id,
        "lon": turn.lon,
        "lat": turn.lat,
        "last_seen": turn.last_seen.isoformat() if turn.last_seen else None,
        **more,
    }
    return journal.entry(SYSTEM, at, verb, KIND, turn.uid, area=turn.area, data=data)
