"""Which verb is allowed on which case, for whom, and if not why not: the one table that API, pages and tests read.

A verb needs a grant of kind ``case`` that reaches the case (:data:`GRANT`), and a state in which it makes sense
(:func:`hindrance`). One who may not read a case is told that it does not exist.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from yiwang.casework.errors import OperationNotNow
from yiwang.casework.model import CaseFile
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden


class Verb(NamedTuple):
    """``grant`` is the verb of the grant; ``needs`` what must be given."""

    zh: str
    en: str
    grant: str
    needs: tuple[str, ...] = ()


VERBS: dict[str, Verb] = {
    "suspend": Verb("挂账", "Suspend", "suspend", ("note",)),
    "resume": Verb("恢复办理", "Resume", "suspend"),
    "urge": Verb("催办", "Urge", "urge"),
    "supervise": Verb("督办", "Supervise", "supervise", ("note",)),
    "request_extension": Verb("申请延期", "Ask for an extension", "request_extension", ("limit", "note")),
    "decide_extension": Verb("审批延期", "Decide on the extension", "approve_extension", ("result",)),
    "force_close": Verb("强制结案", "Close by force", "force_close", ("note",)),
    "void": Verb("作废", "Void", "void", ("note",)),
    "fold": Verb("并案", "Fold under another case", "fold", ("head",)),
    "unfold": Verb("取消并案", "Unfold", "fold", ("note",)),
}

_HANDLING = ("receive", "handle", "confirm", "rework")


class Hindrance(NamedTuple):
    zh: str
    en: str


def may_read(actor: Actor, case: CaseFile) -> bool:
    """Whether the case lies within what the actor may read; the same question as the scope condition of lists."""
    return reaches(actor, "read", case)


def reaches(actor: Actor, grant: str, case: CaseFile) -> bool:
    return actor.reaches("case", grant, area=case.area, organisation=case.organisation_id, grid=case.grid)


def hindrance(case: CaseFile, verb: str, now: datetime) -> Hindrance | None:
    """Why the state of the case forbids the verb now, or None."""
    if verb == "unfold":
        if case.state != "folded" or case.closed_at is not None:
            return Hindrance("本案没有并入其他案件,或已随主案结案", "it is not folded, or was closed with its head")
        return None
    if verb == "void" and case.state == "closed":
        return None if case.archived_at is None else Hindrance("案件已归档", "the case is archived")
    if case.state != "open":
        return Hindrance("案件已不在办理中", "the case is no longer open")
    suspended = case.suspended_at is not None
    if verb == "suspend" and suspended:
        return Hindrance("案件已挂账", "it is suspended already")
    if verb == "resume" and not suspended:
        return Hindrance("案件没有挂账", "it is not suspended")
    if verb == "supervise" and case.supervised_at is not None:
        return Hindrance("案件已在督办", "it is supervised already")
    if verb in ("request_extension", "decide_extension"):
        if case.stage not in _HANDLING or case.due_at is None:
            return Hindrance("只有部门处置期间才有延期", "extensions exist only while a department handles it")
        if suspended:
            return Hindrance("案件已挂账,时限已暂停", "it is suspended, its clock stands still")
    return None


def require(actor: Actor, case: CaseFile, verb: str, now: datetime) -> None:
    """Raises Forbidden without a grant that reaches the case, OperationNotNow with the reason otherwise."""
    rule = VERBS[verb]
    if not reaches(actor, rule.grant, case):
        raise Forbidden(verb=f"case:{rule.grant}")
    found = hindrance(case, verb, now)
    if found is not None:
        raise OperationNotNow(operation=rule.zh, why_zh=found.zh, why_en=found.en)
