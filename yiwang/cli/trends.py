"""``forecast``: what a history of reports lets expect, with its error beside that of the naive forecast. On files alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yiwang.cli.duplicates import columns_of
from yiwang.cli.output import Json, console, escape, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from yiwang.insight.trends import Interval, Score, Surprise, Trial
    from yiwang.insight.trends.tables import Counted

By = Literal["class", "area", "all"]


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("forecast")(forecast)


def forecast(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file of reports.", exists=True, dir_okay=False)],
    by: Annotated[By, typer.Option(help="A series for each class or area, or one for all.")] = "class",
    horizon: Annotated[int, typer.Option(min=1, max=92, help="Days to forecast.")] = 14,
    origins: Annotated[int, typer.Option(min=1, max=200, help="How often the forecast is tried on the past.")] = 26,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Which column is what: at=NAME, class=NAME, area=NAME.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file with columns: {role: name}.", exists=True, dir_okay=False)
    ] = None,
    calendar: Annotated[
        str, typer.Option(help="Holidays: none, CN (the calendar that is shipped), or a CSV file of dates.")
    ] = "none",
    weather: Annotated[
        Path | None,
        typer.Option(help="CSV file: a column of dates, columns of figures; the forecast's days too.", exists=True),
    ] = None,
    shown: Annotated[int, typer.Option(min=1, max=1_000, help="Series to show, the largest first.")] = 20,
    as_json: Json = False,
) -> None:
    """Forecast the daily number of reports and print how far off such forecasts were, against the seasonal naive one.

    预测每日上报量:先在历史上反复检验,给出误差(MASE,小于基线即为更好),再给出今后各天的区间和异常日。
    """
    from yiwang.insight.trends import Days, fit, surprises, trial
    from yiwang.insight.trends.tables import count_days, read_weather
    from yiwang.judgement.likeness.tables import read_table

    counted = count_days(read_table(path, columns_of(column or [], mapping)), None if by == "all" else by)
    seen = counted.counts.shape[1]
    days = Days.of(counted.first, seen + horizon, _working(calendar), read_weather(weather) if weather else None)
    tried = trial(counted.counts, days, horizon=horizon, origins=origins)
    model = fit(counted.counts, days)
    ahead = model.forecast(horizon)
    bounds = ahead.interval()
    unusual = surprises(counted.counts, model, days=horizon)
    if as_json:
        print_json(_json(path, by, counted, tried, ahead.mean.tolist(), bounds, unusual))
        return
    _show(counted, tried, shown, by)
    total = counted.counts.sum(axis=0, keepdims=True)
    whole = fit(total, days).forecast(horizon)
    span = whole.interval()
    print_table(
        ["日期 day", "预计 expected", "中位 median", "下限 low", "上限 high"],
        [
            (f"{days.on(seen + step):%Y-%m-%d %a}", float(whole.mean[0, step]), int(span.median[0, step]),
             int(span.low[0, step]), int(span.high[0, step]))
            for step in range(horizon)
        ],
        title="今后各天合计(九成区间) all together, days to come (90 % interval)",
    )  # fmt: skip
    if unusual:
        print_table(
            ["日期 day", by, "实际 came", "预计 expected", "方向 kind", "偶然概率 chance"],
            [
                (
                    str(days.on(item.day)),
                    counted.names[item.series],
                    item.cases,
                    item.expected,
                    item.kind,
                    f"{item.chance:.1e}",
                )
                for item in unusual
            ],
            title=f"最近 {horizon} 天的异常 out of the ordinary in the last {horizon} days",
        )


def _working(calendar: str) -> Callable[[date], bool] | None:
    from yiwang.insight.trends.tables import read_holidays
    from yiwang.kernel.calendar import calendar_files, load_calendar

    if calendar == "none":
        return None
    if calendar == "CN":
        return load_calendar(calendar_files("CN")).is_working_day
    return read_holidays(Path(calendar))


def _show(counted: Counted, tried: Trial, shown: int, by: By) -> None:
    seen = counted.counts.shape[1]
    last = date.fromordinal(counted.first.toordinal() + seen - 1)
    cases = int(counted.counts.sum())
    say(
        f"{cases:,} 件,{counted.first} 至 {last}({seen:,} 天),{len(counted.names):,} 个序列",
        f"{cases:,} cases, {seen:,} days, {len(counted.names):,} series",
    )
    if counted.left_out:
        say(f"{counted.left_out:,} 行没有可读的时间", f"{counted.left_out:,} rows without a readable time")
    say(
        f"检验:{len(tried.origins)} 个起点,每次预测 {tried.horizon} 天;MASE 越小越好,基线为“与上周同日相同”",
        f"trial: {len(tried.origins)} origins, {tried.horizon} days each; the baseline repeats the last week",
    )
    judged = [score for score in tried.scores if score is not None]
    better = sum(score.better for score in judged)
    rows = [
        (name, *_cells(score))
        for name, score in (
            (f"各{'类' if by == 'class' else '序列'}平均 mean of series", tried.overall),
            ("按件数加权 by cases", tried.weighted),
            ("合计序列 all as one", tried.total),
        )
        if score is not None
    ]
    columns = ["", "MASE", "基线 naive", "RMSSE", "基线 naive", "区间命中 covered", "天 days"]
    print_table(columns, rows, title="误差 error")
    console.print(f"  {better} / {len(judged)} {escape('个序列优于基线 · series better than the baseline')}")
    order = sorted(range(len(counted.names)), key=lambda place: -counted.counts[place].sum())[:shown]
    print_table(
        [by, "件 cases", *columns[1:]],
        [(counted.names[place], int(counted.counts[place].sum()), *_cells(tried.scores[place])) for place in order],
    )


def _cells(score: Score | None) -> tuple[object, ...]:
    if score is None:
        return ("–",) * 6
    return (
        f"{score.mase:.3f}", f"{score.naive_mase:.3f}", f"{score.rmsse:.3f}", f"{score.naive_rmsse:.3f}",
        f"{score.covered:.1%}", score.days,
    )  # fmt: skip


def _score(score: Score | None) -> dict[str, object] | None:
    if score is None:
        return None
    return {
        "mase": round(score.mase, 4),
        "naive_mase": round(score.naive_mase, 4),
        "rmsse": round(score.rmsse, 4),
        "naive_rmsse": round(score.naive_rmsse, 4),
        "covered": round(score.covered, 4),
        "days": score.days,
    }


def _json(
    path: Path, by: By, counted: Counted, tried: Trial, mean: list[list[float]], bounds: Interval,
    unusual: list[Surprise],
) -> dict[str, object]:  # fmt: skip
    seen, horizon = counted.counts.shape[1], tried.horizon

    def day(place: int) -> str:
        return date.fromordinal(counted.first.toordinal() + place).isoformat()

    return {
        "file": path.name,
        "by": by,
        "first": day(0),
        "last": day(seen - 1),
        "rows_without_time": counted.left_out,
        "trial": {
            "origins": [day(origin) for origin in tried.origins],
            "horizon": horizon,
            "interval": tried.share,
            "overall": _score(tried.overall),
            "weighted": _score(tried.weighted),
            "total": _score(tried.total),
            "better": sum(score.better for score in tried.scores if score is not None),
            "judged": sum(score is not None for score in tried.scores),
        },
        "days": [day(seen + step) for step in range(horizon)],
        "series": [
            {
                "name": name,
                "cases": int(counted.counts[place].sum()),
                "error": _score(tried.scores[place]),
                "expected": [round(value, 3) for value in mean[place]],
                "median": [int(value) for value in bounds.median[place]],
                "low": [int(value) for value in bounds.low[place]],
                "high": [int(value) for value in bounds.high[place]],
            }
            for place, name in enumerate(counted.names)
        ],
        "unusual": [
            {
                "name": counted.names[item.series],
                "day": day(item.day),
                "kind": item.kind,
                "cases": item.cases,
                "expected": round(item.expected, 2),
                "chance": item.chance,
            }
            for item in unusual
        ],
    }
