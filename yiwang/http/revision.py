"""The newest revision that this version knows, read from the names of its files: web processes need no migration tool."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yiwang.kernel


@cache
def newest_revision() -> str:
    """The number of the last pair of migration files, e.g. ``0006``."""
    folder = Path(yiwang.kernel.__file__).parent / "migrations" / "sql"
    return max(path.name.partition("_")[0] for path in folder.glob("*.up.sql"))
