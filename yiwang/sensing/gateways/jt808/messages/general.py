"""Acknowledgement, heartbeat, leaving, time, packets sent again."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.wire import BYTE, UTC_TIME, WORD, Message, by_edition, many


class Result(enum.IntEnum):
    """Result of a general acknowledgement (通用应答)."""

    OK = 0
    FAILED = 1
    BAD_MESSAGE = 2
    UNSUPPORTED = 3
    ALARM_CONFIRMED = 4


@dataclass(frozen=True, slots=True)
class TerminalAck(Message):
    """0001 终端通用应答: the terminal's answer to a message of the platform."""

    ID = 0x0001
    WIRE = (WORD, WORD, BYTE)
    serial: int
    message: int
    result: int


@dataclass(frozen=True, slots=True)
class PlatformAck(Message):
    """8001 平台通用应答."""

    ID = 0x8001
    WIRE = (WORD, WORD, BYTE)
    serial: int
    message: int
    result: int


@dataclass(frozen=True, slots=True)
class Heartbeat(Message):
    """0002 终端心跳."""

    ID = 0x0002


@dataclass(frozen=True, slots=True)
class Unregister(Message):
    """0003 终端注销."""

    ID = 0x0003


@dataclass(frozen=True, slots=True)
class AskTime(Message):
    """0004 查询服务器时间 (2019)."""

    ID = 0x0004


@dataclass(frozen=True, slots=True)
class ServerTime(Message):
    """8004 查询服务器时间应答 (2019): the time in UTC, as the edition says, unlike the times of reports."""

    ID = 0x8004
    WIRE = (UTC_TIME,)
    at: datetime | None


_NUMBERS = by_edition(many(BYTE, WORD), many(WORD, WORD))


@dataclass(frozen=True, slots=True)
class TerminalWantsPackets(Message):
    """0005 终端补传分包请求 (2019): numbers of the packets that did not arrive; ``first`` is the first packet's serial."""

    ID = 0x0005
    WIRE = (WORD, _NUMBERS)
    first: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlatformWantsPackets(Message):
    """8003 服务器补传分包请求."""

    ID = 0x8003
    WIRE = (WORD, _NUMBERS)
    first: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LinkCheck(Message):
    """8204 链路检测 (2019)."""

    ID = 0x8204


def acknowledge(message: int, serial: int, result: Result, edition: Edition) -> bytes:
    """The body of 8001."""
    return PlatformAck(serial, message, result).encode(edition)
