"""Merging two records of one thing (合并), and taking that back exactly (撤销合并).

The merged record is believed no more from the merge on; what was believed before stays to be asked for. Its natural keys name
the kept record, its relations go on there. Everything that a merge did stands in ``thing_merge``, so that taking it back
believes again what was believed, moves keys and relations back, and undoes attributes that were taken over (unless the record
was changed since). Merges that build upon each other are taken back in reverse order; the database is asked, not the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.registry import store
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.errors import ChangedMeanwhile, ThingMerged, ThingUnknown
from yiwang.registry.model import Draft, Fact
from yiwang.registry.reading import Reading
from yiwang.registry.recording import Recording
from yiwang.registry.resolution import merge_store
from yiwang.registry.resolution import store as pair_store
from yiwang.registry.resolution.errors import MergeRefused, MergeUnknown, UndoRefused
from yiwang.registry.resolution.merge_store import Tie
from yiwang.registry.resolution.model import Merge
from yiwang.registry.types import CompiledType

_moment = timedelta(microseconds=1)
_most_steps = 64
_most_merges = 200


class Merging:
    """The verbs ``merge`` and ``undo``. One per process."""

    def __init__(self, clock: Clock, catalogue: TypeCatalogue, recording: Recording, reading: Reading) -> None:
        self._clock = clock
        self._catalogue = catalogue
        self._recording = recording
        self._reading = reading

    async def merge(
        self,
        connection: Connection,
        actor: Actor,
        kept: UUID,
        merged: UUID,
        *,
        take: Sequence[str] = (),
        seen: Sequence[UUID] = (),
        reason: str = "",
    ) -> UUID:
        """Make ``merged`` part of ``kept``; attributes in ``take`` are taken over from it, true from now on. ``seen``: the facts
        that the person looked at. In the caller's transaction; returns the merge.

        Raises:
            MergeRefused, ThingUnknown, ThingMerged, ChangedMeanwhile, Forbidden (grant ``merge`` on both; ``record`` to take),
            AttributesInvalid (what would be taken does not fit).
        """
        if kept == merged:
            raise MergeRefused(reason_zh="是同一条记录", reason_en="it is one record")
        keeping, going = await self._locked(connection, actor, kept, merged, seen)
        kind = self._catalogue.type(keeping.type)
        facts = await merge_store.believed_ids(connection, merged)
        ties = await merge_store.ties_of(connection, merged)
        kept_before = [id for id, _ in await merge_store.believed_ids(connection, kept)]
        at = self._after([*(since for _, since in facts), *(tie.recorded_from for tie in ties)])
        await store.close_facts(connection, [id for id, _ in facts], at)
        await merge_store.close_relations(connection, [tie.id for tie in ties], at)
        moved = [pair for tie in ties for pair in await self._follow(connection, tie, merged, kept, at)]
        await merge_store.move_keys(connection, merged, kept)
        await merge_store.set_merged_into(connection, merged, kept)
        taken = await self._take(connection, actor, kind, keeping, going, take, reason)
        kept_after = [id for id, _ in await merge_store.believed_ids(connection, kept)] if taken else []
        id = new_id()
        await merge_store.insert_merge(
            connection, id=id, type_id=kind.id, kept=kept, merged=merged, facts=[fact for fact, _ in facts],
            kept_facts=(kept_before if taken else [], kept_after), relations=[tie.id for tie in ties], moved=moved, at=at,
            actor=actor, reason=reason,
        )  # fmt: skip
        await pair_store.decide(connection, kept, merged, "merged", actor, reason, self._clock.now())
        await pair_store.drop_open_pairs_of(connection, merged)
        await journal.append(
            connection,
            journal.entry(
                actor, self._clock.now(), "thing.merged", "thing", kept, area=keeping.area,
                data={"type": kind.id, "merged": str(merged), "merge": str(id), "taken": list(taken), "reason": reason},
            ),
        )  # fmt: skip
        return id

    async def undo(self, connection: Connection, actor: Actor, merge_id: UUID, *, reason: str = "") -> Merge:
        """Take a merge back: both records are as they were. In the caller's transaction.

        Raises:
            MergeUnknown, UndoRefused (done already, or a merge that builds upon it stands), Forbidden.
        """
        merge = await merge_store.merge_by_id(connection, merge_id)
        if merge is None:
            raise MergeUnknown(id=str(merge_id))
        held = {id: await store.lock_thing(connection, id) for id in sorted((merge.kept, merge.merged))}
        newest = await store.newest_fact(connection, merge.kept)
        if newest is not None and not await store.may(connection, actor, newest, "merge"):
            raise MergeUnknown(id=str(merge_id))
        if merge.undone_at is not None:
            raise UndoRefused(
                reason_zh=f"{merge.undone_label} 已经撤销", reason_en=f"{merge.undone_label} has taken it back already"
            )
        above = held[merge.kept]
        if newest is None or above is None or above[1] is not None:
            raise UndoRefused(
                reason_zh="保留的记录后来又并入了另一条,请先撤销那次合并",
                reason_en="the kept record was merged into another since; take that back first",
            )
        originals = await merge_store.ties(connection, merge.relations)
        await _check_ends(connection, merge, originals)
        moved = await merge_store.ties(connection, merge.moved)
        believed = await merge_store.believed_ids(connection, merge.kept)
        at = self._after([merge.merged_at, *(tie.recorded_from for tie in moved), *(since for _, since in believed)])
        await merge_store.set_merged_into(connection, merge.merged, None)
        await merge_store.return_keys(connection, merge.merged, merge.kept)
        await merge_store.renamed(
            connection, "kept_after", merge.facts, await merge_store.restate_facts(connection, merge.facts, at)
        )
        closed = await merge_store.close_relations(connection, merge.moved, at)
        back = [
            await merge_store.restate_relation(connection, tie.id, (tie.from_id, tie.to_id), at) for tie in originals
        ]
        await merge_store.renamed(connection, "moved", [tie.id for tie in originals], back)
        if merge.kept_after and sorted(merge.kept_after) == sorted(id for id, _ in believed):
            await store.close_facts(connection, [id for id, _ in believed], at)
            again = await merge_store.restate_facts(connection, merge.kept_before, at)
            await merge_store.renamed(connection, "kept_after", merge.kept_before, again)
        await merge_store.set_undone(connection, merge.id, actor, reason, at)
        await self._others_follow(connection, merge, [tie for tie in moved if tie.id in set(closed)], at)
        await pair_store.decide(connection, merge.kept, merge.merged, "different", actor, reason, self._clock.now())
        await journal.append(
            connection,
            journal.entry(
                actor, self._clock.now(), "thing.unmerged", "thing", merge.kept, area=newest.area,
                data={"type": merge.type, "merged": str(merge.merged), "merge": str(merge.id), "reason": reason},
            ),
        )  # fmt: skip
        return merge

    async def merges(
        self, connection: Connection, actor: Actor, type_id: str, thing_id: UUID
    ) -> list[tuple[Merge, Fact]]:
        """Merges that a record has part in, the newest first, each with the other record as last known, masked; those within
        the reader's reach.

        Raises:
            ThingUnknown.
        """
        last = await self._last(connection, thing_id)
        if last is None or last.type != type_id or not await store.may(connection, actor, last, "read"):
            raise ThingUnknown(id=str(thing_id))
        found = []
        for merge in await merge_store.merges_of(connection, thing_id, limit=_most_merges):
            other = await self._last(connection, merge.merged if merge.kept == thing_id else merge.kept)
            if other is not None and await store.may(connection, actor, other, "read"):
                found.append((merge, self._reading.shown(other)))
        return found

    async def _last(self, connection: Connection, thing_id: UUID) -> Fact | None:
        id = await merge_store.last_known(connection, thing_id)
        return None if id is None else await store.fact_by_id(connection, id)

    async def _locked(
        self, connection: Connection, actor: Actor, kept: UUID, merged: UUID, seen: Sequence[UUID]
    ) -> tuple[Fact, Fact]:
        """Both records as they are believed of the latest time; nobody else changes them until the transaction ends."""
        facts: dict[UUID, Fact] = {}
        for id in sorted((kept, merged)):
            thing = await store.lock_thing(connection, id)
            fact = await store.newest_fact(connection, id)
            if thing is not None and thing[1] is not None:
                raise ThingMerged(into=str(thing[1]))
            if thing is None or fact is None or not await store.may(connection, actor, fact, "read"):
                raise ThingUnknown(id=str(id))
            if not await store.may(connection, actor, fact, "merge"):
                raise Forbidden(verb=f"thing-{fact.type}:merge")
            if seen and fact.id not in seen:
                raise ChangedMeanwhile(who=fact.recorded_label, when=fact.recorded_from.isoformat(timespec="minutes"))
            facts[id] = fact
        if facts[kept].type != facts[merged].type:
            raise MergeRefused(reason_zh="两条记录类型不同", reason_en="they are of different types")
        return facts[kept], facts[merged]

    async def _follow(
        self, connection: Connection, tie: Tie, merged: UUID, kept: UUID, at: datetime
    ) -> list[tuple[UUID, UUID]]:
        """A relation of the merged record goes on with the kept one; (old, new) of what came of it."""
        ends = (kept if tie.from_id == merged else tie.from_id, kept if tie.to_id == merged else tie.to_id)
        if ends[0] == ends[1]:
            return []
        thing = await store.type_of(connection, tie.from_id)
        declared = self._catalogue.type(thing[0]).declaration.relations.get(tie.kind) if thing else None
        made = await merge_store.follow(connection, tie.id, ends, declared is not None and not declared.many, at)
        if made and declared is not None and declared.acyclic and await store.reaches(
            connection, ends[1], tie.kind, ends[0], most_steps=_most_steps
        ):  # fmt: skip
            raise MergeRefused(
                reason_zh=f"“{declared.names.zh}”会形成循环", reason_en=f"“{declared.names.en}” would close a circle"
            )
        return [(tie.id, id) for id in made]

    async def _take(
        self,
        connection: Connection,
        actor: Actor,
        kind: CompiledType,
        keeping: Fact,
        going: Fact,
        take: Sequence[str],
        reason: str,
    ) -> tuple[str, ...]:
        """Attributes taken over; which there were."""
        offered = self._reading.plain(kind, going)
        wanted = {name: offered[name] for name in take if name in offered}
        attributes = self._reading.plain(kind, keeping)
        if all(attributes.get(name) == value for name, value in wanted.items()):
            return ()
        draft = Draft({**attributes, **wanted}, keeping.geometry, keeping.organisation_id, reason=reason)
        made = await self._recording.record(connection, actor, kind.id, draft, thing_id=keeping.thing_id)
        return tuple(wanted) if made.outcome == "changed" else ()

    async def _others_follow(self, connection: Connection, merge: Merge, closed: Sequence[Tie], at: datetime) -> None:
        """Relations of other merged records that were not needed while this one's stood."""
        gone = {(tie.kind, tie.from_id, tie.to_id) for tie in closed}
        if not gone:
            return
        for other in await merge_store.standing_merges_into(connection, merge.kept):
            waiting = [id for id in other.relations if id not in set(other.moved_from)]
            for tie in await merge_store.ties(connection, waiting):
                ends = (
                    other.kept if tie.from_id == other.merged else tie.from_id,
                    other.kept if tie.to_id == other.merged else tie.to_id,
                )
                if (tie.kind, *ends) in gone:
                    made = await self._follow(connection, tie, other.merged, other.kept, at)
                    await merge_store.add_moved(connection, other.id, made)

    def _after(self, moments: Sequence[datetime]) -> datetime:
        """Now, or just behind all of these."""
        return max([self._clock.now(), *(each + _moment for each in moments)])


async def _check_ends(connection: Connection, merge: Merge, originals: Sequence[Tie]) -> None:
    """The other ends of the relations that come back must not have been merged themselves since."""
    for end in {end for tie in originals for end in (tie.from_id, tie.to_id)} - {merge.merged}:
        thing = await store.type_of(connection, end)
        if thing is not None and thing[1] is not None:
            raise UndoRefused(
                reason_zh=f"与它有关系的记录 {end} 后来也被合并了,请先撤销那次合并",
                reason_en=f"the record {end} that it is related to was merged since; take that back first",
            )
