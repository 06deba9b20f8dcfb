"""``yiwang``: the one command. Each group of commands stands in the file of its noun; ``output`` tells the exit
codes."""

from __future__ import annotations

import typer

from yiwang import __version__
from yiwang.cli import (
    accounts,
    cities,
    city_files,
    clock,
    databases,
    devices,
    documentation,
    duplicates,
    exchange,
    extraction,
    flows,
    gateways,
    history,
    hot_issues,
    jobs,
    journal,
    learning,
    making,
    measuring,
    planning,
    quality,
    readings,
    registry,
    replies,
    rules,
    running,
    scores,
    simulating,
    trends,
    versions,
)
from yiwang.cli.output import Commands

app = typer.Typer(
    name="yiwang",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Yiwang 一网 — an open system for running a city district: reports become cases, cases are closed.\n\n"
    "开放的城市运行系统:一条命令启动,问题上报成案、派遣、处置、核查、结案。\n\n"
    "Exit codes: 0 done · 1 what was checked is not in order · 2 wrong command line · 3 refused · 4 cannot work here.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of the command itself."""


for part in (
    running,
    databases,
    cities,
    planning,
    history,
    measuring,
    documentation,
    duplicates,
    trends,
    hot_issues,
    scores,
    gateways,
):
    part.register(app)
readings.register(app)
app.add_typer(making.app, name="new")
app.add_typer(journal.app, name="journal")
app.add_typer(accounts.app, name="account")
app.add_typer(clock.app, name="clock")
app.add_typer(city_files.app, name="city")
app.add_typer(jobs.app, name="jobs")
app.add_typer(simulating.app, name="simulate")
app.add_typer(devices.app, name="devices")
app.add_typer(rules.app, name="rules")
app.add_typer(registry.app, name="registry")
app.add_typer(quality.app, name="quality")
app.add_typer(exchange.app, name="exchange")
app.add_typer(learning.app, name="learn")
versions.register(flows.app)
app.add_typer(flows.app, name="flow")
app.add_typer(extraction.app, name="extract")
app.add_typer(replies.app, name="replies")
