"""Publishing a city: its areas and grids, offices and people, flows and case types go to the engines that own them.

Promises: what has errors is not published at all; each engine gets everything in one transaction or nothing; publishing
the same again changes nothing; what runs keeps the version it was opened under.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

import asyncpg

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.casework.service import CaseService
from yiwang.flow.decisions.declared import DecisionTable, document_of
from yiwang.flow.service import FlowService
from yiwang.geo.service import GeoService
from yiwang.identity.declarations import AccountDeclaration, PlacedPostDeclaration, PostReference
from yiwang.identity.service import IdentityService
from yiwang.insight.service import InsightService
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import CityClock, begin_simulation, read_clock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import FieldError, Problem
from yiwang.packs.areas import GRID_POST
from yiwang.packs.check import run_check
from yiwang.packs.errors import CityInvalid, InstallFailed
from yiwang.packs.findings import shown
from yiwang.packs.install_areas import grid_posts, install_areas, install_places
from yiwang.packs.loader import City, Pack
from yiwang.packs.model.city import DemoAccount, HeldPost, OrganisationEntry


class Services(Protocol):
    """The engines of this process, to which a city is published."""

    @property
    def identity(self) -> IdentityService: ...
    @property
    def geo(self) -> GeoService: ...
    @property
    def flow(self) -> FlowService: ...
    @property
    def casework(self) -> CaseService: ...
    @property
    def insight(self) -> InsightService: ...


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
) -> InstallReport:
    """Publish the city of this folder; see the module's promises. ``packs`` is the folder of packs (default: settings').

    With ``settings.demo`` the demo accounts are brought in and, in a city without history, the simulated clock begins at
    ``begin`` (default: the demo day's start; a city without demo day runs on real time).

    Raises:
        CityInvalid: with every error of `yiwang check`.
        InstallFailed: an engine refused its part; parts before it stay, its own is rolled back.
    """
    city = checked_city(folder, packs or context.settings.packs)
    installation = _Installation(context, services, city, progress)
    await installation.run(begin)
    return InstallReport(city.id, tuple(installation.parts))


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

    async def run(self, begin: datetime | None) -> None:
        await self._clock(begin)
        await self._areas()
        await self.services.geo.refresh()
        await self._offices()
        await self.services.identity.directory.refresh()
        await self._applications()
        await self._boards()
        await self.services.casework.refresh()

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
            roles = [role for pack in city.packs if pack.roles for role in pack.roles.value.roles]
            kinds = [kind for pack in city.packs if pack.roles for kind in pack.roles.value.posts]
            published = [await identity.publish_roles(connection, roles, kinds)]
            trees = [root.declaration() for root in _roots(city)]
            tree = await identity.publish_organisations(connection, trees)
            published += [tree.organisations, tree.posts]
            posts = await self._grid_posts()
            published.append(await identity.publish_posts(connection, posts, source="grids"))
            accounts = self._accounts()
            if accounts:
                published.append(await identity.publish_accounts(connection, accounts))
            count = sum(1 for root in trees for _ in root.walk())
            zh = f"{count} 个机构、{len(kinds)} 类岗位、{len(posts)} 个网格岗位、{len(accounts)} 个演示账号"
            en = f"{count} organisations, {len(kinds)} kinds of post, {len(posts)} grid posts, {len(accounts)} demo accounts"
            done.append(Installed("identity", zh, en, any(item.anything for item in published), 0))

    async def _grid_posts(self) -> list[PlacedPostDeclaration]:
        known = {kind.code for pack in self.city.packs if pack.roles for kind in pack.roles.value.posts}
        return await grid_posts(self.services.geo, self.city, GRID_POST) if GRID_POST in known else []

    def _accounts(self) -> list[AccountDeclaration]:
        demo = self.city.file.value.demo
        if demo is None or not self.context.settings.demo:
            return []
        return [
            AccountDeclaration(
                login=account.login,
                name=account.name,
                organisation=account.organisation,
                password=demo.password,
                posts=list(_references(account)),
                roles=account.roles,
            )
            for account in demo.accounts
        ]

    async def _applications(self) -> None:
        async with self._part("casework", "发布流程与案件类型", "flows and case types") as (connection, done):
            new, names = 0, []
            at = self.context.clock.now()
            for pack in self.city.packs:
                for case in pack.cases:
                    declaration = self._as_open_here(case.value)
                    new += await self._publish(connection, pack, declaration, at)
                    names.append(declaration.id)
            zh = f"{len(names)} 种案件类型({'、'.join(names)}),{new} 种有新版本"
            en = f"{len(names)} case types ({', '.join(names)}), {new} with a new version"
            tables = [table.value for pack in self.city.packs for table in pack.decisions]
            if tables:
                fresh = sum([await self._publish_table(connection, table, at) for table in tables])
                zh += f";{len(tables)} 张决策表,{fresh} 张有新版本"
                en += f"; {len(tables)} decision tables, {fresh} with a new version"
                new += fresh
            done.append(Installed("casework", zh, en, new > 0, 0))

    async def _boards(self) -> None:
        async with self._part("insight", "发布指标与考核方案", "indicators and boards") as (connection, done):
            indicators = [one for pack in self.city.packs for file in pack.indicators for one in file.value.indicators]
            boards = [board.value for pack in self.city.packs for board in pack.boards]
            new = await self.services.insight.publish(connection, indicators, boards, self.context.clock.now())
            zh = f"{len(indicators)} 个指标、{len(boards)} 个考核方案,{new} 个有新版本"
            en = f"{len(indicators)} indicators, {len(boards)} boards, {new} with a new version"
            done.append(Installed("insight", zh, en, new > 0, 0))

    async def _publish(self, connection: Connection, pack: Pack, declaration: CaseTypeDeclaration, at: datetime) -> int:
        reach = [pack, *(one for one in self.city.packs if one.id != pack.id)]
        flow = next(flow for one in reach for flow in one.flows if flow.key == declaration.flow)
        tree = next(tree.value for one in reach for tree in one.classes if tree.value.id == declaration.classes)
        table = next(
            (table.value for one in reach for table in one.rules if table.value.id == declaration.dispatch), None
        )
        definition = await self.services.flow.publish(connection, flow.key, flow.xml, SYSTEM, at)
        _, new = await self.services.casework.publish_case_type(connection, declaration, tree, table, definition, at)
        return int(new)

    async def _publish_table(self, connection: Connection, table: DecisionTable, at: datetime) -> bool:
        decisions = self.services.flow.decisions
        return (await decisions.publish(connection, table.id, document_of(table), SYSTEM, at)).new

    def _as_open_here(self, declaration: CaseTypeDeclaration) -> CaseTypeDeclaration:
        """The case type without the channels that this city keeps closed."""
        switches = self.city.file.value.channels.get(declaration.id, {})
        channels = {key: channel for key, channel in declaration.channels.items() if switches.get(key, True)}
        return declaration.model_copy(update={"channels": channels})


def _roots(city: City) -> Iterator[OrganisationEntry]:
    if city.organisations is not None:
        yield from city.organisations.value.organisations


def _references(account: DemoAccount) -> Iterator[PostReference]:
    for post in account.posts:
        if isinstance(post, HeldPost):
            yield PostReference(code=post.code, organisation=post.organisation, area=post.area)
        else:
            yield PostReference(code=post)
