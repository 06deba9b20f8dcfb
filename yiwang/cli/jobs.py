"""``yiwang jobs``: the queue of background jobs and those that were given up."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.environment import one_connection, run_async
from yiwang.cli.output import NOT_IN_ORDER, Json, print_facts, print_json, print_table, say

if TYPE_CHECKING:
    from yiwang.kernel.jobs import Backlog, DeadJob

app = typer.Typer(no_args_is_help=True, help="Background jobs. 后台任务队列。")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """How the queue stands, and the jobs that were given up. Exit code 1 when there are such.

    队列情况和已放弃的任务;有已放弃的任务时退出码为 1。
    """
    backlog, dead = run_async(_look())
    if as_json:
        print_json({**asdict(backlog), "dead_jobs": [asdict(item) for item in dead]})
    else:
        print_facts(asdict(backlog))
        if dead:
            rows = [
                (item.id, item.kind, item.attempts, item.died_at.isoformat(timespec="seconds"), item.error[:100])
                for item in dead
            ]
            print_table(["id", "kind", "attempts", "died_at", "error"], rows)
    if dead:
        raise typer.Exit(NOT_IN_ORDER)


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers of jobs; none: all that were given up.")] = None,
    as_json: Json = False,
) -> None:
    """Put given-up jobs back into the queue.

    重试已放弃的任务。
    """
    count = run_async(_retry(ids))
    if as_json:
        print_json({"retried": count})
    else:
        say(f"已放回队列 {count} 个", f"{count} jobs are back in the queue")


async def _look() -> tuple[Backlog, list[DeadJob]]:
    from yiwang.kernel import jobs

    async with one_connection() as connection:
        return await jobs.backlog(connection), await jobs.dead_jobs(connection)


async def _retry(ids: list[int] | None) -> int:
    from yiwang.kernel import jobs

    async with one_connection() as connection:
        return await jobs.retry(connection, ids or None)
