"""What administrators set in the browser: how it stands, who changed it when and why, undo, and what a limit then means."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from yiwang.http.services import Services
from yiwang.http.words import Words, words
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import JsonObject
from yiwang.kernel.deadlines import due, parse_deadline
from yiwang.kernel.errors import FieldError, Forbidden, InvalidInput
from yiwang.kernel.grant_words import WORDED_VERBS, kind_words, verb_words
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine
from yiwang.packs.administration.checking import check_year
from yiwang.packs.administration.documents import SHAPES, Kind, SetHours, SetYear
from yiwang.packs.administration.overlay import calendar_with, documents
from yiwang.packs.administration.service import Administration, Wish
from yiwang.packs.administration.store import Change, Setting
from yiwang.packs.check.grants import THING_VERBS, known_verbs
from yiwang.registry.model import KIND as THING

router = APIRouter(prefix="/api/v1/administration", tags=["administration 管理"], responses=problems(*BEFORE_ANY_ROUTE))

_SETTING = (
    "administration.changed_meanwhile",
    "administration.nothing_changed",
    "administration.target_unknown",
    "administration.invalid",
    "administration.office_in_use",
    "packs.city_invalid",
    "identity.post_taken",
    "identity.organisation_unknown",
    "identity.organisation_too_deep",
    "identity.declared_twice",
    "identity.role_taken",
    "identity.role_verb",
    "identity.classes_collide",
    "calendar.hours_invalid",
)
_READERS = (*{shape.grant for shape in SHAPES.values()}, ("journal", "read"))
Why = Annotated[CleanLine, Field(min_length=1, max_length=500, description="Why; stands in the journal.")]
Version = Annotated[
    int, Field(ge=0, le=2**31 - 2, description="The version that it was made from; 0: nothing was set.")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SettingView(BaseModel):
    """``document`` null: as the files have it."""

    kind: Kind
    key: str
    version: int
    document: dict[str, JsonValue] | None
    changed_at: datetime
    changed_name: str


class SettingList(BaseModel):
    items: list[SettingView]


class SettingChange(BaseModel):
    """One change. ``newest``: nothing of this key was changed after it, so it can be undone."""

    id: UUID
    kind: Kind
    key: str
    version: int
    before: dict[str, JsonValue] | None
    document: dict[str, JsonValue] | None
    why: str
    at: datetime
    by_name: str
    undoes: UUID | None
    newest: bool


class StandingView(BaseModel):
    """``document``: what would set the thing as it stands now, files and settings together; null: there is no such thing."""

    document: dict[str, JsonValue] | None
    version: int


class ChangePage(BaseModel):
    items: list[SettingChange]
    next: UUID | None


class ChangeBody(_Body):
    """What shall stand. Without a document what was set is taken back, and the files hold again."""

    kind: Kind
    key: CleanLine = Field(min_length=1, max_length=200)
    version: Version
    why: Why
    document: dict[str, JsonValue] | None = None


class UndoBody(_Body):
    why: Why


class PreviewBody(_Body):
    """A limit given on ``start``; ``year`` (with ``of``) and ``hours`` are what is being edited, not saved yet."""

    limit: CleanLine = Field(min_length=1, max_length=40)
    start: datetime = Field(description="Without a zone: city time.")
    of: int | None = Field(None, ge=2000, le=2079, description="The year whose days are being edited.")
    year: SetYear | None = None
    hours: SetHours | None = None


class PreviewView(BaseModel):
    """When the limit ends: as things stand, and as they would with what is being edited."""

    now_ends: datetime
    then_ends: datetime


class GrantVerb(BaseModel):
    verb: str
    names: Words


class GrantKind(BaseModel):
    """A kind of thing and the verbs that some engine asks for."""

    kind: str
    names: Words
    verbs: list[str]


class GrantKinds(BaseModel):
    """``verbs`` words each verb once, whatever it is asked of."""

    items: list[GrantKind]
    verbs: list[GrantVerb]


@router.get("/settings", summary="What administrators set 管理设置", responses=problems("identity.forbidden"))
async def settings(
    request: Request, actor: SignedInActor, kind: Annotated[Kind | None, Query(description="Only of this kind.")] = None
) -> SettingList:
    """All that is or was set over the files, with its version; for administrators."""
    _require_reader(actor)
    return SettingList(items=[_setting(item) for item in await _administration(request).settings(kind)])


@router.get("/standing", summary="How something stands 现行设置", responses=problems("packs.city_invalid"))
async def standing(
    request: Request,
    actor: SignedInActor,
    kind: Annotated[Kind, Query()],
    key: Annotated[CleanLine, Query(min_length=1, max_length=200)],
) -> StandingView:
    """What a change begins with; for administrators. Of a calendar's year only the days that were set."""
    _require_reader(actor)
    _require_key(kind, key)
    document, version = await _administration(request).standing(kind, key)
    return StandingView(document=_plain(document), version=version)


@router.get("/changes", summary="History of settings 变更记录", responses=problems("identity.forbidden"))
async def changes(
    request: Request,
    actor: SignedInActor,
    kind: Annotated[Kind | None, Query()] = None,
    key: Annotated[CleanLine | None, Query(max_length=200)] = None,
    after: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ChangePage:
    """Who set what, when and why, the newest first; for administrators."""
    _require_reader(actor)
    found = await _administration(request).changes(kind, key, after, limit + 1)
    page = found[:limit]
    return ChangePage(items=[_change(item) for item in page], next=page[-1].id if len(found) > limit else None)


@router.post("/changes", summary="Set something 更改设置", responses=problems(*_SETTING))
async def change(request: Request, actor: SignedInActor, body: ChangeBody) -> SettingChange:
    """A new version over the files: calendar, hours, limits, indicators, boards and offices are the system
    administrator's, roles the security administrator's. What runs keeps the version it was opened under; running
    deadlines follow the calendar."""
    _require_key(body.kind, body.key)
    wish = Wish(body.kind, body.key, body.document, body.version, body.why)
    services: Services = request.app.state.services
    return _change(await services.administration.put(services, actor, wish))


@router.post(
    "/changes/{id}/undo",
    summary="Undo a change 撤销更改",
    responses=problems("not_found", "administration.not_undoable", *_SETTING),
)
async def undo(
    request: Request, actor: SignedInActor, id: Annotated[UUID, Path(description="Id of the change.")], body: UndoBody
) -> SettingChange:
    """What stood before stands again, as a version of its own; only the latest change of a thing can be undone."""
    services: Services = request.app.state.services
    return _change(await services.administration.undo(services, actor, id, body.why))


@router.post(
    "/deadline-preview",
    summary="What a limit would mean 时限试算",
    responses=problems(
        "calendar.hours_invalid", "calendar.out_of_range", "deadline.unreadable", "deadline.out_of_range",
        "administration.invalid",
    ),
)  # fmt: skip
async def preview(request: Request, actor: SignedInActor, body: PreviewBody) -> PreviewView:
    """ "A limit of two working days given on … ends on …", before the calendar is changed and after."""
    administration = _administration(request)
    limit, calendar = parse_deadline(body.limit), administration.context.calendar
    found = documents(await administration.settings())
    if body.year is not None and body.of is not None:
        check_year(body.of, body.year)
        found["calendar", str(body.of)] = body.year
    if body.hours is not None:
        found["hours", "hours"] = body.hours

    def then() -> WorkingCalendar:
        return calendar_with(administration.base, found)

    edited = await asyncio.to_thread(then)
    start = body.start if body.start.tzinfo else body.start.replace(tzinfo=calendar.hours.timezone)
    return PreviewView(now_ends=due(limit, start, calendar), then_ends=due(limit, start, edited))


@router.get("/grant-kinds", summary="What can be granted 可授予的权限", responses=problems("identity.forbidden"))
async def grant_kinds(request: Request, actor: SignedInActor) -> GrantKinds:
    """Kinds of things and the verbs that engines ask for, to make a role of; ``thing-…`` is one registered type."""
    actor.require("role", "read")
    services: Services = request.app.state.services
    known = known_verbs()
    named = {kind: kind_words(kind) for kind in known}
    for type_ in services.registry.types.all():
        of, names = kind_words(THING), type_.declaration.names
        kind = f"{THING}-{type_.id}"
        known[kind], named[kind] = THING_VERBS, (f"{of[0]}({names.zh})", f"{of[1]} ({names.en})")
    return GrantKinds(
        items=[
            GrantKind(kind=kind, names=words(named[kind]), verbs=sorted(verbs)) for kind, verbs in sorted(known.items())
        ],
        verbs=[
            GrantVerb(verb=verb, names=words(verb_words(verb))) for verb in sorted(WORDED_VERBS.union(*known.values()))
        ],
    )


def _administration(request: Request) -> Administration:
    services: Services = request.app.state.services
    return services.administration


def _require_reader(actor: Actor) -> None:
    if not any(actor.may(kind, verb) for kind, verb in _READERS):
        raise Forbidden(verb="settings:edit")


def _require_key(kind: Kind, key: str) -> None:
    if re.fullmatch(SHAPES[kind].key, key) is None:
        error = FieldError(
            where="/key",
            code="input.field",
            zh="不是这一类设置的代码,请从列表里选",
            en="no key of this kind; choose from the list",
        )
        raise InvalidInput(errors=[error], count=1)


def _setting(item: Setting) -> SettingView:
    return SettingView(
        kind=item.kind, key=item.key, version=item.version, document=_plain(item.document),
        changed_at=item.changed_at, changed_name=item.changed_name,
    )  # fmt: skip


def _change(item: Change) -> SettingChange:
    return SettingChange(
        id=item.id, kind=item.kind, key=item.key, version=item.version, before=_plain(item.before),
        document=_plain(item.document), why=item.why, at=item.at, by_name=item.by_name, undoes=item.undoes,
        newest=item.newest,
    )  # fmt: skip


def _plain(document: JsonObject | None) -> dict[str, JsonValue] | None:
    return document
