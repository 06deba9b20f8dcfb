"""Where a page of a list ends, as an opaque word that the caller gives back."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

import orjson

from yiwang.kernel.errors import FieldError, InvalidInput


def written_cursor(*parts: str) -> str:
    """A page's end as an opaque word."""
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def read_cursor(text: str | None, parts: int) -> list[str] | None:
    """The parts of :func:`written_cursor`; None for none.

    Raises:
        InvalidInput: no cursor of ours.
    """
    if text is None:
        return None
    try:
        found = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise bad_cursor() from error
    if not isinstance(found, list) or len(found) != parts or not all(isinstance(part, str) for part in found):
        raise bad_cursor()
    return found


def read_moment_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    """(time, id) of the last item of a page.

    Raises:
        InvalidInput: no cursor of ours.
    """
    parts = read_cursor(text, 2)
    if parts is None:
        return None
    try:
        return aware(parts[0]), UUID(parts[1])
    except ValueError as error:
        raise bad_cursor() from error


def aware(text: str) -> datetime:
    """The time of a cursor.

    Raises:
        ValueError: no time, or one without zone.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found


def bad_cursor() -> InvalidInput:
    """What is said of a ``before`` that no page gave."""
    fault = FieldError(
        where="/before", code="input.cursor", zh="请原样使用上一页的 next", en="use the page's next as it is"
    )
    return InvalidInput(errors=[fault], count=1)
