"""Forms for what may be done with a case now: the fields of each outcome and verb, filled with what is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from yiwang.casework.model import Operation
from yiwang.casework.reading import CaseView
from yiwang.casework.service import CaseService
from yiwang.flow.model import Graph, TaskRow
from yiwang.kernel.database import JsonObject
from yiwang.kernel.journal import JournalRow

FieldKind = Literal["text", "area", "choice", "photos", "stars"]

_PHOTO_KIND = {"verify": "verify", "receive": "before", "handle": "after", "check": "check"}
_PATHS = {"request_extension": "extension", "decide_extension": "extension/decision", "force_close": "force-close"}
_LABELS = {
    "note": ("意见", "Note"),
    "department": ("处置部门", "Department"),
    "section": ("科室", "Section"),
    "handler": ("处置人员", "Person"),
    "standard": ("立案标准", "Filing standard"),
    "class_code": ("分类", "Class"),
    "limit": ("处置时限", "Limit"),
    "satisfaction": ("满意度", "Satisfaction"),
    "photos": ("照片", "Photos"),
    "head": ("并入的案件编号", "Number of the head case"),
    "result": ("决定", "Decision"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    zh: str
    en: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FormField:
    """One control. ``hint`` says what a value may look like or why one is proposed."""

    name: str
    kind: FieldKind
    zh: str
    en: str
    required: bool
    value: str = ""
    choices: tuple[Choice, ...] = ()
    hint_zh: str = ""
    hint_en: str = ""
    photo_kind: str = "other"


@dataclass(frozen=True, slots=True)
class OperationForm:
    """A possible operation: ``api`` takes the fields as JSON, with ``outcome`` added where there is one."""

    key: str
    zh: str
    en: str
    api: str
    outcome: str | None
    fields: tuple[FormField, ...]
    grave: bool = False
    declared: JsonObject = field(default_factory=dict)
    """Fields that the step declares in its flow, as case types tell theirs."""


@dataclass(frozen=True, slots=True)
class StepMark:
    """A step of the flow on the way of this case."""

    zh: str
    en: str
    mark: Literal["done", "now", "ahead"]


def steps_of(view: CaseView, story: Sequence[JournalRow]) -> list[StepMark]:
    """The steps of the case's flow in order: done, where it is, and ahead. Of several steps that share a stage (返工
    takes the place of 接收) the first stands for it, unless the case is at another one now. A step that only a timer
    calls (催签), or that the case has passed over (核实), is not ahead of it."""
    graph = view.case_type.definition.graph
    done = {str(row.entry.data.get("stage")) for row in story if row.entry.verb == "case.step"}
    now = {task.node for task in view.tasks}
    usual = _usual_way(graph)
    marks: list[StepMark] = []
    shown: set[str] = set()
    coming = view.case.state == "open" and not now
    for task in graph.tasks:
        coming = coming or task.id in now
        if task.stage in shown and task.id not in now:
            continue
        mark: Literal["done", "now", "ahead"] = "ahead"
        if task.id in now:
            mark = "now"
        elif task.stage in done:
            mark = "done"
        elif not coming or task.id not in usual:
            continue
        shown.add(task.stage)
        marks.append(StepMark(task.names.zh, task.names.en, mark))
    return marks


def _usual_way(graph: Graph) -> frozenset[str]:
    """The nodes to which sequence flows lead from the start, without any timer running out."""
    found = {graph.start.id}
    waiting = [graph.start.id]
    while waiting:
        for flow in graph.nodes[waiting.pop()].outgoing:
            if flow.target not in found:
                found.add(flow.target)
                waiting.append(flow.target)
    return frozenset(found)


def operation_forms(service: CaseService, view: CaseView) -> list[OperationForm]:
    """A form for every operation that this reader may do now, the task's outcomes first."""
    tasks = {task.id: task for task in view.tasks}
    forms: list[OperationForm] = []
    for item in view.operations:
        if not item.allowed:
            continue
        if item.verb == "complete":
            task = tasks.get(item.task_id) if item.task_id else None
            if task is not None:
                forms.append(_outcome_form(service, view, item, task))
        else:
            path = _PATHS.get(item.verb, item.verb.replace("_", "-"))
            fields = tuple(_field(service, view, name, True) for name in item.needs if name != "note")
            note = _field(service, view, "note", "note" in item.needs)
            forms.append(
                OperationForm(
                    item.verb,
                    item.zh,
                    item.en,
                    f"/api/v1/cases/{view.case.id}/{path}",
                    None,
                    fields if item.verb == "fold" else (*fields, note),
                    grave=item.verb in ("void", "force_close"),
                )
            )
    return forms


def _outcome_form(service: CaseService, view: CaseView, item: Operation, task: TaskRow) -> OperationForm:
    names = [*item.needs]
    if task.stage == "accept" and "standard" in names:
        names.insert(0, "class_code")
    if "department" in names:
        names.append("limit")
    if task.stage == "receive" and item.outcome == "assign":
        names += [name for name in ("section", "handler") if name not in names]
    if task.stage == "visit" and "satisfaction" not in names:
        names.append("satisfaction")
    names += [name for name in ("photos", "note") if name not in names]
    needed = set(item.needs)
    return OperationForm(
        f"{task.id}-{item.outcome}",
        item.zh,
        item.en,
        f"/api/v1/tasks/{task.id}/complete",
        item.outcome,
        tuple(
            _field(service, view, _name(name), name in needed, _PHOTO_KIND.get(task.stage, "other")) for name in names
        ),
        declared=item.fields,
    )


def _name(need: str) -> str:
    return {"class": "class_code", "reason": "note"}.get(need, need)


def _field(service: CaseService, view: CaseView, name: str, required: bool, photo_kind: str = "other") -> FormField:
    zh, en = _LABELS.get(name, (name, name))
    match name:
        case "note":
            return FormField(name, "area", zh, en, required)
        case "photos":
            return FormField(name, "photos", zh, en, required, photo_kind=photo_kind)
        case "satisfaction":
            return FormField(name, "stars", zh, en, required)
        case "class_code" | "standard" | "department" | "section" | "handler" | "result":
            hint_zh, hint_en = _why(view) if name == "department" else ("", "")
            choices = tuple(_choices(service, view, name))
            return FormField(name, "choice", zh, en, required, choices=choices, hint_zh=hint_zh, hint_en=hint_en)
        case "limit":
            proposed = (view.advised.limit if view.advised else None) or view.case.limit_text or ""
            hint = (
                "例如 3工作日、4工作时、24小时;不填用标准时限",
                "e.g. 3工作日, 4工作时, 24小时; empty: the standard's",
            )
            return FormField(name, "text", zh, en, required, proposed if required else "", (), *hint)
        case _:
            return FormField(name, "text", zh, en, required)


def _why(view: CaseView) -> tuple[str, str]:
    if view.advised is None:
        return "", ""
    name = view.advised.organisation
    return f"建议:{name.name_zh}({view.advised.reason_zh})", f"Proposed: {name.name_en} ({view.advised.reason_en})"


def _choices(service: CaseService, view: CaseView, name: str) -> list[Choice]:
    directory = service.parts.directory
    case, case_type = view.case, view.case_type
    if name == "result":
        return [Choice("approve", "同意", "Approve"), Choice("refuse", "不同意", "Refuse")]
    if name == "class_code":
        return [
            Choice(
                item.code, f"{item.code} {item.names.zh}", f"{item.code} {item.names.en}", item.code == case.class_code
            )
            for item in case_type.tree.classes
        ]
    if name == "standard":
        found = case_type.classes.get(case.class_code or "")
        return [
            Choice(item.id, f"{item.filing.zh} → {item.limit}", f"{item.filing.en} → {item.limit}", index == 0)
            for index, item in enumerate(found.standards if found else ())
        ]
    if name == "department":
        advised = view.advised.organisation.code if view.advised else ""
        offices = [item for item in directory.organisations() if item.active and item.serves]
        return [Choice(item.code, item.name_zh, item.name_en, item.code == advised) for item in offices]
    inside = directory.subtree(case.department_id) if case.department_id is not None else frozenset()
    if name == "section":
        offices = [item for item in directory.organisations() if item.active and item.id in inside]
        return [Choice(item.code, item.name_zh, item.name_en) for item in offices if item.id != case.department_id]
    people = [
        person
        for code in _handling_posts(case_type.definition.graph)
        for post in directory.posts(code)
        if post.organisation_id in inside
        for holder in directory.holders(post.id)
        if (person := directory.person(holder)) is not None
    ]
    return [Choice(str(person.id), person.name, person.name) for person in dict.fromkeys(people)]


def _handling_posts(graph: Graph) -> dict[str, None]:
    """Posts of the steps that go to the person named (处置人员、主办人); of a flow that says none, the handlers."""
    named = (task.who for task in graph.tasks if task.who.person is not None and task.who.person.variable == "handler")
    return dict.fromkeys(who.post for who in named if who.post) or {"handler": None}
