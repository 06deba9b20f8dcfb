"""How commands speak: words for people on the terminal, one JSON value for programs, and exit codes that mean
something.

Exit codes of every command:

0  done, and what was checked is in order
1  done, but what was checked is not in order (broken seal, failed scenario, findings of an error)
2  the command line is wrong
3  refused: a rule of the system says no; the message says what to do
4  the installation cannot work: settings, database, files
130  interrupted
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from yiwang.kernel.errors import FieldError, Problem

NOT_IN_ORDER = 1
REFUSED = 3
UNUSABLE = 4
INTERRUPTED = 130

_most_faults = 50
_UNUSABLE_CODES = ("settings.", "cluster.", "unavailable", "installation.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of words.")]
"""The option that every command with figures has."""

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Commands(TyperGroup):
    """The root of all commands: turns every Problem into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # the parser's own types are private to typer
        try:
            return super().invoke(ctx)
        except Problem as problem:
            show_problem(problem)
            raise typer.Exit(exit_code(problem)) from problem
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def exit_code(problem: Problem) -> int:
    """3 for a refusal, 4 where the installation itself cannot work."""
    return UNUSABLE if problem.code.startswith(_UNUSABLE_CODES) else REFUSED


def show_problem(problem: Problem) -> None:
    """Both languages on standard error, then the fields concerned."""
    errors.print(f"[red]✗[/] {escape(problem.message('zh'))}")
    errors.print(f"  {escape(problem.message('en'))}  [dim]({problem.code})[/]")
    show_faults(problem.errors)


def show_faults(faults: Sequence[FieldError]) -> None:
    """One line for each place, the first fifty; then how many there are."""
    for item in faults[:_most_faults]:
        errors.print(f"  [yellow]{escape(item.where)}[/]  {escape(item.zh)} · {escape(item.en)}")
    if len(faults) > _most_faults:
        errors.print(f"  另有 {len(faults) - _most_faults} 处 · {len(faults) - _most_faults} more")


def escape(text: str) -> str:
    """Text that rich must not read as markup."""
    return text.replace("[", r"\[")


def say(zh: str, en: str) -> None:
    """One line of progress or result in both languages."""
    console.print(f"{escape(zh)} · {escape(en)}")


def print_json(value: object) -> None:
    """One JSON value and a line end on standard output."""
    sys.stdout.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table for the eye; figures stand to the right."""
    table = Table(title=title or None, title_justify="left", header_style="bold", pad_edge=False)
    filled = [[_cell(value) for value in row] for row in rows]
    for index, column in enumerate(columns):
        numeric = bool(filled) and all(_numeric(row[index]) for row in filled)
        table.add_column(column, justify="right" if numeric else "left")
    for row in filled:
        table.add_row(*(escape(value) for value in row))
    console.print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Name and value, one a line, aligned."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        console.print(f"  {name:<{width}}  {escape(_cell(value))}")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def _numeric(text: str) -> bool:
    return text == "–" or text.replace(",", "").replace(".", "").replace("%", "").replace("-", "").isdigit()
