"""``yiwang quality``: check the quality of data now, and show what each source scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.environment import run_async, services
from yiwang.cli.output import NOT_IN_ORDER, Json, print_json, print_table
from yiwang.kernel.access import SYSTEM

if TYPE_CHECKING:
    from yiwang.exchange.quality.service import TypeScore

app = typer.Typer(no_args_is_help=True, help="Quality of data. 数据质量:检查、评分。")


@app.command()
def run(
    type_id: Annotated[str, typer.Argument(metavar="TYPE", help="Type of things, such as person.")],
    least: Annotated[float, typer.Option(help="Exit code 1 when the score is lower.", min=0, max=100)] = 0,
    as_json: Json = False,
) -> None:
    """Check all records of a type now, and show how each rule was kept.

    立即检查一类登记数据,列出每条规则的结果。
    """
    score, rows = run_async(_run(type_id))
    if as_json:
        print_json({"type": type_id, "score": score, "rules": [dict(zip(_COLUMNS, row, strict=True)) for row in rows]})
    else:
        print_table(
            ["规则 rule", "名称 name", "维度 dimension", "已检查 judged", "有问题 failed"],
            [*rows, ("", f"得分 score {score if score is not None else '–'}", "", "", "")],
        )
    if score is not None and score < least:
        raise typer.Exit(NOT_IN_ORDER)


@app.command()
def board(as_json: Json = False) -> None:
    """The last score of every type.

    各类登记数据最近一次检查的得分。
    """
    found = run_async(_board())
    rows: list[tuple[object, ...]] = [
        (
            each.type,
            "–" if each.score is None else each.score,
            sum(count.failed for count in each.counts),
            each.run.at.isoformat(timespec="minutes") if each.run else "–",
        )
        for each in found
    ]
    if as_json:
        print_json([dict(zip(("type", "score", "failed", "at"), row, strict=True)) for row in rows])
    else:
        print_table(["类型 type", "得分 score", "问题 failed", "检查时间 checked"], rows)


_COLUMNS = ("rule", "name", "dimension", "judged", "failed")


async def _run(type_id: str) -> tuple[float | None, list[tuple[object, ...]]]:
    from yiwang.exchange.quality.model import score_of

    async with services() as opened:
        begun = await opened.quality.begin(SYSTEM, type_id)
        await opened.quality.finish(begun.id)
        found = await opened.quality.type_quality(SYSTEM, type_id)
    rows: list[tuple[object, ...]] = [
        (
            rule.id,
            rule.zh,
            rule.dimension,
            sum(count.judged for count in found.counts if count.rule == rule.id),
            sum(count.failed for count in found.counts if count.rule == rule.id),
        )
        for rule in found.run.rules
    ]
    return score_of(found.counts, found.run.rules), rows


async def _board() -> list[TypeScore]:
    async with services() as opened:
        return await opened.quality.board(SYSTEM)
