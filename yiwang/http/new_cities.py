"""Founding and opening new cities from the browser: the form, the check's findings, and the processes that run them.

A new city is an installation of its own below this one's home, ``cities/<id>/``: the city's folder ``<id>/``, the ``home/`` with
its own database and files, ``run.json`` (process, port) and ``run.log``. Nothing of this city is shared with it or changed by
it. It runs as ``yiwang run`` in a process that outlives the web process which started it; where this installation uses a database
server of its own (``YIWANG_DATABASE_URL``), the new city gets a database ``yiwang_<id>`` there.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from yiwang.http import database_url_variable
from yiwang.http.city_processes import CityPlace, answers, end, process_of, run_state, start, tail, variables
from yiwang.kernel import journal
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.context import Context
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import NotFound, Problem, TooLarge
from yiwang.kernel.refusals import problems
from yiwang.kernel.settings import Settings
from yiwang.kernel.text import CleanLine
from yiwang.packs.findings import Findings
from yiwang.packs.founding import CityTaken, Wish, found_city
from yiwang.packs.loader import load_city

router = APIRouter(
    prefix="/api/v1/new-cities",
    tags=["new cities 新建城市"],
    responses=problems("identity.sign_in_needed", "identity.forbidden", "identity.cross_site"),
)

_REFUSED = (
    "founding.city_taken",
    "founding.sheet_unreadable",
    "founding.boundary_unreadable",
    "founding.file_kind",
    "input.too_large",
)
FILE_LIMIT = 20 * 2**20
_SHEET_ENDINGS = (".csv", ".xlsx", ".xlsm", ".xls", ".ods")

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,29}$")]
IdPath = Annotated[str, InPath(pattern=r"^[a-z][a-z0-9-]{1,29}$")]
State = Literal["draft", "faulty", "opening", "running", "stopped"]


class CityNotSound(Problem):
    code = "founding.not_sound"
    status = 409
    zh = "城市 {id} 还有 {count} 处错误,改好后才能打开。"
    en = "The city {id} still has {count} errors; it can be opened when they are mended."


class FileKind(Problem):
    code = "founding.file_kind"
    status = 422
    zh = "机构表应为 CSV 或 Excel 文件,收到的是 {name}。"
    en = "The sheet of organisations must be CSV or Excel; {name} was sent."


class FindingView(BaseModel):
    """A remark of the check: for organisations the file is the sheet, the line its row."""

    level: Literal["error", "warning"]
    file: str
    line: int
    code: str
    zh: str
    en: str


class NewCity(BaseModel):
    """A city founded here and how it stands."""

    id: str
    zh: str
    en: str
    state: State = Field(description="draft: sound, not opened yet; faulty; opening; running; stopped.")
    address: str | None = Field(description="Where it is opened, while it runs; on this machine's own name.")
    port: int | None
    folder: str
    command: str = Field(description="Runs it for good, also after this machine has been restarted.")
    log: str = Field(description="The last lines of what opening it says.")
    seconds: float | None = Field(description="Since it was opened.")


class FoundedView(BaseModel):
    """What became of the files; ``findings`` with errors keep the city from being opened."""

    city: NewCity
    findings: list[FindingView]
    organisations: int
    posts: int
    streets: int
    communities: int
    accounts: list[str] = Field(description="Demo logins.")


class NewCityList(BaseModel):
    items: list[NewCity]


@router.get("", summary="New cities 已新建的城市")
async def list_new(request: Request, actor: SignedInActor) -> NewCityList:
    """The cities founded here."""
    actor.require("pack", "found")
    folder = _cities(_settings(request))
    places = [
        CityPlace(path.name, path) for path in sorted(folder.glob("*")) if (path / path.name / "city.yaml").is_file()
    ]
    return NewCityList(items=[await _view(request, place) for place in places])


@router.post("", summary="Found a city 新建城市", responses=problems(*_REFUSED))
async def found(
    request: Request,
    actor: SignedInActor,
    id: Annotated[Id, Form()],
    zh: Annotated[CleanLine, Form(min_length=1, max_length=60)],
    en: Annotated[CleanLine, Form(min_length=1, max_length=100)],
    division: Annotated[str, Form(pattern=r"^[0-9]{6}$", description="The district's own code, 6 digits.")],
    packs: Annotated[str, Form(max_length=1000, description="Ids of packs, separated by commas.")],
    boundary: Annotated[UploadFile, File(description="GeoJSON")],
    organisations: Annotated[UploadFile, File(description="CSV or Excel")],
    coordinates: Annotated[Literal["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"], Form()] = "EPSG:4490",
    surveyed: Annotated[bool, Form()] = False,
    password: Annotated[str, Form(max_length=100, description="Of the demo accounts; empty: a real city.")] = "",
    day: Annotated[bool, Form(description="With a simulated day.")] = False,
) -> FoundedView:
    """Write the city's folder from the files, in place of what was founded under this id before, and check it."""
    actor.require("pack", "found")
    settings, context = _settings(request), _context(request)
    place = CityPlace(id, _cities(settings) / id)
    if process_of(place) is not None:
        raise CityTaken(id=id)
    name = Path(organisations.filename or "").name
    if not name.lower().endswith(_SHEET_ENDINGS):
        raise FileKind(name=name[:80] or "—")
    now = context.clock.now().astimezone(context.calendar.hours.timezone).replace(minute=0, second=0, microsecond=0)
    wish = Wish(
        id, zh, en, division,
        tuple(part.strip() for part in packs.split(",") if part.strip()),
        coordinates, surveyed, password, now if day else None,
    )  # fmt: skip
    shape = await _bytes(boundary)
    with tempfile.TemporaryDirectory() as work:
        sheet = Path(work) / name
        sheet.write_bytes(await _bytes(organisations))
        made = await asyncio.to_thread(found_city, wish, shape, sheet, place.folder, settings.packs)
    (place.base / "findings.json").write_bytes(
        orjson.dumps({"errors": sum(item.level == "error" for item in made.findings)})
    )
    async with context.database.transaction() as connection:
        data: JsonObject = {"city": id, "errors": sum(item.level == "error" for item in made.findings)}
        await journal.append(
            connection, journal.entry(actor, context.clock.now(), "city.founded", "pack", None, data=data)
        )
    city = load_city(place.folder, settings.packs, Findings())
    demo = city.file.value.demo if city else None
    return FoundedView(
        city=await _view(request, place),
        findings=[
            FindingView(level=item.level, file=item.file, line=item.line, code=item.code, zh=item.zh, en=item.en)
            for item in made.findings
        ],
        organisations=made.organisations,
        posts=made.posts,
        streets=made.streets,
        communities=made.communities,
        accounts=[account.login for account in demo.accounts] if demo else [],
    )


@router.get("/{id}", summary="How a new city stands 新城市状态", responses=problems("not_found"))
async def one(request: Request, actor: SignedInActor, id: IdPath) -> NewCity:
    """Its state, and while it is being opened what that says."""
    actor.require("pack", "found")
    return await _view(request, _known(request, id))


@router.post(
    "/{id}/open", status_code=202, summary="Open it 打开", responses=problems("not_found", "founding.not_sound")
)
async def open_city(request: Request, actor: SignedInActor, id: IdPath) -> NewCity:
    """Bring it up on a port of its own: database, areas and grids, offices, applications, web. Ask again how far it is."""
    actor.require("pack", "found")
    place, context = _known(request, id), _context(request)
    errors = _errors(place)
    if errors:
        raise CityNotSound(id=id, count=errors)
    if process_of(place) is None:
        await asyncio.to_thread(start, place, _settings(request), _database_url())
        async with context.database.transaction() as connection:
            entry = journal.entry(actor, context.clock.now(), "city.opened", "pack", None, data={"city": id})
            await journal.append(connection, entry)
    return await _view(request, place)


@router.post("/{id}/stop", summary="Stop it 停止", responses=problems("not_found"))
async def stop_city(request: Request, actor: SignedInActor, id: IdPath) -> NewCity:
    """End its processes; its data stay, and opening it goes on with them."""
    actor.require("pack", "found")
    place, context = _known(request, id), _context(request)
    if await asyncio.to_thread(end, place):
        async with context.database.transaction() as connection:
            entry = journal.entry(actor, context.clock.now(), "city.stopped", "pack", None, data={"city": id})
            await journal.append(connection, entry)
    return await _view(request, place)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.context.settings
    return settings


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


def _cities(settings: Settings) -> Path:
    return settings.home.absolute() / "cities"


def _known(request: Request, id: str) -> CityPlace:
    place = CityPlace(id, _cities(_settings(request)) / id)
    if not (place.folder / "city.yaml").is_file():
        raise NotFound(what="城市 the city")
    return place


async def _bytes(file: UploadFile) -> bytes:
    content = await file.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise TooLarge(limit=FILE_LIMIT)
    return content


def _errors(place: CityPlace) -> int:
    try:
        return int(orjson.loads((place.base / "findings.json").read_bytes())["errors"])
    except FileNotFoundError:
        return 0


def _database_url() -> str | None:
    return os.environ.get(database_url_variable)


async def _view(request: Request, place: CityPlace) -> NewCity:
    settings = _settings(request)
    state = run_state(place)
    port = int(state.get("port", 0)) or None
    running = process_of(place) is not None
    ready = running and port is not None and await answers(settings.host, port)
    city = load_city(place.folder, settings.packs, Findings())
    told = " ".join(
        f"{name}={shlex.quote(value)}"
        for name, value in variables(place, settings, None).items()
        if name != "YIWANG_DATABASE_URL"
    )
    stand: State = "draft"
    if running:
        stand = "running" if ready else "opening"
    elif _errors(place):
        stand = "faulty"
    elif state:
        stand = "stopped"
    host = request.url.hostname or settings.host
    return NewCity(
        id=place.id,
        zh=city.file.value.names.zh if city else place.id,
        en=city.file.value.names.en if city else place.id,
        state=stand,
        address=f"{request.url.scheme}://{f'[{host}]' if ':' in host else host}:{port}" if ready else None,
        port=port if running else None,
        folder=str(place.folder),
        command=f"{told} yiwang run --port {port or settings.port + 10}",
        log=tail(place.log),
        seconds=round(time.time() - float(state["at"]), 1) if running and "at" in state else None,
    )
