"""Figures of the senses, for metrics and for the health of a running city: followers, gateways, devices.

Asked for by every web process every few seconds; each question is answered from an index or from a table that is short.
City time is measured in real seconds here: in a demo city, where time runs faster, a minute of waiting is not a delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from yiwang.kernel.database import Connection
from yiwang.kernel.metrics import Labelled
from yiwang.sensing.readings import arrivals
from yiwang.sensing.vehicles import store as positions

POSITIONS = "positions"
"""The name of the follower of positions, which has an outbox of its own."""

STANDS_STILL_SECONDS = 60.0
"""A follower whose oldest batch waits longer than this stands still."""

_HEARD_OF_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """City time now, and how many city seconds pass in a real one (below one they count as real ones)."""

    now: datetime
    speed: float = 1.0

    def real_seconds(self, since: datetime) -> float:
        return max(0.0, (self.now - since).total_seconds() / max(self.speed, 1.0))

    def before(self, seconds: float) -> datetime:
        """City time so many real seconds ago."""
        return self.now - timedelta(seconds=seconds * max(self.speed, 1.0))


async def delays(connection: Connection, pace: Pace) -> dict[str, float]:
    """For each follower how many real seconds the oldest batch waits that it has not seen; 0 where none waits."""
    rows = await connection.fetch(
        "select follower, (select at from arrival where id > m.id order by id limit 1) as at from arrival_mark m"
        " union all select $1, (select at from position_arrival order by id limit 1)",
        POSITIONS,
    )
    return {row["follower"]: 0.0 if row["at"] is None else pace.real_seconds(row["at"]) for row in rows}


async def standing_still(connection: Connection, pace: Pace) -> dict[str, float]:
    """The followers that leave what arrived lie for more than :data:`STANDS_STILL_SECONDS`, with the seconds."""
    found = await delays(connection, pace)
    return {follower: seconds for follower, seconds in found.items() if seconds > STANDS_STILL_SECONDS}


async def figures(connection: Connection, pace: Pace) -> dict[str, tuple[str, Labelled]]:
    """What ``/metrics`` shows of the senses."""
    waiting = await arrivals.waiting(connection) | {POSITIONS: await positions.waiting(connection)}
    gateways = await connection.fetch(
        "select protocol, count(*)::int as processes, sum((figures->>'connections')::float8) as connections,"
        " sum((figures->>'frames')::float8) as frames, sum((figures->>'bad_frames')::float8) as bad,"
        " sum((figures->>'knocks')::float8) as knocks from gateway_state where seen_at > $1 group by protocol",
        pace.before(_HEARD_OF_SECONDS),
    )
    devices = await connection.fetch(
        "select d.protocol, count(*)::int as devices, (count(*) filter (where s.online))::int as online"
        " from device d left join device_state s on s.device_id = d.id where d.retired_at is null group by d.protocol"
    )

    def by_protocol(rows: Sequence[Mapping[str, object]], column: str) -> Labelled:
        return Labelled("protocol", {str(row["protocol"]): _number(row[column]) for row in rows})

    heard, known = [dict(row) for row in gateways], [dict(row) for row in devices]
    return {
        "yiwang_readings_waiting": (
            "Readings (positions) that a follower has still to see.",
            Labelled("follower", {name: float(count) for name, count in waiting.items()}),
        ),
        "yiwang_follower_delay_seconds": (
            "How long the oldest batch waits for a follower.",
            Labelled("follower", await delays(connection, pace)),
        ),
        "yiwang_gateway_processes": ("Gateways heard of in the last minute.", by_protocol(heard, "processes")),
        "yiwang_gateway_connections": ("Open connections of devices.", by_protocol(heard, "connections")),
        "yiwang_gateway_frames": ("Frames taken since the gateways started.", by_protocol(heard, "frames")),
        "yiwang_gateway_bad_frames": ("Frames refused since the gateways started.", by_protocol(heard, "bad")),
        "yiwang_gateway_unknown": (
            "Frames since the gateways started of addresses that are no device, or not to be read.",
            by_protocol(heard, "knocks"),
        ),
        "yiwang_devices": ("Devices in service.", by_protocol(known, "devices")),
        "yiwang_devices_online": ("Devices in service that are online.", by_protocol(known, "online")),
    }


def _number(found: object) -> float:
    return float(found) if isinstance(found, (int, float)) else 0.0
