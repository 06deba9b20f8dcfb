"""An office operation on a task as a request: which, on whom, with what; performed through ``FlowService``.

The desk of own-subject flows and the engines that own other subjects (casework) offer the same operations; each journals
them in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from yiwang.flow.model import Advance
from yiwang.flow.service import FlowService
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput

Verb = Literal[
    "send_back",
    "send_back_to_previous",
    "send_back_to_start",
    "add_before",
    "add_after",
    "add_to_round",
    "remove_signer",
    "delegate",
    "take_back",
    "ask_extension",
]
VERBS: tuple[Verb, ...] = get_args(Verb)


@dataclass(frozen=True, slots=True)
class OfficeAct:
    """``people``: accounts, for signing and delegating. ``node``: where to send back. ``outcome``: one's own, with 后加签.

    ``limit``: a deadline of those who are added, or by how much a deadline is to be extended (2工作日).
    """

    verb: Verb
    people: tuple[UUID, ...] = ()
    note: str = ""
    node: str = ""
    outcome: str = ""
    limit: str | None = None
    variables: JsonObject = field(default_factory=dict)


async def perform(
    flow: FlowService, connection: Connection, task_id: UUID, actor: Actor, act: OfficeAct, at: datetime
) -> Advance | None:
    """Do it, in the caller's transaction; None for what changes nothing yet (a request for more time).

    Raises:
        InvalidInput: something that the operation needs is missing. Else as the verbs of ``FlowService``.
    """
    _require_given(act)
    match act.verb:
        case "send_back":
            return await flow.send_back(connection, task_id, actor, act.node, act.note, at)
        case "send_back_to_previous":
            return await flow.send_back_to_previous(connection, task_id, actor, act.note, at)
        case "send_back_to_start":
            return await flow.send_back_to_start(connection, task_id, actor, act.note, at)
        case "add_before":
            return await flow.add_before(connection, task_id, actor, act.people, at, act.note, limit=act.limit)
        case "add_after":
            return await flow.add_after(
                connection,
                task_id,
                actor,
                act.outcome,
                act.people,
                at,
                act.note,
                variables=act.variables,
                limit=act.limit,
            )
        case "add_to_round":
            return await flow.add_to_round(connection, task_id, actor, act.people, at, act.note)
        case "remove_signer":
            return await flow.remove_signer(connection, task_id, actor, at, act.note)
        case "delegate":
            return await flow.delegate(connection, task_id, actor, act.people[0], at, act.note, limit=act.limit)
        case "take_back":
            return await flow.take_back(connection, task_id, actor, at, act.note)
        case "ask_extension":
            await flow.ask_extension(connection, task_id, actor, act.limit or "", act.note, at)
            return None


_NEEDS: dict[Verb, tuple[str, ...]] = {
    "send_back": ("node", "note"),
    "send_back_to_previous": ("note",),
    "send_back_to_start": ("note",),
    "add_before": ("people",),
    "add_after": ("people", "outcome"),
    "add_to_round": ("people",),
    "delegate": ("people",),
    "ask_extension": ("limit", "note"),
}
_WORDS = {
    "node": ("请选择要退回的步骤", "choose the step to send back to"),
    "note": ("请填写理由", "give a reason"),
    "people": ("请选择人员", "choose the people"),
    "outcome": ("请选择办理结果", "choose an outcome"),
    "limit": ("请填写期限,如 2工作日", "give a limit such as 2工作日"),
}


def _require_given(act: OfficeAct) -> None:
    missing = [name for name in _NEEDS.get(act.verb, ()) if not getattr(act, name)]
    errors = [
        FieldError(where=f"/{name}", code="input.missing", zh=_WORDS[name][0], en=_WORDS[name][1]) for name in missing
    ]
    if act.verb == "delegate" and len(act.people) > 1:
        errors.append(
            FieldError(where="/people", code="input.invalid", zh="委派只能给一个人", en="delegate to one person")
        )
    if errors:
        raise InvalidInput(errors=errors, count=len(errors))
