"""What stands in a segment: header fields and the data area (table 3), read leniently, written exactly as the
standard says.

``QN=…;ST=…;CN=…;PW=…;MN=…;Flag=…;[PNUM=…;PNO=…;]CP=&&…&&``. Devices leave out QN and Flag (edition 2005), change
the order, put a comma where a semicolon belongs, or add blanks: all of that is read. The edition is the upper six
bits of Flag and is never a reason to refuse. No input or output here.
"""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

from yiwang.kernel.errors import Problem
from yiwang.sensing.gateways.hj212.framing import frame

START: Final = b"CP=&&"
END: Final = b"&&"


class Edition(enum.IntEnum):
    """Editions of the standard by the version bits of Flag."""

    HJT_2005 = 0
    HJ_2017 = 1
    HJ_2025 = 2


class Result(enum.IntEnum):
    """QnRtn 请求命令返回: whether a request is accepted (table 7)."""

    READY = 1
    REFUSED = 2
    WRONG_PASSWORD = 3
    WRONG_DEVICE = 4
    WRONG_SYSTEM = 5
    WRONG_FLAG = 6
    WRONG_NUMBER = 7
    WRONG_COMMAND = 8
    WRONG_CHECKSUM = 9
    UNKNOWN = 100


class Execution(enum.IntEnum):
    """ExeRtn 执行结果: how an accepted request ended (table 6)."""

    DONE = 1
    FAILED = 2
    WRONG_CONDITION = 3
    TIMED_OUT = 4
    BUSY = 5
    DEVICE_FAULT = 6
    NO_DATA = 100


class SegmentUnreadable(Problem):
    """The segment of a frame with a right check value is not built as HJ 212 says."""

    code = "sensing.hj212_segment"
    status = 422
    zh = "HJ 212 数据段无法读取({reason})。请检查数采仪的协议版本与数据段格式。"
    en = "The HJ 212 segment cannot be read ({reason}); check the edition and the segment format of the data logger."


class Frame(NamedTuple):
    """One message 通讯包. Absent texts are empty, an absent Flag is None; ``data`` is the data area between the
    ``&&``, as bytes.

    ``packets`` and ``packet`` are PNUM and PNO (0 where absent); ``resent`` is RF=1 of the edition of 2025.
    """

    number: str
    system: str
    command: str
    password: str
    device: str
    flag: int | None
    packets: int
    packet: int
    resent: bool
    data: bytes

    @property
    def edition(self) -> int:
        """Version bits: see :class:`Edition`; other numbers are editions to come."""
        return (self.flag or 0) >> 2

    @property
    def wants_answer(self) -> bool:
        """Bit A of Flag."""
        return self.flag is not None and bool(self.flag & 1)

    @property
    def split(self) -> bool:
        """Whether this is one of several packets."""
        return self.packets > 1

    def text(self) -> str:
        """The data area as text: UTF-8, else GBK (devices of 2005), else with replacement marks."""
        return text_of(self.data)


def text_of(data: bytes) -> str:
    """UTF-8 where it is that, else GBK, else UTF-8 with replacement marks; never raises."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("gbk")
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace")


def read_segment(segment: bytes) -> Frame:
    """The frame that a segment holds.

    Raises:
        SegmentUnreadable: there is no data area, or no device (MN) or command (CN) in the header.
    """
    head, mark, rest = segment.partition(START)
    if not mark:
        head, rest = _loose_data_area(segment)
    if rest.endswith(END):
        data = rest[:-2]
    else:
        end = rest.rfind(END)
        if end < 0:
            raise SegmentUnreadable(reason="CP")
        data = rest[:end]
    fields: dict[str, str] = {}
    for item in head.decode("latin-1").split(";"):
        name, _, value = item.partition("=")
        fields[name] = value
    number = fields.get("QN", "")
    device = fields.get("MN", "")
    command = fields.get("CN", "")
    if not device or not command or "," in number or b" " in head:
        fields = _loose_header(head)
        number, device, command = fields.get("QN", ""), fields.get("MN", ""), fields.get("CN", "")
        if not device or len(device) > 64:
            raise SegmentUnreadable(reason="MN")
    if len(command) != 4 or not (command.isascii() and command.isdigit()):
        raise SegmentUnreadable(reason="CN")
    flag = fields.get("Flag")
    packets = fields.get("PNUM")
    return Frame(
        number,
        fields.get("ST", ""),
        command,
        fields.get("PW", ""),
        device,
        None if flag is None else _small(flag, 255),
        0 if packets is None else _small(packets, 9999) or 0,
        0 if packets is None else _small(fields.get("PNO", ""), 9999) or 0,
        fields.get("RF") == "1",
        data,
    )


def _loose_data_area(segment: bytes) -> tuple[bytes, bytes]:
    """Header and data area where blanks stand around the mark or its letters are small."""
    start = segment.upper().find(b"CP")
    while start >= 0:
        rest = segment[start + 2 :].lstrip(b" ")
        if rest.startswith(b"="):
            rest = rest[1:].lstrip(b" ")
            if rest.startswith(END):
                return segment[:start], rest[2:]
        start = segment.upper().find(b"CP", start + 2)
    raise SegmentUnreadable(reason="CP")


_HEADER_NAMES: Final = {name.upper(): name for name in ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")}


def _loose_header(head: bytes) -> dict[str, str]:
    """Header fields with blanks, commas and letters of any case."""
    fields: dict[str, str] = {}
    for item in head.decode("latin-1").replace(",", ";").split(";"):
        name, mark, value = item.partition("=")
        known = _HEADER_NAMES.get(name.strip().upper())
        if mark and known is not None:
            fields.setdefault(known, value.strip())
    return fields


def _small(text: str, most: int) -> int | None:
    """A whole number from 0 to ``most``; None for anything else."""
    if len(text) <= 8 and text.isascii() and text.isdigit():
        number = int(text)
        return number if number <= most else None
    return None


def segment_of(found: Frame) -> bytes:
    """The segment of a frame, fields in the standard's order; empty texts and an absent Flag are left out."""
    head = [
        f"{name}={value};"
        for name, value in (
            ("QN", found.number),
            ("ST", found.system),
            ("CN", found.command),
            ("PW", found.password),
            ("MN", found.device),
        )
        if value
    ]
    if found.flag is not None:
        head.append(f"Flag={found.flag};")
    if found.packets:
        head.append(f"PNUM={found.packets};PNO={found.packet};")
    if found.resent:
        head.append("RF=1;")
    return "".join(head).encode("latin-1") + START + found.data + END


def encode(found: Frame) -> bytes:
    """A frame as bytes on the wire.

    Raises:
        ValueError: it is too long for one frame; see :func:`packets_of`.
    """
    return frame(segment_of(found))


def flag_of(edition: int, *, answer: bool, split: bool = False) -> int:
    """Flag: version bits, D (packet numbers present), A (answer wanted)."""
    return edition << 2 | split << 1 | answer


def packets_of(found: Frame, longest: int = 950) -> list[Frame]:
    """A frame whose data area is longer than ``longest`` bytes, split between factors (Annex C.49); else the frame
    alone.

    Every packet repeats DataTime and has its own number (QN counted up), as the standard's example does.
    """
    if len(found.data) <= longest:
        return [found]
    groups = found.data.split(b";")
    head = groups.pop(0) if groups[0].startswith(b"DataTime=") else b""
    parts: list[bytes] = []
    part = head
    for group in groups:
        longer = part + b";" + group if part else group
        if len(longer) > longest and part not in (b"", head):
            parts.append(part)
            longer = head + b";" + group if head else group
        part = longer
    parts.append(part)
    if len(parts) == 1:
        return [found]
    flag = (found.flag or 0) | 2
    base = int(found.number) if found.number.isdigit() else None
    return [
        found._replace(
            number=found.number if base is None else str(base + index),
            flag=flag,
            packets=len(parts),
            packet=index + 1,
            data=data,
        )
        for index, data in enumerate(parts)
    ]


def answer(to: Frame, command: str, *, password: str = "", data: str = "", system: str = "91") -> Frame:
    """An answer (9011 … 9014) to ``to``: the same number and device, ST=91, the version bits of ``to`` without A.

    The edition of 2005 says the number inside the data area; so it is written there for frames of that edition.
    """
    if to.edition == Edition.HJT_2005:
        inner = ";".join(part for part in (f"QN={to.number}" if to.number else "", data) if part)
        number, flag = "", None if to.flag is None else 0
    else:
        inner, number, flag = data, to.number, to.edition << 2
    return Frame(
        number, system, command, password or to.password, to.device, flag, 0, 0, False, inner.encode("utf-8")
    )  # fmt: skip
