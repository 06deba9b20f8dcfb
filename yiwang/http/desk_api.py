"""What the desk's screens need beside the engines' own answers: words for filters, the forms of a case, people to ask.

The forms are those of the plain pages (:mod:`yiwang.http.pages.forms`), so that both faces offer the same. Reading only.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from yiwang.casework.api.schemas import CaseTypeField
from yiwang.casework.api.secrecy import reader_of, secret_task
from yiwang.casework.errors import ReceiverElsewhere
from yiwang.casework.handing_on import is_watcher, require_colleague
from yiwang.casework.reading import CaseView
from yiwang.casework.service import CaseService
from yiwang.casework.story import headline, said_once
from yiwang.flow.legality import RULES
from yiwang.flow.model import InstanceStory, TaskRow
from yiwang.http.pages.forms import FormField, OperationForm, operation_forms, steps_of
from yiwang.http.pages.maps import Maps
from yiwang.http.pages.rendering import own_channels
from yiwang.http.words import Words
from yiwang.identity.model import PersonRow
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import NotFound
from yiwang.kernel.journal import JournalRow
from yiwang.kernel.refusals import problems
from yiwang.kernel.text import CleanLine
from yiwang.registry.model import kinds_of
from yiwang.registry.service import RegistryService

router = APIRouter(prefix="/api/v1", tags=["desk 工作台"])

_most_people = 30
_story_rows = 500


class _View(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class OfficeWords(Words):
    code: str


class TypeWords(Words):
    id: str


class ChannelWords(Words):
    """A channel by which the reader may register for others."""

    type: str
    key: str
    type_names: Words


class DeskWords(_View):
    """Names that lists and filters show by code."""

    stages: dict[str, Words]
    steps: dict[str, Words] = Field(description="By `type/node`.")
    areas: dict[str, Words]
    departments: list[OfficeWords]
    types: list[TypeWords]
    channels: list[ChannelWords]
    own_stages: list[str] = Field(description="Stages whose tasks come to a post of the reader.")
    dossiers: list[str] = Field(description="Types of things whose files (一户一档) the reader keeps or hands out.")


class ChoiceView(_View):
    value: str
    zh: str
    en: str
    chosen: bool


class FieldView(_View):
    """One control of a form. ``hint``: what a value may look like, or why one is proposed."""

    name: str
    kind: Literal["text", "area", "choice", "photos", "stars"]
    zh: str
    en: str
    required: bool
    value: str
    choices: list[ChoiceView]
    hint_zh: str
    hint_en: str
    photo_kind: str


class FormView(_View):
    """A possible operation: ``api`` takes the fields as JSON, with ``outcome`` added where there is one."""

    key: str
    zh: str
    en: str
    api: str
    outcome: str | None
    fields: list[FieldView]
    grave: bool
    declared: dict[str, CaseTypeField] = Field(description="Fields that the step declares; given in `fields`.")


class StepMarkView(_View):
    zh: str
    en: str
    mark: Literal["done", "now", "ahead"]


class ToldView(_View):
    """An entry of the story, as people read it."""

    seq: int
    at: str
    verb: str
    zh: str
    en: str
    actor: str
    status: Words | None
    department: Words | None
    limit: str | None
    note: str | None
    purpose: str | None


class OfficeOptionView(_View):
    operation: str
    zh: str
    en: str
    why_not: Words | None


class ReturnPlaceView(_View):
    node: str
    zh: str
    en: str
    done_by: str
    why_not: Words | None


class HeldTaskView(_View):
    """A task of the case that the reader has: what can be done with it beside finishing it."""

    id: UUID
    options: list[OfficeOptionView]
    returnable: list[ReturnPlaceView]


class RecallableView(Words):
    """The step that the reader finished last and may try to take back (撤回)."""

    step_id: UUID


class CaseWork(_View):
    """What a reader may do with a case now, and what has been done."""

    steps: list[StepMarkView]
    story: list[ToldView]
    channel: Words | None
    may_unmask: bool = Field(description="Whether the reporter's name and phone may be shown, for a purpose.")
    forms: list[FormView]
    own: list[HeldTaskView]
    recallable: RecallableView | None
    drawn: bool = Field(description="Whether the flow's drawing shows where the case stands.")


class ColleagueView(_View):
    id: UUID
    name: str
    office: Words | None
    posts: list[Words]
    colleague: bool = Field(description="Of the task's post or office: it can be handed on to them.")


@router.get("/desk/words", summary="Names for lists 列表用词", responses=problems("identity.sign_in_needed"))
async def words(request: Request, actor: SignedInActor) -> DeskWords:
    """Stages, steps, areas, departments and case types by their codes, and the channels that the reader may register by."""
    service: CaseService = request.app.state.casework
    registry: RegistryService = request.app.state.registry
    maps: Maps = request.app.state.maps
    outline = await maps.outline()
    types = service.catalogue.all()
    stages: dict[str, dict[tuple[str, str], None]] = {}
    for case_type in types:
        for task in case_type.definition.graph.tasks:
            stages.setdefault(task.stage, {})[task.names.zh, task.names.en] = None
    return DeskWords(
        stages={
            stage: Words(zh=" / ".join(zh for zh, _ in names), en=" / ".join(en for _, en in names))
            for stage, names in stages.items()
        },
        steps={
            f"{case_type.declaration.id}/{task.id}": Words(zh=task.names.zh, en=task.names.en)
            for case_type in types
            for task in case_type.definition.graph.tasks
        },
        areas={code: Words(zh=zh, en=en or zh) for code, (zh, en) in outline.names.items()},
        departments=[
            OfficeWords(code=item.code, zh=item.name_zh, en=item.name_en)
            for item in service.parts.directory.organisations()
            if item.active and item.serves
        ],
        types=[
            TypeWords(id=item.declaration.id, zh=item.declaration.names.zh, en=item.declaration.names.en)
            for item in types
        ],
        channels=[
            ChannelWords(
                type=case_type.declaration.id,
                key=key,
                zh=case_type.declaration.channels[key].names.zh,
                en=case_type.declaration.channels[key].names.en,
                type_names=Words(zh=case_type.declaration.names.zh, en=case_type.declaration.names.en),
            )
            for case_type, key in own_channels(service, actor)
        ],
        own_stages=sorted(
            {task.stage for item in types for task in item.definition.graph.tasks if task.who.post in actor.post_codes}
        ),
        dossiers=[
            kind.id
            for kind in registry.types.all()
            if kind.declaration.dossier is not None
            and any(actor.may(each, verb) for each in kinds_of(kind.id) for verb in ("record", "export"))
        ],
    )


@router.get(
    "/cases/{case_id}/work",
    summary="What can be done 办理表单",
    responses=problems("not_found", "identity.sign_in_needed"),
)
async def work(request: Request, case_id: UUID, actor: SignedInActor) -> CaseWork:
    """The forms of every operation that is possible now, the office operations with why not, the steps and the story."""
    service: CaseService = request.app.state.casework
    reader = reader_of(actor)
    view = await service.reading.view(case_id, reader)
    rows = await service.reading.story(case_id, reader, after=0, limit=_story_rows)
    channel = view.case_type.declaration.channels.get(view.case.channel)
    mine = dict.fromkeys(
        item.task_id for item in view.operations if item.verb == "complete" and item.allowed and item.task_id
    )
    async with service.context.database.connection() as connection:
        try:
            walked = await service.parts.flow.story(connection, case_id)
        except NotFound:  # an imported case never walked a flow here
            walked = None
    return CaseWork(
        steps=[StepMarkView.model_validate(item) for item in steps_of(view, rows)],
        story=[_told(service, view, row) for row in said_once(rows)],
        channel=Words(zh=channel.names.zh, en=channel.names.en) if channel else None,
        may_unmask=view.reporter_masked and any(grant.covers("case", "read-personal") for grant in actor.grants),
        forms=[_form(item) for item in operation_forms(service, view)],
        own=[await _own(service, task_id, actor) for task_id in mine],
        recallable=_recallable(view, walked, actor) if walked else None,
        drawn=walked is not None,
    )


@router.get(
    "/tasks/{task_id}/people",
    summary="Whom to ask 可选人员",
    responses=problems("not_found", "identity.sign_in_needed", "flow.task_already_done"),
)
async def people(
    request: Request,
    task_id: UUID,
    actor: SignedInActor,
    q: Annotated[CleanLine, Query(max_length=50, description="Part of a name, an office or a post.")] = "",
) -> list[ColleagueView]:
    """People who may be asked to sign, or to whom the task may be handed on; those of the same office first."""
    service: CaseService = request.app.state.casework
    async with secret_task(service, task_id, actor):
        await service.office.options(task_id, actor)
    async with service.context.database.transaction() as connection:
        task, _ = await service.parts.flow.lock_task(connection, task_id)
    return _people(service, task, actor, q)


def _people(service: CaseService, task: TaskRow, actor: Actor, wanted: str) -> list[ColleagueView]:
    directory = service.parts.directory
    held: dict[UUID, list[Words]] = {}
    for post in directory.active_posts():
        for holder in directory.holders(post.id):
            held.setdefault(holder, []).append(Words(zh=post.name_zh, en=post.name_en))
    found = []
    for person_id, posts in held.items():
        person = directory.person(person_id)
        if person is None or not person.active or person.id == actor.account_id or is_watcher(directory, person):
            continue
        place = directory.organisation(person.organisation_id) if person.organisation_id is not None else None
        office = Words(zh=place.name_zh, en=place.name_en) if place else None
        texts = [person.name, person.login, *(w for post in posts for w in (post.zh, post.en))]
        texts += [office.zh, office.en] if office else []
        if wanted and not any(wanted.lower() in text.lower() for text in texts):
            continue
        near = _is_colleague(service, task, person)
        found.append(ColleagueView(id=person.id, name=person.name, office=office, posts=posts[:3], colleague=near))
    found.sort(key=lambda item: (not item.colleague, item.name))
    return found[:_most_people]


def _is_colleague(service: CaseService, task: TaskRow, person: PersonRow) -> bool:
    try:
        require_colleague(service.parts.directory, task, person)
    except ReceiverElsewhere:
        return False
    return True


def _recallable(view: CaseView, walked: InstanceStory, actor: Actor) -> RecallableView | None:
    done = [step for step in walked.steps if step.how == "done"]
    if view.case.state != "open" or not done or actor.account_id is None or done[-1].actor_id != actor.account_id:
        return None
    names = next((task.names for task in walked.definition.graph.tasks if task.id == done[-1].node), None)
    return RecallableView(
        step_id=done[-1].id, zh=names.zh if names else done[-1].node, en=names.en if names else done[-1].node
    )


async def _own(service: CaseService, task_id: UUID, actor: Actor) -> HeldTaskView:
    options = await service.office.options(task_id, actor)
    return HeldTaskView(
        id=task_id,
        options=[
            OfficeOptionView(
                operation=name,
                zh=RULES[name].zh,
                en=RULES[name].en,
                why_not=Words(zh=reason.zh, en=reason.en) if reason else None,
            )
            for name, reason in options.operations.items()
        ],
        returnable=[
            ReturnPlaceView(
                node=item.node,
                zh=item.names.zh,
                en=item.names.en,
                done_by=item.done_by,
                why_not=Words(zh=item.reason.zh, en=item.reason.en) if item.reason else None,
            )
            for item in options.returnable
        ],
    )


def _form(item: OperationForm) -> FormView:
    return FormView(
        key=item.key,
        zh=item.zh,
        en=item.en,
        api=item.api,
        outcome=item.outcome,
        fields=[_field(field) for field in item.fields],
        grave=item.grave,
        declared={key: CaseTypeField.model_validate(one) for key, one in item.declared.items()},
    )


def _field(item: FormField) -> FieldView:
    return FieldView.model_validate(item)


def _told(service: CaseService, view: CaseView, row: JournalRow) -> ToldView:
    """An entry of the story in both languages."""
    zh, en = headline(view.case_type, row)
    data = row.entry.data
    status, department, place = data.get("status"), data.get("department"), data.get("organisation")
    office = service.parts.directory.organisation(place) if isinstance(place, int) else None
    return ToldView(
        seq=row.seq,
        at=row.entry.at.isoformat(),
        verb=row.entry.verb,
        zh=zh,
        en=en,
        actor=row.entry.actor_name,
        status=Words(zh=status, en=service.catalogue.status_word(view.case.type, status))
        if isinstance(status, str)
        else None,
        department=Words(zh=department, en=office.name_en if office else department)
        if isinstance(department, str)
        else None,
        limit=_text(data.get("limit")),
        note=_text(data.get("note")),
        purpose=_text(data.get("purpose")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
