"""``yiwang journal``: verify the chain of seals, seal now, export entries."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import Progress

from yiwang.cli.environment import one_connection, run_async
from yiwang.cli.output import NOT_IN_ORDER, Json, errors, print_facts, print_json, say
from yiwang.kernel import journal
from yiwang.kernel.clock import read_clock, real_now

app = typer.Typer(no_args_is_help=True, help="The journal: verify, seal, export. 日志:校验、封存、导出。")


@app.command()
def verify(as_json: Json = False) -> None:
    """Recompute the whole chain of seals from the entries. Exit code 1 when a link does not hold.

    重新计算整条封存链;有一环不符时退出码为 1。
    """
    report = run_async(_verify(show=not as_json))
    whole = report.broken is None
    if as_json:
        print_json({"whole": whole, **asdict(report)})
    elif whole:
        say("封存链完好", "the chain is whole")
        print_facts(
            {"links": report.links, "entries": report.entries, "unsealed": report.unsealed, "head": report.head}
        )
    else:
        errors.print(f"[red]✗[/] 第 {report.broken} 环不符 · link {report.broken} does not hold: {report.reason}")
        print_facts({"whole links before it": report.broken - 1 if report.broken else 0, "entries": report.entries})
    if not whole:
        raise typer.Exit(NOT_IN_ORDER)


@app.command()
def seal(as_json: Json = False) -> None:
    """Seal what is final now (the background worker does so every few seconds).

    立即封存(后台每几秒自动封存)。
    """
    sealed = run_async(_seal())
    if as_json:
        print_json({"sealed": sealed})
    else:
        say(f"新封存 {sealed} 条", f"{sealed} entries sealed")


@app.command()
def export(
    path: Annotated[Path | None, typer.Argument(help="File to write; default: standard output.")] = None,
    verb: Annotated[str, typer.Option(help="Only verbs that begin so, e.g. case.")] = "",
    after: Annotated[str, typer.Option(help="Cursor tx.seq to go on from.")] = "0.0",
) -> None:
    """Write final entries as JSON lines, oldest first; the last line's cursor goes on later. Says how many.

    按时间顺序导出日志(每行一个 JSON)。
    """
    tx, _, seq = after.partition(".")
    count = run_async(_export(path, verb, (int(tx or 0), int(seq or 0))))
    errors.print(f"{count} 条 entries")


async def _verify(*, show: bool) -> journal.SealReport:
    async with one_connection() as connection:
        await connection.execute("set statement_timeout = 0")
        with Progress(console=errors, transient=True, disable=not show) as progress:
            task = progress.add_task("校验 verifying", total=None)
            return await journal.verify(
                connection, lambda done, links: progress.update(task, completed=done, total=links)
            )


async def _seal() -> int:
    total = 0
    async with one_connection() as connection:
        clock = await read_clock(connection)
        while sealed := await journal.seal(connection, clock.at(real_now())):
            total += sealed
    return total


async def _export(path: Path | None, verb: str, after: tuple[int, int]) -> int:
    out = await asyncio.to_thread(path.open, "wb") if path else sys.stdout.buffer
    count = 0
    async with one_connection() as connection:
        while rows := await journal.follow(connection, after=after, limit=5000, verb_prefix=verb):
            for row in rows:
                after = (row.tx, row.seq)
                out.write(orjson.dumps({"cursor": f"{row.tx}.{row.seq}", **asdict(row.entry)}, default=str) + b"\n")
            count += len(rows)
    out.flush()
    if path:
        out.close()
    return count
