"""``bench`` and ``doctor``: what this machine can do, and what is wrong with this installation."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from yiwang.cli.environment import run_async, settings
from yiwang.cli.output import NOT_IN_ORDER, Json, console, escape, print_json
from yiwang.kernel.errors import Problem

_MARKS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}


class BenchMissing(Problem):
    code = "installation.bench_missing"
    status = 503
    zh = "测速程序不在安装包里,请在源代码目录执行 make bench。"
    en = "The measurements are not part of the installed package; run make bench in the source tree."


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(bench)
    app.command("doctor")(doctor_)


def doctor_(as_json: Json = False) -> None:
    """Say what is wrong with this installation and the remedy; changes nothing. Exit code 1 when something fails.

    检查本机安装:指出问题和改法,不作任何改动。
    """
    from yiwang.kernel import doctor

    findings = run_async(doctor.examine(settings()))
    if as_json:
        print_json([asdict(item) for item in findings])
    else:
        for item in findings:
            console.print(f"{_MARKS[item.level]} {escape(item.zh)} · {escape(item.en)}")
            if item.remedy is not None:
                console.print(f"    → {escape(item.remedy.zh)}\n    → {escape(item.remedy.en)}")
    if any(item.level == "fail" for item in findings):
        raise typer.Exit(NOT_IN_ORDER)


def bench(
    only: Annotated[str | None, typer.Option(help="Measure only this figure.")] = None,
    scale: Annotated[
        Literal["small", "plain", "full"] | None, typer.Option(help="full goes to 10,000,000 closed cases.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure this machine: every figure beside its raw limit. Writes bench/latest.json.

    测量本机性能,每项与裸机上限并列。
    """
    if importlib.util.find_spec("bench") is None:
        raise BenchMissing()
    command = [sys.executable, "-m", "bench"]
    command += ["--scale", scale] if scale else []
    command += ["--only", only] if only else []
    command += ["--json"] if as_json else []
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603
