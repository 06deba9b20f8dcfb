"""Parameters of a terminal (终端参数): set, asked for, told; with the names and kinds of the standard's table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yiwang.sensing.gateways.jt808.wire import (
    BYTE,
    BYTES8,
    DWORD,
    WORD,
    Malformed,
    Message,
    Reader,
    Record,
    Wire,
    gbk,
    many,
    text_of,
)

Value = int | str | bytes

NAMES: dict[int, str] = {
    0x0001: "heartbeat_seconds", 0x0002: "tcp_timeout_seconds", 0x0003: "tcp_retries",
    0x0004: "udp_timeout_seconds", 0x0005: "udp_retries", 0x0006: "sms_timeout_seconds", 0x0007: "sms_retries",
    0x0010: "apn", 0x0011: "apn_user", 0x0012: "apn_password", 0x0013: "server",
    0x0014: "backup_apn", 0x0015: "backup_apn_user", 0x0016: "backup_apn_password", 0x0017: "backup_server",
    0x0018: "tcp_port", 0x0019: "udp_port",
    0x001A: "card_server", 0x001B: "card_tcp_port", 0x001C: "card_udp_port", 0x001D: "card_backup_server",
    0x0020: "report_strategy", 0x0021: "report_plan", 0x0022: "interval_without_driver",
    0x0027: "interval_asleep", 0x0028: "interval_emergency", 0x0029: "interval",
    0x002C: "distance", 0x002D: "distance_without_driver", 0x002E: "distance_asleep", 0x002F: "distance_emergency",
    0x0030: "turning_angle", 0x0031: "fence_radius", 0x0032: "forbidden_hours",
    0x0040: "platform_phone", 0x0041: "reset_phone", 0x0042: "factory_reset_phone", 0x0043: "platform_sms",
    0x0044: "alarm_sms", 0x0045: "answering", 0x0046: "call_seconds", 0x0047: "month_call_seconds",
    0x0048: "listening_phone", 0x0049: "privileged_sms",
    0x0050: "alarm_mask", 0x0051: "alarm_sms_mask", 0x0052: "alarm_photo_mask", 0x0053: "alarm_photo_store_mask",
    0x0054: "key_alarms", 0x0055: "greatest_speed", 0x0056: "overspeed_seconds", 0x0057: "driving_seconds",
    0x0058: "day_driving_seconds", 0x0059: "rest_seconds", 0x005A: "parking_seconds",
    0x005B: "overspeed_warning", 0x005C: "fatigue_warning", 0x005D: "collision", 0x005E: "rollover_degrees",
    0x0064: "timed_photos", 0x0065: "distance_photos",
    0x0070: "image_quality", 0x0071: "brightness", 0x0072: "contrast", 0x0073: "saturation", 0x0074: "chroma",
    0x0080: "odometer", 0x0081: "province", 0x0082: "city", 0x0083: "plate", 0x0084: "plate_colour",
    0x0090: "gnss_modes", 0x0091: "gnss_baud", 0x0092: "gnss_output", 0x0093: "gnss_seconds",
    0x0094: "gnss_upload", 0x0095: "gnss_upload_setting",
    0x0100: "can1_milliseconds", 0x0101: "can1_seconds", 0x0102: "can2_milliseconds", 0x0103: "can2_seconds",
}  # fmt: skip
"""Parameters that have a name here; any other is set and told by its number."""

_TEXTS = {
    *range(0x0010, 0x0018), 0x001A, 0x001D, *range(0x0040, 0x0045), 0x0048, 0x0049, 0x0083,
}  # fmt: skip
_WORDS = {0x0031, 0x005B, 0x005C, 0x005D, 0x005E, 0x0081, 0x0082, 0x0101, 0x0103}
_BYTES = {0x0084, 0x0090, 0x0091, 0x0092, 0x0094}
_RAW = {0x0032}
_NUMBER = re.compile("0x[0-9A-Fa-f]{1,8}")
_IDS = {name: number for number, name in NAMES.items()}


def width_of(parameter: int) -> int | None:
    """Bytes of a number: 1, 2 or 4; 0 for text; None where the table does not have the parameter."""
    if parameter in _TEXTS:
        return 0
    if parameter in _WORDS:
        return 2
    if parameter in _BYTES:
        return 1
    return 4 if parameter in NAMES and parameter not in _RAW else None


@dataclass(frozen=True, slots=True)
class Parameter(Record):
    """One parameter: its id and its bytes."""

    WIRE = (DWORD, BYTES8)
    id: int
    data: bytes

    @property
    def name(self) -> str:
        """The name of :data:`NAMES`, or the number as 0x and eight digits."""
        return NAMES.get(self.id) or f"0x{self.id:08X}"

    def value(self) -> Value:
        """A number or text; the bytes of a parameter that the table does not have, or that has another size."""
        width = width_of(self.id)
        if width == 0:
            return text_of(self.data)
        return int.from_bytes(self.data, "big") if width == len(self.data) else self.data


def parameter(name: str, value: Value) -> Parameter:
    """The parameter of a name of :data:`NAMES` (or ``0x…``) with its value.

    Raises:
        Malformed: no such name, or the value does not fit.
    """
    number = _IDS.get(name)
    if number is None:
        if _NUMBER.fullmatch(name) is None:
            raise Malformed(f"no parameter is called {name!r}")
        number = int(name, 16)
    if isinstance(value, bytes):
        return Parameter(number, value)
    width = width_of(number)
    if isinstance(value, str) and not width:
        return Parameter(number, gbk(value))
    try:
        return Parameter(number, int(value).to_bytes(width or 4, "big"))
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{value!r} does not fit the parameter {name!r}") from error


def _read_list(reader: Reader) -> tuple[Parameter, ...]:
    """Real terminals promise more parameters than they send: those that are there are taken."""
    count, found = BYTE.read(reader), list[Parameter]()
    while len(found) < count and reader.left:
        found.append(Parameter.read(reader))
    return tuple(found)


_LIST = Wire[tuple[Parameter, ...]](_read_list, many(BYTE, Parameter.wire()).write)


@dataclass(frozen=True, slots=True)
class SetParameters(Message):
    """8103 设置终端参数."""

    ID = 0x8103
    WIRE = (_LIST,)
    items: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class AskParameters(Message):
    """8104 查询终端参数: all of them."""

    ID = 0x8104


@dataclass(frozen=True, slots=True)
class AskGivenParameters(Message):
    """8106 查询指定终端参数."""

    ID = 0x8106
    WIRE = (many(BYTE, DWORD),)
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Parameters(Message):
    """0104 查询终端参数应答; ``serial`` is that of the question."""

    ID = 0x0104
    WIRE = (WORD, _LIST)
    serial: int
    items: tuple[Parameter, ...]
