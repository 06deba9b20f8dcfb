"""``yiwang learn``: teach the city's classifier, look at its figures, put it in service, take it back.

``cross-validate``, ``evaluate`` and ``train --from`` work on files alone and need no database.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from yiwang.cli.environment import one_connection, run_async, services
from yiwang.cli.output import Json, console, errors, escape, print_facts, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from yiwang.judgement.classification.cards import Card
    from yiwang.judgement.classification.learned import LearnedModel
    from yiwang.judgement.classification.model import Example, Figures
    from yiwang.judgement.classification.reading import Table
    from yiwang.judgement.classification.training import Trained

app = typer.Typer(no_args_is_help=True, help="Teach the city's classifier. 学习:训练、评测、发布分类模型。")

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV file with a text and a class.", dir_okay=False)]
TextColumn_ = Annotated[str | None, typer.Option("--text-column", help="Column of the text; guessed otherwise.")]
LabelColumn = Annotated[str | None, typer.Option("--label-column", help="Column of the class; guessed otherwise.")]
TitleColumn = Annotated[str | None, typer.Option("--title-column", help="Column of the title; '' for none.")]
Type = Annotated[str | None, typer.Option("--type", help="Case type; may be left out where only one learns.")]
Threshold = Annotated[float, typer.Option(min=0, max=1, help="Below this probability the model says “unsure”.")]


@app.command("cross-validate")
def cross_validate(
    path: File,
    text: TextColumn_ = None,
    label: LabelColumn = None,
    title: TitleColumn = None,
    threshold: Threshold = 0.5,
    as_json: Json = False,
) -> None:
    """Five-fold cross-validation on a file; texts that say nearly the same stay in one fold.

    五折交叉验证:完全相同和近似的文本放在同一折,打印宏平均 F1、分类明细和校准误差。
    """
    table = _read(path, text, label, title)
    begun = time.process_time()
    trained = _train(table.examples, threshold, show=not as_json)
    facts: dict[str, object] = {
        "rows": len(table.examples),
        "incomplete": len(table.incomplete),
        "texts_that_differ": trained.held_out.texts,
        "folds_macro_f1": " ".join(f"{item.macro_f1:.4f}" for item in trained.turns),
        "processor_seconds": round(time.process_time() - begun, 1),
    }
    _show(trained.held_out, facts, as_json=as_json)


@app.command()
def train(
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="CSV file; default: the city's own closed cases.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the model to this file instead of the database.")
    ] = None,
    type_key: Type = None,
    text: TextColumn_ = None,
    label: LabelColumn = None,
    title: TitleColumn = None,
    threshold: Threshold = 0.5,
    as_json: Json = False,
) -> None:
    """Learn a model: from a file, or from the cases that the city has classified and closed.

    A model for the city is stored as a new version; `yiwang learn publish` puts it in service. 训练模型:来自文件,或本市
    已办结的案件;存为新版本,发布后生效。
    """
    from yiwang.judgement.classification.cards import with_card
    from yiwang.judgement.classification.files import write_model
    from yiwang.kernel.clock import real_now

    if model is None:
        table = _read(source, text, label, title) if source else None
        version, card = run_async(_train_city(type_key, table, threshold, show=not as_json))
        facts: dict[str, object] = {"version": version}
    elif source is None:
        raise typer.BadParameter("--model 需要同时给出 --from 文件 · give --from with --model", param_hint="--model")
    else:
        table = _read(source, text, label, title)
        begun = time.process_time()
        trained = _train(table.examples, threshold, show=not as_json)
        seconds = time.process_time() - begun
        made, card = with_card(trained, source.name, real_now(), seconds)
        packed = write_model(model, made)
        facts = {
            "model": model,
            "bytes": len(packed.content),
            "sha256": packed.digest,
            "processor_seconds": round(seconds, 1),
        }
    _show(card.figures, facts, as_json=as_json)


@app.command()
def evaluate(
    path: File,
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="Model file; default: the one in service.")] = None,
    type_key: Type = None,
    text: TextColumn_ = None,
    label: LabelColumn = None,
    title: TitleColumn = None,
    as_json: Json = False,
) -> None:
    """Score a model on a file that it has not learned from: macro-F1, every class, calibration error, speed.

    用没有参加训练的文件评测模型。
    """
    from yiwang.judgement.classification.figures import figures
    from yiwang.judgement.classification.files import read_model

    judge = read_model(model) if model else run_async(_in_service(type_key))
    table = _read(path, text, label, title)
    begun = time.perf_counter()
    probabilities = judge.probabilities(
        [item.text for item in table.examples], [item.circumstances for item in table.examples]
    )
    seconds = time.perf_counter() - begun
    found = figures([item.label for item in table.examples], judge.labels, probabilities, judge.threshold)
    facts: dict[str, object] = {
        "rows": len(table.examples),
        "incomplete": len(table.incomplete),
        "texts_per_second": round(len(table.examples) / max(seconds, 1e-6)),
    }
    if found.unknown_labels:
        facts["unknown_to_the_model"] = ", ".join(found.unknown_labels[:20])
    _show(found, facts, as_json=as_json)


@app.command("list")
def list_(type_key: Type = None, as_json: Json = False) -> None:
    """The versions of the city's models, and which is in service.

    列出模型版本。
    """
    rows = run_async(_list(type_key))
    if as_json:
        print_json(rows)
        return
    names = ("subject", "version", "state", "examples", "macro_f1", "trained_at", "published_at", "bytes")
    print_table(list(names), [[_told(row[name]) for name in names] for row in rows])


@app.command("card")
def card_(
    version: Annotated[int | None, typer.Argument(help="Version; default: the one in service.")] = None,
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="A model file instead.")] = None,
    type_key: Type = None,
    as_json: Json = False,
) -> None:
    """The model card: what it learned from, how good it is, what it must not be used for.

    模型说明卡。
    """
    from yiwang.judgement.classification.files import read_model

    card = read_model(model).card if model else run_async(_card(type_key, version))
    if as_json:
        print_json(card)
        return
    print_facts({name: value for name, value in card.items() if not isinstance(value, list | dict)})
    for name, value in card.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            print_table(list(value[0]), [list(row.values()) for row in value], title=name)
        elif isinstance(value, list):
            console.print(f"[bold]{escape(name)}[/]")
            for item in value:
                console.print(f"  · {escape(str(item))}")


@app.command()
def publish(
    version: Annotated[int, typer.Argument(help="Version to put in service.")],
    type_key: Type = None,
    as_json: Json = False,
) -> None:
    """Put a version in service, unless it is worse than the present one on the same held-out cases.

    发布模型;在同一批留出案件上不如现用版本时拒绝发布。
    """
    result = run_async(_publish(type_key, version))
    if as_json:
        print_json(result)
        return
    say(f"第 {version} 版已发布,数秒内生效", f"version {version} is published and in service within seconds")
    print_facts(result)


@app.command()
def rollback(type_key: Type = None, as_json: Json = False) -> None:
    """Take the model in service back; the one published before it is in service again.

    退回上一个发布过的模型。
    """
    version = run_async(_rollback(type_key))
    if as_json:
        print_json({"version": version})
        return
    say(f"已退回第 {version} 版", f"version {version} is in service again")


def _read(path: Path, text: str | None, label: str | None, title: str | None) -> Table:
    from yiwang.judgement.classification.reading import read_examples

    return read_examples(path, text=text, label=label, title=title)


def _watched(show: bool) -> tuple[Progress, Callable[[str, float], None]]:
    words = {"words": "读词 reading words", "turns": "交叉验证 cross-validating", "model": "训练 learning"}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=errors, transient=True, disable=not show)
    task = progress.add_task("", total=1.0)
    return progress, lambda stage, share: progress.update(task, description=words[stage], completed=share)


def _train(examples: tuple[Example, ...], threshold: float, *, show: bool) -> Trained:
    from yiwang.judgement.classification.training import prepare
    from yiwang.judgement.classification.training import train as learn

    progress, told = _watched(show)
    with progress:
        return learn(prepare(examples, told), threshold=threshold, progress=told)


def _show(found: Figures, facts: dict[str, object], *, as_json: bool) -> None:
    rates = {
        "macro_f1": found.macro_f1,
        "accuracy": found.accuracy,
        "among_first_three": found.top_three,
        "calibration_error": found.calibration_error,
        "sure": found.sure,
        "right_when_sure": found.sure_right,
    }
    classes = [
        {
            "class": item.label,
            "texts": item.support,
            "precision": item.precision,
            "recall": item.recall,
            "f1": item.f1,
        }
        for item in found.classes
    ]
    if as_json:
        print_json({**facts, **rates, "classes": classes})
        return
    print_table(
        ["分类 class", "texts", "precision", "recall", "F1"],
        [
            (item.label, item.support, f"{item.precision:.4f}", f"{item.recall:.4f}", f"{item.f1:.4f}")
            for item in found.classes
        ],
    )
    print_facts({**facts, **{name: _told(value) for name, value in rates.items()}})


def _told(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else value


async def _train_city(type_key: str | None, table: Table | None, threshold: float, *, show: bool) -> tuple[int, Card]:
    from yiwang.kernel.access import SYSTEM

    progress, told = _watched(show)
    async with services() as opened:
        learning = opened.casework.learning
        with progress:
            learned = await learning.train(
                learning.subject(type_key),
                SYSTEM,
                given=table.examples if table else None,
                source="file" if table else "",
                threshold=threshold,
                progress=told,
            )
    return learned.version, learned.card


async def _in_service(type_key: str | None) -> LearnedModel:
    async with services() as opened:
        learning = opened.casework.learning
        return await learning.models.loaded(learning.subject(type_key))


async def _list(type_key: str | None) -> list[dict[str, object]]:
    from dataclasses import asdict

    from yiwang.judgement.classification.store import models

    async with one_connection() as connection:
        return [
            {name: value for name, value in asdict(row).items() if name != "card"}
            for row in await models(connection, type_key)
        ]


async def _card(type_key: str | None, version: int | None) -> dict[str, object]:
    async with services() as opened:
        learning = opened.casework.learning
        row = await learning.models.card(learning.subject(type_key), version)
        return {"subject": row.subject, "version": row.version, "state": row.state, "digest": row.digest, **row.card}


async def _publish(type_key: str | None, version: int) -> dict[str, object]:
    from dataclasses import asdict

    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        learning = opened.casework.learning
        subject = learning.subject(type_key)
        compared = await learning.publish(subject, version, SYSTEM)
        return {"subject": subject, "version": version, **asdict(compared)}


async def _rollback(type_key: str | None) -> int:
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        learning = opened.casework.learning
        return await learning.roll_back(learning.subject(type_key), SYSTEM)
