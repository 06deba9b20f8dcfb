"""Writing drafts as cases: group commit. Reports that arrive while the last group is being written form the next one.

Each report is acknowledged only after the commit that holds its case, its flow, its first task and its journal entry.
There is no waiting for company: a lone report is written at once. A group is written in five statements however large it
is; one report that cannot be written does not harm the others (the group is then written one by one).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yiwang.casework import store
from yiwang.casework.catalogue import Catalogue
from yiwang.casework.errors import PhotoUnknown
from yiwang.casework.intake.drafting import photo_rows, same_matter
from yiwang.casework.model import CaseFile, Draft, Opened
from yiwang.casework.notes import opened_entry
from yiwang.casework.store import Changes
from yiwang.casework.timing import timing
from yiwang.flow.model import Start
from yiwang.flow.service import FlowService
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import Problem
from yiwang.kernel.grouping import Chosen, Groups, Waiting

GROUP_LIMIT = 100


@dataclass(slots=True)
class _Waiting(Waiting[Opened]):
    draft: Draft
    actor: Actor


def _next_group(waiting: list[_Waiting]) -> Chosen[_Waiting]:
    """The oldest waiting reports of which no two are the same matter; the rest keep their place."""
    group: list[_Waiting] = []
    rest: list[_Waiting] = []
    for item in waiting:
        if len(group) < GROUP_LIMIT and not any(same_matter(item.draft, other.draft) for other in group):
            group.append(item)
        else:
            rest.append(item)
    return group, rest


class Opening:
    """One per process. :meth:`open` is what every channel calls."""

    def __init__(self, context: Context, flow: FlowService, catalogue: Catalogue) -> None:
        self._context = context
        self._flow = flow
        self._catalogue = catalogue
        self._groups: Groups[_Waiting] = Groups("case-opening", _next_group, self._write_group)

    async def open(self, draft: Draft, actor: Actor) -> Opened:
        """Write the draft; returns when it is durable.

        A repeated idempotency key or source number answers with the case that already has it (``repeated``).
        """
        waiting = _Waiting(draft, actor)
        self._groups.add(waiting)
        return await waiting.answer

    async def _write_group(self, group: list[_Waiting]) -> None:
        try:
            results = await self.write([(item.draft, item.actor) for item in group])
        except (store.IdempotencyRepeated, PhotoUnknown, ValueError) as error:
            if len(group) > 1:
                for item in group:
                    await self._write_alone(item)
                return
            if not isinstance(error, store.IdempotencyRepeated):
                raise
            results = [await self._already(group[0].draft)]
        for item, opened in zip(group, results, strict=True):
            item.resolve(opened)

    async def _write_alone(self, item: _Waiting) -> None:
        """Write one report of a group that could not be written; its own fault is told to its own reporter."""
        try:
            await self._write_group([item])
        except Problem as error:
            item.refuse(error)

    async def write(self, drafts: list[tuple[Draft, Actor]]) -> list[Opened]:
        """Write drafts of which no two are the same matter, in one transaction.

        Raises:
            IdempotencyRepeated: one of them has a key that is taken; nothing was written.
            PhotoUnknown: a photo is not there or claimed by somebody else; nothing was written.
        """
        async with self._context.database.transaction() as connection:
            return await self.write_within(connection, drafts)

    async def write_within(self, connection: Connection, drafts: list[tuple[Draft, Actor]]) -> list[Opened]:
        """As :meth:`write`, in the caller's transaction."""
        only = [draft for draft, _ in drafts]
        numbers = await self._numbers(connection, only)
        starts = [self._start(draft) for draft in only]
        worlds = await self._flow.worlds(connection, starts, only[0].reported_at)
        planned = self._flow.plan_starts(starts, only[0].reported_at, worlds=worlds)
        firsts = [(answer.status, answer.stage) for _, answer in planned]
        heads = await store.open_cases(connection, only, numbers, firsts)
        case_ids, photo_ids, claims = photo_rows(only)
        if photo_ids and await store.bind_attachments(connection, case_ids, photo_ids, claims, None) != len(photo_ids):
            raise PhotoUnknown()
        opened = [
            self._opened(draft, number, first[0], heads.get(draft.id))
            for draft, number, first in zip(only, numbers, firsts, strict=True)
        ]
        running = [item for item in planned if item[1].instance_id not in heads]
        given = {draft.id: draft.department_id for draft in only if draft.department_id is not None}
        for _, first in running:
            changes: Changes = {}
            clock = first.clocks.get("handling")
            if clock is not None:  # of a flow whose first step is the handling itself
                changes["due_at"], changes["warn_at"] = clock.due_at, clock.warn_at
            if first.instance_id in given:
                changes["department_id"] = given[first.instance_id]
            if changes:
                await store.change_case(connection, first.instance_id, changes)
        told = [
            opened_entry(actor, draft, answer, timing(first))
            for (draft, actor), answer, (_, first) in zip(drafts, opened, planned, strict=True)
        ]
        await self._flow.write_starts(connection, running, told)
        return opened

    async def _numbers(self, connection: Connection, drafts: list[Draft]) -> list[str]:
        wanted: dict[tuple[str, date], int] = {}
        for draft in drafts:
            key = (draft.number_rule, date.fromisoformat(draft.number_day))
            wanted[key] = wanted.get(key, 0) + 1
        serials = await store.take_numbers(connection, wanted)
        numbers: list[str] = []
        for draft in drafts:
            key = (draft.number_rule, date.fromisoformat(draft.number_day))
            rule = self._catalogue.latest(draft.report.type).number
            numbers.append(rule.number(serials[key], key[1], draft.area[:6]))
            serials[key] += 1
        return numbers

    def _start(self, draft: Draft) -> Start:
        definition = self._catalogue.latest(draft.report.type).definition
        variables = draft.variables
        if definition.graph.asks_starter and draft.account_id is not None:
            variables = {**variables, "starter": str(draft.account_id)}
        return Start(
            instance_id=draft.id,
            definition=definition,
            subject_kind="case",
            subject_id=draft.id,
            area=draft.area,
            grid=draft.grid,
            variables=variables,
        )

    def _opened(self, draft: Draft, number: str, status: str, head: tuple[object, str] | None) -> Opened:
        case_type = self._catalogue.latest(draft.report.type)
        return Opened(
            id=draft.id,
            number=number,
            code=draft.follow_code,
            status="已并案" if head else status,
            class_code=draft.class_code,
            class_name=case_type.class_name(draft.class_code),
            class_reason=draft.class_reason,
            area=draft.area,
            head_number=head[1] if head else None,
            repeated=False,
        )

    async def _already(self, draft: Draft) -> Opened:
        report = draft.report
        keys = [report.idempotency_key] if report.idempotency_key else []
        sources = [(report.type, report.source_number)] if report.source_number else []
        async with self._context.database.connection() as connection:
            found = await store.repeated_keys(connection, keys, sources)
        if not found:
            raise store.IdempotencyRepeated
        case, code, _, head_number = found[0]
        return self.answer_again(case, code, head_number)

    def answer_again(self, case: CaseFile, code: str, head_number: str | None) -> Opened:
        """What the first report was told."""
        case_type = self._catalogue.loaded(case.type, case.type_version)
        return Opened(
            id=case.id,
            number=case.number,
            code=code,
            status=case.status,
            class_code=case.class_code,
            class_name=case_type.class_name(case.class_code) if case_type else "",
            class_reason="",
            area=case.area,
            head_number=head_number,
            repeated=True,
        )
