"""``yiwang plan``: which rows and clauses of the plan catalogue a city covers, and what is missing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.cities import Packs, Trials
from yiwang.cli.environment import run_async, settings
from yiwang.cli.output import NOT_IN_ORDER, Json, errors, print_json, print_table, say
from yiwang.kernel import logs
from yiwang.kernel.clock import real_now

if TYPE_CHECKING:
    from yiwang.packs.proving.reading import Proving
    from yiwang.packs.proving.rows import PlanClause, PlanTable, RowState
    from yiwang.packs.scenarios.report import ScenarioReport, ScenarioResult


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(plan)


def plan(
    city: Annotated[str, typer.Argument(help="The city: its id or folder; left out: YIWANG_CITY.")] = "",
    run: Annotated[bool, typer.Option("--run", help="Run the scenarios of the city's packs first.")] = False,
    pack: Annotated[list[str] | None, typer.Option(help="With --run: only this pack; may be given again.")] = None,
    row: Annotated[list[str] | None, typer.Option(help="Only this row, with its clauses; may be given again.")] = None,
    answered: Annotated[bool, typer.Option("--answered", help="Only rows that a pack answers.")] = False,
    excel: Annotated[Path | None, typer.Option(help="Write an Excel workbook.", dir_okay=False)] = None,
    packs: Packs = None,
    as_json: Json = False,
) -> None:
    """Tell each row of the plan catalogue: its level, its clauses, those covered, and what is missing.

    A clause counts as covered only by a scenario step that passed in the last run, while packs, cities and program are
    still those of that run. Exit code 1 when a scenario failed.

    逐条列出规划条目的水平、条款数、已覆盖条款和缺口;只有通过的场景步骤才算覆盖。
    """
    from yiwang.packs.proving.reading import read_proving
    from yiwang.packs.proving.workbook import plan_workbook

    found = settings()
    proving = read_proving(_folder(city), packs or found.packs)
    report = _run(proving, pack or []) if run else None
    table = proving.table(found.home)
    _require(row or [], [item.id for item in table.rows], ("规划条目", "row of the catalogue"))
    if excel is not None:
        excel.write_bytes(plan_workbook(table))
    rows = [item for item in table.rows if (not row or item.id in row) and (not answered or item.packs)]
    if as_json:
        print_json({**table.json(), "items": [item.json() for item in rows]})
    else:
        _show(table, rows, detailed=bool(row))
    if report is not None and not report.passed:
        raise typer.Exit(NOT_IN_ORDER)


def _folder(city: str) -> Path:
    """The folder of a city named by id or folder."""
    standing = settings().city
    for folder in (Path(city), standing.parent / city, Path("cities") / city) if city else (standing,):
        if (folder / "city.yaml").is_file():
            return folder
    errors.print(
        f"没有城市 {city}:请写 cities/ 下的名称或城市文件夹。 · There is no city {city}; name one in cities/ or a folder."
    )
    raise typer.Exit(2)


def _require(names: list[str], known: list[str], what: tuple[str, str]) -> None:
    from yiwang.packs.findings import suggestion

    for name in names:
        if name not in known:
            zh, en = suggestion(name, known)
            errors.print(f"没有{what[0]} {name}。{zh} · There is no {what[1]} {name}; {en}")
            raise typer.Exit(2)


def _run(proving: Proving, only: list[str]) -> ScenarioReport:
    from yiwang.packs.scenarios.runner import ScenarioNotReady

    _require(only, [pack.id for pack in proving.packs], ("本市的应用包", "pack of this city"))
    if "YIWANG_LOG_LEVEL" not in os.environ:
        logs.configure("warning", settings().log_format)
    try:
        return run_async(_prove(proving, only))
    except ScenarioNotReady as error:
        errors.print(error.text)
        raise typer.Exit(NOT_IN_ORDER) from error


async def _prove(proving: Proving, only: list[str]) -> ScenarioReport:
    from yiwang.packs.proving.running import run_and_keep

    chosen = [pack for pack in proving.packs if pack.scenarios and (not only or pack.id in only)]
    trials = Trials(proving.root / "packs" if not chosen else chosen[0].folder.parent)
    try:
        return await run_and_keep(
            chosen, proving.every, proving.cities, settings().home, trials.open, real_now(), _tell
        )
    finally:
        await trials.end()


def _tell(result: ScenarioResult, number: int, of: int) -> None:
    mark = "✓" if result.passed else "✗"
    errors.print(f"  {number}/{of} {mark} {result.pack}/{result.id} {result.title_zh} {result.seconds:.1f} s")
    if result.failure is not None:
        for line in result.failure.lines():
            errors.print(f"      {line}", markup=False)


def _show(table: PlanTable, rows: list[RowState], *, detailed: bool) -> None:
    from yiwang.packs.proving.rows import LEVELS

    print_table(
        ["条目 row", "名称", "水平 level", "条款 clauses", "已覆盖 covered", "缺 missing"],
        [
            (item.id, item.zh, f"{LEVELS[item.level][0]} {item.level}", len(item.clauses), item.covered, _missing(item))
            for item in rows
        ],
    )
    for item in rows:
        _show_clauses(item, item.clauses if detailed else item.missing if item.packs else ())
    waiting = [run.pack for run in table.runs if run.at is None]
    if waiting:
        say(f"场景尚未运行:{'、'.join(waiting)}", f"scenarios not run yet of {len(waiting)} packs")
    for run in table.runs:
        if run.at is not None and (run.stale or run.failed):
            at = run.at.isoformat(sep=" ", timespec="minutes")
            zh = f"{run.pack} {run.version}:{at} 运行,{run.passed} 通过、{run.failed} 失败"
            en = f"run {at}, {run.passed} passed, {run.failed} failed"
            say(zh + ("(已过时)" if run.stale else ""), en + (" (stale)" if run.stale else ""))
    say(
        f"{len(table.rows)} 个条目,{len(table.answered)} 个有应用包回答;{table.clauses} 条条款,已覆盖 {table.covered} 条。",
        f"{len(table.rows)} rows, {len(table.answered)} answered by packs; {table.clauses} clauses, {table.covered} covered.",
    )


def _show_clauses(row: RowState, clauses: Sequence[PlanClause]) -> None:
    """The clauses of a row by their state; of those about which nothing more is known only the numbers."""
    from yiwang.packs.proving.rows import STATES

    if clauses:
        say(f"\n{row.id} {row.zh}", row.en)
    for state, (zh, en) in STATES.items():
        mine = [item for item in clauses if item.state == state]
        bare = [_number(item) for item in mine if not item.words and not item.by]
        if mine:
            typer.echo(f"  {zh} · {en}:{' ' + _ranges(bare) if bare else ''}")
        for item in mine:
            if item.words or item.by:
                parts = (str(_number(item)), item.words, f"({', '.join(item.by)})" if item.by else "")
                typer.echo(f"    {' '.join(part for part in parts if part)}")


def _missing(row: RowState) -> str:
    return _ranges([_number(item) for item in row.missing]) if row.packs else "全部 all"


def _number(clause: PlanClause) -> int:
    return int(clause.id.rpartition("/")[2])


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers, neighbours joined: ``1–4, 6, 8–9``."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ends)
