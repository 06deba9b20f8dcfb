"""``hot-issues``: what a pile of letters is really about."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.output import Json, console, errors, escape, print_json

if TYPE_CHECKING:
    from yiwang.judgement.hot_issues.letters import LetterFile
    from yiwang.judgement.hot_issues.model import Issue

_shown_refusals = 10
_longest_cell = 32_000
_bom = "\ufeff"


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("hot-issues")(hot_issues)


def hot_issues(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file of letters.", exists=True, dir_okay=False)],
    top: Annotated[int, typer.Option(help="How many issues.", min=1, max=1000)] = 10,
    least: Annotated[int, typer.Option(help="An issue is told by so many people at least.", min=1)] = 2,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write the letters behind each issue: FILE.csv or FILE.xlsx.", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the hot issues of a file of letters: each one real matter with its place, period, letters and heat.

    Columns are found by name (留言主题, 留言时间, 留言详情, 留言用户, 点赞数, 反对数 or English). 从来信中找出热点问题。
    """
    from yiwang.judgement.hot_issues.finding import find_issues
    from yiwang.judgement.hot_issues.letters import read_letters

    begun = time.monotonic()
    file = read_letters(path)
    issues = find_issues(file.letters, least_people=least)[:top]
    seconds = time.monotonic() - begun
    if out:
        _write(out, issues)
    if as_json:
        print_json(
            {
                "letters": len(file.letters),
                "refused": [{"line": row.line, "zh": row.zh, "en": row.en} for row in file.refused],
                "seconds": round(seconds, 1),
                "issues": [_json(rank, issue) for rank, issue in enumerate(issues, start=1)],
            }
        )
        return
    for rank, issue in enumerate(issues, start=1):
        _show(rank, issue)
    console.print(f"[dim]{len(file.letters):,} 封来信 letters · {seconds:.1f} s[/]")
    _show_refused(file)


def _show(rank: int, issue: Issue) -> None:
    heat = issue.heat
    console.print(f"[bold]{rank:>2}  {escape(issue.title)}[/]")
    console.print(
        f"    热度 heat {heat.value:.1f} · 来信 letters {heat.letters} · 人数 people {heat.people} · "
        f"赞成 for {heat.support:,} · 反对 against {heat.against:,}"
    )
    console.print(
        f"    地点 place {escape('、'.join(issue.places) or '–')} · 时间 period {issue.began} – {issue.ended} · "
        f"关键词 words {escape(' '.join(issue.words) or '–')}"
    )


def _show_refused(file: LetterFile) -> None:
    for row in file.refused[:_shown_refusals]:
        errors.print(f"[yellow]{row.line}[/]  {escape(row.zh)} · {escape(row.en)}")
    if len(file.refused) > _shown_refusals:
        errors.print(f"另有 {len(file.refused) - _shown_refusals} 行 · more rows were left out")


def _json(rank: int, issue: Issue) -> dict[str, object]:
    heat = issue.heat
    return {
        "rank": rank,
        "title": issue.title,
        "places": issue.places,
        "words": issue.words,
        "from": issue.began.isoformat(),
        "to": issue.ended.isoformat(),
        "months": issue.months(),
        "heat": round(heat.value, 2),
        "letters": heat.letters,
        "people": heat.people,
        "for": heat.support,
        "against": heat.against,
        "closeness": round(issue.closeness, 3),
        "members": [
            {
                "id": letter.id,
                "at": letter.at.isoformat(),
                "title": letter.title,
                "for": letter.support,
                "against": letter.against,
            }
            for letter in issue.letters
        ],
    }


_HEAD = ("问题 issue", "热度 heat", "编号 letter", "时间 time", "主题 title", "内容 text", "赞成 for", "反对 against")


def _write(out: Path, issues: list[Issue]) -> None:
    rows = [
        (
            rank,
            round(issue.heat.value, 2),
            letter.id,
            f"{letter.at:%Y-%m-%d %H:%M:%S}",
            letter.title,
            letter.text,
            letter.support,
            letter.against,
        )
        for rank, issue in enumerate(issues, start=1)
        for letter in issue.letters
    ]
    if out.suffix.lower() == ".xlsx":
        import xlsxwriter

        with xlsxwriter.Workbook(str(out), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            sheet = book.add_worksheet("热点问题")
            for line, row in enumerate([_HEAD, *rows]):
                for column, cell in enumerate(row):
                    sheet.write(line, column, cell[:_longest_cell] if isinstance(cell, str) else cell)
            sheet.freeze_panes(1, 0)
        return
    with out.open("w", encoding="utf-8", newline="") as stream:
        stream.write(_bom)  # so that spreadsheet programs read it as UTF-8
        writer = csv.writer(stream)
        writer.writerow(_HEAD)
        writer.writerows([_safe(cell) for cell in row] for row in rows)


def _safe(cell: object) -> object:
    """A text that a spreadsheet program would take for a formula is written with an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell
