"""Rendering: one Jinja environment, what every page knows, and how times and kinds are written for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as TemplateContext
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from yiwang.casework.catalogue import CaseType
from yiwang.casework.service import CaseService
from yiwang.http import assets, clock
from yiwang.http.language import Language, cookie_name, language_of
from yiwang.http.live import write_cursor
from yiwang.kernel.access import ANONYMOUS, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.errors import Problem

_WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")

_PHOTO_KINDS = {
    "report": ("上报照片", "Report"),
    "verify": ("核实照片", "Verified"),
    "before": ("处置前", "Before"),
    "after": ("处置后", "After"),
    "check": ("核查照片", "Checked"),
    "other": ("其他", "Other"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation; ``current`` marks where the reader is."""

    href: str
    zh: str
    en: str
    current: bool


class Words:
    """``t(zh, en)`` of the templates: the words in the language of this answer."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """The page ``template`` for this caller; ``?lang=`` is remembered in a cookie."""
    language = language_of(request.scope)
    words = Words(language)
    context: Context = request.app.state.context
    actor = actor_of(request)
    city = request.app.state.city
    page = environment().get_template(template)
    html = page.render(
        t=words,
        zh=language == "zh",
        static=assets.url_of,
        actor=actor,
        signed_in=actor.kind != "anonymous",
        demo=context.settings.demo,
        live_cursor=getattr(request.state, "live_cursor", ""),
        now=context.clock.now(),
        zone=context.calendar.hours.timezone,
        clock=clock.answer(context),
        city_name=city.name(language),
        map_note=city.note(language),
        navigation=navigation(actor, request.url.path, registers=bool(own_channels(request.app.state.casework, actor))),
        language_switch=_switch(request, language),
        path=request.url.path,
        **values,
    )
    response = HTMLResponse(html, status, headers={"cache-control": "no-store", "vary": "Cookie, Accept-Language"})
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(cookie_name, language, max_age=31_536_000, samesite="lax")
    return response


async def note_cursor(request: Request) -> None:
    """Before a page is made: where its live events begin, so that nothing falls between the page and its stream."""
    watches = actor_of(request).kind != "anonymous" or request.app.state.context.settings.demo
    if watches and request.method == "GET" and wants_page(request):
        request.state.live_cursor = write_cursor(await request.app.state.live.cursor())


def actor_of(request: Request) -> Actor:
    """Who looks at the page."""
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    return actor


def wants_page(request: Request) -> bool:
    """Whether a person's browser waits for a page rather than a program for JSON."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def problem_page(request: Request, problem: Problem) -> HTMLResponse | RedirectResponse:
    """A refusal for people: to the sign-in page where that would help, otherwise what to do next."""
    if problem.status == 401 and request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse("/plain/sign-in?" + urlencode({"next": request.url.path + query}), 303)
    trace = getattr(request.state, "request_id", "")
    problem.data.setdefault("trace", trace)
    return render(
        request,
        "problem.html",
        status=problem.status,
        problem=problem,
        message=problem.message(language_of(request.scope)),
    )


def navigation(actor: Actor, path: str, *, registers: bool) -> list[Link]:
    """What this reader may go to."""
    entries = [("/plain/", "首页", "Home"), ("/plain/report", "上报", "Report"), ("/plain/follow", "查进度", "Follow")]
    if actor.kind != "anonymous":
        if actor.posts:
            entries.append(("/plain/desk", "我的任务", "My tasks"))
        if actor.may("case", "read"):
            entries.append(("/plain/desk/cases", "案件", "Cases"))
            entries.append(("/plain/desk/timeliness", "时效", "Timeliness"))
            entries.append(("/plain/flows", "流程", "Flows"))
        if registers:
            entries.append(("/plain/desk/intake", "登记", "Register"))
        if actor.may("journal", "read"):
            entries.append(("/plain/desk/journal", "日志", "Journal"))
    here = [href for href, _, _ in entries if path == href or (href != "/plain/" and path.startswith(href + "/"))]
    best = max(here, default="", key=len)
    return [Link(href, zh, en, href == best) for href, zh, en in entries]


def own_channels(service: CaseService, actor: Actor) -> list[tuple[CaseType, str]]:
    """Case types and channels by which this actor's posts may report for others."""
    return [
        (case_type, key)
        for case_type in service.catalogue.offered()
        for key, channel in case_type.declaration.channels.items()
        if channel.who == "signed-in" and channel.post is not None and channel.post in actor.post_codes
    ]


def _switch(request: Request, language: Language) -> str:
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return "?" + urlencode([*kept, ("lang", "en" if language == "zh" else "zh")])


@cache
def environment() -> Environment:
    """Templates with escaping on; a misspelt name is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        local_time=local_time,
        clock_time=clock_time,
        day=day,
        distance=distance,
        photo_kind=photo_kind,
        figure=figure,
        ticks=ticks,
    )
    return made


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def _zone(context: TemplateContext) -> ZoneInfo:
    zone = context["zone"]
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("Asia/Shanghai")


@pass_context
def local_time(context: TemplateContext, value: object) -> str:
    """``06-18 08:30`` in the city's zone, with the year where it is another one; "" for nothing."""
    at = _moment(value)
    if at is None:
        return ""
    local = at.astimezone(_zone(context))
    this_year = context["now"].astimezone(_zone(context)).year == local.year
    return local.strftime("%m-%d %H:%M" if this_year else "%Y-%m-%d %H:%M")


@pass_context
def clock_time(context: TemplateContext, value: object) -> str:
    """``08:30:00`` in the city's zone."""
    at = _moment(value)
    return at.astimezone(_zone(context)).strftime("%H:%M:%S") if at else ""


@pass_context
def day(context: TemplateContext, value: object) -> str:
    """``6月18日 周四`` or ``Thu 18 Jun``."""
    at = _moment(value)
    if at is None:
        return ""
    local = at.astimezone(_zone(context))
    return (
        f"{local.month}月{local.day}日 周{_WEEKDAYS[local.weekday()]}" if context["zh"] else local.strftime("%a %d %b")
    )


@pass_context
def distance(context: TemplateContext, value: object, now: datetime) -> str:
    """:func:`distance_words` for a template; "" for nothing."""
    at = _moment(value)
    return distance_words(at, now, "zh" if context["zh"] else "en") if at else ""


def distance_words(due: datetime, now: datetime, language: str) -> str:
    """How far a deadline is, in the coarsest unit that says something: ``还有 2.5小时``, ``20 min late``."""
    seconds = (due - now).total_seconds()
    size, zh = abs(seconds), language == "zh"
    if size < 3600:
        words = f"{max(1, round(size / 60))}{'分钟' if zh else ' min'}"
    elif size < 86_400:
        words = f"{size / 3600:.1f}{'小时' if zh else ' h'}"
    else:
        words = f"{size / 86_400:.1f}{'天' if zh else ' d'}"
    if zh:
        return f"超 {words}" if seconds < 0 else f"还有 {words}"
    return f"{words} late" if seconds < 0 else f"{words} left"


def photo_kind(kind: str, words: Words) -> str:
    """The kind of an attachment in words."""
    zh, en = _PHOTO_KINDS.get(kind, (kind, kind))
    return words(zh, en)


def figure(value: object) -> str:
    """A count with thousands separated; a capped count reads as "or more"."""
    if isinstance(value, int):
        return f"{value:,}" + ("+" if value >= 10_000 and value % 10_000 == 0 else "")
    return str(value)


def ticks(text: str) -> Markup:
    """Text in which `backquoted` words become code."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )
