"""Packs and cities: ``check``, ``packs``, ``up``, ``scenario``, ``simulate``."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.environment import run_async, services, settings
from yiwang.cli.output import NOT_IN_ORDER, Json, errors, print_json, print_table, say, show_faults, show_problem
from yiwang.cli.supervisor import end_if_supervisor_ends, supervised_variable
from yiwang.kernel import logs
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.cluster.system import alone_with_lock, share_lock
from yiwang.kernel.errors import Problem
from yiwang.kernel.identifiers import new_id

if TYPE_CHECKING:
    from yiwang.http.services import Services
    from yiwang.http.trial import Trial
    from yiwang.packs.install import InstallReport
    from yiwang.packs.scenarios.report import ScenarioReport
    from yiwang.packs.upgrading.moves import Survey

_TEMPLATE_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_LEVELS = {"declared": "已声明", "working": "可运行", "proved": "已验证"}

City = Annotated[Path | None, typer.Option(help="Folder of the city (YIWANG_CITY).", file_okay=False)]
Packs = Annotated[Path | None, typer.Option(help="Folder of the packs (YIWANG_PACKS).", file_okay=False)]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (check, packs, up, scenario):
        app.command()(command)


def check(
    city: City = None,
    packs: Packs = None,
    language: Annotated[str, typer.Option("--lang", help="zh or en.")] = "zh",
    as_json: Json = False,
) -> None:
    """Check all packs and cities: schemas, references, flows, deadlines, texts, claims. Exit code 1 on errors.

    检查所有应用包和城市,逐条给出文件、行号和改法。
    """
    from yiwang.packs.check import run_check

    result = run_check(packs or settings().packs, only_cities=[city] if city else ())
    if as_json:
        print_json(result.json())
    else:
        typer.echo(result.text(language))
    if not result.good:
        raise typer.Exit(NOT_IN_ORDER)


def packs(packs: Packs = None, as_json: Json = False) -> None:
    """List the packs with their level: declared, working, proved.

    列出应用包及其水平。
    """
    from yiwang.packs.check import run_check
    from yiwang.packs.check.plan import clauses_claimed, clauses_proved

    result = run_check(packs or settings().packs)
    wrong = {item.file for item in result.findings if item.level == "error"}
    rows = []
    for pack in result.packs:
        claimed, proved = clauses_claimed(pack), clauses_proved(pack)
        rows.append(
            {
                "id": pack.id,
                "zh": pack.file.value.names.zh,
                "en": pack.file.value.names.en,
                "level": pack.file.value.level,
                "clauses": len(claimed),
                "shown": len(claimed & proved),
                "case_types": len(pack.cases),
                "flows": len(pack.flows),
                "scenarios": sum(len(file.value.scenarios) for file in pack.scenarios),
                "errors": sum(1 for file in wrong if file.startswith(str(pack.folder))),
            }
        )
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            row["level"] = f"{row['level']} {_LEVELS.get(str(row['level']), '')}"
        print_table(list(rows[0]) if rows else ["id"], [list(row.values()) for row in rows])


def up(
    city: City = None,
    look: Annotated[
        bool, typer.Option("--look", help="Only tell what would change of packs; publish nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Publish the city into the database: areas, offices, roles, flows, case types. Doing it again changes nothing.

    What changes of packs is told first, with the running cases and records that it touches; running cases keep the version
    that they were opened under. Refused where records could no longer be read or running cases no longer be finished.

    发布城市(可重复执行,没有变化则不改动);先列出应用包的变化及涉及的在办案件和记录,--look 只看不发布。
    """
    if look:
        found = run_async(_survey(city or settings().city))
        if as_json:
            print_json(found.json())
        else:
            show_survey(found)
        if found.losses:
            raise typer.Exit(NOT_IN_ORDER)
        return
    report = run_async(_up(city or settings().city, show=not as_json))
    if as_json:
        parts = [
            {"part": p.part, "zh": p.zh, "en": p.en, "changed": p.changed, "seconds": p.seconds} for p in report.parts
        ]
        problems = [{"where": p.where, "code": p.code, "zh": p.zh, "en": p.en} for p in report.problems]
        print_json({"city": report.city, "changed": report.changed, "parts": parts, "problems": problems})
    else:
        rows = [
            (part.part, "是 yes" if part.changed else "否 no", part.zh, part.en, part.seconds) for part in report.parts
        ]
        print_table(["part", "changed", "内容", "content", "seconds"], rows)
        show_faults(report.problems)


def scenario(
    files: Annotated[list[Path] | None, typer.Argument(help="Scenario files; none: all of all packs.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Id of a scenario, or pack/id; may be given again.")] = None,
    packs: Packs = None,
    url: Annotated[
        str, typer.Option(help="A running demo city to act in instead; its clock is turned forward and stands still.")
    ] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show each step.")] = False,
    as_json: Json = False,
) -> None:
    """Run scenarios: each opens a fresh city in this process and acts through the public API. Exit code 1 on failures.

    执行场景:每个场景打开一个全新的城市,通过公开接口逐步执行并核对结果。
    """
    from yiwang.packs.scenarios.runner import ScenarioNotReady

    folder = packs or settings().packs
    if "YIWANG_LOG_LEVEL" not in os.environ:
        logs.configure("warning", settings().log_format)
    try:
        report = run_async(_scenarios(folder, files or [], only or [], url, verbose=verbose and not as_json))
    except ScenarioNotReady as error:
        errors.print(error.text)
        raise typer.Exit(NOT_IN_ORDER) from error
    if as_json:
        print_json(report.json())
    else:
        typer.echo(report.text())
    if not report.passed:
        raise typer.Exit(NOT_IN_ORDER)


def simulate(
    url: Annotated[str, typer.Option(help="Base URL of the running city, on this machine.")] = "",
    speed: Annotated[
        float | None, typer.Option(help="City seconds per real second; default: leave the clock.", min=0)
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Reports per city hour on the day's average.", min=0.1)] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same day.")] = None,
    leave: Annotated[
        list[str] | None,
        typer.Option(help="A login or kind of post that you take over yourself; may be given again."),
    ] = None,
    city: City = None,
    packs: Packs = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing.")] = False,
) -> None:
    """Let a simulated day pass in a running demo city: residents, grid workers, desks and handlers, through the API.

    在运行中的演示城市里模拟一天(居民、网格员、座席、处置人员都通过公开接口操作);按 Ctrl-C 停止。
    """
    end_if_supervisor_ends()
    found = settings()
    base = url or f"http://{found.host}:{found.port}"
    wish = _Wish(base, city or found.city, packs or found.packs, speed, seed, rate, tuple(leave or ()))
    try:
        run_async(_simulate(wish, _hush if quiet else _tell))
    except Problem as problem:
        if supervised_variable not in os.environ:
            raise
        show_problem(problem)  # a city without its simulated day still runs


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the simulated day shall be like; see :func:`simulate`."""

    url: str
    city: Path
    packs: Path
    speed: float | None
    seed: int | None
    rate: float | None
    leave: tuple[str, ...]


async def _simulate(wish: _Wish, tell: Callable[[str], None]) -> None:
    from yiwang.packs.simulation import run_simulation

    day = asyncio.create_task(
        run_simulation(
            wish.url,
            wish.city,
            wish.packs,
            speed=wish.speed,
            seed=wish.seed,
            rate=wish.rate,
            leave=wish.leave,
            tell=tell,
        )
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, day.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await day


def _hush(_text: str) -> None:
    """Say nothing."""


def show_survey(found: Survey) -> None:
    """What a publication changes of packs, in words; nothing when there is nothing, or nothing was there before."""
    from yiwang.packs.upgrading.moves import MOVES

    if found.first:
        return
    for move in found.moves:
        zh, en = MOVES[move.move]
        versions = " → ".join(version for version in (move.before, move.after) if version is not None)
        say(f"{move.zh} {move.pack}:{zh} {versions}", f"{move.en}: {en}")
    kinds = {"case": ("案件类型", "case type"), "flow": ("流程", "flow"), "type": ("登记类型", "type")}
    marks = {"new": ("新增", "new"), "changed": ("有改动", "changed"), "gone": ("停止", "given up")}
    for change in found.changes:
        (kind_zh, kind_en), (mark_zh, mark_en) = kinds[change.kind], marks[change.what]
        zh, en = f"  {kind_zh} {change.id} {mark_zh}", f"{kind_en} {mark_en}"
        if change.running:
            zh += f",{change.running} 件在办仍按原版本"
            en += f"; {change.running} running cases keep their version"
        if change.records:
            zh += f",已有 {change.records} 条记录"
            en += f"; {change.records} records"
        say(zh, en)
        for line in change.lines:
            say(f"    {line.zh}", line.en)
    show_faults(found.losses)


async def _survey(folder: Path) -> Survey:
    async with services() as opened:
        return await _surveyed(opened, folder)


async def _surveyed(opened: Services, folder: Path) -> Survey:
    from yiwang.packs.install import surveyed_city

    return await surveyed_city(opened.context, folder)


async def _up(folder: Path, *, show: bool) -> InstallReport:
    from yiwang.packs.install import install_city

    async with services() as opened:
        if show:
            show_survey(await _surveyed(opened, folder))
            return await install_city(opened.context, opened, folder, progress=say, past=True)
        return await install_city(opened.context, opened, folder, past=True)


async def _scenarios(packs: Path, files: list[Path], only: list[str], url: str, *, verbose: bool) -> ScenarioReport:
    from yiwang.packs.scenarios.live import at_url
    from yiwang.packs.scenarios.runner import run_scenarios

    if url:
        return await run_scenarios(packs, at_url(url), files=files, only=only, tell=_tell if verbose else None)
    trials = Trials(packs)
    try:
        return await run_scenarios(packs, trials.open, files=files, only=only, tell=_tell if verbose else None)
    finally:
        await trials.end()


class Trials:
    """Fresh cities for scenarios: one private server, one template database per city, one copy per scenario. Commands
    that run at the same time share the server; the last one to end removes it."""

    def __init__(self, packs: Path) -> None:
        self._packs = packs
        self._home = settings().home.absolute() / "scenarios"
        self._server = EmbeddedServer(
            self._home, settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        )
        self._templates: dict[Path, str] = {}
        self._share: int | None = None

    @asynccontextmanager
    async def open(self, folder: Path, at: datetime) -> AsyncIterator[Trial]:
        """A fresh copy of the city of ``folder`` whose clock stands at ``at``."""
        from yiwang.http.trial import open_trial, trial_settings

        template = await self._template(folder)
        name = f"scenario_{new_id().hex}"
        url = await self._server.create_database(name, template=template)
        try:
            async with open_trial(trial_settings(self._home, folder, self._packs), url, at) as trial:
                yield trial
        finally:
            await self._server.drop_database(name)

    async def _template(self, folder: Path) -> str:
        from yiwang.http.trial import publish, trial_settings
        from yiwang.kernel import migrations

        if folder not in self._templates:
            if self._share is None:
                self._home.mkdir(parents=True, exist_ok=True)
                self._share = await asyncio.to_thread(share_lock, self._home / "in-use.lock")
                await asyncio.to_thread(self._server.start)
            name = f"city_{_digest(folder, self._packs)}"
            wanted = trial_settings(self._home, folder, self._packs)

            async def build(url: str) -> None:
                await asyncio.to_thread(migrations.upgrade, url)
                await publish(wanted, url, _TEMPLATE_BEGIN)

            await self._server.ensure_template(name, build)
            self._templates[folder] = name
        return self._templates[folder]

    async def end(self) -> None:
        """Stop the server and remove everything, unless another command still works with it."""
        if self._share is None:
            return
        try:
            if alone_with_lock(self._share):
                await asyncio.to_thread(self._server.destroy)
        finally:
            os.close(self._share)
            self._share = None


def _digest(*folders: Path) -> str:
    """A name for the state of these folders."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found.update(path.as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _tell(text: str) -> None:
    typer.echo(text)
