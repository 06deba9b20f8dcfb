"""What a terminal tells besides positions and is kept: drivers, waybills, pictures and sounds."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path

from yiwang.kernel.context import Context
from yiwang.kernel.identifiers import new_id
from yiwang.sensing.devices.model import Device
from yiwang.sensing.gateways.jt808 import intake
from yiwang.sensing.gateways.jt808.messages.drivers import INSERTED, Driver
from yiwang.sensing.gateways.jt808.messages.general import Result
from yiwang.sensing.gateways.jt808.messages.media import SUFFIXES, Media
from yiwang.sensing.gateways.jt808.messages.recorder import Waybill
from yiwang.sensing.vehicles import keeping_store, store
from yiwang.sensing.vehicles.model import Shift

FOLDER = "vehicle-media"
MOST_FILES_A_DAY = 300
MOST_BYTES_A_DAY = 64 * 2**20
"""Of one vehicle; what comes beyond is acknowledged, counted, and not kept."""
MOST_WAYBILL = 16_000


class Keeping:
    """One per gateway process. Files lie in ``<home>/vehicle-media/<device>/<sha256>``, written before their row commits."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._folder = context.settings.home / FOLDER

    async def driver(self, device: Device, told: Driver) -> Result:
        """Note that a card was put in or taken out.

        Raises:
            Unavailable: the database does not answer.
        """
        if told.at is None or intake.clock_fault(told.at, self._context.clock.now()):
            return Result.BAD_MESSAGE
        async with self._context.database.transaction() as connection:
            if told.status == INSERTED:
                await store.card_inserted(
                    connection,
                    Shift(
                        device.id, told.at, None, told.name, told.licence, told.agency, told.valid_until, told.result
                    ),
                )
            else:
                await store.card_removed(connection, device.id, told.at)
        return Result.OK

    async def waybill(self, device: Device, told: Waybill) -> None:
        """Keep a waybill, once per content. Raises Unavailable: the database does not answer."""
        text = told.text[:MOST_WAYBILL].replace("\0", "")
        digest = hashlib.sha256(told.content).hexdigest()
        async with self._context.database.transaction() as connection:
            await keeping_store.write_waybill(connection, device.id, digest, text, self._context.clock.now())

    async def media(self, device: Device, told: Media) -> bool:
        """Keep a picture or sound as a file; False where it is empty or beyond the bounds of a day.

        Raises:
            Unavailable: the database does not answer. OSError: the disk does not take it.
        """
        if not told.content:
            return False
        now = self._context.clock.now()
        digest = hashlib.sha256(told.content).hexdigest()
        async with self._context.database.transaction() as connection:
            used = await keeping_store.media_since(connection, device.id, now - timedelta(days=1))
            if used[0] >= MOST_FILES_A_DAY or used[1] + len(told.content) > MOST_BYTES_A_DAY:
                return False
            path = f"{device.id}/{digest}{SUFFIXES.get(told.format, '.bin')}"
            await asyncio.to_thread(_write, self._folder / path, told.content)
            place = told.place
            kept = keeping_store.KeptMedia(
                id=new_id(),
                device=device.id,
                number=told.id,
                kind=told.kind,
                format=told.format,
                event=told.event,
                channel=told.channel,
                at=place.at if place is not None and place.at is not None else now,
                received_at=now,
                lon=place.lon if place is not None and place.fixed else None,
                lat=place.lat if place is not None and place.fixed else None,
                bytes=len(told.content),
                digest=digest,
                path=path,
            )
            await keeping_store.write_media(connection, kept)
        return True


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)
