"""Counting statements honestly: the server itself writes down every statement that it executes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.installation import Cluster, sql

_EXECUTED = re.compile(r"\[(\d+)\] .*?LOG:  (?:execute [^:]*|statement): ")
_BOUNDARY = re.compile(r"^(begin|commit|rollback|savepoint|release)\b", re.IGNORECASE)


@dataclass(slots=True)
class StatementLog:
    """Reads what the server has logged since :meth:`mark`."""

    folder: Path
    application: str = "yiwang"
    _at: dict[Path, int] = field(default_factory=dict)

    def mark(self) -> None:
        """Forget what has been logged so far."""
        self._at = {path: path.stat().st_size for path in self.folder.glob("postgresql-*.log")}

    def read(self) -> dict[int, list[str]]:
        """Statements by server process, in order, since the mark; continuation lines are joined."""
        found: dict[int, list[str]] = {}
        for path in self.folder.glob("postgresql-*.log"):
            with path.open("rb") as log:
                log.seek(self._at.get(path, 0))
                text = log.read().decode(errors="replace")
            pid = 0
            for line in text.splitlines():
                begun = _EXECUTED.search(line)
                if begun:
                    pid = int(begun.group(1))
                    found.setdefault(pid, []).append(line[begun.end() :])
                elif line.startswith("\t") and pid:
                    found[pid][-1] += " " + line.strip()
                else:
                    pid = 0
        return found


@asynccontextmanager
async def every_statement(cluster: Cluster, database: str) -> AsyncIterator[StatementLog]:
    """Within the block the embedded server logs every statement."""
    url = cluster.url(database)
    await sql(url, "alter system set log_statement = 'all'")
    await sql(url, "select pg_reload_conf(), pg_sleep(0.3)")
    try:
        yield StatementLog(cluster.server.log_folder)
    finally:
        await sql(url, "alter system reset log_statement")
        await sql(url, "select pg_reload_conf(), pg_sleep(0.1)")


def split(statements: list[str]) -> tuple[list[str], list[str]]:
    """(statements that do something, begin and commit)."""
    boundaries = [text for text in statements if _BOUNDARY.match(text)]
    return [text for text in statements if not _BOUNDARY.match(text)], boundaries


def shapes(statements: list[str]) -> Counter[str]:
    """Statements by their beginning, for the reader."""
    return Counter(" ".join(text.split())[:60] for text in statements)
