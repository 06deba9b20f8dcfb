"""What a screen needs to know of the city before it asks anything else: names, zone, bounds, the clock, demo accounts."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from yiwang import __version__
from yiwang.http import clock
from yiwang.http.city import CityInfo, kinds_of_post
from yiwang.http.clock import ClockAnswer
from yiwang.http.live import LiveView, write_cursor
from yiwang.http.pages.maps import Maps
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import ANONYMOUS, Actor
from yiwang.kernel.context import Context
from yiwang.packs.model.city import DemoAccount

router = APIRouter(prefix="/api/v1", tags=["city 城市"])


class _View(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NamePair(_View):
    zh: str
    en: str


class DemoPerson(_View):
    """A demo account, as the sign-in screen of a demo city offers it."""

    login: str
    name: str
    office: NamePair
    work: NamePair
    first: bool = Field(description="The first of its kind of work.")


class DemoCity(_View):
    """Only of a demo city, where everybody may be anybody."""

    password: str
    people: list[DemoPerson] = Field(description="Left out of the shell; the sign-in screen asks for them.")


class CityView(_View):
    """城市概况. Coordinates are degrees, CGCS2000."""

    names: NamePair
    division: str = Field(description="The city's own area code.")
    version: str
    timezone: str
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north")
    map_note: NamePair | None = Field(description="What every map must say, where boundaries were not surveyed.")
    clock: ClockAnswer
    live: str = Field(description="The live stream's cursor now: give it as `after`; empty for who may not listen.")
    demo: DemoCity | None


@router.get("/city", summary="The city 城市概况")
async def city(request: Request) -> CityView:
    """Names, zone, bounds and clock of this city; in a demo city its accounts as well."""
    return await city_view(request)


async def city_view(request: Request, *, people: bool = True) -> CityView:
    """The city for this caller, with or without the demo city's ``people``."""
    state = request.app.state
    info: CityInfo = state.city
    context: Context = state.context
    maps: Maps = state.maps
    outline = await maps.outline()
    note_zh, note_en = info.note("zh"), info.note("en")
    demo = context.settings.demo
    return CityView(
        names=NamePair(zh=info.name("zh"), en=info.name("en")),
        division=info.division,
        version=__version__,
        timezone=str(context.calendar.hours.timezone),
        bounds=(
            round(outline.lon, 6),
            round(outline.lat - outline.height / outline.scale_y, 6),
            round(outline.lon + outline.width / outline.scale_x, 6),
            round(outline.lat, 6),
        ),
        map_note=NamePair(zh=note_zh, en=note_en) if note_zh or note_en else None,
        clock=clock.answer(context),
        live=await _cursor(request, demo=demo),
        demo=_demo(info, state.identity, people=people) if demo and info.demo_accounts else None,
    )


async def _cursor(request: Request, *, demo: bool) -> str:
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    if actor.kind == "anonymous" and not demo:
        return ""
    live: LiveView = request.app.state.live
    return write_cursor(await live.cursor())


def _demo(info: CityInfo, identity: IdentityService, *, people: bool) -> DemoCity:
    first = {item.login for item in info.one_of_each_kind}
    return DemoCity(
        password=info.demo_password,
        people=[_person(item, identity, first=item.login in first) for item in info.demo_accounts] if people else [],
    )


def _person(item: DemoAccount, identity: IdentityService, *, first: bool) -> DemoPerson:
    directory = identity.directory
    office = directory.organisation_by_code(item.organisation)
    work = [directory.posts(kind) for kind in kinds_of_post(item)]
    return DemoPerson(
        login=item.login,
        name=item.name,
        office=NamePair(
            zh=office.name("zh") if office else item.organisation, en=office.name("en") if office else item.organisation
        ),
        work=NamePair(
            zh="、".join([posts[0].name("zh") for posts in work if posts] + list(item.roles)),
            en=", ".join([posts[0].name("en") for posts in work if posts] + list(item.roles)),
        ),
        first=first,
    )
