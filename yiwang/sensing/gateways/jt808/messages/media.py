"""Pictures, sounds and videos of a terminal (多媒体)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from yiwang.sensing.gateways.jt808.messages.positions import BASIC, Position, read_position, write_position
from yiwang.sensing.gateways.jt808.wire import (
    BYTE,
    DWORD,
    TIME,
    WORD,
    Message,
    Reader,
    Record,
    Wire,
    Writer,
    many,
)

IMAGE, SOUND, VIDEO = 0, 1, 2
SUFFIXES = {0: ".jpg", 1: ".tif", 2: ".mp3", 3: ".wav", 4: ".wmv"}
_JPEG = b"\xff\xd8"
_PLACE = Wire[Position](
    lambda reader: read_position(reader.take(BASIC)),
    lambda writer, value: writer.put(write_position(value._replace(items=b""))),
)


@dataclass(frozen=True, slots=True)
class MediaEvent(Message):
    """0800 多媒体事件信息上传. ``kind`` 0 image, 1 sound, 2 video; ``format`` 0 JPEG, 1 TIF, 2 MP3, 3 WAV, 4 WMV."""

    ID = 0x0800
    WIRE = (DWORD, BYTE, BYTE, BYTE, BYTE)
    id: int
    kind: int
    format: int
    event: int
    channel: int


@dataclass(frozen=True, slots=True)
class Media(Message):
    """0801 多媒体数据上传. ``place`` is None where the terminal (2011) sends none."""

    ID = 0x0801
    id: int
    kind: int
    format: int
    event: int
    channel: int
    place: Position | None
    content: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        head = DWORD.read(reader), BYTE.read(reader), BYTE.read(reader), BYTE.read(reader), BYTE.read(reader)
        rest = reader.rest()
        if rest.startswith(_JPEG) or len(rest) < BASIC:
            return cls(*head, None, rest)
        return cls(*head, read_position(rest[:BASIC]), rest[BASIC:])

    def write(self, writer: Writer) -> None:
        DWORD.write(writer, self.id)
        for value in (self.kind, self.format, self.event, self.channel):
            BYTE.write(writer, value)
        if self.place is not None:
            _PLACE.write(writer, self.place)
        writer.put(self.content)


@dataclass(frozen=True, slots=True)
class MediaAck(Message):
    """8800 多媒体数据上传应答: all arrived, or the numbers of the packets to send again."""

    ID = 0x8800
    id: int
    again: tuple[int, ...] = ()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        number = DWORD.read(reader)
        return cls(number, many(BYTE, WORD).read(reader) if reader.left else ())

    def write(self, writer: Writer) -> None:
        DWORD.write(writer, self.id)
        if self.again:
            many(BYTE, WORD).write(writer, self.again)


@dataclass(frozen=True, slots=True)
class Shoot(Message):
    """8801 摄像头立即拍摄命令. ``command`` 0 stop, FFFF film, else so many pictures; ``interval`` s; ``save`` 1 keeps them;
    ``resolution`` 1 320×240 … 8 D1; ``quality`` 1–10; brightness 0–255, contrast and saturation 0–127, chroma 0–255."""

    ID = 0x8801
    WIRE = (BYTE, WORD, WORD, BYTE, BYTE, BYTE, BYTE, BYTE, BYTE, BYTE)
    channel: int
    command: int
    interval: int
    save: int
    resolution: int
    quality: int
    brightness: int
    contrast: int
    saturation: int
    chroma: int


@dataclass(frozen=True, slots=True)
class Shot(Message):
    """0805 摄像头立即拍摄命令应答. ``result`` 0 done, 1 failed, 2 channel not there; ``ids`` of what was taken."""

    ID = 0x0805
    serial: int
    result: int
    ids: tuple[int, ...] = ()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        serial, result = WORD.read(reader), BYTE.read(reader)
        return cls(serial, result, () if result else many(WORD, DWORD).read(reader))

    def write(self, writer: Writer) -> None:
        WORD.write(writer, self.serial)
        BYTE.write(writer, self.result)
        if not self.result:
            many(WORD, DWORD).write(writer, self.ids)


@dataclass(frozen=True, slots=True)
class SearchMedia(Message):
    """8802 存储多媒体数据检索. Channel 0: all."""

    ID = 0x8802
    WIRE = (BYTE, BYTE, BYTE, TIME, TIME)
    kind: int
    channel: int
    event: int
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class FoundItem(Record):
    WIRE = (DWORD, BYTE, BYTE, BYTE, _PLACE)
    id: int
    kind: int
    channel: int
    event: int
    place: Position


@dataclass(frozen=True, slots=True)
class FoundMedia(Message):
    """0802 存储多媒体数据检索应答."""

    ID = 0x0802
    WIRE = (WORD, many(WORD, FoundItem.wire()))
    serial: int
    items: tuple[FoundItem, ...]


@dataclass(frozen=True, slots=True)
class UploadMedia(Message):
    """8803 存储多媒体数据上传命令. ``delete`` 1: the terminal removes what it sent."""

    ID = 0x8803
    WIRE = (BYTE, BYTE, BYTE, TIME, TIME, BYTE)
    kind: int
    channel: int
    event: int
    since: datetime | None
    until: datetime | None
    delete: int


@dataclass(frozen=True, slots=True)
class RecordSound(Message):
    """8804 录音开始命令. ``command`` 0 stop, 1 start; ``seconds`` 0: until stopped."""

    ID = 0x8804
    WIRE = (BYTE, WORD, BYTE, BYTE)
    command: int
    seconds: int
    save: int
    rate: int


@dataclass(frozen=True, slots=True)
class UploadOne(Message):
    """8805 单条存储多媒体数据检索上传命令."""

    ID = 0x8805
    WIRE = (DWORD, BYTE)
    id: int
    delete: int
