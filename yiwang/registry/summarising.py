"""Reports and balances over the things of a type, as their type declares them (汇总): the reader's reach, filters, a span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection
from yiwang.registry import store
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.declarations import SummaryDeclaration
from yiwang.registry.errors import SummaryUnknown
from yiwang.registry.types import CompiledType


@dataclass(frozen=True, slots=True)
class Summary:
    """The rows of a summary; ``more``: there are further ones."""

    declaration: SummaryDeclaration
    rows: list[store.SummaryRow]
    more: bool


class Summarising:
    """Adds up what the reader may see; changes nothing."""

    def __init__(self, clock: Clock, catalogue: TypeCatalogue) -> None:
        self._clock = clock
        self._catalogue = catalogue

    async def summary(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        name: str,
        *,
        filters: dict[str, str],
        since: str = "",
        until: str = "",
        valid_at: datetime | None = None,
        limit: int = 1000,
    ) -> Summary:
        """The summary ``name`` of the things that are (or at ``valid_at`` were) there, by its attributes in order.

        Raises:
            TypeUnknown, SummaryUnknown, FilterUnknown.
        """
        kind = self._catalogue.type(type_id)
        declared = kind.declaration.summaries
        if name not in declared:
            known = ", ".join(declared) or "—"
            raise SummaryUnknown(type=kind.declaration.names.zh, name=name[:60], known=known)
        wanted = declared[name]
        less = [wanted.less.attribute] if wanted.less else []
        named = {each: _called(kind, each) for each in {*wanted.by, *wanted.sums, *less}}
        rows = await store.summed(
            connection,
            actor,
            type_id,
            wanted,
            named,
            filters=kind.filter_query(filters),
            since=since,
            until=until,
            valid_at=valid_at,
            now=self._clock.now(),
            limit=limit,
        )
        return Summary(wanted, rows[:limit], len(rows) > limit)


def _called(kind: CompiledType, name: str) -> list[str]:
    """The attribute's name, and those that it had in older versions of the type."""
    names = [name]
    for older in sorted(kind.declaration.older, key=lambda each: -each.version):
        names += [old for old, new in older.renamed.items() if new in names and old not in names]
    return names
