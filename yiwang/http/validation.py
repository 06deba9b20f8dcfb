"""Words in Chinese and English for each way in which a field of a request can be wrong.

Owns the translation of pydantic's error types; an unknown type keeps pydantic's English sentence in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yiwang.kernel.errors import FieldError

_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("必填", "is required"),
    "extra_forbidden": ("没有这个字段,请删去", "is not a known field; leave it out"),
    "string_type": ("应为文字", "must be text"),
    "string_too_short": ("至少 {min_length} 个字", "must have at least {min_length} characters"),
    "string_too_long": ("最多 {max_length} 个字", "must have at most {max_length} characters"),
    "string_pattern_mismatch": ("格式不符,应形如 {pattern}", "must match {pattern}"),
    "int_type": ("应为整数", "must be a whole number"),
    "int_parsing": ("应为整数", "must be a whole number"),
    "int_from_float": ("应为整数", "must be a whole number"),
    "int_parsing_size": ("数字过大", "is too large a number"),
    "float_type": ("应为数字", "must be a number"),
    "float_parsing": ("应为数字", "must be a number"),
    "finite_number": ("应为有限的数字", "must be a finite number"),
    "bool_type": ("应为是或否", "must be true or false"),
    "bool_parsing": ("应为是或否", "must be true or false"),
    "greater_than": ("应大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("应不小于 {ge}", "must be at least {ge}"),
    "less_than": ("应小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("应不大于 {le}", "must be at most {le}"),
    "literal_error": ("应为下列之一:{expected}", "must be one of {expected}"),
    "enum": ("应为下列之一:{expected}", "must be one of {expected}"),
    "uuid_type": ("应为编号(UUID)", "must be an id (UUID)"),
    "uuid_parsing": ("应为编号(UUID)", "must be an id (UUID)"),
    "list_type": ("应为列表", "must be a list"),
    "tuple_type": ("应为列表", "must be a list"),
    "dict_type": ("应为对象", "must be an object"),
    "model_type": ("应为对象", "must be an object"),
    "model_attributes_type": ("应为对象", "must be an object"),
    "too_short": ("至少 {min_length} 项", "must have at least {min_length} items"),
    "too_long": ("最多 {max_length} 项", "must have at most {max_length} items"),
    "datetime_type": ("应为时间,如 2026-06-18T08:30:00+08:00", "must be a time such as 2026-06-18T08:30:00+08:00"),
    "datetime_parsing": ("应为时间,如 2026-06-18T08:30:00+08:00", "must be a time such as 2026-06-18T08:30:00+08:00"),
    "datetime_from_date_parsing": (
        "应为时间,如 2026-06-18T08:30:00+08:00",
        "must be a time such as 2026-06-18T08:30:00+08:00",
    ),
    "timezone_aware": ("时间要带时区,如 +08:00", "must carry a time zone such as +08:00"),
    "date_type": ("应为日期,如 2026-06-18", "must be a date such as 2026-06-18"),
    "date_parsing": ("应为日期,如 2026-06-18", "must be a date such as 2026-06-18"),
    "date_from_datetime_parsing": ("应为日期,如 2026-06-18", "must be a date such as 2026-06-18"),
    "url_parsing": ("应为网址", "must be a web address"),
    "bytes_type": ("应为文件", "must be a file"),
    "json_type": ("应为 JSON", "must be JSON"),
    "union_tag_invalid": ("类型应为下列之一:{expected_tags}", "must be of one of the kinds {expected_tags}"),
}


def field_error(fault: Mapping[str, Any]) -> FieldError:
    """The entry for one of pydantic's faults: ``where`` is a JSON pointer into the body, or ``query:``/``path:`` and
    name."""
    kind = str(fault["type"])
    words = _WORDS.get(kind)
    if words is None:
        message = str(fault.get("msg", kind)).removeprefix("Value error, ")
        zh, en = _both(message)
    else:
        context = {key: str(value).replace("{", "").replace("}", "") for key, value in (fault.get("ctx") or {}).items()}
        zh, en = (word.format_map(_Known(context)) for word in words)
    return FieldError(where=where(fault.get("loc", ())), code=f"input.{kind}", zh=zh, en=en)


def where(location: Sequence[int | str]) -> str:
    """FastAPI's location as a person reads it: ``/photos/0/id`` for the body, ``query:limit``, ``path:case_id``."""
    if not location:
        return "/"
    source, *rest = location
    if source == "body":
        return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in rest)
    return f"{source}:{'.'.join(str(part) for part in rest)}"


def _both(message: str) -> tuple[str, str]:
    """Validators of ours write ``中文 | English``; others only English."""
    zh, bar, en = message.partition(" | ")
    return (zh, en) if bar else (message, message)


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"
