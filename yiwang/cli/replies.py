"""``replies``: how good an office's answers are."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.output import Json, console, escape, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yiwang.judgement.replies.quality import Quality

app = typer.Typer(no_args_is_help=True, help="Quality of answers. 答复质量:完整、切题、及时。")


@app.command("evaluate")
def evaluate(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV file of letters with answers.", exists=True, dir_okay=False)
    ],
    worst: Annotated[
        int, typer.Option(help="Show so many of the lowest scores with their reasons.", min=0, max=1000)
    ] = 5,
    as_json: Json = False,
) -> None:
    """Score answers for completeness, relevance and delay, and print how well a real answer is told from a shuffled one.

    Columns are found by name (留言详情, 答复意见, 留言时间, 答复时间 or English). 给答复打分,并检验真实答复能否与错配答复区分。
    """
    from yiwang.judgement.replies import evaluating

    begun = time.monotonic()
    letters = evaluating.read_answered(path)
    found = evaluating.evaluate(letters)
    seconds = round(time.monotonic() - begun, 1)
    lowest = sorted(zip(letters, found.qualities, strict=True), key=lambda pair: (pair[1].total, pair[0].id))[:worst]
    parts = {
        "completeness": [quality.completeness for quality in found.qualities],
        "relevance": [quality.relevance for quality in found.qualities],
        "delay": [quality.delay for quality in found.qualities if quality.delay is not None],
        "total": [quality.total for quality in found.qualities],
    }
    if as_json:
        print_json(
            {
                "answers": len(letters),
                "auc": round(found.auc, 4),
                "seconds": seconds,
                "scores": {name: _figures(values) for name, values in parts.items()},
                "lowest": [
                    {
                        "id": letter.id,
                        "title": letter.title,
                        "total": round(quality.total, 1),
                        "reasons": _reasons(quality),
                    }
                    for letter, quality in lowest
                ],
            }
        )
        return
    words = {"completeness": "完整", "relevance": "切题", "delay": "及时", "total": "总评"}
    rows = [(f"{words[name]} {name}", *_figures(values).values()) for name, values in parts.items()]
    print_table(["", "条数 count", "低 p10", "中位 median", "高 p90"], rows)
    console.print(
        f"[bold]AUC {found.auc:.4f}[/] 切题 relevance: 真实答复与错配答复 real against shuffled "
        f"({len(letters):,}, {seconds} s)"
    )
    for letter, quality in lowest:
        bad = "; ".join(f"{reason.zh}{reason.words}" for reason in quality.reasons if not reason.good)
        console.print(f"  {quality.total:5.1f}  {escape(letter.id)} {escape(letter.title[:40])} [dim]{escape(bad)}[/]")


def _figures(values: Sequence[float]) -> dict[str, float | int | None]:
    ordered = sorted(values)
    if not ordered:
        return {"count": 0, "p10": None, "median": None, "p90": None}
    return {
        "count": len(ordered),
        "p10": round(ordered[len(ordered) // 10], 1),
        "median": round(median(ordered), 1),
        "p90": round(ordered[len(ordered) * 9 // 10], 1),
    }


def _reasons(quality: Quality) -> list[dict[str, object]]:
    return [
        {"part": reason.part, "good": reason.good, "zh": reason.zh, "en": reason.en, "words": reason.words}
        for reason in quality.reasons
    ]
