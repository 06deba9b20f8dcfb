"""From reports to rows: positions as places, and as readings where the profile measures speed, mileage, fuel or altitude."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zlib import crc32

from yiwang.sensing.devices.model import Device, Profile
from yiwang.sensing.gateways.jt808.messages.positions import Position
from yiwang.sensing.model import AHEAD, BACK, Grain, Reading, Rows, rows_of
from yiwang.sensing.vehicles.model import ENCRYPTED, FIXED, Place

MEASURED = ("speed", "mileage", "fuel", "altitude")
"""Codes that a jt808 profile may name in ``measures``; on the wire km/h, km, litres and metres."""


def has_purpose(device: Device, profile: Profile) -> bool:
    """Whether it is stated why this vehicle is tracked (登记用途); without that it is not."""
    return bool(device.attributes.get("purpose")) or profile.declaration.purpose is not None


def place_of(device: int, body: bytes, position: Position, at: datetime, serial: int, replayed: bool) -> Place:
    """A report as it is stored; ``body`` is the whole body of 0200, whose CRC-32 tells it from others of the same second."""
    digest = crc32(body)
    return Place(
        device,
        at,
        digest - 2**32 if digest >= 2**31 else digest,
        position.lon,
        position.lat,
        position.altitude,
        position.speed,
        min(position.direction, 32767),
        position.alarm,
        position.status,
        position.mileage,
        position.fuel,
        serial,
        replayed,
        position.items,
    )


def clock_fault(at: datetime, now: datetime) -> bool:
    """Whether a terminal's time lies too far ahead or ten years back."""
    return at > now + AHEAD or at < now - BACK


def readings_of(places: Sequence[Place], profile: Profile) -> Rows | None:
    """The readings in places of vehicles of one profile; None where it measures nothing of them."""
    measures = [(code, profile.measures[code]) for code in MEASURED if code in profile.measures]
    if not measures:
        return None
    found: list[Reading] = []
    for place in places:
        fixed = place.status & (FIXED | ENCRYPTED) == FIXED
        for code, measure in measures:
            value: float | None = getattr(place, code)
            if value is not None and (fixed or code not in ("speed", "altitude")):
                found.append(Reading(place.device, measure.metric_id, Grain.REAL, place.at, measure.kept(float(value))))
    return rows_of(found) if found else None
