"""Real histories and what they show: ``import cases`` and ``report timeliness``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from yiwang.cli.environment import one_connection, run_async, services
from yiwang.cli.output import NOT_IN_ORDER, Json, console, errors, escape, print_facts, print_json, print_table, say
from yiwang.kernel.clock import read_clock, real_now

if TYPE_CHECKING:
    from yiwang.casework.importing import ImportResult
    from yiwang.casework.timeliness import Timeliness

GroupBy = Literal["agency", "class", "channel", "area"]

imports = typer.Typer(no_args_is_help=True, help="Import a real history. 导入历史数据。")
reports = typer.Typer(no_args_is_help=True, help="Reports. 统计报告。")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(imports, name="import")
    app.add_typer(reports, name="report")


@imports.command("cases")
def cases(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file of cases.", exists=True, dir_okay=False)],
    mapping: Annotated[Path, typer.Option(help="Mapping file: which column is what.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every row, write nothing but the report.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where row-level remarks go (CSV); default: beside the file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import cases from a file. Good rows are taken, faulty ones are named in the report; run it again to go on.

    Exit code 1 when rows were refused. 导入历史案件:好的行收下,有问题的行逐条写入报告;中断后再次执行即可续传。
    """
    out = report or path.with_name(path.stem + ".report.csv")
    result = run_async(_import(path, mapping, out, dry_run=dry_run, show=not as_json))
    if as_json:
        print_json(result.as_json())
    else:
        done = ("试运行完成", "dry run done") if dry_run else ("导入完成", "imported")
        say(
            f"{done[0]}:收下 {result.taken:,},拒收 {result.refused:,}",
            f"{done[1]}: {result.taken:,} taken, {result.refused:,} refused",
        )
        facts: dict[str, object] = {"rows": result.rows, "resumed_at": result.resumed_at, "seconds": result.seconds}
        facts["rows_per_second"] = round(result.rows / result.seconds) if result.seconds else 0
        print_facts({**facts, "report": result.report})
        if result.placeholders:
            rows = [(lon, lat, count) for lon, lat, count in result.placeholders]
            print_table(["lon", "lat", "rows"], rows, title="不是真实位置的坐标 coordinates that stand for no place")
        if result.notes:
            print_table(["remark", "rows"], list(result.notes.items()))
    if result.refused:
        raise typer.Exit(NOT_IN_ORDER)


@reports.command("timeliness")
def timeliness_(
    by: Annotated[GroupBy, typer.Option(help="Group by.")] = "agency",
    type_key: Annotated[str | None, typer.Option("--type", help="Only this case type.")] = None,
    reported_from: Annotated[datetime | None, typer.Option("--from", help="Reported at or after (UTC).")] = None,
    reported_to: Annotated[datetime | None, typer.Option("--to", help="Reported before (UTC).")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(help="Judge as of this time (UTC); default: the city's now.")
    ] = None,
    as_json: Json = False,
) -> None:
    """On-time rate in total and by group.

    按期处置率:总计与分组。
    """
    total, groups = run_async(_timeliness(by, type_key, reported_from, reported_to, as_of))
    if as_json:
        print_json({"total": total.as_json(), "by": by, "groups": [item.as_json() for item in groups]})
        return
    columns = [
        by,
        "案件 cases",
        "应处置 due",
        "按期 on time",
        "超期 late",
        "未处置 overdue",
        "无时限 undated",
        "按期率 rate",
    ]
    print_table(columns, [_row(item) for item in groups])
    console.print(
        f"[bold]总计 total[/]  {escape(_rate(total))}  ({total.on_time:,} / {total.due:,}; {total.cases:,} cases)"
    )


def _row(item: Timeliness) -> tuple[object, ...]:
    return item.name, item.cases, item.due, item.on_time, item.late, item.overdue, item.undated, _rate(item)


def _rate(item: Timeliness) -> str:
    return "–" if item.rate is None else f"{item.rate:.1%}"


async def _import(path: Path, mapping: Path, report: Path, *, dry_run: bool, show: bool) -> ImportResult:
    from yiwang.casework.importing import import_cases, read_mapping

    columns = (TextColumn("导入 importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with services() as opened:
        with Progress(*columns, console=errors, transient=True, disable=not show) as progress:
            task = progress.add_task("", total=None)
            return await import_cases(
                opened.casework,
                path,
                read_mapping(mapping),
                dry_run=dry_run,
                report=report,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )


async def _timeliness(
    by: GroupBy, type_key: str | None, since: datetime | None, until: datetime | None, as_of: datetime | None
) -> tuple[Timeliness, list[Timeliness]]:
    from yiwang.casework.timeliness import timeliness
    from yiwang.kernel.access import SYSTEM

    async with one_connection() as connection:
        now = as_of or (await read_clock(connection)).at(real_now())
        return await timeliness(
            connection,
            SYSTEM,
            as_of=_utc(now),
            group_by=by,
            reported_from=_utc(since) if since else None,
            reported_to=_utc(until) if until else None,
            type_key=type_key,
        )


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
