"""The queue of pairs that may be the same (疑似重复), in which people decide: merge, different, later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection, JsonObject
from yiwang.registry import store
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.model import Fact, kinds_of
from yiwang.registry.reading import Reading
from yiwang.registry.resolution import store as pair_store
from yiwang.registry.resolution.errors import PairDecided, PairUnknown
from yiwang.registry.resolution.merging import Merging
from yiwang.registry.resolution.model import Decision, Level, Pair, Run
from yiwang.registry.sealing import Sealer
from yiwang.registry.types import CompiledType

Agreement = Literal["same", "different", "low", "high"]
"""Of an attribute of two records: equal, unequal, or told by one of them only."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A pair with both records, the older first; ``agreement``: of each attribute that one of them tells."""

    pair: Pair
    low: Fact
    high: Fact
    agreement: dict[str, Agreement]


@dataclass(frozen=True, slots=True)
class Listed:
    """A pair in the queue, with what both records are called (masked)."""

    pair: Pair
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class TypeState:
    """How a type stands: open pairs within reach, by level; the last search."""

    type: CompiledType
    open: dict[str, int]
    run: Run | None


class Reviewing:
    """The queue as people see it: within their grants to merge, masked as their grants say."""

    def __init__(
        self, clock: Clock, catalogue: TypeCatalogue, reading: Reading, merging: Merging, sealer: Sealer
    ) -> None:
        self._clock = clock
        self._catalogue = catalogue
        self._reading = reading
        self._merging = merging
        self._sealer = sealer

    async def types(self, connection: Connection, actor: Actor) -> list[TypeState]:
        """Types with rules of identity of which the actor may merge some."""
        runs = await pair_store.last_runs(connection)
        return [
            TypeState(kind, await pair_store.open_counts(connection, actor, kind.id), runs.get(kind.id))
            for kind in self._catalogue.all()
            if kind.declaration.resolution is not None and any(actor.may(each, "merge") for each in kinds_of(kind.id))
        ]

    async def queue(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        *,
        level: Level | None = None,
        after: UUID | None = None,
        limit: int = 50,
    ) -> tuple[list[Listed], UUID | None]:
        """Open pairs, the surest first, those put off last; and the cursor of the next page.

        Raises:
            TypeUnknown.
        """
        self._catalogue.type(type_id)
        pairs = await pair_store.queue(connection, actor, type_id, level=level, after=after, limit=limit)
        more, pairs = len(pairs) > limit, pairs[:limit]
        facts = await store.newest_facts(connection, sorted({id for pair in pairs for id in (pair.low, pair.high)}))
        found = [
            Listed(pair, self._reading.shown(facts[pair.low]).title, self._reading.shown(facts[pair.high]).title)
            for pair in pairs
            if pair.low in facts and pair.high in facts
        ]
        return found, pairs[-1].id if more else None

    async def beside(self, connection: Connection, actor: Actor, pair_id: UUID) -> Beside:
        """A pair with both records, personal values masked; whether values differ is told of the whole values.

        Raises:
            PairUnknown.
        """
        pair, low, high = await self._pair(connection, actor, pair_id)
        kind = self._catalogue.type(pair.type)
        return Beside(pair, self._reading.shown(low), self._reading.shown(high), self._agreement(kind, low, high))

    async def unmasked(self, connection: Connection, actor: Actor, pair_id: UUID, purpose: str) -> Beside:
        """The same with personal values, for a stated purpose; both reads are journalled.

        Raises:
            PairUnknown, PurposeNeeded, Forbidden.
        """
        pair, low, high = await self._pair(connection, actor, pair_id)
        kind = self._catalogue.type(pair.type)
        plain = [
            await self._reading.unmasked(connection, actor, pair.type, each, purpose) for each in (pair.low, pair.high)
        ]
        return Beside(pair, plain[0], plain[1], self._agreement(kind, low, high))

    async def decide(
        self,
        connection: Connection,
        actor: Actor,
        pair_id: UUID,
        decision: Decision,
        *,
        keep: UUID | None = None,
        take: Sequence[str] = (),
        seen: Sequence[UUID] = (),
        note: str = "",
    ) -> UUID | None:
        """What a person says of a pair. ``keep``: which of the two stays (None: the older). Returns the merge, if it is one.

        Raises:
            PairUnknown, PairDecided, and what :meth:`Merging.merge` refuses.
        """
        pair, low, _ = await self._pair(connection, actor, pair_id, lock=True)
        now = self._clock.now()
        if decision == "open":
            if pair.state == "different":
                await pair_store.reopen(connection, pair.id)
                await self._tell(connection, actor, pair, low, "thing.pair_reopened", note)
            return None
        if pair.state != "open":
            raise PairDecided(who=pair.decided_label, state=pair.state)
        if decision == "later":
            await pair_store.postpone(connection, pair.id, now)
            return None
        if decision == "different":
            await pair_store.decide(connection, pair.low, pair.high, "different", actor, note, now)
            await self._tell(connection, actor, pair, low, "thing.told_apart", note)
            return None
        kept = pair.high if keep == pair.high else pair.low
        going = pair.low if kept == pair.high else pair.high
        return await self._merging.merge(connection, actor, kept, going, take=take, seen=seen, reason=note)

    async def _pair(
        self, connection: Connection, actor: Actor, pair_id: UUID, *, lock: bool = False
    ) -> tuple[Pair, Fact, Fact]:
        pair = await pair_store.pair_by_id(connection, pair_id, lock=lock)
        if pair is None:
            raise PairUnknown(id=str(pair_id))
        facts = await store.newest_facts(connection, [pair.low, pair.high])
        low, high = facts.get(pair.low), facts.get(pair.high)
        if pair.state == "merged" and any(actor.may(each, "merge") for each in kinds_of(pair.type)):
            raise PairDecided(who=pair.decided_label, state=pair.state)
        if low is None or high is None:
            raise PairUnknown(id=str(pair_id))
        for fact in (low, high):
            if not await store.may(connection, actor, fact, "merge"):
                raise PairUnknown(id=str(pair_id))
        return pair, low, high

    def _agreement(self, kind: CompiledType, low: Fact, high: Fact) -> dict[str, Agreement]:
        first, second = self._comparable(kind, low), self._comparable(kind, high)
        found: dict[str, Agreement] = {}
        for name in kind.declaration.attributes:
            one, other = first.get(name), second.get(name)
            if one is None and other is None:
                continue
            found[name] = "low" if other is None else "high" if one is None else "same" if one == other else "different"
        return found

    def _comparable(self, kind: CompiledType, fact: Fact) -> JsonObject:
        """The attributes, sealed ones by their blinds."""
        return self._sealer.hidden(kind.id, self._reading.plain(kind, fact), kind.sealed)

    async def _tell(self, connection: Connection, actor: Actor, pair: Pair, low: Fact, verb: str, note: str) -> None:
        data: JsonObject = {"type": pair.type, "other": str(pair.high), "reason": note}
        entry = journal.entry(actor, self._clock.now(), verb, "thing", pair.low, area=low.area, data=data)
        await journal.append(connection, entry)
