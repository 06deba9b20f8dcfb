"""Dispatch advice: the first row of the decision table that fits names the department, the limit and the reason.

A dispatch table is a decision table (:mod:`yiwang.flow.decisions`) in its short form, hit policy FIRST. One that is silent about
a case is no fault: the department that has closed such cases there is proposed then, or the class's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.casework.declarations import DispatchTable, Words
from yiwang.flow.decisions.dispatch_form import dispatch_table
from yiwang.flow.decisions.errors import DecisionRefused
from yiwang.flow.decisions.evaluate import Compiled
from yiwang.identity.model import OrganisationRow
from yiwang.judgement.advice.model import LearnedDispatch
from yiwang.kernel.database import Json


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row may ask about."""

    class_code: str
    area: str
    text: str
    channel: str
    urgency: str

    def as_cel(self) -> dict[str, Json]:
        return {
            "class": self.class_code,
            "class_code": self.class_code,
            "area": self.area,
            "text": self.text,
            "channel": self.channel,
            "urgency": self.urgency,
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """Which kind of department, within which limit (None: the standard's), why, and by which row (from 1; 0: by outcomes)."""

    department: str
    limit: str | None
    reason: Words
    row: int


class CompiledTable:
    """A dispatch table ready to be asked.

    Raises:
        ValueError: an expression cannot be read; it says which and why.
    """

    def __init__(self, table: DispatchTable) -> None:
        self.id = table.id
        self._rows = table.rows
        try:
            self._table = Compiled(dispatch_table(table.id, table.names, table.rows))
        except DecisionRefused as refused:
            raise ValueError("; ".join(error.en for error in refused.errors)) from refused

    def advise(self, facts: Facts) -> Advice | None:
        """The first row that fits, or None when the table is silent.

        Raises:
            CellFailed: an expression cannot be worked out for this case; it names the row.
        """
        hits = self._table.hits(facts.as_cel(), first=True)
        if not hits:
            return None
        row = self._rows[hits[0]]
        return Advice(row.department, row.limit, row.reason, hits[0] + 1)


def warned(advice: Advice, refused: int, last_reason: str) -> Advice:
    """The same advice, telling that the department has refused such cases of the street, and why."""
    zh = f"{advice.reason.zh};该部门退回过 {refused} 件本街道同类案件" + (f"({last_reason})" if last_reason else "")
    en = f"{advice.reason.en}; it has refused {refused} such cases of this street" + (
        f" ({last_reason})" if last_reason else ""
    )
    return Advice(advice.department, advice.limit, Words(zh=zh[:500], en=en[:500]), advice.row)


def learned_advice(organisation: OrganisationRow, learned: LearnedDispatch) -> Advice:
    """Advice by outcomes, in the words of advice by a table; the class's standard sets the limit."""
    refusal = f"(最近一次理由:{learned.last_refusal})" if learned.last_refusal else ""
    refused = f" (last reason: {learned.last_refusal})" if learned.last_refusal else ""
    reason = Words(zh=(learned.reason_zh + refusal)[:500], en=(learned.reason_en + refused)[:500])
    return Advice(organisation.code, None, reason, 0)
