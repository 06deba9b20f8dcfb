"""趋势预测:the forecast beats last week on real counts, its interval holds what it says, and only real surprises alarm."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from yiwang.cli.main import app
from yiwang.insight.trends import Days, fit, interval, surprises, tails, trial
from yiwang.insight.trends.days import HOLIDAY
from yiwang.insight.trends.tables import count_days, read_weather
from yiwang.insight.trends.trial import last_week
from yiwang.judgement.likeness.tables import read_table
from yiwang.kernel.calendar import calendar_files, load_calendar

FIRST = date(2024, 1, 1)  # a Monday


def _weekly(weeks: int, mean: float, seed: int = 1, weekend: float = 0.3) -> np.ndarray:
    """Counts of Poisson with quiet weekends."""
    rate = np.tile([1, 1, 1, 1, 1, weekend, weekend], weeks) * mean
    return np.random.default_rng(seed).poisson(rate).astype(float)[None, :]


def test_周末较少_预测也较少() -> None:
    counts = _weekly(40, 20)
    ahead = fit(counts, Days.of(FIRST, 294)).forecast(14).mean[0]
    assert ahead[:5].mean() == pytest.approx(20, rel=0.15)
    assert ahead[5:7].mean() == pytest.approx(6, rel=0.3)


def test_节假日按工作日历_调休的周末按工作日() -> None:
    working = load_calendar(calendar_files("CN")).is_working_day
    days = Days.of(date(2026, 1, 1), 365, working)
    assert days.kinds[0] == HOLIDAY
    assert {int(kind) for kind in days.kinds} == set(range(8))
    worked = [day for day in range(365) if days.on(day).weekday() >= 5 and working(days.on(day))]
    assert worked
    assert all(days.kinds[day] == 2 for day in worked)


def test_节假日的影响被学到() -> None:
    holidays = {FIRST + timedelta(days=offset) for offset in (30, 31, 32, 100, 101, 177, 178, 240, 241, 282)}
    days = Days.of(FIRST, 294, lambda day: day.weekday() < 5 and day not in holidays)
    counts = _weekly(40, 30)
    for day in holidays:
        if day.weekday() < 5 and (day - FIRST).days < 280:
            counts[0, (day - FIRST).days] = 5
    ahead = fit(counts, days).forecast(14).mean[0]
    assert days.kinds[282] == HOLIDAY
    assert ahead[2] < 0.6 * ahead[3]


def test_少量的类别借用整体的星期规律() -> None:
    many = _weekly(60, 50, weekend=0.2)
    few = np.zeros_like(many)
    few[0, ::9] = 1
    days = Days.of(FIRST, many.shape[1] + 7)
    ahead = fit(np.vstack([many, few]), days).forecast(7).mean[1]
    assert ahead[5:].mean() < 0.75 * ahead[:5].mean()


def test_水平突变后跟得上() -> None:
    counts = np.concatenate([_weekly(30, 10), _weekly(10, 30, seed=2)], axis=1)
    ahead = fit(counts, Days.of(FIRST, counts.shape[1] + 7)).forecast(5).mean[0]
    assert ahead.mean() > 24


def test_天气有作用时被学到() -> None:
    days_seen, weeks = 7 * 60, 60
    rain = {FIRST + timedelta(days=day): float(day % 5 == 0) for day in range(days_seen + 14)}
    counts = _weekly(weeks, 20, weekend=1.0)
    counts[0, ::5] *= 2
    days = Days.of(FIRST, days_seen + 14, None, {"rain": rain})
    ahead = fit(counts, days).forecast(14).mean[0]
    wet = [step for step in range(14) if (days_seen + step) % 5 == 0]
    dry = [step for step in range(14) if step not in wet]
    assert ahead[wet].mean() > 1.4 * ahead[dry].mean()


def test_区间装得下所说的份额() -> None:
    counts = _weekly(80, 8)
    score = trial(counts, Days.of(FIRST, counts.shape[1]), origins=20).scores[0]
    assert score is not None
    assert 0.85 <= score.covered <= 0.99
    assert score.better


def test_检验时不看将来的数据() -> None:
    counts = _weekly(40, 10)
    days = Days.of(FIRST, 280)
    before = fit(counts[:, :200], days).forecast(14).mean
    changed = counts.copy()
    changed[:, 200:] = 999
    assert np.array_equal(before, fit(changed[:, :200], days).forecast(14).mean)


def test_基线是上周同日() -> None:
    counts = np.arange(21.0)[None, :]
    assert last_week(counts, 10).tolist() == [[14, 15, 16, 17, 18, 19, 20, 14, 15, 16]]


def test_分位数与尾部概率和泊松_负二项一致() -> None:
    one = interval(np.array([4.0]), np.array([0.0]), 0.9)
    assert (one.low[0], one.median[0], one.high[0]) == (1, 4, 8)
    below, above = tails(np.array([9.0]), np.array([4.0]), np.array([0.0]))
    poisson = [math.exp(-4) * 4**k / math.factorial(k) for k in range(10)]
    assert below[0] == pytest.approx(sum(poisson))
    assert above[0] == pytest.approx(1 - sum(poisson[:9]))
    wide = interval(np.array([4.0]), np.array([1.0]), 0.9)
    assert wide.high[0] > one.high[0]
    big = interval(np.array([10_000.0]), np.array([0.0]), 0.9)
    assert big.low[0] == pytest.approx(10_000 - 164, abs=3)
    assert big.high[0] == pytest.approx(10_000 + 165, abs=3)


@given(st.floats(0, 5000), st.floats(0, 20), st.floats(0.5, 0.99))
def test_区间总是有序(mean: float, dispersion: float, share: float) -> None:
    found = interval(np.array([mean]), np.array([dispersion]), share)
    assert 0 <= found.low[0] <= found.median[0] <= found.high[0]


def test_突然增多和突然没有都报警_平常日子不报() -> None:
    counts = _weekly(50, 20, weekend=1.0)
    counts[0, -1] = 60
    counts[0, -3] = 0
    found = surprises(counts, fit(counts, Days.of(FIRST, counts.shape[1])), days=7)
    assert {(item.day - counts.shape[1], item.kind) for item in found} == {(-1, "more"), (-3, "fewer")}
    quiet = _weekly(50, 20, seed=7)
    assert surprises(quiet, fit(quiet, Days.of(FIRST, quiet.shape[1])), days=30, chance=1e-3) == []


@pytest.mark.parametrize("counts", [np.zeros((3, 100)), np.zeros((1, 57)), np.full((1, 60), 1e6)])
def test_全零_极短_极大也能算(counts: np.ndarray) -> None:
    days = Days.of(FIRST, counts.shape[1] + 14)
    ahead = fit(counts, days).forecast(14)
    bounds = ahead.interval()
    assert np.isfinite(ahead.mean).all()
    assert (bounds.low <= bounds.high).all()
    trial(counts, days)


def test_巴尔的摩按类别每日件数_胜过季节朴素法(shared_dir: Path) -> None:
    path = shared_dir / "data" / "requests_311" / "baltimore_311_sample_10000.csv"
    result = CliRunner().invoke(app, ["forecast", str(path), "--by", "class", "--horizon", "14", "--json"])
    assert result.exit_code == 0, result.output
    found = orjson.loads(result.stdout)["trial"]
    for name in ("overall", "weighted", "total"):
        assert found[name]["mase"] < found[name]["naive_mase"]
        assert found[name]["rmsse"] < found[name]["naive_rmsse"]
    assert found["overall"]["mase"] < 0.75
    assert found["better"] >= 0.95 * found["judged"]


def _file(folder: Path, rows: list[str], header: str = "created_date,type") -> Path:
    path = folder / "reports.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def test_文件按日计数_读不出时间的行被说明(tmp_path: Path) -> None:
    path = _file(tmp_path, ["2026-01-01,a", "2026-01-03,b", "不是时间,a", "2026-01-03,a"])
    found = count_days(read_table(path), "class")
    assert found.names == ("a", "b")
    assert found.counts.tolist() == [[1, 0, 1], [0, 0, 1]]
    assert found.left_out == 1


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        (["x,a", "y,b"], [], "trends.times_missing"),
        (["2026-01-01,a"], ["--by", "area"], "trends.group_missing"),
        (["1901-01-01,a", "2026-01-01,a"], [], "trends.period_too_long"),
        (["2026-01-01,a"], ["--column", "nonsense"], "likeness.columns_unreadable"),
    ],
)
def test_不能预测的文件被拒绝并说明(tmp_path: Path, rows: list[str], options: list[str], code: str) -> None:
    result = CliRunner().invoke(app, ["forecast", str(_file(tmp_path, rows)), *options])
    assert result.exit_code == 3
    assert code in result.stderr


def test_一天的文件也给出结果而不报错(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["forecast", str(_file(tmp_path, ["2026-01-01,a"])), "--json"])
    assert result.exit_code == 0, result.output
    assert orjson.loads(result.stdout)["trial"]["overall"] is None


def test_天气文件(tmp_path: Path) -> None:
    path = tmp_path / "weather.csv"
    path.write_text("day,rain,temp\n2026-01-01,3.5,-2\n2026-01-02,,1\n坏,1,1\n", encoding="utf-8")
    assert read_weather(path) == {
        "rain": {date(2026, 1, 1): 3.5},
        "temp": {date(2026, 1, 1): -2.0, date(2026, 1, 2): 1.0},
    }
