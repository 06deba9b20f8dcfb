"""``rules``: which alarm rules are in force, trying one on the past, scoring the adaptive rule on labelled series."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.environment import run_async, services
from yiwang.cli.output import Json, errors, escape, print_json, print_table, say

if TYPE_CHECKING:
    from yiwang.sensing.rules.model import Rule
    from yiwang.sensing.rules.nab import Score
    from yiwang.sensing.rules.rehearsal import Trial
    from yiwang.sensing.rules.store import RuleVersion

app = typer.Typer(no_args_is_help=True, help="Alarm rules. 报警规则。")

_LIMITS = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The rules in force: where they come from, since when, what they watch.

    现行的报警规则。
    """
    found = run_async(_published())
    if as_json:
        from yiwang.sensing.rules.publishing import as_json as written

        print_json([{"code": one.code, "version": one.version, "rule": written(one.declaration)} for one in found])
        return
    rows = [
        [
            one.code,
            escape(one.declaration.names.zh),
            one.declaration.when.kind,
            one.declaration.severity,
            one.pack or "本市 city",
            one.version,
            "是 yes" if one.declaration.opens else "",
        ]
        for one in found
    ]
    print_table(["规则 rule", "名称 name", "条件 kind", "级别 severity", "来源 from", "版 version", "立案 case"], rows)


@app.command("rehearse")
def rehearse(
    code: Annotated[str, typer.Argument(metavar="RULE", help="Code of a rule in force.")],
    days: Annotated[int, typer.Option(min=1, max=400, help="So many days back from now.")] = 30,
    shown: Annotated[int, typer.Option(min=0, max=1000, help="Alarms to list.")] = 20,
    as_json: Json = False,
) -> None:
    """How often a rule would have raised an alarm in the last days, where and for how long.

    用历史读数试算一条规则。
    """
    trial = run_async(_rehearse(code, days))
    if as_json:
        print_json(
            {"fired": trial.fired, "sources": trial.sources, "devices": trial.devices, "readings": trial.readings}
        )
        return
    say(
        f"{days} 天内会报警 {trial.fired} 次,涉及 {trial.sources}/{trial.devices} 台设备(读 {trial.readings:,} 条)",
        f"would have fired {trial.fired} times in {days} days, on {trial.sources} of {trial.devices} devices",
    )
    print_table(
        ["设备 device", "起 from", "止 to", "级别 severity", "峰值 peak"],
        [
            [
                one.device.code,
                f"{one.raised:%Y-%m-%d %H:%M}",
                f"{one.cleared:%Y-%m-%d %H:%M}" if one.cleared else "–",
                one.severity.name.lower(),
                "" if one.peak is None else f"{one.peak:g}",
            ]
            for one in trial.firings[:shown]
        ],
    )


@app.command("evaluate")
def evaluate(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="CSV series with windows.json.", exists=True, file_okay=False)
    ],
    deviations: Annotated[float, typer.Option(min=2, max=50, help="Limit of the adaptive rule.")] = 6,
    learn: Annotated[int, typer.Option(min=1, max=60, help="Days of learning before it speaks.")] = 3,
    as_json: Json = False,
) -> None:
    """Score the adaptive rule on labelled anomalies by the Numenta benchmark (standard profile), beside a detector that says
    nothing.

    在带标注的异常序列上为自适应规则打分(NAB 标准口径),与从不报警的检测器并列。
    """
    from yiwang.sensing.rules.nab import detect, expect, read_series, score, total, with_deviations

    series = read_series(folder)
    rule = _adaptive(deviations, learn)
    expected = [expect(one, timedelta(days=learn)) for one in series]

    def scores(at: float) -> list[Score]:
        tuned = with_deviations(rule, at)
        return [score(one, detect(tuned, one, known)) for one, known in zip(series, expected, strict=True)]

    best = max(_LIMITS, key=lambda limit: total(scores(limit)).normal)
    declared, tuned = scores(deviations), scores(best)
    nothing = [score(one, []) for one in series]
    lines = [
        (mine, other, none)
        for mine, other, none in zip(
            [*declared, total(declared)], [*tuned, total(tuned)], [*nothing, total(nothing)], strict=True
        )
    ]
    if as_json:
        print_json(
            {
                "profile": "standard",
                "deviations": deviations,
                "best_deviations": best,
                "series": [
                    {
                        "file": mine.name,
                        "rows": mine.rows,
                        "windows": mine.windows,
                        "found": mine.found,
                        "false_alarms": mine.false_alarms,
                        "score": round(mine.normal, 2),
                        "raw": round(mine.raw, 3),
                        "best_score": round(other.normal, 2),
                        "null_score": round(none.normal, 2),
                    }
                    for mine, other, none in lines
                ],
            }
        )
        return
    columns = ["序列 series", "行 rows", "窗 windows", "命中 found", "误报 false", "原始分 raw", f"{deviations:g}σ",
               f"{best:g}σ 最佳 best", "从不报警 null"]  # fmt: skip
    print_table(
        columns,
        [
            [
                mine.name,
                mine.rows,
                mine.windows,
                mine.found,
                mine.false_alarms,
                f"{mine.raw:.3f}",
                f"{mine.normal:.1f}",
                f"{other.normal:.1f}",
                f"{none.normal:.1f}",
            ]
            for mine, other, none in lines
        ],
        title="NAB standard · 100: 每个窗口一开始就发现且无误报 every window at once · 0: 从不报警 never says anything",
    )


def _adaptive(deviations: float, learn: int) -> Rule:
    from yiwang.kernel.calendar import calendar_files, load_calendar
    from yiwang.sensing.rules.compiling import compile_rule
    from yiwang.sensing.rules.declarations import RuleDeclaration

    declaration = RuleDeclaration.model_validate(
        {
            "names": {"zh": "自适应", "en": "Adaptive"},
            "profile": "any",
            "when": {
                "metric": "value",
                "baseline": {"deviations": deviations, "learn": f"{learn}d"},
                "clear_for": "2h",
            },
        }
    )
    return compile_rule("adaptive", 1, declaration, {"value": 1}, load_calendar(calendar_files("CN")))


async def _published() -> list[RuleVersion]:
    from yiwang.sensing.rules import store

    async with services() as found, found.context.database.connection() as connection:
        return await store.published(connection)


async def _rehearse(code: str, days: int) -> Trial:
    from yiwang.sensing.rules.errors import AlarmRuleUnknown
    from yiwang.sensing.rules.rehearsal import Rehearsal

    async with services() as found:
        sensing = found.sensing
        async with found.context.database.connection() as connection:
            await sensing.book.refresh(connection)
        rule = sensing.book.rules.get(code)
        if rule is None:
            raise AlarmRuleUnknown(rule=code)
        now = found.context.clock.now().astimezone(UTC)
        rehearsal = Rehearsal(found.context, sensing.directory, sensing.readings.lake)
        trial = rehearsal.begin(rule, now - timedelta(days=days), now)
        async for one in rehearsal.run(rule, trial):
            if one.done % 50 == 0:
                errors.print(f"[dim]{one.done}/{one.devices}[/]", end="\r")
        return trial
