"""Packets that belong together (拆分包, chapter 6.3.2): collected by device, system, command and time, in any order.

Each packet has a number (QN) of its own, so they are joined by MN, ST, CN and DataTime; packets after the first
that leave DataTime out belong to the one that began last. Bounded: so many begun joins for a device and so many
bytes in all; what is not complete in time is given up and its packets were never acknowledged, so the device sends
them again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from yiwang.sensing.gateways.hj212.frames import Frame

MOST_PACKETS = 999
MOST_BEGUN = 4
MOST_BYTES = 1_000_000
PATIENCE = 60.0
"""Seconds that the rest of a split message may take."""


@dataclass(slots=True)
class _Begun:
    since: float
    packets: int
    parts: dict[int, Frame] = field(default_factory=dict)
    size: int = 0


def _time_of(data: bytes) -> bytes:
    start = data.find(b"DataTime=")
    if start < 0:
        return b""
    return data[start + 9 : start + 26].split(b";")[0].split(b",")[0]


class PacketJoiner:
    """The split messages of one connection."""

    __slots__ = ("_begun", "_size")

    def __init__(self) -> None:
        self._begun: dict[tuple[str, str, str, bytes], _Begun] = {}
        self._size = 0

    @property
    def waiting(self) -> int:
        """Bytes of packets whose message is not complete."""
        return self._size

    def add(self, packet: Frame, now: float) -> list[Frame] | None:
        """Take a packet; all packets of its message in order when it was the last one missing, else None.

        ``now``: seconds of any steady clock. A packet number outside 1 … PNUM makes the packet a message of its own.
        """
        if not 1 <= packet.packet <= packet.packets <= MOST_PACKETS:
            return [packet]
        self.forget(now)
        key = (packet.device, packet.system, packet.command, _time_of(packet.data))
        if not key[3]:
            key = next((one for one in reversed(self._begun) if one[:3] == key[:3]), key)
        begun = self._begun.get(key)
        if begun is None or begun.packets != packet.packets:
            self._drop(key)
            while len(self._begun) >= MOST_BEGUN:
                self._drop(next(iter(self._begun)))
            begun = self._begun[key] = _Begun(now, packet.packets)
        before = begun.parts.get(packet.packet)
        change = len(packet.data) - (len(before.data) if before else 0)
        begun.parts[packet.packet] = packet
        begun.size += change
        self._size += change
        if len(begun.parts) == begun.packets:
            self._drop(key)
            return [begun.parts[number] for number in range(1, begun.packets + 1)]
        if self._size > MOST_BYTES:
            self._drop(next(iter(self._begun)))
        return None

    def forget(self, now: float) -> int:
        """Give up what began longer ago than :data:`PATIENCE`; tells how many messages."""
        old = [key for key, begun in self._begun.items() if now - begun.since > PATIENCE]
        for key in old:
            self._drop(key)
        return len(old)

    def _drop(self, key: tuple[str, str, str, bytes]) -> None:
        begun = self._begun.pop(key, None)
        if begun is not None:
            self._size -= begun.size


def joined(packets: list[Frame]) -> bytes:
    """The data areas of a message's packets as one, DataTime said once."""
    first = packets[0].data
    time = b"DataTime=" + _time_of(first)
    parts = [first]
    for packet in packets[1:]:
        data = packet.data
        if len(time) > 9 and data.startswith(time):
            data = data[len(time) :].lstrip(b";,")
        parts.append(data)
    return b";".join(part.strip(b";") for part in parts if part)
