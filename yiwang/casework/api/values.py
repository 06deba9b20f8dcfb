"""Values that bodies and queries of casework take, with the bounds of each: what passes here can be stored.

Texts come cleaned (see :mod:`yiwang.kernel.text`); numbers and times are taken only as such, never from a text or a truth
value that happens to look like one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from yiwang.kernel.database import Json
from yiwang.kernel.text import CleanText, clean, clean_line


def _line(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
ClassCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,12}$")]
SourceNumber = Annotated[str, StringConstraints(min_length=1, max_length=100), BeforeValidator(_line)]
Note = Annotated[CleanText, Field(max_length=2000)]
Limit = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Number = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[!-~\u4e00-\u9fff]+$")]
Claim = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A stage, a status, a code: anything on one line."""
Code = Annotated[str, StringConstraints(min_length=4, max_length=20, pattern=r"^[0-9A-Z]+$")]

MAX_FIELDS_BYTES = 16 * 1024
MAX_FIELDS_DEPTH = 8
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _fault(code: str, zh: str, en: str) -> PydanticCustomError:
    """``input.<code>`` with words in both languages."""
    return PydanticCustomError(code, f"{zh} | {en}")


def _only_number(value: object) -> object:
    if isinstance(value, bool | str):
        raise _fault("float_type", "应为数字", "must be a number")
    return value


Degrees = Annotated[float, BeforeValidator(_only_number), Field(allow_inf_nan=False)]
"""A coordinate in a body."""


def _only_iso(value: object) -> object:
    if not isinstance(value, str) or not _ISO.match(value):
        example = "2026-06-18T08:30:00+08:00"
        raise _fault("datetime_type", f"应为时间,如 {example}", f"must be a time such as {example}")
    return value


def _in_reach(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise _fault("timezone_aware", "时间要带时区,如 +08:00", "a time needs its zone, such as +08:00")
    if not in_reach(value):
        raise _fault("time_range", "年份应在 1900 至 2199 之间", "the year must lie between 1900 and 2199")
    return value


Moment = Annotated[datetime, BeforeValidator(_only_iso), AfterValidator(_in_reach)]
"""A time with its zone, ISO 8601; never a count of seconds."""


def in_reach(value: datetime) -> bool:
    """Whether a zoned time can be stored and compared in every zone."""
    return _FIRST <= value < _LAST


def _fields(value: object) -> object:
    if not isinstance(value, dict):
        return value
    found = _cleaned(value, MAX_FIELDS_DEPTH)
    try:
        size = len(orjson.dumps(found))
    except TypeError as error:  # integers beyond 64 bits
        raise _fault("int_parsing_size", "有数字过大,无法保存", "a number is too large to be kept") from error
    if size > MAX_FIELDS_BYTES:
        raise _fault("too_large", "附加字段超过 16 KB", "more than 16 KB")
    return found


def _cleaned(value: Json, depth: int) -> Json:
    """The value with every text cleaned and every key as it would be read."""
    if depth < 0:
        raise _fault("too_deep", "附加字段嵌套过深,最多 8 层", "nested too deeply, at most 8 levels")
    match value:
        case str():
            return clean(value)
        case dict():
            return {clean(key): _cleaned(item, depth - 1) for key, item in value.items()}
        case list():
            return [_cleaned(item, depth - 1) for item in value]
        case _:
            return value


Fields = Annotated[dict[str, Any], BeforeValidator(_fields), Field(max_length=60)]
"""The case type's own fields; which they are and of what form, the case type says."""
