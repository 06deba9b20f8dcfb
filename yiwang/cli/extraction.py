"""``extract``: what a text names — and teaching and testing the reader of addresses."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.output import Json, console, print_facts, print_json, print_table, say

if TYPE_CHECKING:
    from yiwang.judgement.extraction.address_model import AddressModel

app = typer.Typer(no_args_is_help=True, help="Places, times and numbers in texts. 要素提取:地名、时间、电话、车牌。")

ModelOption = Annotated[
    Path | None,
    typer.Option("--model", help="Model file; default: models/addresses.npz in YIWANG_HOME.", dir_okay=False),
]


@app.command("train")
def train(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Labelled texts (CoNLL form).", exists=True, dir_okay=False)
    ],
    model: ModelOption = None,
    as_json: Json = False,
) -> None:
    """Learn to read addresses from labelled texts; the model is used by the city at once.

    从标注地址学习;模型写入文件,城市随即使用。
    """
    from yiwang.judgement.extraction import address_model
    from yiwang.judgement.extraction.labelled import read_labelled

    begun = time.monotonic()
    texts = read_labelled(path)

    def progress(round_: int, loss: float) -> None:
        if not as_json:
            console.print(f"[dim]  {round_:>2}  loss {loss:.4f}  {time.monotonic() - begun:.0f} s[/]")

    learned = address_model.train(texts, progress=progress, source=path.name)
    out = model or _installed()
    size = address_model.save(learned, out)
    seconds = round(time.monotonic() - begun, 1)
    if as_json:
        print_json(
            {
                "texts": len(texts),
                "features": len(learned.sequence.places),
                "bytes": size,
                "seconds": seconds,
                "model": out,
            }
        )
        return
    say(f"已学习 {len(texts):,} 条,模型 {size / 1e6:.1f} MB:{out}", f"learned from {len(texts):,} texts")
    print_facts({"features": len(learned.sequence.places), "labels": len(learned.sequence.labels), "seconds": seconds})


@app.command("evaluate")
def evaluate(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="Labelled texts (CoNLL form).", exists=True, dir_okay=False)
    ],
    model: ModelOption = None,
    as_json: Json = False,
) -> None:
    """Score the reader of addresses on labelled texts: a span counts when its ends and its label are right (micro-F1).

    在标注地址上评分:片段与标签都正确才算对。
    """
    from yiwang.judgement.extraction import address_model
    from yiwang.judgement.extraction.labelled import read_labelled

    texts = read_labelled(path)
    reader = _model(model)
    begun = time.monotonic()
    score = address_model.evaluate(reader, texts)
    seconds = time.monotonic() - begun
    precision, recall, f1 = score.figures()
    kinds = [kind for kind, _ in score.marked.most_common()]
    if as_json:
        print_json(
            {
                "texts": len(texts),
                "precision": round(precision, 4),
                "recall": round(recall, 4),
                "f1": round(f1, 4),
                "texts_per_second": round(len(texts) / seconds) if seconds else None,
                "labels": {
                    kind: {"spans": score.marked[kind], "f1": round(score.figures(kind)[2], 4)} for kind in kinds
                },
            }
        )
        return
    rows = [
        (kind, score.marked[kind], score.found[kind], score.right[kind], _percent(score.figures(kind)[2]))
        for kind in kinds
    ]
    print_table(["标签 label", "标注 marked", "找到 found", "正确 right", "F1"], rows)
    console.print(
        f"[bold]F1 {f1:.4f}[/]  精确率 precision {precision:.4f}  召回率 recall {recall:.4f}  "
        f"({len(texts):,} 条 texts, {len(texts) / seconds if seconds else 0:,.0f}/s)"
    )


def _model(path: Path | None) -> AddressModel:
    from yiwang.judgement.extraction.address_model import load

    return load(path or _installed())


def _installed() -> Path:
    from yiwang.cli.environment import settings
    from yiwang.judgement.extraction.service import model_path

    return model_path(settings())


def _percent(value: float) -> str:
    return f"{value:.4f}"
