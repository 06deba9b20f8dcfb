"""Who drives: the card in the reader (驾驶员身份信息)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from yiwang.sensing.gateways.jt808.wire import BYTE, TEXT8, TIME, Message, Reader, Writer, bcd, fixed_text

INSERTED, REMOVED = 1, 2


@dataclass(frozen=True, slots=True)
class AskDriver(Message):
    """8702 上报驾驶员身份信息请求."""

    ID = 0x8702


@dataclass(frozen=True, slots=True)
class Driver(Message):
    """0702 驾驶员身份信息采集上报. ``result`` of reading the card: 0 read, 1 card not recognised, 2 card refused, 3 card locked,
    4 driver not valid; the fields behind it come only with 0. ``valid_until`` is written YYYYMMDD; ``identity`` came in 2019."""

    ID = 0x0702
    status: int
    at: datetime | None
    result: int = 0
    name: str = ""
    licence: str = ""
    agency: str = ""
    valid_until: date | None = None
    identity: str | None = None

    @classmethod
    def read(cls, reader: Reader) -> Self:
        status, at = BYTE.read(reader), TIME.read(reader)
        if status != INSERTED or not reader.left:
            return cls(status, at)
        result = BYTE.read(reader)
        if result or not reader.left:
            return cls(status, at, result)
        name, licence, agency = TEXT8.read(reader), fixed_text(20).read(reader), TEXT8.read(reader)
        until = _date(bcd(4).read(reader))
        # Terminals of 2013 headers send the field of 2019 too: what is there decides, not the edition.
        identity = fixed_text(20).read(reader) if reader.left >= 20 else None
        return cls(status, at, result, name, licence, agency, until, identity)

    def write(self, writer: Writer) -> None:
        BYTE.write(writer, self.status)
        TIME.write(writer, self.at)
        if self.status != INSERTED:
            return
        BYTE.write(writer, self.result)
        if self.result:
            return
        TEXT8.write(writer, self.name)
        fixed_text(20).write(writer, self.licence)
        TEXT8.write(writer, self.agency)
        bcd(4).write(writer, self.valid_until.strftime("%Y%m%d") if self.valid_until else "0")
        if self.identity is not None:
            fixed_text(20).write(writer, self.identity)


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
