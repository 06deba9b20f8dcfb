"""Joining packets (分包) of long messages, with bounds, and telling which are missing.

One :class:`Assembly` belongs to one connection. Time is passed in (seconds of any steady clock). The waiting times of the
standard: T(N+1) = T(N) · (N+1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from yiwang.sensing.gateways.jt808.framing import Frame

MOST_MESSAGES = 8
"""Unfinished messages of one connection."""
MOST_BYTES = 4 * 2**20
"""Bytes of all unfinished messages of one connection."""
FIRST_WAIT = 10.0
MOST_ASKS = 3


@dataclass(frozen=True, slots=True)
class Missing:
    """Packets that did not come: ``message`` began with serial ``first`` (of packet 1)."""

    message: int
    first: int
    numbers: tuple[int, ...]


@dataclass(slots=True)
class _Joining:
    began: Frame
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    last: float = 0.0
    asks: int = 0
    wait: float = FIRST_WAIT


class Assembly:
    """Unfinished messages by message id and the serial that their first packet has or would have."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, most_messages: int = MOST_MESSAGES) -> None:
        self._open: dict[tuple[int, int], _Joining] = {}
        self._most_bytes, self._most_messages = most_bytes, most_messages
        self._bytes = 0
        self.dropped = 0

    def add(self, frame: Frame, now: float) -> Frame | None:
        """The whole message where this packet completes it (``serial`` is that of its last packet), else None.

        A message beyond the bounds is dropped and counted in ``dropped``.
        """
        first = (frame.serial - frame.number + 1) & 0xFFFF
        key = (frame.message, first)
        joining = self._open.get(key)
        if joining is not None and joining.began.total != frame.total:
            self._drop(key)
            joining = None
        if joining is None:
            if len(self._open) >= self._most_messages:
                self._drop(min(self._open, key=lambda each: self._open[each].last))
            joining = self._open[key] = _Joining(frame)
        joining.last = now
        if frame.number not in joining.parts:
            joining.parts[frame.number] = frame.body
            joining.size += len(frame.body)
            self._bytes += len(frame.body)
        if self._bytes > self._most_bytes:
            self._drop(key)
            return None
        if len(joining.parts) < frame.total:
            return None
        self._forget(key)
        body = b"".join(joining.parts[number] for number in range(1, frame.total + 1))
        return frame._replace(body=body, total=0, number=0)

    def overdue(self, now: float) -> list[Missing]:
        """What to ask for again: each message that waited too long, at most three times, then it is dropped."""
        found = []
        for key, joining in list(self._open.items()):
            if now - joining.last < joining.wait:
                continue
            if joining.asks >= MOST_ASKS:
                self._drop(key)
                continue
            joining.asks += 1
            joining.last = now
            joining.wait *= joining.asks + 1
            numbers = [number for number in range(1, joining.began.total + 1) if number not in joining.parts]
            found.append(Missing(key[0], key[1], tuple(numbers[:255])))
        return found

    def __len__(self) -> int:
        return len(self._open)

    def _drop(self, key: tuple[int, int]) -> None:
        self._forget(key)
        self.dropped += 1

    def _forget(self, key: tuple[int, int]) -> None:
        self._bytes -= self._open.pop(key).size
