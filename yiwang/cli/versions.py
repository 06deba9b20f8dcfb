"""Versions of flows: ``flow diff``, ``flow migrate``, ``flow simulate``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from yiwang.cli.environment import run_async, services
from yiwang.cli.output import NOT_IN_ORDER, Json, console, errors, escape, print_facts, print_json, print_table, say

if TYPE_CHECKING:
    from uuid import UUID

    from yiwang.flow.api.version_views import SimulationBody
    from yiwang.flow.versions.difference import Difference
    from yiwang.flow.versions.migrating import Migrations, Progressed
    from yiwang.flow.versions.report import SimulationReport
    from yiwang.http.services import Services
    from yiwang.kernel import database

Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of the flow, such as urban-case.")]
Language = Annotated[str, typer.Option("--lang", help="zh or en.")]
From = Annotated[
    datetime | None, typer.Option("--from", help="Cases that began at or after (city time); default: 30 days before.")
]
To = Annotated[datetime | None, typer.Option("--to", help="Cases that began before (city time); default: now.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(diff)
    app.command()(migrate)
    app.command()(simulate)


def diff(
    what: Annotated[list[str], typer.Argument(metavar="KEY | OLD NEW", help="Key of a flow, or two BPMN files.")],
    old: Annotated[int | None, typer.Option("--from", help="Version; default: the published one.")] = None,
    new: Annotated[int | None, typer.Option("--to", help="Version; default: the draft.")] = None,
    language: Language = "zh",
    as_json: Json = False,
) -> None:
    """Say what changed between two versions of a flow, or between two files.

    用文字说明两个流程版本(或两个流程文件)的不同。
    """
    if len(what) == 2:
        from yiwang.flow.versions.comparing import compare_files

        texts = [Path(name).read_text(encoding="utf-8") for name in what]
        found: Difference = compare_files(*texts)
    elif len(what) == 1:
        found = run_async(_compare(what[0], old, new))
    else:
        raise typer.BadParameter("give the key of a flow, or two files")
    if as_json:
        print_json(found.json())
    else:
        typer.echo(found.text(language))


def migrate(
    key: Key,
    old: Annotated[int, typer.Option("--from", help="Version that they run on.")],
    new: Annotated[int, typer.Option("--to", help="Version to which they go over.")],
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping: JSON or YAML with steps, events, restart, reassign.", dir_okay=False)
    ] = None,
    execute: Annotated[bool, typer.Option("--execute", help="Do it; without it, a dry run.")] = False,
    report: Annotated[Path | None, typer.Option(help="Where the list of those that cannot go over is written.")] = None,
    resume: Annotated[str | None, typer.Option(help="Go on with this migration that was stopped.")] = None,
    as_json: Json = False,
) -> None:
    """Let running instances go over to another version. Exit code 1 when some cannot; by default only a dry run.

    把正在办理的流程迁移到另一版本;默认只试运行,列出不能迁移的及原因。
    """
    document = _document(mapping) if mapping is not None else {}
    found, reasons = run_async(
        _migrate(key, old, new, document, execute=execute, resume=resume, report=report, show=not as_json)
    )
    if as_json:
        told = {name: getattr(found, name) for name in ("moved", "refused", "over")}
        print_json(
            {"id": found.row.id, "dry_run": found.row.dry_run, "total": found.row.total, **told, "reasons": reasons}
        )
    else:
        done = ("可以迁移", "could go over") if found.row.dry_run else ("已迁移", "went over")
        say(
            f"{done[0]} {found.moved:,},不能迁移 {found.refused:,}",
            f"{found.moved:,} {done[1]}, {found.refused:,} cannot",
        )
        if reasons:
            rows = [(item["count"], item["code"], item["element"], item["zh"]) for item in reasons]
            print_table(["件数 count", "code", "element", "原因 reason"], rows)
        if found.over:
            print_facts({"over meanwhile": found.over})
    if found.refused:
        raise typer.Exit(NOT_IN_ORDER)


def simulate(
    key: Key,
    version: Annotated[int | None, typer.Option(help="Version; default: the draft, or the published one.")] = None,
    file: Annotated[Path | None, typer.Option(help="A BPMN file instead of a stored version.", exists=True)] = None,
    since: From = None,
    until: To = None,
    area: Annotated[str, typer.Option(help="Only in this area (code) and below it.")] = "",
    cases: Annotated[int, typer.Option(help="At most so many; more are sampled evenly.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same result.")] = 1,
    assume: Annotated[
        Path | None,
        typer.Option(help="Assumptions: JSON or YAML with steps, share, durations, outcomes, waits.", dir_okay=False),
    ] = None,
    language: Language = "zh",
    as_json: Json = False,
) -> None:
    """Try a version on the real cases of a period: how many, how long, where they would wait. Changes nothing.

    用一段时间的真实案件试算某个流程版本(含草稿):办结多少、历时多久、会等在哪里。
    """
    body = _body(
        {
            **(_document(assume) if assume is not None else {}),
            "version": version,
            "area": area,
            "cases": cases,
            "seed": seed,
        }
    )
    report = run_async(_simulate(key, body, since, until, file, show=not as_json))
    if as_json:
        print_json(report.json())
    else:
        _show(report, language)


def _show(report: SimulationReport, language: str) -> None:
    from yiwang.flow.versions.report import STEP_COLUMNS, WHOLE_COLUMNS

    chinese = language == "zh"
    period = f"{report.since:%Y-%m-%d} – {report.until:%Y-%m-%d}"
    whole = [words.zh if chinese else words.en for words in WHOLE_COLUMNS]
    print_table(whole, report.whole_table(language), title=f"{report.key}  {period}")
    columns = [words.zh if chinese else words.en for words in STEP_COLUMNS]
    print_table(columns, report.step_table(language), title="试算 / 真实" if chinese else "simulated / real")
    if report.stuck:
        rows = [(item.count, item.node, item.why.zh if chinese else item.why.en) for item in report.stuck]
        print_table(["件数", "环节", "走不下去的原因"] if chinese else ["cases", "step", "why they do not go on"], rows)
    for words in report.assumptions:
        console.print(f"  [dim]{escape(words.zh if chinese else words.en)}[/]")


def _document(path: Path) -> dict[str, database.Json]:
    """A JSON or YAML file that holds an object.

    Raises:
        InvalidInput: it holds something else.
    """
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise _unreadable(path, "not an object")
    return found


def _unreadable(path: Path, why: str) -> Exception:
    from yiwang.kernel.errors import FieldError, InvalidInput

    fault = FieldError(where=str(path), code="input.file", zh=f"不能读作 JSON 或 YAML:{why[:200]}", en=why[:200])
    return InvalidInput(errors=[fault], count=1)


def _body(document: Mapping[str, object]) -> SimulationBody:
    """The scenario, checked as over HTTP."""
    from pydantic import ValidationError

    from yiwang.flow.api.version_views import SimulationBody
    from yiwang.kernel.errors import FieldError, InvalidInput

    try:
        return SimulationBody.model_validate(document)
    except ValidationError as error:
        faults = [
            FieldError(where="/" + "/".join(map(str, item["loc"])), code="input.field", zh=item["msg"], en=item["msg"])
            for item in error.errors()
        ]
        raise InvalidInput(errors=faults, count=len(faults)) from error


def _bar(show: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=errors, transient=True, disable=not show)


def _city_time(opened: Services, moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    zone = opened.context.calendar.hours.timezone
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


async def _compare(key: str, old: int | None, new: int | None) -> Difference:
    from yiwang.flow import store
    from yiwang.flow.errors import DraftMissing
    from yiwang.flow.versions.comparing import compare_versions
    from yiwang.kernel.errors import NotFound

    async with services() as opened, opened.context.database.connection() as connection:
        published, draft, _ = await store.newest_definitions(connection, key)
        if old is None:
            if published is None:
                raise NotFound(what=f"流程 {key}")
            old = published.version
        if new is None:
            if draft is None:
                raise DraftMissing(key=key)
            new = draft.version
        _, _, found = await compare_versions(opened.flow, connection, key, old, new, drafts=True)
        return found


async def _migrate(
    key: str,
    old: int,
    new: int,
    mapping: Mapping[str, database.Json],
    *,
    execute: bool,
    resume: str | None,
    report: Path | None,
    show: bool,
) -> tuple[Progressed, list[dict[str, object]]]:
    from uuid import UUID

    from yiwang.flow.versions import store
    from yiwang.flow.versions.migrating import Migrations
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        migrations = Migrations(opened.flow)
        async with opened.context.database.transaction() as connection:
            if resume is not None:
                row = await migrations.migration(connection, UUID(resume), key)
            else:
                row = await migrations.ask(
                    connection, key, old, new, mapping, SYSTEM, dry_run=not execute, queued=False
                )
        with _bar(show) as progress:
            task = progress.add_task("迁移 migrating", total=None)
            found = await migrations.run(row.id, lambda done, total: progress.update(task, completed=done, total=total))
        async with opened.context.database.connection() as connection:
            reasons = [dict(item) for item in await store.reasons(connection, row.id)]
        if report is not None:
            await _write_report(migrations, row.id, report)
        return found, reasons


async def _write_report(migrations: Migrations, migration_id: UUID, path: Path) -> None:
    from yiwang.flow.versions import sheets, store

    after: UUID | None = None
    text = sheets.head()
    while True:
        async with migrations.database.connection() as connection:
            page = await store.cases(connection, migration_id, "refused", after=after, limit=1000)
        if not page:
            break
        text += sheets.lines(page)
        after = page[-1].instance_id
    path.write_text(text, encoding="utf-8", newline="")


async def _simulate(
    key: str, body: SimulationBody, since: datetime | None, until: datetime | None, file: Path | None, *, show: bool
) -> SimulationReport:
    from yiwang.flow.versions.chances import Assumptions
    from yiwang.flow.versions.simulating import Scenario, Simulations
    from yiwang.flow.versions.simulating import simulate as play
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        simulations = Simulations(opened.flow)
        start, end = simulations.period(_city_time(opened, since), _city_time(opened, until))
        assumed = Assumptions(body.share, body.durations, body.outcomes, body.waits)
        scenario = Scenario(key, start, end, body.version, body.area, body.cases, body.seed, body.steps, assumed)
        xml = file.read_text(encoding="utf-8") if file is not None else None
        prepared = await simulations.prepare(scenario, SYSTEM, xml)
        with _bar(show) as progress:
            task = progress.add_task("试算 simulating", total=None)
            return play(prepared, lambda done, total: progress.update(task, completed=done, total=total))
