"""The first page: what residents may do; and, for staff and in a demo city, the city live on a map."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from typing_extensions import TypedDict

from yiwang.casework.api.bodies import case_json
from yiwang.casework.model import COMMON_STATUSES
from yiwang.casework.notes import VERBS
from yiwang.casework.service import CaseService
from yiwang.casework.store import CaseFilter
from yiwang.http.journal import JournalFilter, page
from yiwang.http.language import language_of
from yiwang.http.live import Subscriber
from yiwang.http.pages.maps import Outline
from yiwang.http.pages.rendering import actor_of, distance_words, render
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.journal import Entry

router = APIRouter()

_dots = 1500
_newest = 8
_told = 15

_WATCHER = Actor(kind="anonymous", grants=(Grant("case", frozenset({"read"})),))
"""Whoever looks at a demo city: its cases are invented, and only the members below leave the server."""

_SHOWN = (
    "id",
    "number",
    "status",
    "status_en",
    "stage",
    "class_name",
    "class_name_en",
    "lon",
    "lat",
    "clock",
    "due_at",
    "reported_at",
)

_COUNTERS = (
    ("open", "办理中", "Open", "green", "/plain/desk/cases?state=open"),
    ("due_soon", "即将到期", "Due soon", "yellow", "/plain/desk/cases?clock=yellow"),
    ("overdue", "已超时", "Overdue", "red", "/plain/desk/cases?clock=red"),
    ("reported_today", "今日上报", "Reported today", "blue", "/plain/desk/cases"),
    ("closed_today", "今日结案", "Closed today", "grey", "/plain/desk/cases?state=closed"),
)


class CityState(TypedDict):
    """The city at a glance: counters, open cases with a place, the newest cases."""

    counters: dict[str, int]
    cases: list[JsonObject]
    newest: list[JsonObject]


@router.get("/")
async def home(request: Request) -> Response:
    """The first page."""
    actor = actor_of(request)
    watcher = watcher_for(request, actor)
    if watcher is None:
        return render(request, "home.html", watching=False)
    state = await _state(request, watcher)
    counters = [
        {
            "key": key,
            "zh": zh,
            "en": en,
            "colour": colour,
            "href": href if actor.kind != "anonymous" else None,
            "value": state["counters"][key],
        }
        for key, zh, en, colour, href in _COUNTERS
    ]
    return render(
        request,
        "home.html",
        watching=True,
        outline=await request.app.state.maps.outline(),
        counters=counters,
        newest=state["newest"],
        happened=await _happened(request, watcher),
    )


@router.get("/home/state", response_model=None)
async def home_state(request: Request) -> CityState:
    """What the home page shows, for its module."""
    return await _state(request, _must_watch(request))


@router.get("/home/words")
async def home_words(request: Request) -> dict[str, dict[str, tuple[str, str]]]:
    """Words for the ticker: of verbs, classes, areas and statuses (by ``type/status``), each (zh, en)."""
    _must_watch(request)
    service: CaseService = request.app.state.casework
    outline: Outline = await request.app.state.maps.outline()
    classes = {
        item.code: (item.names.zh, item.names.en)
        for case_type in service.catalogue.all()
        for item in case_type.tree.classes
    }
    statuses = {
        f"{case_type.declaration.id}/{status}": (status, case_type.status_word(status))
        for case_type in service.catalogue.all()
        for status in {**COMMON_STATUSES, **case_type.declaration.statuses}
    }
    return {"verbs": dict(VERBS), "classes": classes, "areas": outline.names, "statuses": statuses}


def watcher_for(request: Request, actor: Actor) -> Actor | None:
    """As whom the caller may watch the city; None where they may not."""
    if actor.may("case", "read"):
        return actor
    return _WATCHER if request.app.state.context.settings.demo else None


def _must_watch(request: Request) -> Actor:
    watcher = watcher_for(request, actor_of(request))
    if watcher is None:
        raise NotFound(what=request.url.path)
    return watcher


async def _state(request: Request, watcher: Actor) -> CityState:
    service: CaseService = request.app.state.casework
    outline: Outline = await request.app.state.maps.outline()
    now = service.context.clock.now()
    language = language_of(request.scope)
    counts = await service.reading.summary(watcher)
    found = await service.reading.cases(watcher, CaseFilter(state="open"), limit=_dots)

    def shown(item: JsonObject) -> JsonObject:
        due = item["due_at"]
        return {
            **{key: item[key] for key in _SHOWN},
            "area_name": outline.area_name(str(item["area"]), language),
            "clock_words": distance_words(datetime.fromisoformat(due), now, language) if isinstance(due, str) else "",
        }

    cases = [shown(case_json(service, case, now)) for case in found]
    placed = [item for item in cases if item["lon"] is not None]
    return CityState(counters=counts, cases=placed, newest=cases[:_newest])


async def _happened(request: Request, watcher: Actor) -> list[dict[str, str]]:
    """The last things that the watcher may know of, newest first, in words."""
    service: CaseService = request.app.state.casework
    outline: Outline = await request.app.state.maps.outline()
    language = language_of(request.scope)
    seeing = Subscriber(watcher, everything=watcher is _WATCHER, prefix="case.")
    async with service.context.database.connection() as connection:
        rows = (await page(connection, JournalFilter(subject_kind="case", limit=_told * 2))).entries
    classes = {item.code: item.names for case_type in service.catalogue.all() for item in case_type.tree.classes}
    told = []
    for row in rows:
        item = Entry(
            row.at,
            row.verb,
            row.subject_kind,
            row.subject_id,
            row.actor_kind,
            row.actor_id,
            row.actor_name,
            row.area,
            row.data,
        )
        if not seeing.sees(item) or item.verb == "case.closed":  # the step that closed it is told already
            continue
        names = classes.get(str(row.data.get("class")))
        what = (names.zh if language == "zh" else names.en) if names else ("一件事" if language == "zh" else "a matter")
        zh, en = VERBS.get(row.verb, (row.verb, row.verb))
        if row.verb == "case.step":
            zh = str(row.data.get("status", ""))
            en = service.catalogue.status_word(str(row.data.get("type")), zh)
        done = zh if language == "zh" else en
        parts = [outline.area_name(row.area[:9], language), what, done]
        told.append({"at": row.at.isoformat(), "text": (" " if language == "zh" else ", ").join(parts)})
    return told[:_told]
