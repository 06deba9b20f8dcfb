"""The alarm rules of facilities as the pack declares them: the steps of depth, hysteresis, and whose class a case gets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from tests.packs.conftest import ROOT
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Pack
from yiwang.packs.loader import load_pack
from yiwang.sensing.model import micros
from yiwang.sensing.rules.compiling import compile_rule
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.evaluation import evaluate
from yiwang.sensing.rules.judging import nothing_usual
from yiwang.sensing.rules.model import NORMAL, Escalated, Event, Observation, Raised

BEGIN = micros(datetime(2026, 7, 20, 8, 0, tzinfo=UTC))
MINUTE = 60_000_000


@pytest.fixture(scope="module")
def pack() -> Pack:
    found = load_pack(ROOT / "packs" / "facility-monitoring", Findings())
    assert found is not None
    return found


def declared(pack: Pack, name: str) -> RuleDeclaration:
    return next(file.value.rules[name] for file in pack.signals if name in file.value.rules)


def play(pack: Pack, name: str, values: list[dict[str, float]], *, every: float = 10) -> list[Event]:
    """What the rule says of values that come one after the other, in minutes."""
    metrics = {key: number for number, key in enumerate(sorted({k for f in pack.signals for k in f.value.metrics}), 1)}
    rule = compile_rule(name, 1, declared(pack, name), metrics, load_calendar(calendar_files()))
    seen = [
        Observation(metrics[metric], BEGIN + round(turn * every * MINUTE), value)
        for turn, each in enumerate(values)
        for metric, value in each.items()
    ]
    return evaluate(rule, NORMAL, seen, nothing_usual)[1]


def told(events: list[Event]) -> list[str]:
    return [
        f"{type(event).__name__}:{event.severity.name}"
        if isinstance(event, Raised | Escalated)
        else type(event).__name__
        for event in events
    ]


def test_积水十二十三十厘米逐级升级_退到五厘米才恢复(pack: Pack) -> None:
    depths = [0.02, 0.11, 0.21, 0.31, 0.12, 0.08, 0.04]
    assert told(play(pack, "underpass-flooded", [{"water_level": depth} for depth in depths])) == [
        "Raised:MINOR", "Escalated:MAJOR", "Escalated:CRITICAL", "Cleared",
    ]  # fmt: skip


def test_应亮不亮要亮灯且无电流满三十分钟(pack: Pack) -> None:
    dark = {"lamp_on": 1.0, "current": 0.0}
    assert told(play(pack, "lamp-fault", [dark] * 3)) == []
    assert told(play(pack, "lamp-fault", [dark] * 5)) == ["Raised:MINOR"]
    assert told(play(pack, "lamp-fault", [{"lamp_on": 0.0, "current": 0.0}] * 5)) == []


def test_灯杆漏电三十毫安立即报警(pack: Pack) -> None:
    assert told(play(pack, "lamp-leakage", [{"leakage_current": 0.03}])) == []
    assert told(play(pack, "lamp-leakage", [{"leakage_current": 0.031}])) == ["Raised:CRITICAL"]


def test_消火栓水压不足须持续半小时(pack: Pack) -> None:
    low = {"water_pressure": 0.06}
    assert told(play(pack, "hydrant-pressure-low", [low, low, {"water_pressure": 0.3}, low, low])) == []
    assert told(play(pack, "hydrant-pressure-low", [low] * 4)) == ["Raised:MAJOR"]


def test_井盖案件的分类随管线类别(pack: Pack) -> None:
    opens = declared(pack, "cover-opened").opens
    assert opens is not None
    assert opens.by is not None
    assert (opens.by.classes["污水"], opens.by.classes["燃气"], opens.class_code) == ("01002", "01011", "01023")


def test_载重条件只用于车辆() -> None:
    body = {"names": {"zh": "错", "en": "Wrong"}, "profile": "hydrant", "when": {"absent": "4h", "loaded": True}}
    with pytest.raises(ValidationError, match="loaded"):
        RuleDeclaration.model_validate(body)
