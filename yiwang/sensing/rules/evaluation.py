"""The core of alarm rules: ``(rule, state, observation) → (state, events)``. Pure: no I/O, no clock.

Time is the time of the readings, so that history judged again says the same. Values that are older than the newest one
taken in do not move anything backwards: they are left out.

    normal ── over ──▶ pending ── held long enough ──▶ ACTIVE ── normal ──▶ clearing ── normal long enough ──▶ normal
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from yiwang.sensing.rules.judging import Usual, judge, nothing_usual
from yiwang.sensing.rules.model import (
    NORMAL,
    Band,
    Cleared,
    Combination,
    Deviation,
    Escalated,
    Event,
    Judgement,
    Observation,
    Phase,
    Raised,
    RateOfChange,
    Rule,
    Severity,
    State,
    Threshold,
    VehicleFact,
    Verdict,
)


def evaluate(
    rule: Rule, state: State, observations: Iterable[Observation], usual: Usual = nothing_usual
) -> tuple[State, list[Event]]:
    """Take observations of one device in, oldest first."""
    events: list[Event] = []
    for seen in observations:
        if seen.at < state.at:
            continue  # history: it cannot change what is known of now
        memory, judgement = judge(rule.condition, state.memory, seen, usual)
        state = replace(state, memory=memory)
        if judgement is None:
            state = replace(state, at=seen.at)
            continue
        if judgement.verdict is not Verdict.CLEAR and rule.awake is not None and not rule.awake.at(seen.at):
            judgement = replace(judgement, verdict=Verdict.CLEAR)
            state = advance(rule, state, judgement, seen.at, events, because="schedule")
        else:
            state = advance(rule, state, judgement, seen.at, events)
    return state, events


def advance(
    rule: Rule, state: State, judgement: Judgement, at: int, events: list[Event], *, because: str = "value"
) -> State:
    """The state after a judgement; appends what happened to ``events``."""
    gap = at - state.at if state.at else 0
    state = replace(state, at=at, value=judgement.value)
    match state.phase, judgement.verdict:
        case Phase.NORMAL, Verdict.OVER:
            return _pend(rule, replace(state, phase=Phase.PENDING, since=at), judgement, at, events)
        case Phase.PENDING, Verdict.OVER:
            held = replace(state, since=at) if rule.gap and gap > rule.gap else state
            return _pend(rule, held, judgement, at, events)
        case Phase.PENDING, _:
            return _normal(state)
        case Phase.ACTIVE, Verdict.CLEAR:
            return _clear(rule, replace(state, phase=Phase.CLEARING, since=at), judgement, at, events, because)
        case Phase.CLEARING, Verdict.CLEAR:
            return _clear(rule, state, judgement, at, events, because)
        case ((Phase.ACTIVE | Phase.CLEARING), _):
            return _go_on(rule, replace(state, phase=Phase.ACTIVE, since=state.began), judgement, at, events)
        case _:
            return state


def _pend(rule: Rule, state: State, judgement: Judgement, at: int, events: list[Event]) -> State:
    peak = band_of(rule).furthest(state.peak, judgement.measure)
    if at - state.since < rule.hold:
        return replace(state, peak=peak)
    severity = severity_of(rule, judgement.measure)
    events.append(Raised(at, state.since, severity, judgement.value, judgement.limit))
    return replace(state, phase=Phase.ACTIVE, began=state.since, severity=int(severity), peak=peak)


def _go_on(rule: Rule, state: State, judgement: Judgement, at: int, events: list[Event]) -> State:
    severity = severity_of(rule, judgement.measure)
    peak = band_of(rule).furthest(state.peak, judgement.measure)
    if severity > state.severity:
        events.append(Escalated(at, severity, Severity(state.severity), judgement.value, judgement.limit))
        return replace(state, severity=int(severity), peak=peak)
    return replace(state, peak=peak)


def _clear(rule: Rule, state: State, judgement: Judgement, at: int, events: list[Event], because: str) -> State:
    if at - state.since < rule.clear_hold and because == "value":
        return state
    events.append(Cleared(at, judgement.value, because))
    return _normal(state)


def _normal(state: State) -> State:
    return replace(NORMAL, at=state.at, value=state.value, memory=state.memory)


def severity_of(rule: Rule, measure: float) -> Severity:
    """The gravest severity whose step the measure has reached."""
    return max(
        [step.severity for step in rule.steps if step.band.verdict(measure) is Verdict.OVER], default=rule.severity
    )


def band_of(rule: Rule) -> Band:
    """The limits on the measure of the rule's condition: in which direction a peak lies."""
    match rule.condition:
        case Threshold(band=band) | RateOfChange(band=band) | Deviation(band=band) | VehicleFact(band=band):
            return band
        case Combination(leaves=leaves):
            return leaves[0].band
        case _:
            return Band(above=0.0, clear_below=0.0)
