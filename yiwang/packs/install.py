"""Publishing a city: its areas and grids, offices and people, flows and case types go to the engines that own them.

Promises: what has errors is not published at all; each engine gets everything in one transaction or nothing; publishing
the same again changes nothing; what runs keeps the version it was opened under; what administrators set in the browser
stands over the files (:mod:`yiwang.packs.administration`), and a flow or table that a person published stays.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

import asyncpg

from yiwang.identity.declarations import PlacedPostDeclaration
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import CityClock, begin_simulation, read_clock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import FieldError, Problem
from yiwang.packs.administration import store
from yiwang.packs.administration.overlay import Name, documents, overlaid
from yiwang.packs.administration.publishing import as_open_here
from yiwang.packs.areas import GRID_POST
from yiwang.packs.check import run_check
from yiwang.packs.check.signals import metrics_of, profiles_of
from yiwang.packs.engines import Services
from yiwang.packs.errors import CityInvalid, InstallFailed
from yiwang.packs.findings import shown
from yiwang.packs.history.entries import give_entries
from yiwang.packs.history.giving import give_history
from yiwang.packs.history.notices import give_notices
from yiwang.packs.install_areas import grid_posts, install_areas, install_places
from yiwang.packs.install_cases import publish_case, publish_table
from yiwang.packs.install_declared import TYPES, WITH_CASES, WITH_TYPES, Part, Publication
from yiwang.packs.install_people import demo_accounts
from yiwang.packs.loaded import City
from yiwang.packs.records.loading import find_duplicates, load_records
from yiwang.packs.records.offices import offices_of
from yiwang.packs.upgrading.moves import Survey, note_installed, roles_here
from yiwang.packs.upgrading.surveying import survey
from yiwang.sensing.devices.founding import DevicesInstalled, install_devices
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.secrets import DeviceSecrets
from yiwang.sensing.rules.publishing import install as install_rules
from yiwang.sensing.service import key_file

_PROOFS = ("plan.", "scenario.", "pack.readme_missing")
"""Codes about what proves a pack, rather than what it publishes."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What one part of the publication did; ``changed`` is false when everything stood already.

    ``problems``: rows of files that could not be taken; the rest was.
    """

    part: str
    zh: str
    en: str
    changed: bool
    seconds: float
    problems: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class InstallReport:
    """A whole publication, part by part."""

    city: str
    parts: tuple[Installed, ...]

    @property
    def changed(self) -> bool:
        return any(part.changed for part in self.parts)

    @property
    def problems(self) -> tuple[FieldError, ...]:
        return tuple(problem for part in self.parts for problem in part.problems)


class Progress(Protocol):
    """Hears what is being done, in Chinese and English."""

    def __call__(self, zh: str, en: str) -> None: ...


def _quiet(zh: str, en: str) -> None:
    """Nobody listens."""


async def install_city(
    context: Context,
    services: Services,
    folder: Path,
    *,
    packs: Path | None = None,
    progress: Progress = _quiet,
    begin: datetime | None = None,
    past: bool = False,
) -> InstallReport:
    """Publish the city of this folder; see the module's promises. ``packs`` is the folder of packs (default: settings').

    With ``settings.demo`` the demo accounts are brought in and, in a city without history, the simulated clock begins at
    ``begin`` (default: the demo day's start; a city without demo day runs on real time). ``past``: a demo that declares
    a history is given it, once.

    Raises:
        CityInvalid: with every error of `yiwang check`.
        PacksWouldLose: records could no longer be read, or running cases no longer be finished; nothing is published.
        InstallFailed: an engine refused its part; parts before it stay, its own is rolled back.
    """
    city = checked_city(folder, packs or context.settings.packs)
    async with context.database.connection() as connection:
        laid = overlaid(city, documents(await store.settings(connection)))
        found = await survey(connection, laid.city)
    found.require_nothing_lost()
    installation = _Installation(context, services, laid.city, progress)
    installation.idle = laid.idle
    await installation.run(begin)
    if past:
        await installation.give_notices()
        await installation.give_entries()
        await installation.give_past()
    return InstallReport(city.id, tuple(installation.parts))


async def surveyed_city(context: Context, folder: Path, packs: Path | None = None) -> Survey:
    """What publishing the city of this folder would change of its packs; changes nothing.

    Raises:
        CityInvalid: with every error of `yiwang check`.
    """
    city = checked_city(folder, packs or context.settings.packs)
    async with context.database.connection() as connection:
        return await survey(connection, overlaid(city, documents(await store.settings(connection))).city)


def checked_city(folder: Path, packs: Path) -> City:
    """The city if nothing that would be published has errors; scenarios and plan clauses do not keep a city from running.

    Raises:
        CityInvalid: with every error.
    """
    result = run_check(packs, folder.parent, only_cities=[folder])
    mine = [city for city in result.cities if city.folder == folder]
    folders = [shown(folder), *(shown(pack.folder) for city in mine for pack in city.packs)]
    errors = [
        item
        for item in result.findings
        if item.level == "error"
        and not item.code.startswith(_PROOFS)
        and "/scenarios/" not in item.file
        and any(item.file == path or item.file.startswith(path + "/") for path in folders)
    ]
    found = next(iter(mine), None)
    if errors or found is None:
        raise CityInvalid(
            errors=[
                FieldError(where=f"{item.file}:{item.line}:{item.column}", code=item.code, zh=item.zh, en=item.en)
                for item in errors
            ],
            folder=shown(folder),
            count=len(errors),
            details="\n".join(item.line_of_text() for item in errors[:20]),
        )
    return found


class _Installation:
    """One publication under way."""

    def __init__(self, context: Context, services: Services, city: City, progress: Progress) -> None:
        self.context, self.services, self.city, self.progress = context, services, city, progress
        self.parts: list[Installed] = []
        self.idle: tuple[Name, ...] = ()
        """What administrators set of things that the files no longer have."""

    async def run(self, begin: datetime | None) -> None:
        await self._clock(begin)
        await self._areas()
        await self.services.geo.refresh()
        await self._offices()
        await self.services.identity.directory.refresh()
        await self._applications()
        await self._declared(WITH_CASES)
        await self._signals()
        await self._declared(TYPES)
        await self.services.casework.refresh()
        await self.services.registry.refresh()
        await self._declared(WITH_TYPES)
        await self._records()
        await self._packs()

    @asynccontextmanager
    async def _part(self, name: str, zh: str, en: str) -> AsyncIterator[tuple[Connection, list[Installed]]]:
        """One transaction; the block puts one record (without its time) into the list."""
        self.progress(zh, en)
        began = time.perf_counter()
        done: list[Installed] = []
        try:
            async with self.context.database.transaction() as connection:
                await connection.execute("set local statement_timeout = 0")
                await connection.execute("set local idle_in_transaction_session_timeout = 0")
                yield connection, done
        except Problem as problem:
            raise InstallFailed(
                errors=problem.errors,
                engine=name,
                reason_zh=problem.message("zh"),
                reason_en=problem.message("en"),
                done=", ".join(part.part for part in self.parts) or "—",
            ) from problem
        seconds = time.perf_counter() - began
        self.parts += [replace(item, seconds=seconds) for item in done]

    async def _clock(self, begin: datetime | None) -> None:
        demo = self.city.file.value.demo
        day = demo.day if demo else None
        start = begin or (day.start if day else None)
        if not self.context.settings.demo or start is None:
            return
        async with self._part("clock", "设定模拟时间", "setting the simulated clock") as (connection, done):
            plain = cast("asyncpg.Connection[asyncpg.Record]", connection)
            state = await read_clock(plain)
            if not state.simulated:
                state = await begin_simulation(plain, at=start, speed=day.speed if day and not begin else 0)
                done.append(Installed("clock", f"模拟时间从 {start} 开始", f"city time begins at {start}", True, 0))
        if isinstance(self.context.clock, CityClock):
            self.context.clock.state = state

    async def _areas(self) -> None:
        async with self._part("geo", "划分区域与网格", "areas and grids") as (connection, done):
            areas = await install_areas(self.services.geo, connection, self.city)
            places = await install_places(self.services.geo, connection, self.city)
            changed = areas.changed or places > 0
            done.append(Installed("geo", areas.zh, areas.en, changed, 0, areas.problems))

    async def _offices(self) -> None:
        identity, city = self.services.identity, self.city
        async with self._part("identity", "发布机构、岗位与角色", "offices, posts and roles") as (connection, done):
            roles = roles_here(city)
            kinds = [kind for pack in city.packs if pack.roles for kind in pack.roles.value.posts]
            published = [await identity.publish_roles(connection, roles, kinds)]
            entries = city.organisations.value.organisations if city.organisations is not None else []
            trees = [root.declaration() for root in entries]
            tree = await identity.publish_organisations(connection, trees)
            published += [tree.organisations, tree.posts]
            posts = await self._grid_posts()
            published.append(await identity.publish_posts(connection, posts, source="grids"))
            accounts = demo_accounts(self.city) if self.context.settings.demo else []
            if accounts:
                published.append(await identity.publish_accounts(connection, accounts))
            count = sum(1 for root in trees for _ in root.walk())
            zh = f"{count} 个机构、{len(kinds)} 类岗位、{len(posts)} 个网格岗位、{len(accounts)} 个演示账号"
            en = f"{count} organisations, {len(kinds)} kinds of post, {len(posts)} grid posts, {len(accounts)} demo accounts"
            done.append(Installed("identity", zh, en, any(item.anything for item in published), 0))

    async def _grid_posts(self) -> list[PlacedPostDeclaration]:
        known = {kind.code for pack in self.city.packs if pack.roles for kind in pack.roles.value.posts}
        return await grid_posts(self.services.geo, self.city, GRID_POST) if GRID_POST in known else []

    async def _applications(self) -> None:
        async with self._part("casework", "发布流程与案件类型", "flows and case types") as (connection, done):
            new, names = 0, []
            at = self.context.clock.now()
            kept: list[str] = []
            for pack in self.city.packs:
                for case in pack.cases:
                    declaration = as_open_here(self.city, case.value)
                    retired = not self.city.runs(pack)
                    new += await publish_case(
                        self.services, connection, self.city.packs, pack, declaration, at, kept, retired=retired
                    )
                    names.append(declaration.id)
            new += len(await self.services.casework.retire_others(connection, names, at))
            zh = f"{len(names)} 种案件类型({'、'.join(names)}),{new} 种有新版本"
            en = f"{len(names)} case types ({', '.join(names)}), {new} with a new version"
            tables = [table.value for pack in self.city.packs for table in pack.decisions]
            if tables:
                fresh = sum([await publish_table(self.services.flow, connection, table, at, kept) for table in tables])
                zh += f";{len(tables)} 张决策表,{fresh} 张有新版本"
                en += f"; {len(tables)} decision tables, {fresh} with a new version"
                new += fresh
            if kept:
                zh += f";保留管理员发布的{'、'.join(kept)}"
                en += f"; kept as administrators published them: {', '.join(kept)}"
            if self.idle:
                keys = [f"{kind} {key}" for kind, key in self.idle]
                zh += f";管理员设过但文件里已没有的:{'、'.join(keys)}"
                en += f"; set by administrators but no longer in the files: {', '.join(keys)}"
            done.append(Installed("casework", zh, en, new > 0, 0))

    async def _declared(self, parts: tuple[Part, ...]) -> None:
        for part in parts:
            async with self._part(part.name, part.zh, part.en) as (connection, done):
                to = Publication(
                    self.services, self.city, connection, self.context.clock.now(), self.context.settings.demo
                )
                told = await part.publish(to)
                zh, en = f"{told.zh},{told.changed} 项有变化", f"{told.en}, {told.changed} changed"
                done.append(Installed(part.name, zh, en, told.changed > 0, 0))

    async def _signals(self) -> None:
        async with self._part("sensing", "发布指标量与设备型号", "metrics and profiles of devices") as (
            connection,
            done,
        ):
            packs, at = self.city.packs, self.context.clock.now()
            metrics, profiles = (
                metrics_of(packs),
                [(pack.id, key, profile) for pack in packs for key, profile in profiles_of([pack]).items()],
            )
            published = await publish_signals(connection, metrics, profiles, at)
            devices = await self._devices(connection, at)
            declared = [(pack.id, file.value.rules) for pack in packs for file in pack.signals if self.city.runs(pack)]
            rules = await install_rules(connection, declared, SYSTEM, at)
            zh = f"{len(metrics)} 个指标量、{len(profiles)} 种设备型号、{devices.listed} 台设备,{devices.new} 台新登记"
            en = f"{len(metrics)} metrics, {len(profiles)} profiles, {devices.listed} devices, {devices.new} newly registered"
            done.append(Installed("sensing", zh, en, published.changed or devices.new > 0 or rules > 0, 0))

    async def _devices(self, connection: Connection, at: datetime) -> DevicesInstalled:
        listed = self.city.devices.value.devices if self.city.devices and self.context.settings.demo else []
        return await install_devices(
            connection, listed, profiles_of(self.city.packs), self.services.identity.directory,
            self.services.geo.locator, DeviceSecrets(key_file(self.context)), at,
        )  # fmt: skip

    async def _records(self) -> None:
        demo = self.city.file.value.demo
        wanted = demo.records if demo else None
        if wanted is None or not self.context.settings.demo:
            return
        async with self._part("records", "演示数据", "demo records") as (connection, done):
            offices = offices_of(self.city, self.services.identity.directory)
            loaded = await load_records(
                self.services.registry, self.services.geo, connection, self.city, wanted, offices
            )
            zh = f"虚构 {loaded.things} 条记录、{loaded.relations} 个关系" if loaded.new else "演示数据已在"
            en = f"{loaded.things} invented records, {loaded.relations} relations" if loaded.new else "invented already"
            done.append(Installed("records", zh, en, loaded.new, 0))
        if loaded.new:
            await self._first_issues()
            await find_duplicates(self.services.registry)

    async def _packs(self) -> None:
        async with self._part("packs", "登记应用包版本", "versions of packs") as (connection, done):
            changed = await note_installed(connection, self.city, self.context.clock.now())
            count = len(self.city.packs)
            zh, en = f"{count} 个应用包,{changed} 个有变化", f"{count} packs, {changed} changed"
            done.append(Installed("packs", zh, en, changed > 0, 0))

    async def _first_issues(self) -> None:
        """What the invented records let the city publish stands on its portal from the start."""
        async with self._part("issues", "演示公示", "demo issues") as (connection, done):
            known = [item.value.id for pack in self.city.packs for item in pack.publications]
            issues = self.services.publicity.issues
            shown = sum([await issues.found(connection, publication, "演示数据") for publication in known])
            done.append(Installed("issues", f"{shown} 期演示公示", f"{shown} demo issues", shown > 0, 0))

    async def give_notices(self) -> None:
        """Publish the notices with which the demo begins; only where they are declared, and once."""
        demo = self.city.file.value.demo
        if demo is None or not demo.notices or not self.context.settings.demo:
            return
        async with self._part("notices", "演示公告", "demo notices") as (connection, done):
            division = self.city.file.value.division
            given = await give_notices(self.context, self.services.identity, connection, division, demo.notices)
            zh, en = (
                (f"发布 {given} 份公告", f"{given} notices published") if given else ("公告已在", "notices are there")
            )
            done.append(Installed("notices", zh, en, given > 0, 0))

    async def give_entries(self) -> None:
        """Let accounts of the demo record what is declared; each once."""
        demo = self.city.file.value.demo
        if demo is None or not demo.entries or not self.context.settings.demo:
            return
        async with self._part("entries", "演示名单", "demo entries") as (connection, done):
            given = await give_entries(self.services.registry, self.services.identity, connection, demo.entries)
            zh, en = (f"登记 {given} 条", f"{given} entries recorded") if given else ("已有登记", "entries are there")
            done.append(Installed("entries", zh, en, given > 0, 0))

    async def give_past(self) -> None:
        """Invent the weeks before the demo; only where they are declared, and once."""
        demo = self.city.file.value.demo
        if demo is None or demo.history is None or not self.context.settings.demo:
            return
        types = [case.value.id for pack in self.city.packs for case in pack.cases]
        async with self._part("history", "演示历史", "the demo's past") as (connection, done):
            given = await give_history(self.services.casework, connection, self.city, demo.history, types)
            zh = f"虚构 {given.cases} 件历史案件" if given.new else "历史案件已在,或已有案件"
            en = f"{given.cases} invented past cases" if given.new else "has its past, or cases of its own"
            done.append(Installed("history", zh, en, given.new, 0))
