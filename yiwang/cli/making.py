"""``yiwang new``: a skeleton that works at once."""

from __future__ import annotations

from typing import Annotated

import typer

from yiwang.cli.cities import City, Packs
from yiwang.cli.environment import settings
from yiwang.cli.output import Json, print_json, say

app = typer.Typer(no_args_is_help=True, help="Make something new. 新建。")


@app.callback()
def _new() -> None:
    """Make something new 新建."""


@app.command()
def pack(
    id: Annotated[str, typer.Argument(help="Its id: small letters, digits and hyphens, such as noise-permits.")],
    zh: Annotated[str, typer.Option(help="Its Chinese name.")] = "",
    en: Annotated[str, typer.Option(help="Its English name.")] = "",
    city: City = None,
    packs: Packs = None,
    as_json: Json = False,
) -> None:
    """Make a pack that works: a register, a case type with its flow, rules, roles, texts and scenarios; the city names it.

    新建可以直接运行的应用包,并写进城市的应用包列表。
    """
    from yiwang.packs.findings import shown
    from yiwang.packs.skeleton import make_pack

    found = settings()
    made = make_pack(id, packs or found.packs, city or found.city, zh=zh, en=en)
    if as_json:
        print_json(
            {
                "folder": str(made.folder),
                "files": [str(path) for path in made.files],
                "city": str(made.city),
                "scenario": str(made.scenario),
            }
        )
        return
    for path in made.files:
        typer.echo(f"  {shown(path)}")
    say(f"{shown(made.city)} 的 packs 加上了 {id}", f"{id} was added to the packs of {shown(made.city)}")
    say("接下来", "next")
    typer.echo("  yiwang check")
    typer.echo(f"  yiwang scenario {shown(made.scenario)} --verbose")
