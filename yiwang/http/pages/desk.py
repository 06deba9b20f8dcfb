"""The desk: my tasks, cases with filters in the address, one case with everything that may be done with it, intake."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from yiwang.casework.api.bodies import case_json
from yiwang.casework.api.cases import read_cursor, read_loose_cursor, write_cursor
from yiwang.casework.api.views import row_json, task_json, view_json
from yiwang.casework.model import CaseFile
from yiwang.casework.reading import CaseView
from yiwang.casework.service import CaseService
from yiwang.casework.store import CaseFilter
from yiwang.casework.story import headline, said_once
from yiwang.http.language import language_of
from yiwang.http.pages.flows import STYLE_ADDRESS, case_drawing
from yiwang.http.pages.forms import operation_forms, steps_of
from yiwang.http.pages.rendering import actor_of, own_channels, render
from yiwang.kernel.access import Actor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem, SignInNeeded
from yiwang.kernel.journal import JournalRow
from yiwang.kernel.text import clean_line

router = APIRouter()

_page = 50
_STATES = ("open", "closed", "folded", "not_accepted", "void")
_COLOURS = ("red", "yellow", "green", "blue", "grey")


@router.get("/desk")
async def tasks(
    request: Request,
    stage: Annotated[str, Query(max_length=60)] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """My tasks, the most pressing first."""
    service, actor = _signed_in(request)
    rows = await service.reading.tasks(actor, stage=stage or None, after=read_loose_cursor(after), limit=_page)
    directory = service.parts.directory
    language = language_of(request.scope)
    posts = [post.name(language) for post_id in actor.posts if (post := directory.post(post_id)) is not None]
    return render(
        request,
        "tasks.html",
        tasks=[task_json(service, item) for item in rows],
        next=write_cursor(rows[-1].due_at, rows[-1].id) if len(rows) == _page else None,
        posts=list(dict.fromkeys(posts)),
        stage=stage,
        stages=_stages(service),
        steps=_steps(service),
        area_name=(await request.app.state.maps.outline()).area_name,
    )


@router.get("/desk/cases")
async def cases(
    request: Request,
    q: Annotated[str, Query(max_length=100)] = "",
    state: Literal["", "open", "closed", "void", "not_accepted", "folded"] = "",
    clock: Literal["", "red", "yellow", "green", "blue", "grey"] = "",
    area: Annotated[str, Query(max_length=20, pattern=r"^[0-9A-Z]*$")] = "",
    department: Annotated[str, Query(max_length=60)] = "",
    type: Annotated[str, Query(max_length=60)] = "",
    stage: Annotated[str, Query(max_length=60)] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Cases within the reader's scope, newest first; every filter stands in the address."""
    service, actor = _signed_in(request)
    actor.require("case", "read")
    found = service.parts.directory.organisation_by_code(department) if department else None
    text = clean_line(q)
    wanted = CaseFilter(
        state=state or None,
        clock=clock or None,
        area=area or None,
        department_id=found.id if found else None,
        type=type or None,
        stage=stage or None,
        number=text if _looks_like_number(text) else None,
        before=read_cursor(after),
    )
    looked_back: datetime | None = None
    problem: Problem | None = None
    rows: list[CaseFile] = []
    try:
        if text and wanted.number is None:
            rows, looked_back = await service.reading.search(actor, text, wanted, limit=_page)
        else:
            rows = await service.reading.cases(actor, wanted, limit=_page)
    except Problem as refused:
        problem = refused
    now = service.context.clock.now()
    kept = {key: value for key, value in request.query_params.items() if key not in ("after", "lang")}
    last = rows[-1] if len(rows) == _page else None
    outline = await request.app.state.maps.outline()
    return render(
        request,
        "cases.html",
        status=problem.status if problem else 200,
        problem=problem.message(language_of(request.scope)) if problem else None,
        cases=[case_json(service, item, now) for item in rows],
        q=q,
        chosen={"state": state, "clock": clock, "area": area, "department": department, "type": type, "stage": stage},
        next="?" + urlencode({**kept, "after": write_cursor(last.reported_at, last.id)}) if last else None,
        looked_back=looked_back if last is None else None,
        states=_STATES,
        colours=_COLOURS,
        areas=outline.areas,
        area_name=outline.area_name,
        departments=[item for item in service.parts.directory.organisations() if item.active and item.serves],
        types=[(item.declaration.id, item.declaration.names) for item in service.catalogue.all()],
        stages=_stages(service),
    )


@router.get("/desk/cases/{case_id}")
async def case(request: Request, case_id: UUID, purpose: Annotated[str, Query(max_length=200)] = "") -> Response:
    """One case: its story, photos, place, steps, and every operation with why it is not possible where it is not."""
    service, actor = _signed_in(request)
    view = await service.reading.view(case_id, actor, purpose=clean_line(purpose))
    story = await service.reading.story(case_id, actor, after=0, limit=500)
    outline = await request.app.state.maps.outline()
    return render(
        request,
        "case.html",
        case=view_json(service, view),
        story=[_told(service, view, row) for row in said_once(story)],
        channel=view.case_type.declaration.channels.get(view.case.channel),
        steps=steps_of(view, story),
        flow_picture=await case_drawing(request, case_id, language_of(request.scope)),
        style_address=STYLE_ADDRESS,
        forms=operation_forms(service, view),
        not_now=[item for item in view.operations if not item.allowed and item.verb != "complete"],
        outline=outline,
        area_name=outline.area_name,
        may_unmask=view.reporter_masked and any(grant.covers("case", "read-personal") for grant in actor.grants),
    )


@router.get("/desk/intake")
async def intake(request: Request) -> Response:
    """Registering a report for somebody else, with what was reported nearby beside it."""
    service, actor = _signed_in(request)
    channels = [
        {
            "type": case_type.declaration.id,
            "type_names": case_type.declaration.names,
            "key": key,
            "names": case_type.declaration.channels[key].names,
        }
        for case_type, key in own_channels(service, actor)
    ]
    return render(request, "intake.html", channels=channels, outline=await request.app.state.maps.outline())


def _told(service: CaseService, view: CaseView, row: JournalRow) -> JsonObject:
    """An entry of the story in both languages."""
    zh, en = headline(view.case_type, row)
    told: JsonObject = {**row_json(service, row), "zh": zh, "en": en}
    data = row.entry.data
    if "department" in data:
        place = data.get("organisation")
        office = service.parts.directory.organisation(place) if isinstance(place, int) else None
        told["department_en"] = office.name_en if office else data["department"]
    return told


def _signed_in(request: Request) -> tuple[CaseService, Actor]:
    actor = actor_of(request)
    if actor.kind == "anonymous":
        raise SignInNeeded()
    service: CaseService = request.app.state.casework
    return service, actor


def _stages(service: CaseService) -> dict[str, tuple[str, str]]:
    """Stages of all case types with all names of their steps, in flow order."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for case_type in service.catalogue.all():
        for task in case_type.definition.graph.tasks:
            found.setdefault(task.stage, {})[task.names.zh, task.names.en] = None
    return {
        stage: (" / ".join(zh for zh, _ in names), " / ".join(en for _, en in names)) for stage, names in found.items()
    }


def _steps(service: CaseService) -> dict[str, tuple[str, str]]:
    """Names of the steps by ``type/node``."""
    return {
        f"{case_type.declaration.id}/{task.id}": (task.names.zh, task.names.en)
        for case_type in service.catalogue.all()
        for task in case_type.definition.graph.tasks
    }


def _looks_like_number(text: str) -> bool:
    """Case numbers are long, without blanks, and full of digits."""
    return len(text) >= 8 and " " not in text and sum(character.isdigit() for character in text) >= 6
