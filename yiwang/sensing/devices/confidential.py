"""Which parameters and answers of commands are confidential, and how they are kept, told and shown.

What is named as a password is sealed where it is stored, opened for the gateway alone, and shown to nobody, wherever it
stands in the parameters; in a device's answer it is struck out before it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import orjson

from yiwang.kernel.database import Json, JsonObject

STRUCK_OUT: Final = "•••"
_NAMES = re.compile(
    r"(.*(password|passwd|passcode|secret|密码|口令)"
    r"|(.*[^a-z])?(pw|newpw|pwd|key|token)"
    r"|0x0*1[26])",  # by number in JT/T 808: password of the dial-up access, and of the one in reserve
    re.IGNORECASE | re.DOTALL,
)
# JT/T 808 8105: the words of an upgrade or of a change of server hold the dial-up password and the code of authentication.
_WHOLE: Final = frozenset({("control", "parameters")})


def sealed(verb: str, parameters: JsonObject, seal: Callable[[str], str]) -> JsonObject:
    """The parameters as they are stored."""
    return _changed(parameters, lambda value: seal(_text(value)), verb)


def opened(verb: str, parameters: JsonObject, open_: Callable[[str], str | None]) -> JsonObject:
    """The parameters as the device is to be told, from those that are stored."""
    return _changed(parameters, lambda value: open_(value) if isinstance(value, str) else value, verb)


def shown(verb: str, parameters: JsonObject) -> JsonObject:
    """The parameters, or an answer, as anybody may read them."""
    return _changed(parameters, lambda _: STRUCK_OUT, verb)


def _changed(found: JsonObject, change: Callable[[Json], Json], verb: str = "") -> JsonObject:
    return {
        name: change(value) if value is not None and _confidential(verb, name) else _within(value, change)
        for name, value in found.items()
    }


def _within(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, dict):
        return _changed(value, change)
    return [_within(one, change) for one in value] if isinstance(value, list) else value


def _confidential(verb: str, name: str) -> bool:
    return (verb, name) in _WHOLE or _NAMES.fullmatch(name) is not None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
