"""公开的考核公式: two cities' published formulas, and what holds for every board: nothing divided by nothing, ranks, targets."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.small_city import ROOT

from yiwang.insight.indicators.counts import BY_KEY, WORDS, Count
from yiwang.insight.indicators.declared import Board, Indicator, IndicatorFile
from yiwang.insight.scoring.reaching import reach, supplied
from yiwang.insight.scoring.reckoning import Counts, Score, ranked, score_of, value_of

FILE = ROOT / "packs/urban-management/indicators/urban-indicators.yaml"
INDICATORS = {one.id: one for one in IndicatorFile.model_validate(yaml.safe_load(FILE.read_text("utf-8"))).indicators}


def board(name: str) -> Board:
    return Board.model_validate(yaml.safe_load((ROOT / "examples/boards" / f"{name}.yaml").read_text("utf-8")))


def scored(of: Board, counts: Counts) -> Score:
    return score_of(of, INDICATORS, {one.indicator: value_of(INDICATORS[one.indicator], counts) for one in of.measures})


MONTH = {
    "handle_due": 100, "handled_of_due": 95, "handled_in_time": 80, "handled_late": 15, "overdue": 5, "handled": 95,
    "close_due": 100, "closed_of_due": 90, "closed_in_time": 60, "reworked": 10, "extended": 20,
}  # fmt: skip


def test_金牛区公式() -> None:
    """处置率 30 + 按期处置率 20 + (1−返工率) 20 + (1−超期待处置率) 20 + (1−延期率) 10。"""
    expected = 0.95 * 30 + 0.80 * 20 + (1 - 10 / 100) * 20 + (1 - 5 / 100) * 20 + (1 - 20 / 100) * 10
    assert scored(board("jinniu"), MONTH).total == pytest.approx(expected)


@pytest.mark.parametrize(
    ("closed_in_time", "closed", "points"),
    [(70, 90, 70), (100, 100, 70), (35, 90, 45), (70, 45, 60), (0, 0, 0)],
)
def test_金华公式_按期结案率满七成得满分_结案率满九成得满分(closed_in_time: int, closed: int, points: float) -> None:
    counts = {**MONTH, "closed_in_time": closed_in_time, "closed_of_due": closed}
    assert scored(board("jinhua"), counts).total == pytest.approx(points)


def test_分母为零时比率为空_不是零也不是满分_不参与排名() -> None:
    nothing = scored(board("jinniu"), {})
    assert [one.value.rate for one in nothing.earned] == [None] * 5
    assert nothing.total is None
    some = scored(board("jinniu"), MONTH)
    best = scored(board("jinniu"), {**MONTH, "handled_in_time": 95, "handled_late": 0})
    assert [one.rank for one in ranked([nothing, some, best, some])] == [None, 2, 1, 2]


def test_缺一项指标时其余权重按比例放大() -> None:
    counts = {"handle_due": 10, "handled_of_due": 10, "handled_in_time": 5, "overdue": 0, "extended": 0}
    score = scored(board("jinniu"), counts)
    assert score.earned[2].points is None  # 应结案数为零
    assert score.total == pytest.approx((30 + 10 + 20 + 10) / 80 * 100)


def test_标准的全部指标都能算() -> None:
    """GB/T 30428.4 practice: every indicator of the list, and none that divides by itself."""
    wanted = {
        "立案率", "有效上报率", "处置率", "按期处置率", "超期处置率", "超期待处置率", "结案率", "按期结案率", "按时立案率",
        "准确立案率", "按时派遣率", "准确派遣率", "按时核实率", "按时核查率", "核实派发按时率", "核查派发按时率", "返工率",
        "延期率", "漏报率", "重复案件率",
    }  # fmt: skip
    assert wanted <= {one.names.zh for one in INDICATORS.values()}
    counts = {words.key: 1 for words in WORDS.values()}
    for one in INDICATORS.values():
        value = value_of(one, counts)
        assert value_of(one, {}).rate is None
        assert (value.rate is None) == (one.denominator is None)


def test_基数的编号一经使用不再改变() -> None:
    assert {count.name: int(count) for count in Count if count <= 10}["FILED"] == 6
    assert len(BY_KEY) == len(Count) == len(WORDS)
    assert max(Count) < 62


COUNTS = st.fixed_dictionaries({key: st.integers(0, 30) for key in ("late", "in_time", "over", "rework", "extended")})


@given(COUNTS, st.floats(50, 100))
def test_达标分析所说的改变确实达标(drawn: dict[str, int], target: float) -> None:
    late, in_time, over = drawn["late"], drawn["in_time"], drawn["over"]
    due = late + in_time + over
    counts = {
        "handle_due": due, "handled_of_due": late + in_time, "handled_in_time": in_time, "handled_late": late,
        "overdue": over, "handled": late + in_time, "close_due": due, "closed_of_due": late + in_time,
        "closed_in_time": in_time, "reworked": min(drawn["rework"], due), "extended": min(drawn["extended"], due),
    }  # fmt: skip
    of = board("jinniu")
    found = reach(of, INDICATORS, {one.indicator: counts for one in of.measures}, target)
    assert found.score == scored(of, counts).total
    for change in found.single:
        assert 0 < change.cases <= change.available
        if change.enough:
            assert change.score is not None
            assert change.score >= target
    if found.score is not None and not found.reached and found.together:
        assert found.best is not None
        assert found.best > found.score
        assert found.reachable == (round(found.best, 6) >= target)


def test_达标分析需要的基数会一起读出() -> None:
    assert "overdue" in supplied({"handled_of_due"})
    assert {"rated", "satisfied"} <= supplied({"satisfied"})


def test_个人考核方案没有写明就不排名() -> None:
    declared = {
        "id": "x",
        "names": {"zh": "人", "en": "p"},
        "object": "person",
        "measures": [{"indicator": "a", "weight": 1}],
    }
    assert not Board.model_validate(declared).ranking
    assert Board.model_validate({**declared, "ranking": True}).ranking
    assert isinstance(INDICATORS["handling-rate"], Indicator)
