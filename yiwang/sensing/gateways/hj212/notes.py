"""What a station tells of itself in words: operation logs (3020), restarts (2081), instruments (3019), kept as
notes of the device.

A note is acknowledged after its commit like a reading, and a frame that is sent again makes no second note.
Bounded: when too many wait, further frames stay unanswered and come again later.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from yiwang.kernel import logs
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.context import Context
from yiwang.kernel.database import AWAY
from yiwang.sensing.devices.model import NoteKind
from yiwang.sensing.devices.store import registry
from yiwang.sensing.gateways.hj212 import commands as cn
from yiwang.sensing.gateways.hj212.fields import DataArea, bare_text
from yiwang.sensing.gateways.hj212.frames import Frame
from yiwang.sensing.gateways.hj212.intake import Sender

MOST_WAITING = 1000
LONGEST = 1000
_AT_ONCE = 50
_SPACE = uuid.UUID("5b0a5e0e-2f4e-5d55-9a55-212212212212")

log = logs.get("gateway.hj212")


@dataclass(frozen=True, slots=True)
class Told:
    """A note as it came: ``id`` follows from its content, so that the same frame gives the same note."""

    id: uuid.UUID
    device_id: int
    kind: NoteKind
    text: str
    at: datetime


def told(found: Frame, area: DataArea, device_id: int, at: datetime) -> Told | None:
    """The note in an upload; None where it holds no words. ``at``: city time of arrival."""
    kind: NoteKind = "note"
    if found.command == cn.BOOT:
        words = [f"数采仪重启 RestartTime={area.fields.get('RestartTime', '')}"]
    elif found.command == cn.UNIQUE_ID:
        kind = "maintenance"
        words = [f"{factor.code}-SN={text}" for factor in area.factors if (text := factor.texts.get("SN"))]
    elif found.command == cn.SITE_INFO:
        words = [f"{factor.code}: {bare_text(text)}" for factor in area.factors if (text := factor.texts.get("Info"))]
    else:
        return None
    if not words:
        return None
    instrument = area.fields.get("PolId")
    text = "; ".join([f"PolId={instrument}", *words] if instrument else words)
    text = "".join(sign for sign in text if sign.isprintable())[:LONGEST]
    key = f"{device_id}|{found.number}|{found.command}|{area.fields.get('DataTime', '')}|{text}"
    return Told(uuid.uuid5(_SPACE, key), device_id, kind, text, at)


class NoteKeeper:
    """Writes notes in groups and answers their frames. One per gateway; :meth:`start` and :meth:`stop`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: deque[tuple[Told, Sender, bytes]] = deque()
        self._come = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="hj212 notes")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        while self._waiting:
            await self._write([self._waiting.popleft()])

    def take(self, note: Told, sender: Sender, answer: bytes) -> None:
        """Keep a note; ``answer`` goes out after the commit. Nothing happens when too many wait: the device sends
        again."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((note, sender, answer))
            self._come.set()

    async def _run(self) -> None:
        while True:
            await self._come.wait()
            self._come.clear()
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                if not await self._write(group) and len(group) > 1:
                    for one in group:
                        await self._write([one])

    async def _write(self, group: list[tuple[Told, Sender, bytes]]) -> bool:
        """Whether the group is done with; False: one of them was kept before, so that they are to be tried one by
        one."""
        try:
            async with self._context.database.transaction() as connection:
                for note, _, _ in group:
                    await registry.add_note(connection, note.id, note.device_id, note.kind, note.text, note.at, SYSTEM)
        except asyncpg.UniqueViolationError:
            if len(group) > 1:
                return False
        except AWAY as error:
            log.warning("notes of devices wait for the database", error=type(error).__name__, notes=len(group))
            return True
        for _, sender, answer in group:
            sender.send(answer)
        return True
