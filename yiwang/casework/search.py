"""Full-text search in Chinese by bigrams, bounded however large the archive is.

Every term is stored with the month of its case in front, so that a question to the index can be kept to some months: the
newest one first, then as many at once as, judged by what was found so far, hold few enough hits to sort. A frequent word
touches one month, a rare one the whole archive in one or two questions. The SQL: ``store/searching.py``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime

from yiwang.kernel.text import SearchQuery

PROBE_ENTRIES = 400
"""Index entries (terms times months) that one question to the index looks up; each costs a descent of the index."""

_COUNT = struct.Struct(">i")
_BETWEEN = "\0\0\0"  # the end of a lexeme, and no positions
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def month_number(at: datetime) -> int:
    """Months since year 0, of UTC."""
    at = at.astimezone(UTC)
    return at.year * 12 + at.month - 1


def _bucket(month: int) -> str:
    high, low = divmod(month, 36)
    top, middle = divmod(high, 36)
    return _DIGITS[top] + _DIGITS[middle] + _DIGITS[low]


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def stored_lexemes(terms: Iterable[str], at: datetime) -> list[str]:
    """The lexemes under which a case reported at ``at`` is found, each once."""
    bucket = _bucket(month_number(at))
    return list({bucket + term: None for term in terms})


def stored_vector(terms: Iterable[str], at: datetime) -> bytes:
    """The same in the binary form of a tsvector without positions; the server sorts the lexemes."""
    bucket, unique = _bucket(month_number(at)), dict.fromkeys(terms)
    if not unique:
        return _COUNT.pack(0)
    return _COUNT.pack(len(unique)) + (bucket + (_BETWEEN + bucket).join(unique) + _BETWEEN).encode()


def stored_terms(terms: Iterable[str], at: datetime) -> str:
    """The same as a tsvector literal."""
    return " ".join(_quoted(lexeme) for lexeme in stored_lexemes(terms, at))


def month_query(query: SearchQuery, newest: int, oldest: int) -> str:
    """The tsquery literal: the whole query in one of the months ``oldest``..``newest`` (month numbers)."""
    return " | ".join("(" + _in_month(query, _bucket(month)) + ")" for month in range(newest, oldest - 1, -1))


def _in_month(query: SearchQuery, bucket: str) -> str:
    exact = [_quoted(bucket + term) for term in query.terms]
    beginning = [_quoted(bucket + prefix) + ":*" for prefix in query.prefixes]
    return " & ".join(exact + beginning)


def month_start(month: int) -> datetime:
    """The first moment of a month, UTC."""
    year, place = divmod(month, 12)
    return datetime(year, place + 1, 1, tzinfo=UTC)


def widest_window(query: SearchQuery) -> int:
    """How many months one question to the index may cover."""
    return max(1, PROBE_ENTRIES // max(1, len(query.terms) + len(query.prefixes)))


def next_window(width: int, hits: int, widest: int, wanted: int) -> int:
    """Months of the next window after one of ``width`` months held ``hits``: as many as should hold ``wanted`` hits."""
    return widest if hits == 0 else min(widest, max(1, width * wanted // hits))
