"""``yiwang city``: what administrators set in the browser, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yiwang.cli.environment import run_async, services
from yiwang.cli.output import NOT_IN_ORDER, Json, print_json, say

app = typer.Typer(no_args_is_help=True, help="The city's folder as files. 城市文件夹。")


@app.callback()
def _city() -> None:
    """The city's folder 城市文件夹."""


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="Folder to write; it must not exist, and its name is the city's id.")],
    as_json: Json = False,
) -> None:
    """Write the city's folder with everything that administrators set in the browser; the folder itself is not touched.

    把管理员在网页上设定的内容连同城市文件夹写成新的文件夹。
    """
    if target.exists():
        say(f"{target} 已存在,请换一个位置。", f"{target} exists already; choose another place.")
        raise typer.Exit(NOT_IN_ORDER)
    written = run_async(_export(target))
    if as_json:
        print_json({"folder": str(target), "differ": written})
        return
    for name in written:
        typer.echo(f"  {name}")
    say(f"{target}:{len(written)} 个文件与原来不同", f"{target}: {len(written)} files differ")


async def _export(target: Path) -> list[str]:
    async with services() as opened:
        return await opened.administration.export(target)
