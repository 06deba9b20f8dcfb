"""Full-text search in Chinese by bigrams, bounded however large the archive is.

Every term is stored with the month of its case in front. A search asks for the newest months first and widens its steps
until the page is full, so a frequent word touches one month and a rare one a few index probes per year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from yiwang.kernel.text import SearchQuery

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def month_number(at: datetime) -> int:
    """Months since year 0, of UTC."""
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


def month_steps(newest: int, oldest: int) -> Iterator[tuple[int, int]]:
    """(newest, oldest) of each step backwards: 1 month, then 2, 4, 8, then 12 at a time."""
    width = 1
    while newest >= oldest:
        last = max(oldest, newest - width + 1)
        yield newest, last
        newest, width = last - 1, min(width * 2, 12)
