"""All messages of the standard's table (消息体), both ways; importing this package registers them.

:func:`decode` is for everything but the hot path of positions (see ``positions.py``).
"""

from __future__ import annotations

from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.messages import (
    areas,
    control,
    drivers,
    general,
    media,
    parameters,
    passing,
    positions,
    recorder,
    registering,
)
from yiwang.sensing.gateways.jt808.wire import MESSAGES, Malformed, Message

__all__ = [
    "MESSAGES",
    "areas",
    "control",
    "decode",
    "drivers",
    "general",
    "media",
    "parameters",
    "passing",
    "positions",
    "recorder",
    "registering",
]


def decode(message: int, body: bytes, edition: Edition) -> Message | None:
    """The record of a body; None for an id that the standard's table does not have.

    Raises:
        Malformed: the body does not hold the message.
    """
    kind = MESSAGES.get(message)
    if kind is None:
        return None
    try:
        return kind.decode(body, edition)
    except Malformed as error:
        raise Malformed(f"{message:04X}: {error}") from error
