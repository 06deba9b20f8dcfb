"""``report scores``, ``report reach`` and ``scores``: how departments, areas and posts did, why, and counting it anew."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from yiwang.cli.environment import run_async, services
from yiwang.cli.history import reports
from yiwang.cli.output import Json, console, errors, escape, print_facts, print_json, print_table, say

if TYPE_CHECKING:
    from yiwang.insight.scoring.reaching import Reach
    from yiwang.insight.scoring.reading import BoardReading

ObjectWord = Literal["area", "department", "post", "person"]
PeriodWord = Literal["day", "week", "month", "quarter", "year"]

app = typer.Typer(no_args_is_help=True, help="Counting for scores. 考核统计。")


def register(root: typer.Typer) -> None:
    """Add these commands; ``report scores`` and ``report reach`` stand with the other reports."""
    root.add_typer(app, name="scores")


Period = Annotated[PeriodWord | None, typer.Option(help="Which period; default: the board's own.")]
Of = Annotated[ObjectWord, typer.Option(help="What is evaluated; the first board for it is taken.")]
BoardOption = Annotated[str | None, typer.Option(help="A board by its code, instead of --of.")]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day of the period; default: the city's today.")
]


@reports.command("scores")
def scores_(
    of: Of = "department",
    period: Period = None,
    board: BoardOption = None,
    day: Day = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write the table as a workbook with formulas.")] = None,
    as_json: Json = False,
) -> None:
    """Scores of all departments, areas, posts or persons in a period, best first; both counts beside each rate.

    考核得分:各部门、区域、岗位在一个周期内的得分,分子分母与比率并列。
    """
    reading = run_async(_scores(of, period, board, day))
    if xlsx is not None:
        from yiwang.insight.scoring.workbook import workbook_of

        xlsx.write_bytes(workbook_of(reading))
        say(f"已写入 {xlsx}", f"written to {xlsx}")
        return
    if as_json:
        from yiwang.insight.api.bodies import board_reading

        print_json(board_reading(reading).model_dump(mode="json"))
        return
    span = f"{reading.span.first} – {reading.span.last}"
    columns = ["名次 rank", "对象 object", "得分 score", "等次 grade"]
    columns += [escape(reading.indicators[one.indicator].names.zh) for one in reading.board.measures]
    rows = []
    for row in reading.rows:
        score = row.score
        cells = [f"{_rate(one.value.rate)}  {one.value.numerator}/{one.value.denominator}" for one in score.earned]
        total = "–" if score.total is None else f"{score.total:.2f}"
        grade = f"{score.grade.id} {score.grade.names.zh}" if score.grade else ""
        rows.append([score.rank or "", f"{row.object.zh} {row.object.key}", total, grade, *cells])
    print_table(columns, rows, title=f"{escape(reading.board.names.zh)} {escape(reading.board.names.en)} · {span}")
    if reading.waiting:
        say(f"待重算后才有数:{', '.join(reading.waiting)}", f"after a recomputation only: {', '.join(reading.waiting)}")


@reports.command("reach")
def reach_(
    key: Annotated[str, typer.Argument(metavar="OBJECT", help="Code of a department or area, id of a post.")],
    of: Of = "department",
    target: Annotated[float | None, typer.Option(help="The score to reach; default: the board's.")] = None,
    period: Period = None,
    board: BoardOption = None,
    day: Day = None,
    as_json: Json = False,
) -> None:
    """What would have to change for one object to reach a score: each remedy alone, and the shortest combination.

    达标分析:要达到目标分,哪些案件须有不同的结果。
    """
    reading, found = run_async(_reach(key, of, target, period, board, day))
    if as_json:
        from yiwang.insight.api.bodies import reach_view

        print_json(reach_view(reading, found).model_dump(mode="json"))
        return
    print_facts({"object": reading.rows[0].object.zh, "score": found.score, "target": found.target, "best": found.best})
    if found.reached:
        say("已达到目标", "the target is reached already")
        return
    for title, changes in (("单项 each alone", found.single), ("合起来 together", found.together)):
        rows = [
            [f"{one.remedy.zh} {one.remedy.en}", one.cases, one.available, "" if one.score is None else f"{one.score:.2f}",
             "✓" if one.enough else "", "现在还能做 still possible" if one.remedy.possible else ""]
            for one in changes
        ]  # fmt: skip
        print_table(["改变 change", "件 cases", "可改 of", "得分 score", "达标 enough", ""], rows, title=title)


@app.command("recompute")
def recompute(as_json: Json = False) -> None:
    """Make all counts anew from the journal, beside the ones that are read; an interrupted run goes on where it stopped.

    全量重算:从日志重新统计,期间仍可查看原有得分;中断后再次执行即可继续。
    """
    seconds, entries = run_async(_recompute(show=not as_json))
    if as_json:
        print_json({"seconds": round(seconds, 2), "entries": entries})
    else:
        say(
            f"重算完成:约 {entries:,} 条日志,{seconds:.1f} 秒",
            f"recomputed: about {entries:,} entries in {seconds:.1f} s",
        )


@app.command("follow")
def follow() -> None:
    """Bring the counts after the journal now; the background worker does it every two seconds anyhow.

    立即跟上日志。
    """
    run_async(_follow())
    say("已跟上日志", "counted up to now")


async def _scores(of: ObjectWord, period: PeriodWord | None, board: str | None, day: datetime | None) -> BoardReading:
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        scores = opened.insight.scores
        name = board or await scores.usual_board(of)
        return await scores.board(SYSTEM, name, period=period, day=day.date() if day else None)


async def _reach(
    key: str, of: ObjectWord, target: float | None, period: PeriodWord | None, board: str | None, day: datetime | None
) -> tuple[BoardReading, Reach]:
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        scores = opened.insight.scores
        name = board or await scores.usual_board(of)
        return await scores.reach(SYSTEM, name, key, target, period=period, day=day.date() if day else None)


async def _follow() -> None:
    async with services() as opened:
        while await opened.insight.following.advance():
            pass


async def _recompute(*, show: bool) -> tuple[float, int]:
    import time

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done_entries = 0
    async with services() as opened:
        began = time.perf_counter()
        await opened.insight.rebuilding.begin()
        with Progress(*columns, console=errors, disable=not show or not console.is_terminal) as progress:
            bar = progress.add_task("重算 recomputing")

            def told(done: int, of: int) -> None:
                nonlocal done_entries
                done_entries = of
                progress.update(bar, completed=done, total=max(of, done))

            while not await opened.insight.rebuilding.run(told):
                if not await opened.insight.rebuilding.asked():
                    break
        return time.perf_counter() - began, done_entries


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"
