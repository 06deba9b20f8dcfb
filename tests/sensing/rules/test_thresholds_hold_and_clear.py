"""超限规则:回差、持续时间、级别、迟到数据。时间取自读数本身。"""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from ruling import at, play, rule, told

from yiwang.sensing.rules.model import NORMAL, Cleared, Escalated, Observation, Phase, Raised, Severity

ABOVE = {"metric": "pm25", "above": 75, "clear_below": 70}


def test_超限即报警_回到回差以下才恢复() -> None:
    state, events = play(rule(ABOVE), [(0, 74), (1, 76), (2, 72), (3, 71), (4, 70), (5, 76)])
    assert told(events) == ["Raised", "Cleared", "Raised"]
    assert isinstance(events[1], Cleared)
    assert events[1].at == at(4)  # 72 and 71 lie in the dead band
    assert state.phase is Phase.ACTIVE


def test_等于限值不算超限() -> None:
    assert play(rule(ABOVE), [(0, 75)]) == (play(rule(ABOVE), [(0, 75)])[0], [])


def test_须持续十分钟_中途回落重新计时() -> None:
    given_rule = rule({**ABOVE, "for": "10min"})
    _, events = play(given_rule, [(0, 80), (5, 80), (9, 74), (10, 80), (15, 81), (20, 82)])
    assert [type(event) for event in events] == [Raised]
    assert isinstance(events[0], Raised)
    assert (events[0].began, events[0].at) == (at(10), at(20))


def test_中间断了数据_没有人看见它一直超限_重新计时() -> None:
    given_rule = rule({**ABOVE, "for": "10min"})
    _, events = play(given_rule, [(0, 80), (180, 80)])
    assert events == []
    _, events = play(given_rule, [(0, 80), (180, 80), (185, 80), (190, 80)])
    assert told(events) == ["Raised"]


def test_级别只升不降_直到恢复() -> None:
    given_rule = rule(
        ABOVE, severity="minor", steps=[{"above": 150, "severity": "major"}, {"above": 250, "severity": "critical"}]
    )
    state, events = play(given_rule, [(0, 80), (1, 160), (2, 90), (3, 155), (4, 300)])
    assert told(events) == ["Raised", "Escalated", "Escalated"]
    assert [event.severity for event in events if not isinstance(event, Cleared)] == [
        Severity.MINOR,
        Severity.MAJOR,
        Severity.CRITICAL,
    ]
    assert isinstance(events[1], Escalated)
    assert events[1].before is Severity.MINOR
    assert state.peak == 300


def test_迟到的数据不让时间倒流() -> None:
    state, events = play(rule(ABOVE), [(10, 80), (5, 20), (11, 81)])
    assert told(events) == ["Raised"]
    assert state.phase is Phase.ACTIVE
    assert state.at == at(11)


def test_低于下限_溶解氧() -> None:
    state, events = play(
        rule({"metric": "level", "below": 3, "clear_above": 3.5}), [(0, 2.9), (1, 3.2), (2, 3.6)], metric=2
    )
    assert told(events) == ["Raised", "Cleared"]
    assert state == replace(NORMAL, at=at(2), value=3.6)


def test_区间之外_两边都报警() -> None:
    outside = rule({"metric": "level", "below": 6, "above": 9})
    assert told(play(outside, [(0, 5.9), (1, 7), (2, 9.1)])[1]) == ["Raised", "Cleared", "Raised"]


def test_恢复也可要求持续() -> None:
    given_rule = rule({**ABOVE, "clear_for": "5min"})
    _, events = play(given_rule, [(0, 80), (1, 60), (3, 80), (4, 60), (9, 60)])
    assert told(events) == ["Raised", "Cleared"]
    assert events[1].at == at(9)


def test_夜间规则_白天不报_到点自动解除() -> None:
    night = rule({"metric": "noise", "above": 55}, schedule={"from": "22:00", "until": "06:00"})
    evening = 14 * 60  # 22:00 in the city
    _, events = play(
        night, [(0, 70), (evening - 1, 70), (evening, 70), (evening + 8 * 60 - 1, 70), (evening + 8 * 60, 70)], metric=4
    )
    assert told(events) == ["Raised", "Cleared"]
    assert isinstance(events[1], Cleared)
    assert events[1].because == "schedule"


def test_只在工作日_周六不报() -> None:
    work = rule({"metric": "noise", "above": 55}, schedule={"from": "08:00", "until": "18:00", "days": "work"})
    saturday = 2 * 24 * 60
    assert told(play(work, [(saturday, 70)], metric=4)[1]) == []
    assert told(play(work, [(24 * 60 + saturday + 24 * 60 + 30, 70)], metric=4)[1]) == ["Raised"]  # Monday 22 June


def test_跨零点的时段属于它开始的那一天() -> None:
    friday_night = rule({"metric": "noise", "above": 55}, schedule={"from": "22:00", "until": "06:00", "days": "off"})
    # Saturday 01:00 of the week after: still Friday's night, and the next day is no working day.
    saturday_one = (7 * 24 + 24 + 17) * 60
    assert told(play(friday_night, [(saturday_one, 70)], metric=4)[1]) == []
    assert told(play(friday_night, [(saturday_one + 24 * 60, 70)], metric=4)[1]) == ["Raised"]


@given(st.lists(st.tuples(st.integers(0, 600), st.floats(-1e6, 1e6)), max_size=60), st.sampled_from(["0s", "5min"]))
def test_报警与恢复总是交替_分批与整批一样(values: list[tuple[int, float]], hold: str) -> None:
    given_rule = rule({**ABOVE, "for": hold, "clear_for": "3min"}, steps=[{"above": 500, "severity": "critical"}])
    ordered: list[tuple[float, float]] = [(float(minute), value) for minute, value in sorted(values)]
    whole_state, whole = play(given_rule, ordered)
    state, parts = NORMAL, []
    for value in ordered:
        state, events = play(given_rule, [value], state=state)
        parts += events
    assert parts == whole
    assert (state.phase, state.at, state.severity) == (whole_state.phase, whole_state.at, whole_state.severity)
    turns = [type(event) for event in whole if not isinstance(event, Escalated)]
    assert all(turn is (Raised if place % 2 == 0 else Cleared) for place, turn in enumerate(turns))
    assert math.isnan(NORMAL.peak)


def test_观测与规则都不含时钟_同样的输入得同样的结果() -> None:
    one = play(rule(ABOVE), [(0, 80)])
    assert one == play(rule(ABOVE), [(0, 80)])
    assert Observation(1, at(0), 80.0) == Observation(1, at(0), 80.0)
