"""Walk files: what is wrong in them, and what does not go as they say, is told with file, line and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.packs.findings import Findings
from yiwang.packs.walks import FileReport, read_script, run_script, walk_files

CALENDAR = load_calendar(calendar_files())
FLOW = Path(__file__).parent / "sound" / "packs" / "lamps" / "flows" / "lamp-life.bpmn"
HEAD = """\
cast:
  organisations:
    centre: {zh: 中心, en: Centre}
    works: {zh: 路灯所, en: Works}
  posts:
    - {post: acceptor, at: centre, people: [小林]}
    - {post: handler, at: works, people: [老何]}
  people: {市民甲: null}
at: 2026-07-13T09:00+08:00
walks:
  - id: repaired
    title: {zh: 修好, en: Repaired}
    start: {as: 小林, set: {centre: centre}}
    steps:
"""
FIRST_STEP = HEAD.count("\n") + 1
FILED = "      - {as: 小林, do: accept, outcome: file, set: {department: works, limit: 2工作时}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copyfile(FLOW, tmp_path / FLOW.name)
    return tmp_path


def told(folder: Path, text: str) -> list[str]:
    """The findings of a walk file, without the folder."""
    path = folder / "lamp-life.walk.yaml"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    assert read_script(path, findings) is None
    return [f"{item.line}: {item.zh}" for item in findings.sorted()]


def played(folder: Path, steps: str) -> FileReport:
    path = folder / "lamp-life.walk.yaml"
    path.write_text(HEAD + steps, encoding="utf-8")
    findings = Findings()
    script = read_script(path, findings)
    assert script is not None, [item.zh for item in findings.items]
    return run_script(script, CALENDAR)


def failure(folder: Path, steps: str) -> str:
    report = played(folder, steps)
    [result] = report.results
    assert result.failure is not None
    assert result.failure.place.file.endswith("lamp-life.walk.yaml")
    lines = list(result.failure.lines("zh"))
    return "\n".join([f"{result.failure.place.line}: {lines[0].split(': ', 1)[1]}", *lines[1:]])


def test_不在角色表里的人_给出行号和相近的名字(folder: Path) -> None:
    assert told(folder, HEAD + FILED.replace("小林", "小木")) == [
        f"{FIRST_STEP}: 人员 小木 不存在。可用的有:小林, 市民甲, 老何。"
    ]


def test_流程里没有的步骤(folder: Path) -> None:
    [line] = told(folder, HEAD + FILED.replace("do: accept", "do: acept"))
    assert line == f"{FIRST_STEP}: 步骤 acept 不存在。是否想写 accept?"


def test_变量里写错的人(folder: Path) -> None:
    [line] = told(folder, HEAD + FILED.replace("limit: 2工作时", 'handler: "@老何何"'))
    assert line == f"{FIRST_STEP}: 人员 老何何 不存在。是否想写 老何?"


def test_一步只做一件事(folder: Path) -> None:
    [line] = told(folder, HEAD + "      - {as: 小林, do: accept, message: hello}\n")
    assert line.startswith(f"{FIRST_STEP}: ")
    assert "一步只做一件事,这里有 do、message" in line


def test_不认识的键和期限(folder: Path) -> None:
    found = told(folder, HEAD + "      - {after: 许久, expect: {wait: []}}\n")
    assert [line.split(":")[0] for line in found] == [str(FIRST_STEP), str(FIRST_STEP)]
    assert any("不认识的键 wait" in line and "waits" in line for line in found)
    assert any("许久" in line for line in found)


def test_流程文件不在(tmp_path: Path) -> None:
    [line] = told(tmp_path, HEAD + FILED)
    assert line == "1: 缺少文件 lamp-life.bpmn。"


def test_角色表里的机构不存在(folder: Path) -> None:
    [line] = told(folder, HEAD.replace("at: works", "at: work") + FILED)
    assert line == "7: 机构 work 不存在。是否想写 works?"


def test_与预期不符_列出应为和实为(folder: Path) -> None:
    steps = FILED.rstrip("}\n") + (
        "}, expect: {waits: [accept], who: {handle: 小林}, due: {handle: 2026-07-13T10:00+08:00}, status: 已修复}}\n"
    )
    assert failure(folder, steps) == (
        f"{FIRST_STEP}: 第 1 步 小林 do accept file\n"
        "    waits: 应为 [accept],实为 [handle]\n"
        "    who.handle: 应为 [小林],实为 [老何]\n"
        "    due.handle: 应为 2026-07-13T10:00+08:00,实为 2026-07-13T11:00+08:00\n"
        "    status: 应为 已修复,实为 维修中"
    )


def test_办不成_说出系统的理由和代码(folder: Path) -> None:
    words = failure(folder, FILED + "      - {as: 小林, do: handle, outcome: finish}\n")
    assert words.startswith(f"{FIRST_STEP + 1}: 第 2 步 小林 do handle finish: 该任务现由他人或其他岗位办理")
    assert words.endswith("(flow.task_not_yours)")


def test_应被拒绝却办成了(folder: Path) -> None:
    words = failure(folder, FILED.rstrip("}\n") + "}, refused: flow.task_not_yours}\n")
    assert words == f"{FIRST_STEP}: 第 1 步 小林 do accept file: 应被拒绝(flow.task_not_yours),但办成了"


def test_拒绝的理由不对(folder: Path) -> None:
    words = failure(folder, "      - {as: 老何, do: accept, outcome: file, refused: flow.outcome_unknown}\n")
    assert "应被拒绝(flow.outcome_unknown),但原因是:该任务现由他人" in words


def test_结果不止一种时要写明(folder: Path) -> None:
    words = failure(folder, "      - {as: 小林, do: accept}\n")
    assert words == f"{FIRST_STEP}: 第 1 步 小林 do accept: 请写明 outcome,可选:file、not_accept"


def test_时间不能倒流(folder: Path) -> None:
    words = failure(folder, "      - {at: 2026-07-12T09:00+08:00}\n")
    assert words == f"{FIRST_STEP}: 第 1 步 expect: 现在已是 2026-07-13T09:00+08:00,时间不能倒流"


def test_没有走到的连线_指到流程文件的行(folder: Path) -> None:
    report = played(folder, FILED + "      - {as: 老何, do: handle}\n")
    assert [result.passed for result in report.results] == [True]
    assert not report.passed
    assert [(left.element, left.place.line) for left in report.left] == [("to_refused", 22)]
    assert (report.walked, report.total) == (4, 5)
    assert "to_refused 没有演练走到" in "\n".join(report.text("zh", steps=False))


def test_声明只演练一部分时不要求走全(folder: Path) -> None:
    path = folder / "lamp-life.walk.yaml"
    path.write_text("part: true\n" + HEAD + FILED, encoding="utf-8")
    script = read_script(path, Findings())
    assert script is not None
    assert run_script(script, CALENDAR).passed


def test_演练逐步说明谁办了什么_现在谁在等(folder: Path) -> None:
    report = played(folder, FILED + "      - {after: 3工作时, as: 老何, do: handle}\n")
    told_zh = [(line.at, line.zh, line.waits_zh) for line in report.results[0].lines]
    assert told_zh == [
        ("2026-07-13T09:00+08:00", "小林 开始 路灯报修", "受理[accept](小林 2026-07-13T10:00+08:00)"),
        ("2026-07-13T09:00+08:00", "小林 受理:受理", "维修[handle](老何 2026-07-13T11:00+08:00)"),
        ("2026-07-13T12:00+08:00", "老何 维修:修好", "结束:已修复"),
    ]
    assert report.results[0].lines[1].en == "小林 Accept: Accept"


def test_目录_流程文件_演练文件都可以给(folder: Path) -> None:
    walk = folder / "lamp-life.walk.yaml"
    walk.write_text(HEAD + FILED, encoding="utf-8")
    assert walk_files([folder]) == walk_files([folder / FLOW.name]) == walk_files([walk]) == [walk]
