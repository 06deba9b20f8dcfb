"""其他条件:变化率、组合、设备故障、自适应基线、静默、车辆。"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from ruling import EIGHT, at, play, rule, told

from yiwang.sensing.model import Quality
from yiwang.sensing.rules.baseline import Baseline, HourSeen
from yiwang.sensing.rules.evaluation import evaluate
from yiwang.sensing.rules.model import NORMAL, Absence, Cleared, Escalated, Observation, Phase, Raised, Severity
from yiwang.sensing.rules.vehicles import evaluate_facts
from yiwang.sensing.rules.watching import Standing, judge_silence


def test_水位一小时上涨超过三十厘米() -> None:
    rising = rule({"metric": "level", "rate": {"above": 0.3, "per": "1h", "over": "30min"}})
    slow = [(float(minute), 1 + minute * 0.002) for minute in range(0, 60, 5)]
    assert told(play(rising, slow, metric=2)[1]) == []
    fast = [*slow, *[(60.0 + minute, 1.11 + minute * 0.02) for minute in range(0, 31, 5)]]
    assert told(play(rising, fast, metric=2)[1]) == ["Raised"]


def test_变化率_数据不足半个时段不判断() -> None:
    rising = rule({"metric": "level", "rate": {"above": 0.3, "per": "1h", "over": "30min"}})
    assert play(rising, [(0, 1), (5, 9)], metric=2)[1] == []


def test_变化率_记忆有界() -> None:
    rising = rule({"metric": "level", "rate": {"above": 1e9, "over": "30min"}})
    state, _ = play(rising, [(second / 60, 1.0) for second in range(7200)], metric=2)
    assert len(state.memory) <= 125


ALL = {
    "all": [{"metric": "rain", "above": 20}, {"metric": "level", "above": 0.15, "clear_below": 0.1}],
    "within": "10min",
}


def test_雨大且积水才报警_缺一不可() -> None:
    both = rule(ALL)
    state, events = evaluate(both, NORMAL, [Observation(3, at(0), 30)])
    assert events == []
    assert state.memory  # one of the two is remembered
    state, events = evaluate(both, state, [Observation(2, at(3), 0.2)])
    assert told(events) == ["Raised"]
    state, events = evaluate(both, state, [Observation(2, at(4), 0.12)])
    assert events == []  # in the dead band
    _, events = evaluate(both, state, [Observation(3, at(5), 1)])
    assert told(events) == ["Cleared"]


def test_两个值相隔太久不算同时() -> None:
    _, events = evaluate(rule(ALL), NORMAL, [Observation(3, at(0), 30), Observation(2, at(11), 0.2)])
    assert events == []


def test_任一超限() -> None:
    either = rule({"any": [{"metric": "rain", "above": 20}, {"metric": "level", "above": 0.15}]})
    _, events = evaluate(either, NORMAL, [Observation(2, at(0), 0.2), Observation(2, at(1), 0.1)])
    assert told(events) == ["Raised", "Cleared"]


def test_设备自报故障_任一指标_全部恢复才算恢复() -> None:
    faulty = rule({"fault": ["fault", "stuck"]})
    bad = int(Quality.DEVICE_FAULT)
    seen = [
        Observation(1, at(0), 5, bad),
        Observation(2, at(0), 5, int(Quality.STUCK)),
        Observation(1, at(1), 5),
        Observation(2, at(2), 5),
    ]
    _, events = evaluate(faulty, NORMAL, seen)
    assert told(events) == ["Raised", "Cleared"]
    assert events[-1].at == at(2)


def test_自适应_学会每周每时的常态() -> None:
    baseline = Baseline(UTC)
    for hour in range(24 * 28):
        when = EIGHT - timedelta(days=28) + timedelta(hours=hour)
        mean = 10.0 if when.hour < 12 else 50.0
        baseline.learn(HourSeen(when, 12, mean - 2, mean + 2, mean))
    morning, evening = datetime(2026, 6, 18, 6, tzinfo=UTC), datetime(2026, 6, 18, 18, tzinfo=UTC)
    assert baseline.usual(morning, 84) == pytest.approx((10.0, 4 / 3.258), rel=0.01)
    assert baseline.usual(evening, 84) == pytest.approx((50.0, 4 / 3.258), rel=0.01)
    again = Baseline.unpack(baseline.pack(), UTC)
    assert again.usual(morning, 84) == baseline.usual(morning, 84)
    assert again.hours == baseline.hours


def test_自适应_同一小时学两遍等于一遍() -> None:
    one, two = Baseline(UTC), Baseline(UTC)
    seen = HourSeen(EIGHT, 12, 1, 5, 3)
    one.learn(seen)
    two.learn(seen)
    two.learn(seen)
    assert one.pack() == two.pack()
    assert one.hours == two.hours == 1


def test_自适应_一次异常不改变常态() -> None:
    baseline = Baseline(UTC)
    for week in range(8):
        for hour in range(168):
            when = EIGHT - timedelta(weeks=8 - week) + timedelta(hours=hour)
            value = 500.0 if (week, hour) == (3, 10) else 20.0
            baseline.learn(HourSeen(when, 12, value - 1, value + 1, value))
    centre, deviation = baseline.usual(EIGHT + timedelta(hours=10), 84) or (0.0, 0.0)
    assert centre == pytest.approx(20)
    assert deviation < 1


def test_自适应_学习期内不报警_之后按偏离倍数报警() -> None:
    adaptive = rule({"metric": "pm25", "baseline": {"deviations": 6, "side": "above"}})
    assert play(adaptive, [(0, 1e6)])[1] == []
    usual = lambda *_: (20.0, 2.0)  # noqa: E731
    _, events = play(adaptive, [(0, 31), (1, 33), (2, 5)], usual=usual)
    assert told(events) == ["Raised", "Cleared"]
    assert isinstance(events[0], Raised)
    assert events[0].limit == 32.0


SILENT = {"metric": "pm25", "absent": "30min"}


def test_静默超过三十分钟报警_来数据即恢复() -> None:
    silent = rule(SILENT, severity="minor", steps=[{"above": 7200, "severity": "major"}])
    assert isinstance(silent.condition, Absence)
    assert judge_silence(silent, at(0), at(30), None) is None
    raised = judge_silence(silent, at(0), at(31), None)
    assert isinstance(raised, Raised)
    assert raised.began == at(30)
    assert judge_silence(silent, at(0), at(60), Standing(int(Severity.MINOR), True)) is None
    assert isinstance(judge_silence(silent, at(0), at(121), Standing(int(Severity.MINOR), True)), Escalated)
    assert isinstance(judge_silence(silent, at(120), at(121), Standing(int(Severity.MINOR), True)), Cleared)
    assert judge_silence(silent, at(120), at(121), None) is None


@dataclass(frozen=True)
class Hit:
    code: str
    kind: str = "route"
    keep: str = ""


@dataclass(frozen=True)
class Facts:
    at: datetime
    numbers: Mapping[str, float] = field(default_factory=dict)
    inside: tuple[Hit, ...] = ()
    outside: tuple[Hit, ...] = ()
    device: int = 1

    def values(self) -> Mapping[str, float]:
        return self.numbers


def minute(number: float) -> datetime:
    return EIGHT + timedelta(minutes=number)


def test_车辆驶离规定路线三分钟报警_回到路线恢复() -> None:
    leaves = rule({"fence": {"kind": "route", "is": "out"}, "for": "3min"})
    route = (Hit("hazmat-1"),)
    facts = [
        Facts(minute(0), inside=route),
        Facts(minute(1), outside=route),
        Facts(minute(5), outside=route),
        Facts(minute(6), inside=route),
    ]
    state, events = evaluate_facts(leaves, NORMAL, facts)
    assert told(events) == ["Raised", "Cleared"]
    assert state.phase is Phase.NORMAL


def test_进入禁区即报警() -> None:
    enters = rule({"fence": {"code": "school", "is": "in"}})
    assert told(evaluate_facts(enters, NORMAL, [Facts(minute(0), inside=(Hit("market"),))])[1]) == []
    assert told(evaluate_facts(enters, NORMAL, [Facts(minute(0), inside=(Hit("school"),))])[1]) == ["Raised"]


def test_只看禁行围栏_途经规定路线不报警() -> None:
    enters = rule({"fence": {"keep": "outside", "is": "in"}})
    assert told(evaluate_facts(enters, NORMAL, [Facts(minute(0), inside=(Hit("way", keep="inside"),))])[1]) == []
    forbidden = (Hit("way", keep="inside"), Hit("old-town", "polygon", "outside"))
    assert told(evaluate_facts(enters, NORMAL, [Facts(minute(0), inside=forbidden)])[1]) == ["Raised"]


def test_一类编码的围栏_在内停留才报警() -> None:
    crowded = rule({"fence": {"code": "crowd-*", "is": "in"}, "for": "20min"})
    inside = (Hit("crowd-market", "circle"),)
    facts = [Facts(minute(at), inside=inside) for at in (0, 10, 20)]
    assert told(evaluate_facts(crowded, NORMAL, facts[:2])[1]) == []
    assert told(evaluate_facts(crowded, NORMAL, facts)[1]) == ["Raised"]
    assert told(evaluate_facts(crowded, NORMAL, [Facts(minute(0), inside=(Hit("depot"),))])[1]) == []


def test_空车不算重载违规() -> None:
    fast = rule({"speed": {"above": 60}, "loaded": True})
    driven = {"vehicle.speed": 70.0}
    assert told(evaluate_facts(fast, NORMAL, [Facts(minute(0), {**driven, "vehicle.load": 0.0})])[1]) == []
    assert told(evaluate_facts(fast, NORMAL, [Facts(minute(0), {**driven, "vehicle.load": 3.0})])[1]) == ["Raised"]


@pytest.mark.parametrize(
    ("when", "name", "value"),
    [
        ({"speed": {"above": 80}}, "vehicle.speed", 81.0),
        ({"speed": {"over_limit": 10}}, "vehicle.over_limit", 11.0),
        ({"stay": "30min"}, "vehicle.stay_seconds", 1801.0),
        ({"driving": "4h"}, "vehicle.driving_seconds", 14401.0),
        ({"terminal": "emergency"}, "vehicle.alarm.emergency", 1.0),
    ],
)
def test_超速_停留_疲劳_紧急报警(when: dict[str, object], name: str, value: float) -> None:
    _, events = evaluate_facts(rule(when), NORMAL, [Facts(minute(0), {name: value}), Facts(minute(1))])
    assert told(events) == ["Raised", "Cleared"]


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"metric": "pm25"},
        {"metric": "pm25", "above": 5, "absent": "5min"},
        {"above": 5},
        {"metric": "pm25", "above": 5, "clear_below": 6},
        {"metric": "pm25", "above": 5, "below": 9},
        {"metric": "pm25", "above": float("nan")},
        {"metric": "pm25", "above": 5, "for": "ten"},
        {"all": [{"metric": "rain", "above": 2}]},
        {"speed": {"above": 80, "over_limit": 10}},
        {"metric": "pm25", "above": 5, "unknown": 1},
    ],
)
def test_写错的条件不被接受(when: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(when)
