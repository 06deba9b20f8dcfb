"""Flow files at hand, without a database: ``flow check``, ``flow walk``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.output import NOT_IN_ORDER, Json, errors, escape, print_json

if TYPE_CHECKING:
    from yiwang.packs.findings import Findings

app = typer.Typer(
    help="Flow files: check what would be refused, walk them with a cast. 流程文件:检查、演练。", no_args_is_help=True
)

Language = Annotated[str, typer.Option("--lang", help="zh or en.")]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="BPMN files.")], language: Language = "zh", as_json: Json = False
) -> None:
    """Say everything for which a flow file would not be published: file, line, element, what to do. Exit code 1 then.

    检查流程文件,逐条给出文件、行号、元素和改法。
    """
    from yiwang.packs.findings import Findings
    from yiwang.packs.flows import read_flow

    findings = Findings()
    read = [flow for path in files if (flow := read_flow(path, findings)) is not None]
    if as_json:
        print_json(
            {
                "flows": [{"file": flow.file, "key": flow.key, "good": flow.graph is not None} for flow in read],
                "findings": [item.json() for item in findings.sorted()],
            }
        )
    else:
        for item in findings.sorted():
            typer.echo(item.line_of_text(language))
        for flow in read:
            if flow.graph is not None:
                nodes, steps = len(flow.graph.nodes), len(flow.graph.tasks)
                words = f"{nodes} 个节点,{steps} 个办理步骤" if language == "zh" else f"{nodes} nodes, {steps} steps"
                typer.echo(f"✓ {flow.file}  {flow.key}  {words}")
    if findings.errors:
        raise typer.Exit(NOT_IN_ORDER)


@app.command()
def walk(
    files: Annotated[list[Path], typer.Argument(help="Walk files, flow files that have one beside, or folders.")],
    only: Annotated[list[str] | None, typer.Option(help="Id of a walk; may be given again.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave out the single steps.")] = False,
    language: Language = "zh",
    as_json: Json = False,
) -> None:
    """Rehearse flows in memory: people of a small cast finish steps, time passes, messages come. Exit code 1 on failures.

    演练流程:按演练脚本逐步办理、推进时间、收发消息,核对谁在等、到何时;并指出没有走到的连线。
    """
    from yiwang.kernel.calendar import calendar_files, load_calendar
    from yiwang.packs.findings import Findings
    from yiwang.packs.walks import WalkReport, read_script, run_script, walk_files

    findings, reports, calendar = Findings(), [], load_calendar(calendar_files())
    for path in walk_files(files):
        script = read_script(path, findings)
        if script is not None:
            reports.append(run_script(script, calendar, only=only or []))
    report = WalkReport(tuple(reports))
    _tell_faults(findings, language)
    if as_json:
        print_json({**report.json(), "findings": [item.json() for item in findings.sorted()]})
    else:
        typer.echo(report.text(language, steps=not quiet))
    if findings.errors or not report.passed:
        raise typer.Exit(NOT_IN_ORDER)


def _tell_faults(findings: Findings, language: str) -> None:
    for item in findings.sorted():
        errors.print(escape(item.line_of_text(language)))
