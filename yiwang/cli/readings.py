"""``readings``: what is stored, days to the lake, retention, roll-ups made anew, files of the lake verified."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.environment import one_connection, run_async, services
from yiwang.cli.output import NOT_IN_ORDER, Json, errors, print_facts, print_json, print_table, say

if TYPE_CHECKING:
    import asyncpg

    from yiwang.http.services import Services
    from yiwang.kernel.database import JsonObject
    from yiwang.sensing.computing.following import Computing
    from yiwang.sensing.readings.service import Readings

app = typer.Typer(no_args_is_help=True, help="Readings of devices. 监测数据。")

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A day, as 2026-05-01.")]


def register(root: typer.Typer) -> None:
    """Add these commands."""
    root.add_typer(app, name="readings")


@app.command()
def status(as_json: Json = False) -> None:
    """Where readings lie, and what their followers have still to see. 数据分布与待处理量。"""
    run_async(_status(as_json))


async def _status(as_json: bool) -> None:
    from yiwang.sensing.readings import arrivals
    from yiwang.sensing.readings.partitions import existing_days

    async with one_connection() as connection:
        days = await existing_days(connection)
        row = await connection.fetchrow(
            "select count(*) filter (where path <> '') as days, count(*) filter (where path = '') as dropped, "
            "coalesce(sum(rows), 0)::bigint as rows, min(day) filter (where path <> '') as first from reading_archive"
        )
        size = await connection.fetchval(
            "select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint from pg_inherits "
            "where inhparent = 'reading'::regclass"
        )
        waiting = await arrivals.waiting(connection)
    if row is None:
        raise LookupError("an aggregate without a row")
    facts: dict[str, object] = {
        "days_in_database": len(days),
        "first_day": days[0].isoformat() if days else None,
        "last_day": days[-1].isoformat() if days else None,
        "bytes_in_database": size,
        "days_in_lake": row["days"],
        "readings_in_lake": row["rows"],
        "days_dropped": row["dropped"],
        **{f"waiting_for_{name}": count for name, count in sorted(waiting.items())},
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@app.command()
def archive(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only this UTC day; default: all days that have cooled."),
    ] = None,
) -> None:
    """Move cold days from the database to the lake (HOME/lake), as the worker does by itself. 冷数据归档。

    Each day is written, read back, compared, and only then dropped; may be broken off at any time and begun again.
    """
    run_async(_archive(day.date() if day else None))


async def _archive(only: date | None) -> None:
    from yiwang.sensing.readings.archive import Archive, cold_days
    from yiwang.sensing.readings.service import Readings

    async with services() as opened, one_connection() as connection:
        readings = Readings(opened.context)
        now = opened.context.clock.now()
        days = [only] if only else await cold_days(connection, now, opened.context.settings.readings_days)
        moved = 0
        for day in days:
            found = await Archive(readings.lake).archive(connection, day, now)
            if found is not None:
                moved += 1
                say(
                    f"{day} 已归档:{found.rows:,} 条,{found.size:,} 字节",
                    f"{day} archived: {found.rows:,} readings, {found.size:,} bytes",
                )
        say(f"共归档 {moved} 天", f"{moved} days archived")


@app.command()
def retention(as_json: Json = False) -> None:
    """Do now what the settings say: days to the lake, old days and roll-ups dropped, unused files removed. 执行保留策略。"""
    run_async(_retention(as_json))


async def _retention(as_json: bool) -> None:
    from yiwang.sensing.readings.keeping import Keeper
    from yiwang.sensing.readings.service import Readings

    async with services() as opened:
        kept = await Keeper(Readings(opened.context)).keep(most_days=36_500)
    facts: dict[str, object] = {
        "archived_days": len(kept.archived),
        "archived_readings": sum(item.rows for item in kept.archived),
        "dropped_days": kept.dropped_days,
        "dropped_months_of_minutes": kept.dropped_rollups,
        "removed_files": kept.files_removed,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@app.command()
def recompute(
    since: Day,
    until: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The last day, included.")],
) -> None:
    """Make the roll-ups of these days (of the city's zone) anew from the readings, while the city runs. 重算汇总。"""
    run_async(_recompute(since, until))


async def _recompute(first: datetime, last: datetime) -> None:
    from yiwang.sensing.readings.recompute import recompute as anew
    from yiwang.sensing.readings.service import Readings

    async with services() as opened, one_connection() as connection:
        readings = Readings(opened.context)
        zone = readings.zone
        done = await anew(
            connection,
            readings.lake,
            zone,
            first.replace(tzinfo=zone),
            last.replace(tzinfo=zone) + timedelta(days=1),
            say=lambda begin, count: say(f"{begin:%Y-%m-%d} {count:,} 条读数", f"{begin:%Y-%m-%d} {count:,} readings"),
        )
        computed = await _computing(opened).again(
            first.replace(tzinfo=zone), last.replace(tzinfo=zone) + timedelta(days=1)
        )
    say(
        f"已重算 {done.days} 天、{done.buckets:,} 个汇总,{computed:,} 个计算值有变化",
        f"{done.days} days and {done.buckets:,} roll-ups made anew, {computed:,} computed values differ",
    )


@app.command()
def compute(
    since: Day,
    until: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The last day, included.")],
) -> None:
    """Compute the metrics of these days anew, after a pack's function or a device's facts were changed. 重算计算指标。"""
    run_async(_compute(since, until))


async def _compute(first: datetime, last: datetime) -> None:
    async with services() as opened:
        zone = opened.context.calendar.hours.timezone
        changed = await _computing(opened).again(
            first.replace(tzinfo=zone), last.replace(tzinfo=zone) + timedelta(days=1)
        )
    say(f"{changed:,} 个计算值有变化", f"{changed:,} computed values differ")


def _computing(opened: Services) -> Computing:
    from yiwang.packs.computing import load_functions
    from yiwang.sensing.computing.following import Computing

    settings = opened.context.settings
    return Computing(opened.context, opened.sensing.directory, load_functions(settings.packs, settings.city))


@app.command()
def forget(
    follower: Annotated[str, typer.Argument(help="As `yiwang readings status` names it after waiting_for_.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the mark of a follower that is switched off for good, so that arrivals are not kept for it. 移除停用的环节。

    Never for one that is only down: it would miss what arrives until it runs again.
    """
    if not yes:
        typer.confirm(
            f"{follower} 不再运行?它未处理的读数将被略过 · Is it off for good? It will miss what waits for it",
            abort=True,
        )
    run_async(_forget(follower))


async def _forget(follower: str) -> None:
    from yiwang.kernel import journal
    from yiwang.kernel.access import SYSTEM
    from yiwang.kernel.clock import read_clock, real_now
    from yiwang.sensing.errors import FollowerUnknown
    from yiwang.sensing.readings import arrivals

    async with one_connection() as connection, connection.transaction():
        left = await arrivals.forget(connection, follower)
        if left is None:
            known = ", ".join(sorted(await arrivals.waiting(connection))) or "—"
            raise FollowerUnknown(follower=follower[:60], known=known)
        at = (await read_clock(connection)).at(real_now())
        data: JsonObject = {"name": follower, "count": left}
        await journal.append(
            connection, journal.entry(SYSTEM, at, "readings.follower_removed", "readings", None, data=data)
        )
    say(
        f"已移除 {follower};它未处理的 {left:,} 条读数不再等它",
        f"{follower} is removed; {left:,} readings that it had not seen do not wait for it any more",
    )


@app.command()
def verify(as_json: Json = False) -> None:
    """Read every file of the lake and compare it with what was recorded. Exit code 1 where one differs. 校验归档文件。"""
    wrong = run_async(_verify(as_json))
    if wrong:
        raise typer.Exit(NOT_IN_ORDER)


async def _verify(as_json: bool) -> int:
    from yiwang.sensing.readings.service import Readings

    async with services() as opened, one_connection() as connection:
        found = await _compared(connection, Readings(opened.context))
    wrong = {day: reason for day, reason in found.items() if reason}
    if as_json:
        print_json({"days": len(found), "wrong": wrong})
    elif wrong:
        print_table(["日期 day", "问题 what is wrong"], wrong.items())
        errors.print("从备份恢复这些文件 · restore these files from a backup")
    else:
        say(f"{len(found)} 天的归档文件完好", f"the files of {len(found)} days are whole")
    return len(wrong)


async def _compared(connection: asyncpg.Connection[asyncpg.Record], readings: Readings) -> dict[str, str]:
    from yiwang.sensing.errors import LakeDamaged
    from yiwang.sensing.readings.archive import Archive

    archive_ = Archive(readings.lake)
    found: dict[str, str] = {}
    for row in await connection.fetch("select day from reading_archive where path <> '' order by day"):
        try:
            await archive_.verify(connection, row["day"])
            found[row["day"].isoformat()] = ""
        except LakeDamaged as damaged:
            found[row["day"].isoformat()] = str(damaged)
    return found
