"""What a clause of a plan asks, in the short words of the packs' own pages: ``| row/3 words, row/4 words | where … |``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from yiwang.packs.loaded import Pack

_NAME = re.compile(r"`?\b([a-z][a-z0-9]*(?:-[a-z0-9]+)*/[1-9][0-9]?)\b`?")

_BETWEEN = " ,;:*`\u3001\uff0c\uff1b\uff1a"
"""What may stand between the names of clauses and their words, also in Chinese punctuation."""


def clause_words(packs: Iterable[Pack]) -> dict[str, str]:
    """Words by clause (``grid-platform/3``), from the tables of README.md; the first pack that has words is believed."""
    found: dict[str, str] = {}
    for pack in packs:
        page = pack.folder / "README.md"
        if page.is_file():
            for clause, words in _words_of(page, page.stat().st_mtime_ns).items():
                found.setdefault(clause, words)
    return found


@lru_cache(maxsize=512)
def _words_of(page: Path, _changed: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in page.read_text("utf-8", errors="replace").splitlines():
        if not line.startswith("|"):
            continue
        first, *rest = line.strip().strip("|").split("|")
        names = [str(name) for name in _NAME.findall(first)]
        words = _NAME.sub("", first).strip(_BETWEEN) or (rest[0].strip() if rest else "")
        if names and words:
            found.update({name: words for name in names if name not in found})
    return found
