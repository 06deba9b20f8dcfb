"""Case pages as JSON."""

from __future__ import annotations

from datetime import datetime

from yiwang.casework import step_fields
from yiwang.casework.api.bodies import case_json
from yiwang.casework.model import Attachment, CaseFile
from yiwang.casework.notes import VERBS
from yiwang.casework.reading import CaseView, PublicView
from yiwang.casework.service import CaseService
from yiwang.casework.store import TaskItem
from yiwang.casework.story import headline, said_once
from yiwang.flow.model import TaskRow
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.journal import JournalRow

_PUBLIC_DATA = ("stage", "outcome", "department", "limit", "note", "satisfaction", "head", "amount", "due", "channel")
_PUBLIC_NOTES = frozenset({"case.added", "case.rated", "case.reopened"})


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def attachment_json(item: Attachment) -> JsonObject:
    """What a reader sees of an attachment."""
    return {
        "id": str(item.id),
        "kind": item.kind,
        "name": item.name,
        "media_type": item.media_type,
        "bytes": item.bytes,
        "width": item.width,
        "height": item.height,
        "taken_at": _time(item.taken_at),
        "lon": item.lon,
        "lat": item.lat,
        "uploaded_name": item.uploaded_name,
        "uploaded_at": _time(item.uploaded_at),
        "url": f"/api/v1/attachments/{item.id}",
        "thumbnail": f"/api/v1/attachments/{item.id}/thumbnail" if item.width else None,
    }


def row_json(service: CaseService, row: JournalRow) -> JsonObject:
    """A journal entry of a case's story."""
    zh, en = VERBS.get(row.entry.verb, (row.entry.verb, row.entry.verb))
    return {
        "seq": row.seq,
        "at": row.entry.at.isoformat(),
        "verb": row.entry.verb,
        "zh": zh,
        "en": en,
        "status_en": _status_en(service, row),
        "actor": row.entry.actor_name,
        "data": row.entry.data,
    }


def _status_en(service: CaseService, row: JournalRow) -> str | None:
    """English words of the status that an entry tells of."""
    status = row.entry.data.get("status")
    return service.catalogue.status_word(str(row.entry.data.get("type")), status) if isinstance(status, str) else None


def _task(service: CaseService, task: TaskRow, type_key: str) -> JsonObject:
    directory = service.parts.directory
    post = directory.post(task.post_id) if task.post_id is not None else None
    person = directory.person(task.assignee_id) if task.assignee_id is not None else None
    organisation = directory.organisation(task.organisation_id) if task.organisation_id is not None else None
    return {
        "id": str(task.id),
        "node": task.node,
        "stage": task.stage,
        "status": task.status,
        "status_en": service.catalogue.status_word(type_key, task.status),
        "post": post.code if post else None,
        "post_name": post.name_zh if post else None,
        "post_name_en": post.name_en if post else None,
        "post_area": post.area if post else None,
        "organisation": organisation.code if organisation else None,
        "organisation_name": organisation.name_zh if organisation else None,
        "organisation_name_en": organisation.name_en if organisation else None,
        "assignee": str(task.assignee_id) if task.assignee_id else None,
        "assignee_name": person.name if person else None,
        "created_at": task.created_at.isoformat(),
        "due_at": _time(task.due_at),
        "warn_at": _time(task.warn_at),
        "urged": task.urged,
    }


def _brief(service: CaseService, case: CaseFile) -> JsonObject:
    return {
        "id": str(case.id),
        "number": case.number,
        "status": case.status,
        "status_en": service.catalogue.status_word(case.type, case.status),
        "reported_at": case.reported_at.isoformat(),
        "text": case.text,
    }


def view_json(service: CaseService, view: CaseView) -> JsonObject:
    """The case page."""
    now = service.context.clock.now()
    advised = view.advised
    case_class = view.case_type.classes.get(view.case.class_code or "")
    return {
        **case_json(service, view.case, now),
        **({} if view.reporter_masked else {"fields": view.case.fields}),
        "type_names": view.case_type.declaration.names.model_dump(),
        "class_options": _standards(view),
        "department_kind": case_class.department if case_class else None,
        "reporter": {
            "name": view.reporter.name,
            "phone": view.reporter.phone,
            "masked": view.reporter_masked,
        },
        "tasks": [_task(service, task, view.case.type) for task in view.tasks],
        "attachments": [attachment_json(item) for item in view.attachments],
        "requests": [
            {
                "id": str(item.id),
                "amount": item.amount,
                "reason": item.reason,
                "requested_name": item.requested_name,
                "requested_at": item.requested_at.isoformat(),
                "state": item.state,
                "decided_name": item.decided_name,
                "decision_note": item.decision_note,
            }
            for item in view.requests
        ],
        "operations": [
            {
                "verb": item.verb,
                "zh": item.zh,
                "en": item.en,
                "allowed": item.allowed,
                "why_zh": item.why_zh,
                "why_en": item.why_en,
                "needs": list(item.needs),
                "task_id": str(item.task_id) if item.task_id else None,
                "outcome": item.outcome,
                "fields": item.fields,
            }
            for item in view.operations
        ],
        "step_fields": _asked_before(view),
        "folded": [_brief(service, item) for item in view.followers],
        "head": _brief(service, view.head) if view.head else None,
        "advised": {
            "department": advised.organisation.code,
            "zh": advised.organisation.name_zh,
            "en": advised.organisation.name_en,
            "limit": advised.limit,
            "reason_zh": advised.reason_zh,
            "reason_en": advised.reason_en,
        }
        if advised
        else None,
        "suggested": _suggested(view),
        "still": [{"zh": item.zh, "en": item.en, "since": _time(item.since)} for item in view.still],
    }


def _asked_before(view: CaseView) -> JsonObject:
    """The fields that steps of its flow asked for and that the case has, to name them."""
    found = step_fields.every(view.case_type.definition.graph)
    return step_fields.as_json({key: item for key, item in found.items() if key in view.case.fields})


def _suggested(view: CaseView) -> JsonObject | None:
    """What rules and model said of the class when the case came, in the class tree's names."""
    advice = view.advice
    if advice is None:
        return None
    found: list[Json] = []
    suggestions = advice.get("suggestions")
    for item in suggestions if isinstance(suggestions, list) else []:
        if isinstance(item, dict):
            code = str(item.get("class"))
            names = {"zh": view.case_type.class_name(code), "en": view.case_type.class_name(code, "en")}
            rest: JsonObject = {key: item.get(key) for key in ("source", "probability", "words")}
            found.append({"class_code": code, **names, **rest})
    return {"model": advice.get("model"), "sure": advice.get("sure"), "classes": found}


def _standards(view: CaseView) -> list[Json]:
    case_class = view.case_type.classes.get(view.case.class_code or "")
    if case_class is None:
        return []
    return [
        {
            "id": item.id,
            "filing": item.filing.zh,
            "closing": item.closing.zh,
            "limit": item.limit,
            "urgency": item.urgency,
        }
        for item in case_class.standards
    ]


def public_json(service: CaseService, view: PublicView) -> JsonObject:
    """What a reporter sees: no staff names, no internal notes except the department's own words on the result."""
    case = view.case
    story: list[Json] = []
    for row in said_once(view.story):
        zh, en = headline(view.case_type, row)
        data: JsonObject = {key: row.entry.data[key] for key in _PUBLIC_DATA if key in row.entry.data}
        if not _note_is_public(row):
            data.pop("note", None)
        story.append(
            {
                "at": row.entry.at.isoformat(),
                "zh": zh,
                "en": en,
                "status": row.entry.data.get("status"),
                "status_en": _status_en(service, row),
                "data": data,
            }
        )
    return {
        "number": case.number,
        "type": case.type,
        "status": case.status,
        "status_en": service.catalogue.status_word(case.type, case.status),
        "state": case.state,
        "class_code": case.class_code,
        "class_name": view.case_type.class_name(case.class_code),
        "class_name_en": view.case_type.class_name(case.class_code, "en"),
        "text": case.text,
        "address": case.address,
        "lon": case.lon,
        "lat": case.lat,
        "urgency": case.urgency,
        "reported_at": case.reported_at.isoformat(),
        "due_at": _time(case.due_at),
        "closed_at": _time(case.closed_at),
        "satisfaction": case.satisfaction,
        "head_number": view.head_number,
        "head": _head(service, view.head),
        "notices": [
            {"at": row.entry.at.isoformat(), "zh": row.entry.data.get("zh"), "en": row.entry.data.get("en")}
            for row in view.notices
        ],
        "followers": case.followers,
        "reopen_count": case.reopen_count,
        "may_reopen": view.may_reopen,
        "may_rate": case.closed_at is not None,
        "story": story,
        "attachments": [
            {**attachment_json(item), "uploaded_name": None, "claim": item.claim}
            for item in view.attachments
            if item.kind in ("report", "after", "check")
        ],
    }


def _head(service: CaseService, head: CaseFile | None) -> JsonObject | None:
    """How far the case has come under which a report was folded."""
    if head is None:
        return None
    return {
        "number": head.number,
        "state": head.state,
        "status": head.status,
        "status_en": service.catalogue.status_word(head.type, head.status),
        "reports": head.followers + 1,
        "due_at": _time(head.due_at),
        "closed_at": _time(head.closed_at),
    }


def _note_is_public(row: JournalRow) -> bool:
    """The reporter's own words, and what an office answers at filing, feedback and closing; nothing said in between."""
    if row.entry.verb == "case.step":
        return row.entry.data.get("stage") in ("accept", "confirm", "close")
    return row.entry.verb in _PUBLIC_NOTES


def task_json(service: CaseService, item: TaskItem) -> JsonObject:
    """A row of my tasks."""
    now = service.context.clock.now()
    due, warn = item.due_at, item.warn_at
    colour = "grey" if due is None else "red" if now > due else "yellow" if warn and now > warn else "green"
    return {
        "id": str(item.id),
        "node": item.node,
        "stage": item.stage,
        "status": item.status,
        "status_en": service.catalogue.status_word(item.case.type, item.status),
        "created_at": item.created_at.isoformat(),
        "due_at": _time(due),
        "clock": "blue" if item.paused_at is not None else colour,
        "urged": item.urged,
        "mine": item.assignee_id is not None,
        "case": case_json(service, item.case, now),
    }
