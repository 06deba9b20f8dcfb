"""Every flow with named stages in the plans is drawn, publishes without a fault, and walks by its stories.

The table of examples/flows/README.md is held true: each stage is a node of its file, under the plan's own word.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.look.drawing import read_drawing
from yiwang.flow.model import Graph
from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.packs.findings import Findings
from yiwang.packs.walks import read_script, run_script, walk_files

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "flows"
FLOWS = sorted([*EXAMPLES.glob("*.bpmn"), *ROOT.glob("packs/*/flows/*.bpmn")])
_ROW = re.compile(r"^\| (?P<flow>[^|]+) \| (?P<stages>[^|]+) \| \[[^]]+\]\((?P<file>[^)]+\.bpmn)\) \| ", re.MULTILINE)
_STAGE = re.compile(r"(?P<word>[^\s`≈]+)(?P<about>≈| )`(?P<node>\w+)`")

PLAN = {
    "Grid, six-step closed loop": "信息采集 任务建立 任务处理 任务反馈 核查结案 考核评价",
    "Community event": "采集 受理 处置 监督",
    "Digital urban management": "信息收集 案卷建立 任务派遣 任务处置 处置反馈 核实结案 综合评价",
    "City event": "接入 分析 分拨 处置 评价 归集",
    "Social management": "自动识别 自动分类 自动转入 受理 处理 办结 反馈评价 统一分拨",
    "Air pollution grid": "上报 派遣 处置 结案 归档",
    "Law-enforcement case": "案件受理 现场核实 案件信息汇总上报 领导审核并作出决定 发送执法告知书 听证 "
    "下达行政处罚书 行政复议 执行 结案并归档 处理反馈",
    "Approval": "串联 会签 申请 受理 办结",
    "OA and document": "办结通知 催办 收回 委托他人办理 发送 归档",
    "Supervision": "产生 派发 办理 督促 办毕 统计 考核",
    "Responsibility assessment": "任务分解 监督检查 考核评价 实时录入 每月统计 逐月累计 年终汇总 早发现 早提醒 早教育 早纠正",
    "Food/drug complaint": "审批 流转 交办 上报",
    "Safety supervision": "行政审批 隐患排查 日常监管 行政执法 应急指挥救援 事故管理查处",
    "Emergency": "事前监测预警 事中应急处置 事后评估优化 预测预警 应急预案 指挥调度 现场视频会议 决策支持 应急保障 应急评估 "
    "案例重放 预案模拟 态势展示 命令下达",
    "Information-security incident": "预防 检测 预警 预控 应急 恢复",
    "Traceability": "来源可追溯 生产可记录 流向可跟踪 责任可追究",
    "Environment data": "采集 传输 存储 分析 发布 水质超标实时预警 污染源快速锁定 联合打击",
    "Tourism information": "报送 审核 二次加工 发布 采集 存储 管理 查询 分析 显示",
    "Volunteer": "资格审核 服务自动匹配 活动记录 统计",
    "Elder care": "感知 服务 调度",
    "Data asset": "统一规划 公共集约 专业分置 共建共用 规范接口 动态更新 运营维护 采集 交换 流转 共享",
}
"""The plans' own words, flow by flow."""


@lru_cache(maxsize=1)
def calendar() -> WorkingCalendar:
    return load_calendar(calendar_files())


@lru_cache(maxsize=64)
def graph(path: Path) -> Graph:
    reading = read_bpmn(path.read_text(encoding="utf-8"))
    assert reading.graph is not None, [finding.zh for finding in reading.findings]
    return reading.graph


def rows() -> list[tuple[str, dict[str, tuple[str, bool]], Path]]:
    """Flow, stage → (node, called otherwise), file; as the README tells them."""
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    return [
        (
            row["flow"],
            {stage["word"]: (stage["node"], stage["about"] == "≈") for stage in _STAGE.finditer(row["stages"])},
            (EXAMPLES / row["file"]).resolve(),
        )
        for row in _ROW.finditer(text)
    ]


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_每个流程都按演练走通_每条连线都走到(path: Path) -> None:
    findings = Findings()
    [walks] = walk_files([path])
    script = read_script(walks, findings)
    assert script is not None, [item.line_of_text() for item in findings.items]
    report = run_script(script, calendar())
    assert report.passed, "\n".join(report.text("zh", steps=False))
    assert report.walked == report.total > 0


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_每个流程都画好了(path: Path) -> None:
    """Everything that is walked is drawn in the file, so that any modeler shows it, and has words in both languages."""
    text = path.read_text(encoding="utf-8")
    assert read_drawing(text).origin == "file"
    found = graph(path)
    assert found.key == path.stem
    assert found.names.zh != found.names.en
    for task in found.tasks:
        assert re.search("[一-鿿]", task.names.zh), task.id
        assert task.names.en != task.names.zh, task.id
        assert all(outcome.names.en != outcome.names.zh for outcome in task.outcomes.values()), task.id
    drawn = {shape.get("bpmnElement") for shape in ElementTree.fromstring(text).iter() if shape.get("bpmnElement")}
    assert found.nodes.keys() <= drawn
    assert {flow.id for node in found.nodes.values() for flow in node.outgoing} <= drawn


@pytest.mark.parametrize("flow", PLAN)
def test_规划里的每个阶段都是流程里的一个节点(flow: str) -> None:
    stages: dict[str, set[str]] = {}
    for name, found, path in rows():
        if name == flow or name.startswith(f"{flow}: "):
            for word, (node, otherwise) in found.items():
                assert node in graph(path).nodes, (path.name, node)
                stages.setdefault(word, set()).add("≈" if otherwise else graph(path).nodes[node].names.zh)
    for word in PLAN[flow].split():
        assert word in stages, f"{flow}: nothing is said of {word}"
        assert any(name == "≈" or word in name for name in stages[word]), (word, stages[word])


def test_说明里列全了所有示例() -> None:
    told = {path for _, _, path in rows()}
    assert {path for path in FLOWS if path.parent == EXAMPLES} <= told
    assert all(path.is_file() for path in told)


def test_规划的阶段表没有漏掉(shared_dir: Path) -> None:
    """Every word of the named stages that stands in the plans' table is looked for above."""
    table = (shared_dir / "plan" / "common-shape.md").read_text(encoding="utf-8")
    part = table.split("**Common verbs with named stages.**", 1)[1].split("**Cross-cutting", 1)[0]
    flows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("| ") and "Seed" not in line]
    assert [flow for flow in flows if not any(flow.startswith(known) for known in PLAN)] == []
