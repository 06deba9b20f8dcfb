"""How a device is called on the wire in each protocol: the shape of an address, and the one form in which it is kept."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias, get_args

from yiwang.sensing.devices.errors import AddressImpossible

Protocol: TypeAlias = Literal["hj212", "jt808", "mqtt", "http"]
PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)

_SHAPES: Final = {
    "hj212": (re.compile(r"^[0-9A-Za-z]{7,32}$"), "MN:7–32 位字母或数字", "an MN of 7–32 letters and digits"),
    "jt808": (
        re.compile(r"^[0-9]{1,20}$"),
        "终端手机号:至多 20 位数字",
        "a terminal's phone number, at most 20 digits",
    ),
    "mqtt": (
        re.compile(r"^[^\s/+#$\x00-\x1f\x7f][^\s/+#\x00-\x1f\x7f]{0,63}$"),
        "主题中的一级:至多 64 字,不含空白和 / + #",
        "one level of a topic: at most 64 characters, no blanks and no / + #",
    ),
    "http": (
        re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"),
        "至多 64 位字母、数字、. _ : -",
        "at most 64 letters, digits, . _ : -",
    ),
}


def fitting(protocol: Protocol, address: str) -> bool:
    """Whether ``address`` has the shape of the protocol's addresses."""
    return _SHAPES[protocol][0].match(address) is not None


def shape(protocol: Protocol) -> tuple[str, str]:
    """What an address of this protocol looks like, in Chinese and English."""
    return _SHAPES[protocol][1:]


def normal(protocol: Protocol, address: str) -> str:
    """The form in which an address is kept and sought: phone numbers without leading zeros, MN in capitals.

    Raises:
        AddressImpossible: of another shape.
    """
    address = address.strip()
    if not fitting(protocol, address):
        zh, en = shape(protocol)
        raise AddressImpossible(address=address[:64], protocol=protocol, shape_zh=zh, shape_en=en)
    return canonical(protocol, address)


def canonical(protocol: str, address: str) -> str:
    """The same without asking for the shape: for what came over the wire."""
    if protocol == "jt808":
        return address.lstrip("0") or "0"
    return address.upper() if protocol == "hj212" else address
