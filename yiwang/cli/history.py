"""Real histories and what they show: ``import cases``, ``report timeliness`` and ``report flow``."""

from __future__ import annotations

from dataclasses import asdict
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
    from yiwang.flow.look.heat import StepReport

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


@reports.command("flow")
def flow_(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Key of the flow, such as urban-case.")],
    version: Annotated[int | None, typer.Option(help="Only this version; default: all together.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--from", help="Steps that ended at or after (UTC); default: 30 days before --to."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", help="Steps that ended before (UTC); default: the city's now.")
    ] = None,
    area: Annotated[str, typer.Option(help="Only in this area (code) and below it.")] = "",
    as_json: Json = False,
) -> None:
    """The steps of a flow by how long cases wait at them, the worst first: where an hour saved helps most.

    流程瓶颈:按总等待时间排列各环节,越靠前越值得改进。
    """
    begin, end, found = run_async(_bottlenecks(key, version, since, until, area))
    if as_json:
        steps = [_step_json(item) for item in found]
        print_json({"key": key, "version": version, "from": begin, "to": end, "area": area, "steps": steps})
        return
    columns = [
        "环节 step",
        "总等待 all waiting",
        "次数 visits",
        "平均 mean",
        "中位 median",
        "九成 p90",
        "时限口径 as limits count",
        "超时 overdue",
        "退回 sent back",
        "返工 repeated",
        "待办 open",
    ]
    print_table(columns, [_step_row(item) for item in found], title=f"{key}  {begin:%Y-%m-%d} – {end:%Y-%m-%d}")


def _step_row(item: StepReport) -> tuple[object, ...]:
    from yiwang.flow.look.words import duration

    def seconds(value: float | None) -> str:
        return "–" if value is None else duration(value, "zh")

    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.0%}"

    found = item.figures
    return (
        item.names.zh if item.names.zh == found.node else f"{item.names.zh} {found.node}",
        seconds(found.waiting),
        found.visits,
        seconds(found.elapsed.mean),
        seconds(found.elapsed.median),
        seconds(found.elapsed.p90),
        seconds(found.used.mean),
        share(found.overdue_share),
        share(found.return_share),
        share(found.repeat_share),
        f"{found.open} ({found.open_overdue} 超时)" if found.open_overdue else found.open,
    )


def _step_json(item: StepReport) -> dict[str, object]:
    found = item.figures
    return {
        **asdict(found),
        "zh": item.names.zh,
        "en": item.names.en,
        "overdue_share": found.overdue_share,
        "return_share": found.return_share,
        "repeat_share": found.repeat_share,
        "waiting_seconds": found.waiting,
    }


async def _bottlenecks(
    key: str, version: int | None, since: datetime | None, until: datetime | None, area: str
) -> tuple[datetime, datetime, list[StepReport]]:
    from yiwang.flow import store
    from yiwang.flow.bpmn.elements import parse_xml
    from yiwang.flow.look.heat import bottlenecks
    from yiwang.flow.look.reading import read_plan
    from yiwang.flow.look.service import ordinary_period
    from yiwang.flow.store.heat import Selection, step_figures
    from yiwang.kernel.access import SYSTEM
    from yiwang.kernel.errors import NotFound

    async with one_connection() as connection:
        now = (await read_clock(connection)).at(real_now())
        end = _utc(until) if until else now
        begin = _utc(since) if since else end - ordinary_period
        if version is None:
            row, _, _ = await store.newest_definitions(connection, key)
        else:
            row = await store.definition_by_version(connection, key, version)
        if row is None:
            raise NotFound(what=f"流程 {key}")
        figures = await step_figures(connection, SYSTEM, Selection(key, version, begin, end, area), now)
        return begin, end, bottlenecks(read_plan(parse_xml(row.xml)), figures)


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
