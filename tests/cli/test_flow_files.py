"""``yiwang flow check`` and ``flow walk``: flow files at hand, without a city and without a database."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import ROOT, Command

EXAMPLES = ROOT / "examples" / "flows"


def test_检查好的流程_退出码0(yiwang: Command) -> None:
    answer = yiwang("flow", "check", str(EXAMPLES / "handling.bpmn"), str(EXAMPLES / "archiving.bpmn"))
    assert answer.code == 0
    assert "✓ " in answer.out
    assert "handling  11 个节点,3 个办理步骤" in answer.out
    found = yiwang("flow", "check", str(EXAMPLES / "handling.bpmn"), "--json").json()
    assert found == {
        "flows": [{"file": "examples/flows/handling.bpmn", "key": "handling", "good": True}],
        "findings": [],
    }


def test_检查有错的流程_给出文件行号元素_退出码1(yiwang: Command, tmp_path: Path) -> None:
    path = tmp_path / "handling.bpmn"
    text = (EXAMPLES / "handling.bpmn").read_text(encoding="utf-8")
    path.write_text(text.replace('outcome == "take"', 'outcome == "took"'), encoding="utf-8")
    answer = yiwang("flow", "check", str(path), "--lang", "en")
    assert answer.code == 1
    line = next(number for number, words in enumerate(text.splitlines(), 1) if 'outcome == "take"' in words)
    assert f"{path}:{line - 1}:1: error flow.outcome_unknown flow_received_handle: the outcome “took”" in answer.out
    missing = yiwang("flow", "check", str(tmp_path / "none.bpmn"))
    assert (missing.code, "file.unreadable" in missing.out) == (1, True)


def test_演练逐步打印_json给程序(yiwang: Command) -> None:
    answer = yiwang("flow", "walk", str(EXAMPLES / "archiving.bpmn"))
    assert answer.code == 0
    assert "✓ by-hand  入库失败，档案员人工归档" in answer.out
    assert "→ 人工归档[file_by_hand](档案员小窦 2026-07-16T09:00+08:00)" in answer.out
    assert "连线 5/5" in answer.out
    quiet = yiwang("flow", "walk", str(EXAMPLES / "archiving.bpmn"), "--quiet", "--lang", "en")
    assert "→" not in quiet.out
    assert quiet.out.endswith("1 flows, 2 walks, 2 passed, 0 failed.\n")
    found = yiwang("flow", "walk", str(EXAMPLES / "archiving.bpmn"), "--only", "by-hand", "--json").json()
    assert found["passed"] is True
    [file] = found["files"]
    assert file["flow"] == "archiving"
    assert [step["zh"] for step in file["walks"][0]["steps"]] == [
        "开始 归档",
        "完成 送电子档案系统",
        "档案员小窦 人工归档:已归档",
    ]


def test_演练不通过_退出码1_说出行号(yiwang: Command, tmp_path: Path) -> None:
    for name in ("archiving.bpmn", "cast.yaml"):
        shutil.copyfile(EXAMPLES / name, tmp_path / name)
    text = (EXAMPLES / "archiving.walk.yaml").read_text(encoding="utf-8")
    path = tmp_path / "archiving.walk.yaml"
    path.write_text(text.replace("ended: filed, status: 已归档", "ended: filed, status: 已销毁"), encoding="utf-8")
    answer = yiwang("flow", "walk", str(tmp_path), "--quiet")
    assert answer.code == 1
    assert "✗ by-system" in answer.out
    assert "status: 应为 已销毁,实为 已归档" in answer.out
    path.write_text(text.replace("cast: cast.yaml", "cast: caste.yaml"), encoding="utf-8")
    broken = yiwang("flow", "walk", str(path))
    assert broken.code == 1
    assert ":2:7: 错误 file.missing 缺少文件 caste.yaml。" in broken.error
