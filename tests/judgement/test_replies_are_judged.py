"""Quality of answers: complete, to the point and prompt scores above empty, beside the point and late; with reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.judgement.hot_issues.words import Rarity
from yiwang.judgement.replies.evaluating import auc, evaluate, read_answered
from yiwang.judgement.replies.quality import judge

ASKED = datetime(2026, 6, 1, tzinfo=UTC)
TITLE = "学府路路灯不亮"
REPORT = "学府路从大学城到地铁站一段路灯已经半个月不亮，晚上行人很危险，请尽快修复。"
GOOD = (
    "您好，您反映的学府路路灯不亮问题收悉。经现场核实，大学城至地铁站段因电缆被盗造成路灯不亮。"
    "根据《城市照明管理规定》，我局已安排抢修，将于6月10日前修复。如有疑问请致电022-12345678。"
)
EMPTY = "已转相关部门。"
BESIDE = (
    GOOD.replace("学府路路灯不亮", "医保报销比例").replace("路灯不亮", "报销减少").replace("大学城至地铁站段", "门诊")
)


def test_完整的答复高于空话_并说明理由() -> None:
    good, empty = (judge(TITLE, REPORT, text, Rarity()) for text in (GOOD, EMPTY))
    assert good.completeness == 100
    assert empty.completeness < 30
    assert good.relevance > empty.relevance
    assert {reason.part for reason in good.reasons} == {"completeness", "relevance"}
    assert any("没有引用依据" in reason.zh for reason in empty.reasons)


def test_答非所问的切题分低() -> None:
    good, beside = (judge(TITLE, REPORT, text, Rarity()) for text in (GOOD, BESIDE))
    assert beside.relevance < good.relevance / 2


@pytest.mark.parametrize(("days", "score"), [(1, 100), (15, 100), (30, 50), (45, 0), (400, 0)])
def test_超期越久分越低(days: int, score: float) -> None:
    quality = judge(TITLE, REPORT, GOOD, Rarity(), asked_at=ASKED, answered_at=ASKED + timedelta(days=days))
    assert quality.delay == pytest.approx(score)


def test_没有时间就不评及时() -> None:
    assert judge(TITLE, REPORT, GOOD, Rarity()).delay is None


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_任何文字都得到零到一百的分(title: str, report: str, reply: str) -> None:
    quality = judge(title, report, reply, Rarity())
    for score in (quality.completeness, quality.relevance, quality.total):
        assert 0 <= score <= 100


def test_区分度的算法() -> None:
    assert auc([2, 3], [0, 1]) == 1
    assert auc([1], [1]) == 0.5
    assert auc([], [1]) == 0.5


def test_真实答复与错配答复能区分(shared_dir: Path) -> None:
    letters = read_answered(shared_dir / "data" / "complaints" / "letters_with_replies.csv")
    assert len(letters) == 1892
    assert evaluate(letters).auc >= 0.93
