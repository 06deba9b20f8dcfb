"""The verbs of vehicles: where they are, tracks, trips, drivers, and fences. One function, one transaction.

Where vehicles are now needs the grant ``device:read``, where they were and who drove ``reading:read``; fences are edited with
``device:edit`` and sent to terminals with ``device:command``. Reading a track is told in the journal: who looked, and at what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import shapely

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject, Record
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.sensing.devices.journalling import entry_about
from yiwang.sensing.devices.model import Device
from yiwang.sensing.service import Sensing
from yiwang.sensing.vehicles import fence_store, keeping_store, store
from yiwang.sensing.vehicles.errors import (
    FenceChanged,
    FenceCodeTaken,
    FenceImpossible,
    SpanTooLong,
    VehiclesOutOfReach,
)
from yiwang.sensing.vehicles.fence_store import Crossing
from yiwang.sensing.vehicles.fences import Ground
from yiwang.sensing.vehicles.model import Fence, Point, Shape, Shift, Trip
from yiwang.sensing.vehicles.tracks import segments, shares, simplified

LONGEST_SPAN = timedelta(days=31)
MOST_READ = 100_000
"""Positions read for one track; a longer one is thinned evenly in time."""
LARGEST = 300_000.0
"""Metres across that a fence may have at most."""


@dataclass(frozen=True, slots=True)
class Track:
    """The way of a vehicle: segments of positions, and how many there were in all."""

    segments: list[list[Point]]
    positions: int


class Vehicles:
    """One per process."""

    def __init__(self, sensing: Sensing) -> None:
        self._sensing = sensing
        self._context: Context = sensing.context

    # -- where they are and were ----------------------------------------------------------------------------------

    async def now(
        self,
        actor: Actor,
        *,
        box: tuple[float, float, float, float] | None = None,
        profile: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Record]:
        """The last positions of vehicles within reach, by device id; ``after`` continues a page.

        Raises:
            Forbidden: no grant ``device:read``.
        """
        actor.require("device", "read")
        async with self._context.database.connection() as connection:
            return await store.latest_of(connection, actor, box=box, profile=profile, after=after, limit=limit)

    async def track(self, actor: Actor, code: str, since: datetime, until: datetime, points: int) -> Track:
        """The way of a vehicle with at most about ``points`` points; told in the journal.

        Raises:
            NotFound, Forbidden: not within reach of ``reading:read``. SpanTooLong.
        """
        device = await self._device(actor, "reading", "read", code)
        _check_span(since, until)
        interval = self._sensing.directory.profile_of(device).interval
        async with self._context.database.transaction() as connection:
            count = await store.count_points(connection, device.id, since, until)
            every = (until - since).total_seconds() / MOST_READ if count > MOST_READ else 0.0
            found = await store.points_of(connection, device.id, since, until, every=every, limit=2 * MOST_READ)
            told: JsonObject = {"since": since.isoformat(), "until": until.isoformat()}
            entry = entry_about(actor, self._context.clock.now(), "vehicle.track_read", device, told)
            await journal.append(connection, entry)
        parts = segments(found, max(timedelta(minutes=5), interval * 5))
        wanted = shares([len(part) for part in parts], points)
        return Track([simplified(part, most) for part, most in zip(parts, wanted, strict=True)], count)

    async def trips(
        self, actor: Actor, code: str, since: datetime, until: datetime, before: datetime | None, limit: int
    ) -> list[Trip]:
        """Trips that touch the span, the newest first."""
        device = await self._device(actor, "reading", "read", code)
        async with self._context.database.connection() as connection:
            return await store.trips_of(connection, device.id, since, until, before, limit)

    async def drivers(self, actor: Actor, code: str, since: datetime, until: datetime, limit: int) -> list[Shift]:
        """Who drove in the span, the newest first."""
        device = await self._device(actor, "reading", "read", code)
        async with self._context.database.connection() as connection:
            return await store.shifts_of(connection, device.id, since, until, limit)

    async def crossings(
        self, actor: Actor, code: str, since: datetime, until: datetime, limit: int
    ) -> list[tuple[Crossing, str]]:
        """Fences entered and left, with their codes, the newest first."""
        device = await self._device(actor, "reading", "read", code)
        async with self._context.database.connection() as connection:
            return await fence_store.crossings_of(connection, device=device.id, since=since, until=until, limit=limit)

    async def waybills(self, actor: Actor, code: str, limit: int) -> list[tuple[datetime, str]]:
        """What the vehicle said it carries, the newest first."""
        device = await self._device(actor, "reading", "read", code)
        async with self._context.database.connection() as connection:
            return await keeping_store.waybills_of(connection, device.id, limit)

    async def _device(self, actor: Actor, kind: str, verb: str, code: str) -> Device:
        actor.require(kind, verb)
        device = self._sensing.directory.by_code(code)
        if device is None and await self._sensing.directory.refresh():  # it may be new
            device = self._sensing.directory.by_code(code)
        if (
            device is None
            or device.protocol != "jt808"
            or not actor.reaches(kind, verb, area=device.area, organisation=device.organisation_id)
        ):
            raise NotFound(what="车辆")
        return device

    # -- fences ---------------------------------------------------------------------------------------------------

    async def fences(self, actor: Actor, vehicle: str | None, after: int, limit: int) -> list[Fence]:
        """Fences within reach by number; those of one vehicle, where asked."""
        actor.require("device", "read")
        device = (await self._device(actor, "device", "read", vehicle)).id if vehicle is not None else None
        async with self._context.database.connection() as connection:
            return await fence_store.fences_of(connection, actor, device=device, after=after, limit=limit)

    async def put_fence(self, actor: Actor, fence: Fence, vehicles: Sequence[str], *, new: bool) -> Fence:
        """Draw a fence, or change the one of this id, whose ``revision`` is the one that the editor saw.

        Raises:
            Forbidden, NotFound: beyond the reach of ``device:edit``. FenceImpossible, FenceCodeTaken, FenceChanged,
            VehiclesOutOfReach.
        """
        actor.require("device", "edit")
        check_shape(fence.shape)
        if not actor.reaches("device", "edit", area=fence.area, organisation=fence.organisation_id):
            raise NotFound(what="区域")
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            reachable = await fence_store.reachable_devices(connection, actor, vehicles)
            if lost := [code for code in vehicles if code not in reachable]:
                raise VehiclesOutOfReach(vehicles=", ".join(lost[:20]))
            if not new:
                before = await self._one(connection, actor, "edit", fence.id)
                if before.revision != fence.revision:
                    raise FenceChanged(fence=before.code, revision=before.revision)
            if await fence_store.code_taken(connection, fence.code, fence.id):
                raise FenceCodeTaken(fence=fence.code)
            kept = replace(fence, members=frozenset(reachable.values()), revision=1 if new else fence.revision + 1)
            await fence_store.write(connection, kept, now)
            verb = "fence.drawn" if new else "fence.changed"
            await self._tell(connection, actor, now, verb, kept, {"vehicles": list[Json](sorted(vehicles))})
            written = await self._one(connection, actor, "edit", fence.id)
        if any(self._sensing.directory.device(member) is None for member in written.members):
            await self._sensing.directory.refresh()  # so that the answer can name them
        return written

    async def retire_fence(self, actor: Actor, fence_id: UUID) -> None:
        """Take a fence out of force; its crossings stay. Raises NotFound, Forbidden."""
        actor.require("device", "edit")
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            fence = await self._one(connection, actor, "edit", fence_id)
            await fence_store.retire(connection, fence_id, now)
            await self._tell(connection, actor, now, "fence.retired", fence, {})

    async def send_fence(self, actor: Actor, fence_id: UUID, vehicles: Sequence[str], *, drop: bool) -> list[UUID]:
        """Give the terminals of these vehicles a fence to watch themselves (8600–8606), or take it from them; the commands.

        Raises:
            NotFound, Forbidden: beyond the reach of ``device:command``. Whatever commands refuse: nothing was sent then.
        """
        actor.require("device", "command")
        devices = [await self._device(actor, "device", "command", code) for code in vehicles]
        async with self._context.database.transaction() as connection:
            fence = await self._one(connection, actor, "read", fence_id)
            told: JsonObject = (
                {"kind": fence.shape.kind, "number": fence.number} if drop else {"fence": for_terminal(fence)}
            )
            verb = "drop-fence" if drop else "set-fence"
            given = [await self._sensing.commands.give(connection, actor, device.id, verb, told) for device in devices]
        return [each.id for each in given]

    async def _one(self, connection: Connection, actor: Actor, verb: str, fence_id: UUID) -> Fence:
        found = await fence_store.one_fence(connection, actor, verb, fence_id)
        if found is None:
            raise NotFound(what="围栏")
        return found

    async def _tell(
        self, connection: Connection, actor: Actor, at: datetime, verb: str, fence: Fence, more: JsonObject
    ) -> None:
        data: JsonObject = {
            "number": fence.code,
            "head": fence.name_zh,
            "kind": fence.shape.kind,
            "keep": fence.keep,
            "speed_limit": fence.speed_limit,
            "organisation": fence.organisation_id,
            **more,
        }
        await journal.append(connection, journal.entry(actor, at, verb, "fence", fence.id, area=fence.area, data=data))


def new_fence_id() -> UUID:
    return new_id()


def check_shape(shape: Shape) -> None:
    """Raises FenceImpossible: too few points, no size, a ring that crosses itself, larger than a city."""
    need = {"circle": (1, 1), "rectangle": (2, 2), "polygon": (3, 500), "route": (2, 2000)}[shape.kind]
    if not need[0] <= len(shape.points) <= need[1]:
        raise FenceImpossible(
            reason_zh=f"点数应为 {need[0]} 至 {need[1]} 个", reason_en=f"it needs {need[0]} to {need[1]} points"
        )
    if shape.kind in ("circle", "route") and not 1 <= shape.size <= LARGEST / 3:
        raise FenceImpossible(reason_zh="半径或宽度应大于 1 米", reason_en="its radius or width must be above 1 m")
    if shape.kind == "polygon" and not shapely.Polygon(shape.points).is_valid:
        raise FenceImpossible(reason_zh="边线相交", reason_en="its edges cross each other")
    west, south, east, north = Ground(shape).box()
    if (east - west) * 85_000 > LARGEST or (north - south) * 111_000 > LARGEST:
        raise FenceImpossible(reason_zh="范围超过 300 公里", reason_en="it is more than 300 km across")
    if shape.kind != "circle" and len(set(shape.points)) < need[0]:
        raise FenceImpossible(reason_zh="各点重合", reason_en="its points are the same")


def for_terminal(fence: Fence) -> JsonObject:
    """A fence as a command carries it to a gateway."""
    start, end = fence.hours.start, fence.hours.end
    return {
        **fence_store.shape_told(fence.shape),
        "number": fence.number,
        "name": fence.name_zh[:20],
        "speed_limit": fence.speed_limit,
        "start": None if start is None else f"{start // 60:02d}:{start % 60:02d}",
        "end": None if end is None else f"{end // 60:02d}:{end % 60:02d}",
    }


def _check_span(since: datetime, until: datetime) -> None:
    if not since < until <= since + LONGEST_SPAN:
        raise SpanTooLong(days=LONGEST_SPAN.days)
