"""``duplicates``: the repetitions in a file of reports, with what speaks for each. Works on files alone, no city needed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from yiwang.cli.output import Json, console, escape, print_json, print_table, say
from yiwang.kernel.errors import Problem

if TYPE_CHECKING:
    from yiwang.judgement.likeness import Pair, Telling
    from yiwang.judgement.likeness.tables import Row, Table

_SHOWN = 200


class ColumnsUnreadable(Problem):
    code = "likeness.columns_unreadable"
    status = 422
    zh = "列的说明 {given} 读不懂;请写成 at=CreatedDate,或给出含有 columns: 的 YAML 文件。"
    en = "The columns {given} cannot be read; write at=CreatedDate, or give a YAML file that holds columns:."


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("duplicates")(duplicates)


def duplicates(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file of reports.", exists=True, dir_okay=False)],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            help="Which column is what, ROLE=NAME; roles: number, at, text, title, class, address, lon, lat, caller. "
            "Left out, columns are recognised by their names (caller never is).",
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file with columns: {role: name}.", exists=True, dir_okay=False)
    ] = None,
    hours: Annotated[
        float, typer.Option(min=0.0, max=87_600.0, help="How far apart two reports of one matter may lie.")
    ] = 24.0,
    least: Annotated[float, typer.Option(min=0.01, max=0.9999, help="Probability from which on a pair is told.")] = 0.5,
    deduplicated: Annotated[Path | None, typer.Option(help="Write the file without the repetitions here.")] = None,
    as_json: Json = False,
) -> None:
    """Find reports that repeat an earlier one: by number, text, place, class and time, each with its reason.

    查找重复上报:逐对说明依据(文字、位置、分类、时间、来源编号);无需联网,也不需要数据库。
    """
    from yiwang.judgement.likeness import groups, repetitions
    from yiwang.judgement.likeness.tables import read_table

    table = read_table(path, columns_of(column or [], mapping))
    pairs = repetitions([_telling(row) for row in table.rows], hours=hours, least=least)
    if deduplicated is not None:
        _write_without(table, pairs, deduplicated)
    if as_json:
        print_json(
            {
                "file": path.name,
                "columns": dict(table.columns),
                "rows": len(table.rows),
                "duplicates": len(pairs),
                "groups": [[table.rows[place].line for place in group] for group in groups(pairs)],
                "pairs": [_pair_json(table, pair) for pair in pairs],
            }
        )
        return
    say(
        f"{len(table.rows):,} 行,重复 {len(pairs):,} 行",
        f"{len(table.rows):,} rows, {len(pairs):,} of them repeat an earlier one",
    )
    console.print("  " + escape(", ".join(f"{role}={name}" for role, name in table.columns.items())))
    print_table(
        ["行 row", "重复 repeats", "编号 number", "把握 sure", "依据 because"],
        [_pair_row(table, pair) for pair in pairs[:_SHOWN]],
    )
    if len(pairs) > _SHOWN:
        say(f"另有 {len(pairs) - _SHOWN:,} 对,用 --json 查看全部", f"{len(pairs) - _SHOWN:,} more; --json shows all")


def columns_of(given: list[str], mapping: Path | None) -> dict[str, str]:
    """Role → column name, of ``ROLE=NAME`` options and of a mapping file (the options go before it).

    Raises:
        ColumnsUnreadable: not of that form.
    """
    found: dict[str, str] = {}
    if mapping is not None:
        try:
            document = yaml.safe_load(mapping.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ColumnsUnreadable(given=mapping.name) from error
        columns = document.get("columns") if isinstance(document, dict) else None
        if not isinstance(columns, dict):
            raise ColumnsUnreadable(given=mapping.name)
        found = {str(role): str(name) for role, name in columns.items() if name is not None}
        if "reported_at" in found:  # as mappings of imports call it
            found["at"] = found.pop("reported_at")
    for item in given:
        role, _, name = item.partition("=")
        if not role.strip() or not name.strip():
            raise ColumnsUnreadable(given=item[:80])
        found[role.strip()] = name.strip()
    return found


def _telling(row: Row) -> Telling:
    from yiwang.judgement.likeness import telling

    return telling(
        " ".join(part for part in (row.text("title"), row.text("text")) if part),
        address=row.text("address"),
        lon=row.number("lon"),
        lat=row.number("lat"),
        class_code=row.text("class"),
        at=row.at,
        caller=row.text("caller"),
        number=row.text("number"),
    )


def _pair_row(table: Table, pair: Pair) -> tuple[object, ...]:
    earlier, later = table.rows[pair.earlier], table.rows[pair.later]
    because = ";".join(f"{reason.zh} {reason.en}" for reason in pair.likeness.reasons if reason.bits > 0)
    return later.line, earlier.line, later.text("number") or "–", f"{pair.likeness.probability:.2%}", because


def _pair_json(table: Table, pair: Pair) -> dict[str, object]:
    earlier, later = table.rows[pair.earlier], table.rows[pair.later]
    return {
        "row": later.line,
        "repeats": earlier.line,
        "number": later.text("number") or None,
        "repeats_number": earlier.text("number") or None,
        "probability": round(pair.likeness.probability, 6),
        "bits": pair.likeness.bits,
        "reasons": [
            {"feature": item.feature, "bits": item.bits, "value": item.value, "zh": item.zh, "en": item.en}
            for item in pair.likeness.reasons
        ],
    }


def _write_without(table: Table, pairs: list[Pair], path: Path) -> None:
    repeated = {pair.later for pair in pairs}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        writer.writerows(row.cells for place, row in enumerate(table.rows) if place not in repeated)
