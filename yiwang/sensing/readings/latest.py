"""The last values of many devices at once, for maps and boards, within what the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.sensing.model import moment
from yiwang.sensing.readings import packing

MOST = 50_000

LATEST = np.dtype(
    [
        ("device", "<i4"), ("metric", "<i2"), ("at", "<i8"), ("value", "<f8"), ("quality", "<i2"),
        ("longitude", "<f8"), ("latitude", "<f8"),
    ]
)  # fmt: skip
"""A last value; ``longitude`` and ``latitude`` are those of the device (WGS-84 degrees), NaN where it has no place."""
_ROW = packing.copy_dtype(
    [
        ("device", "i4"), ("metric", "i2"), ("at", "i8"), ("value", "f8"), ("quality", "i2"),
        ("longitude", "f8"), ("latitude", "f8"),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LatestValue:
    """The last real-time value of a metric of a device; ``at`` UTC, ``quality`` as :class:`yiwang.sensing.model.Quality`."""

    device: int
    metric: int
    at: datetime
    value: float
    quality: int


@dataclass(frozen=True, slots=True)
class Which:
    """Of which devices: ``area`` an area code prefix, ``box`` west, south, east, north in degrees. None: no limit."""

    area: str | None = None
    box: tuple[float, float, float, float] | None = None
    profiles: Sequence[str] | None = None
    devices: Sequence[int] | None = None
    metrics: Sequence[int] | None = None
    after: int = 0

    def where(self, actor: Actor, args: Sql, verb: str = "read") -> str:
        """The condition on ``device d`` that holds for these devices, as far as ``actor`` may ``verb`` readings."""
        parts = [
            "d.retired_at is null",
            scope_condition(actor, "reading", verb, args, area="d.area", organisation="d.organisation_id"),
        ]
        if self.area:
            low, high = args.bind(self.area), args.bind(self.area + "\U0010ffff")
            parts.append(f"d.area >= {low} and d.area < {high}")
        if self.box is not None:
            corners = ", ".join(args.bind(float(corner)) for corner in self.box)
            parts.append(f"d.position && st_makeenvelope({corners}, 4326)")
        if self.profiles is not None:
            parts.append(f"d.profile = any({args.bind(list(self.profiles))}::text[])")
        if self.devices is not None:
            parts.append(f"d.id = any({args.bind(list(self.devices))}::int[])")
        if self.after:
            parts.append(f"d.id > {args.bind(self.after)}")
        return " and ".join(parts)


async def latest(
    connection: Connection, actor: Actor, which: Which | None = None, *, limit: int = MOST
) -> npt.NDArray[np.void]:
    """Last values of dtype :data:`LATEST`, at most ``limit``; by device and metric. No order where all are asked for at once.

    Raises:
        SignInNeeded, Forbidden: the actor may read no readings at all.
    """
    actor.require("reading", "read")
    args, asked = Sql(), which or Which()
    where = asked.where(actor, args)
    if asked.metrics is not None:
        where += f" and l.metric_id = any({args.bind(list(asked.metrics))}::smallint[])"
    packed = await packing.copy_fixed(
        connection,
        _ROW,
        "select l.device_id, l.metric_id, l.at, l.value, l.quality, coalesce(st_x(d.position), 'NaN'), "
        "coalesce(st_y(d.position), 'NaN') from device d join latest l on l.device_id = d.id "
        f"where {where} order by l.device_id, l.metric_id limit {args.bind(limit)}",
        *args.values,
    )
    found = np.zeros(len(packed), dtype=LATEST)
    for name in ("device", "metric", "value", "quality", "longitude", "latitude"):
        found[name] = packed[name]
    found["at"] = packing.since_1970(packed["at"])
    return found


def records(values: npt.NDArray[np.void]) -> list[LatestValue]:
    """The values as records."""
    return [
        LatestValue(device, metric, moment(at), value, quality)
        for device, metric, at, value, quality, _, _ in values.tolist()
    ]
