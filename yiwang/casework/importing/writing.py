"""Writing cases of the past: binary COPY into each table, one transaction for a batch with its progress mark.

Closed cases get no flow; open ones get theirs, so that no open case is without a task. Each case has its journal entries
at the real times of the source: ``case.imported`` when it was reported, ``case.closed`` when it was closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import orjson

from yiwang.casework import store
from yiwang.casework.catalogue import CaseType
from yiwang.casework.importing.judging import PastCase
from yiwang.casework.importing.mapping import ImportMapping
from yiwang.casework.importing.packing import (
    CASE_COLUMNS,
    REPORTER_COLUMNS,
    TEXT_COLUMNS,
    Batch,
    Packer,
    case_row,
    numbered,
)
from yiwang.flow.model import Start
from yiwang.flow.service import FlowService
from yiwang.identity.directory import Directory
from yiwang.kernel import journal
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.copying import copy_rows, packed_text
from yiwang.kernel.database import Connection


class Writer:
    """Writes the batches of one import."""

    def __init__(
        self,
        mapping: ImportMapping,
        case_type: CaseType,
        flow: FlowService,
        directory: Directory,
        calendar: WorkingCalendar,
    ) -> None:
        self._mapping = mapping
        self._case_type = case_type
        self._flow = flow
        self._calendar = calendar
        centre = directory.serving("centre", "")
        self._centre = centre.id if centre else None
        self._division = centre.area[:6] if centre else ""
        self.packer = Packer(mapping, case_type, self._centre, calendar.hours.timezone)
        self._rule = case_type.number.rule.replace("{division}", self._division)

    async def write(self, connection: Connection, batch: Batch) -> None:
        """Write a batch in the caller's transaction; its source numbers are new."""
        if not batch.cases:
            return
        numbers = await self._numbers(connection, batch.days)
        starts = [self._start(case) for case in batch.opened.values()]
        planned = self._flow.plan_starts(starts, max(map(_reported_at, batch.opened.values()))) if starts else []
        first = {answer.instance_id: (answer.status, answer.stage) for _, answer in planned}
        for place, case in batch.opened.items():
            batch.cases[place] = self.packer.open_case(case, *first[case.id])
        rows = [case_row(packed_text(number), rest) for number, rest in zip(numbers, batch.cases, strict=True)]
        await copy_rows(connection, "case_file", CASE_COLUMNS, rows)
        await copy_rows(connection, "case_reporter", REPORTER_COLUMNS, batch.reporters)
        await copy_rows(connection, "case_text", TEXT_COLUMNS, batch.texts)
        if planned:
            await self._flow.write_starts(connection, planned)
        entries = [
            (numbered(number, behind), rest)
            for number, told in zip(map(orjson.dumps, numbers), batch.entries, strict=True)
            for behind, rest in told
        ]
        await journal.copy_packed(connection, entries)

    async def _numbers(self, connection: Connection, days: Sequence[date]) -> list[str]:
        wanted: dict[tuple[str, date], int] = {}
        for day in days:
            wanted[(self._rule, day)] = wanted.get((self._rule, day), 0) + 1
        serials = await store.take_numbers(connection, wanted)
        numbers: list[str] = []
        for day in days:
            numbers.append(self._case_type.number.number(serials[(self._rule, day)], day, self._division))
            serials[(self._rule, day)] += 1
        return numbers

    def _start(self, case: PastCase) -> Start:
        return Start(
            instance_id=case.id,
            definition=self._case_type.definition,
            subject_kind="case",
            subject_id=case.id,
            area=case.area,
            grid=case.grid,
            variables={
                "centre": self._centre,
                "area": case.area,
                "grid": case.grid or case.area,
                "channel": case.channel,
                "class": None,
                "urgency": "normal",
                "department": case.department_id,
                "limit": None,
                "verify": False,
                "visit": False,
                "warn": self._case_type.declaration.warn,
            },
        )


def _reported_at(case: PastCase) -> datetime:
    return case.reported_at
