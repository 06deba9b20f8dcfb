"""``yiwang registry``: types of things, bringing tables in, taking tables out, duplicates, keys of sealed attributes, erasure."""

from __future__ import annotations

import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
import yaml
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from yiwang.cli.environment import run_async, services
from yiwang.cli.output import NOT_IN_ORDER, Json, errors, print_facts, print_json, print_table, say
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import real_now
from yiwang.kernel.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from yiwang.registry.importing.mapping import ImportMapping
    from yiwang.registry.importing.runner import Wanted
    from yiwang.registry.importing.store import ImportRun
    from yiwang.registry.resolution.finding import Found
    from yiwang.registry.service import RegistryService

app = typer.Typer(no_args_is_help=True, help="Things of the city. 登记:类型、导入、导出、查重、密钥。")
TypeName = Annotated[str, typer.Argument(metavar="TYPE", help="Type of things, such as person.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Judge and compare every row, write nothing but the report.")]


@app.command()
def types(as_json: Json = False) -> None:
    """Which types of things are declared.

    列出登记类型。
    """
    found = run_async(_types())
    if as_json:
        print_json([dict(zip(("id", "zh", "en", "version", "pack", "attributes"), row, strict=True)) for row in found])
        return
    print_table(["类型 type", "名称 name", "English", "版本 version", "应用包 pack", "字段 attributes"], found)


@app.command("import")
def import_(
    type_id: TypeName,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV, Excel, GeoJSON, Shapefile (zip), GeoPackage.", exists=True, dir_okay=False
        ),
    ],
    mapping: Annotated[
        Path | None, typer.Option(help="YAML: which column is what; default: remembered or guessed.", exists=True)
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Worksheet or layer; default: the first.")] = None,
    crs: Annotated[str | None, typer.Option(help="Coordinates of the file: EPSG:4490, GCJ-02, BD-09, EPSG:….")] = None,
    valid_from: Annotated[
        datetime | None, typer.Option(help="Since when the rows are true (UTC); default: now.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring a table in. Good rows are taken; faulty ones are told in FILE.report.csv, and stand in FILE.refused.csv to be
    corrected and brought again. Run it again to go on after an interruption. Exit code 1 when rows were refused.

    导入表格:好的行收下,有问题的行写明原因和改法,改正后可再次导入;中断后再次执行即可续传。
    """
    zone = None if valid_from is None else valid_from.astimezone()
    run = run_async(_import(type_id, path, mapping, sheet, crs, zone, dry_run, show=not as_json))
    _tell(run, path, as_json)


@app.command()
def pull(
    type_id: TypeName,
    url: Annotated[str, typer.Argument(metavar="URL", help="postgresql://… of a read-only account.")],
    source: Annotated[str, typer.Option(help="Table, or a select.")],
    name: Annotated[str, typer.Option(help="Name under which the incremental key is remembered.")],
    key: Annotated[str, typer.Option(help="Column that grows; default: everything each time.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="YAML: which column is what.", exists=True)] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring in what is new in a table or query of another PostgreSQL database, read only.

    从其他 PostgreSQL 数据库抽取(只读,可按增量键)。
    """
    run, report = run_async(_pull(type_id, url, source, name, key, mapping, dry_run, show=not as_json))
    if run is None:
        say("没有新数据", "nothing new")
        return
    _tell(run, report, as_json)


@app.command()
def export(
    type_id: TypeName,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Ends with .csv, .xlsx or .geojson.")],
    purpose: Annotated[str, typer.Option(help="What unmasked personal values are needed for; default: masked.")] = "",
    area: Annotated[str, typer.Option(help="Only in this area (code) and below it.")] = "",
    as_json: Json = False,
) -> None:
    """Take things of a type out as a file; journalled.

    导出为 CSV、Excel 或 GeoJSON(默认脱敏,按用途导出原文会留痕)。
    """
    rows, masked = run_async(_export(type_id, path, purpose, area))
    if as_json:
        print_json({"rows": rows, "masked": masked, "file": str(path)})
    else:
        say(f"导出 {rows:,} 条,其中 {masked:,} 条脱敏", f"{rows:,} exported, {masked:,} of them masked")


@app.command("rotate-key")
def rotate_key(
    only_reseal: Annotated[bool, typer.Option("--only-reseal", help="No new key: go on with sealing anew.")] = False,
    as_json: Json = False,
) -> None:
    """A new key for sealed attributes; everything sealed is sealed anew. Interrupted: go on with --only-reseal.

    轮换加密字段的密钥,并用新密钥重新加密;中断后用 --only-reseal 继续。
    """
    count = run_async(_rotate(new=not only_reseal))
    if as_json:
        print_json({"facts": count})
    else:
        say(f"已用新密钥重新加密 {count:,} 条", f"{count:,} facts sealed anew")


@app.command()
def erase(as_json: Json = False) -> None:
    """Erase records whose time is over by the rule of their type (the worker does so by itself every hour).

    删除超过留存年限的记录。
    """
    count = run_async(_erase())
    if as_json:
        print_json({"erased": count})
    else:
        say(f"已删除 {count:,} 条", f"{count:,} erased")


@app.command()
def resolve(
    type_id: TypeName,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; the queue stays as it is.")] = False,
    as_json: Json = False,
) -> None:
    """Look for records of the same thing by the rules of their type; what is found waits for people in the desk (likely
    duplicates). Merged at once only where the type says automatic.

    按类型声明的规则查找同一事物的重复记录,放入疑似重复队列由人处理;仅在类型声明 automatic 时自动合并。
    """
    began = time.monotonic()
    found = run_async(_resolve(type_id, dry_run, show=not as_json))
    run, seconds = found.run, round(time.monotonic() - began, 2)
    if as_json:
        passed_over = {line: {"groups": n, "largest": most} for line, (n, most) in found.passed_over.items()}
        print_json({"type": type_id, "records": run.things, "compared": run.compared, "seconds": seconds, **run.counts,
                    "passed_over": passed_over})  # fmt: skip
        return
    say(
        f"比较 {run.things:,} 条记录中的 {run.compared:,} 对:相同 {run.counts['same']:,},待核 {run.counts['review']:,}",
        f"{run.compared:,} pairs of {run.things:,} records compared: same {run.counts['same']:,}, to review"
        f" {run.counts['review']:,}",
    )
    print_facts({"seconds": seconds, **run.counts})
    if found.passed_over:
        rows = [(line, n, most) for line, (n, most) in found.passed_over.items()]
        print_table(["未比较的大组 groups passed over", "组数 groups", "最大 largest"], rows)


def _tell(run: ImportRun, path: Path, as_json: bool) -> None:
    from yiwang.registry.importing.runner import as_json as run_as_json

    seconds = (real_now() - run.started_at).total_seconds()
    if as_json:
        print_json({**run_as_json(run), "seconds": seconds})
    else:
        done = ("试运行完成", "dry run done") if run.dry_run else ("导入完成", "imported")
        told = "  ".join(f"{name} {count:,}" for name, count in run.counts.items())
        say(f"{done[0]}:{told}", f"{done[1]}: {told}")
        print_facts({"rows": run.rows_total, "seconds": seconds, "report": str(_report(path)), "mapping": run.mapping})
        if run.notes:
            print_table(["问题 problem", "行 rows"], list(run.notes.items()))
    if run.counts.get("refused"):
        raise typer.Exit(NOT_IN_ORDER)


def _report(path: Path) -> Path:
    return path.with_name(f"{path.stem}.report.csv")


def _refused(path: Path) -> Path:
    return path.with_name(f"{path.stem}.refused.csv")


def _mapping_of(path: Path | None, crs: str | None) -> ImportMapping | None:
    from pydantic import ValidationError

    from yiwang.registry.importing.mapping import ImportMapping

    if path is None:
        return None
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return ImportMapping.model_validate({**document, "crs": crs} if crs else document)
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValidationError) as error:
        fault = FieldError(where=str(path), code="input.invalid", zh=str(error), en=str(error))
        raise InvalidInput(errors=[fault], count=1) from error


async def _types() -> list[tuple[str, str, str, int, str, int]]:
    async with services() as opened:
        return [
            (kind.id, kind.declaration.names.zh, kind.declaration.names.en, kind.declaration.version, kind.pack,
             len(kind.declaration.attributes))
            for kind in opened.registry.types.all()
        ]  # fmt: skip


async def _import(
    type_id: str,
    path: Path,
    mapping: Path | None,
    sheet: str | None,
    crs: str | None,
    valid_from: datetime | None,
    dry_run: bool,
    *,
    show: bool,
) -> ImportRun:
    from yiwang.registry.importing.runner import Wanted, propose
    from yiwang.registry.importing.sources import open_table

    own = _mapping_of(mapping, crs)
    async with services() as opened:
        if own is None and crs:
            table = open_table(path, sheet=sheet)
            proposed = await propose(opened.registry, opened.registry.types.type(type_id), table, None)
            own = type(proposed.mapping).model_validate({**proposed.mapping.model_dump(), "crs": crs})
        wanted = Wanted(own, sheet, dry_run, valid_from, report=_report(path), refused=_refused(path))
        return await _shown(opened.registry, type_id, path, wanted, show=show)


async def _shown(service: RegistryService, type_id: str, path: Path, wanted: Wanted, *, show: bool) -> ImportRun:
    from yiwang.registry.importing.runner import import_things

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not show) as bar:
        task = bar.add_task(path.name, total=None)

        def progress(run: ImportRun) -> None:
            bar.update(task, completed=run.rows_done, total=run.rows_total)

        return await import_things(service, SYSTEM, type_id, path, wanted, progress=progress)


async def _pull(
    type_id: str, url: str, source: str, name: str, key: str, mapping: Path | None, dry_run: bool, *, show: bool
) -> tuple[ImportRun | None, Path]:
    from yiwang.registry.importing.pulling import Pull, keep_key
    from yiwang.registry.importing.pulling import pull as fetch
    from yiwang.registry.importing.runner import Wanted

    wanted = Pull(name, url, source, key)
    report = Path(f"{name}.csv")
    async with services() as opened:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pulled.csv"
            rows, greatest = await fetch(opened.registry, wanted, path)
            if not rows:
                return None, report
            how = Wanted(
                _mapping_of(mapping, None), dry_run=dry_run, name=name, source_kind="pull", report=_report(report),
                refused=_refused(report),
            )  # fmt: skip
            run = await _shown(opened.registry, type_id, path, how, show=show)
        if not dry_run:
            await keep_key(opened.registry, wanted, greatest)
    return run, report


async def _export(type_id: str, path: Path, purpose: str, area: str) -> tuple[int, int]:
    from yiwang.registry.exporting import export_things
    from yiwang.registry.model import Asked

    forms: dict[str, Literal["csv", "xlsx", "geojson"]] = {".csv": "csv", ".xlsx": "xlsx", ".geojson": "geojson"}
    form = forms.get(path.suffix.lower())
    if form is None:
        raise typer.BadParameter(".csv, .xlsx, .geojson", param_hint="FILE")
    async with services() as opened:
        made = await export_things(opened.registry, SYSTEM, type_id, form, path, Asked(area=area), purpose)
    return made.rows, made.masked


async def _resolve(type_id: str, dry_run: bool, *, show: bool) -> Found:
    from yiwang.registry.resolution.finding import Phase, find

    words: dict[Phase, str] = {
        "read": "读取 read",
        "compare": "比较 compare",
        "keep": "保存 keep",
        "merge": "合并 merge",
    }
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not show) as bar:
        task = bar.add_task(words["read"], total=None)

        def progress(phase: Phase, done: int, total: int | None) -> None:
            bar.update(task, description=words[phase], completed=done, total=total)

        async with services() as opened:
            return await find(opened.registry, SYSTEM, type_id, dry_run=dry_run, progress=progress)


async def _rotate(*, new: bool) -> int:
    from yiwang.registry.resealing import reseal

    async with services() as opened:
        if new:
            opened.registry.sealer.rotate()
        return await reseal(opened.registry)


async def _erase() -> int:
    from yiwang.registry.retention import erase_expired

    count = 0
    async with services() as opened:
        while found := await erase_expired(opened.registry):
            count += found
    return count
