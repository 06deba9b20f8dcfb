"""Rules about vehicles follow the facts of :mod:`yiwang.sensing.vehicles`: fence, speed, stay, driving time, terminal alarms.

:class:`VehicleRules` is a taker of facts: it is called inside the transaction that holds the mark of positions, so each fact
is judged exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.sensing.alarms import raising
from yiwang.sensing.alarms.model import Happening
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.model import micros
from yiwang.sensing.rules import store
from yiwang.sensing.rules.book import RuleBook
from yiwang.sensing.rules.evaluation import advance
from yiwang.sensing.rules.model import NORMAL, Event, Judgement, Phase, Rule, State, VehicleFact, Verdict
from yiwang.sensing.rules.screening import Watched, watches


class Hit(Protocol):
    """A fence that holds a vehicle, or that it should not have left."""

    @property
    def code(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def keep(self) -> str: ...


class Facts(Protocol):
    """What rules need of the facts of a vehicle at one position."""

    @property
    def device(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def inside(self) -> Sequence[Hit]: ...
    @property
    def outside(self) -> Sequence[Hit]: ...
    def values(self) -> Mapping[str, float]: ...


def judge_fact(condition: VehicleFact, facts: Facts) -> Judgement:
    """What the facts say. A fence counts as left while the vehicle is outside one that it is to keep to. Pure."""
    if condition.loaded and not facts.values().get("vehicle.load", 0.0):
        return Judgement(Verdict.CLEAR, 0.0, 0.0)
    if condition.name != "fence":
        value = facts.values().get(condition.name, 0.0)
        return Judgement(condition.band.verdict(value), value, value, condition.band.above)
    hits = facts.inside if condition.inside else facts.outside
    value = float(
        any(
            (condition.fence_code is None or _named(hit.code, condition.fence_code))
            and (condition.fence_kind is None or hit.kind == condition.fence_kind)
            and (condition.fence_keep is None or hit.keep == condition.fence_keep)
            for hit in hits
        )
    )
    return Judgement(condition.band.verdict(value), value, value)


def _named(code: str, wanted: str) -> bool:
    return code.startswith(wanted[:-1]) if wanted.endswith("*") else code == wanted


def evaluate_facts(rule: Rule, state: State, facts: Sequence[Facts]) -> tuple[State, list[Event]]:
    """Facts of one vehicle in order of time → state and events. Pure."""
    events: list[Event] = []
    for one in facts:
        at = micros(one.at)
        if at < state.at or not isinstance(rule.condition, VehicleFact):
            continue
        judgement = judge_fact(rule.condition, one)
        if rule.awake is not None and not rule.awake.at(at):
            judgement = Judgement(Verdict.CLEAR, judgement.value, judgement.measure)
            state = advance(rule, state, judgement, at, events, because="schedule")
        else:
            state = advance(rule, state, judgement, at, events)
    return state, events


class VehicleRules:
    """Takes the facts of vehicles; one per worker."""

    def __init__(self, context: Context, directory: DeviceDirectory, book: RuleBook) -> None:
        self._context = context
        self._directory = directory
        self._book = book

    async def take(self, connection: Connection, facts: Sequence[Facts]) -> None:
        """Judge facts, in order of time for each vehicle, in the caller's transaction."""
        await self._book.refresh(connection)
        rules = [rule for rule in self._book.rules.values() if isinstance(rule.condition, VehicleFact)]
        by_device: dict[int, list[Facts]] = {}
        for one in facts:
            by_device.setdefault(one.device, []).append(one)
        if not rules or not by_device:
            return
        states = await store.states(connection, [rule.code for rule in rules], list(by_device))
        happenings: list[Happening] = []
        changed: dict[store.StateKey, State | None] = {}
        for device_id, theirs in by_device.items():
            device = self._directory.device(device_id)
            if device is None:
                continue
            watched = Watched(device.id, device.profile, device.area)
            for rule in rules:
                if not watches(rule, watched):
                    continue
                key = (rule.code, device_id)
                after, events = evaluate_facts(rule, states.get(key, NORMAL), theirs)
                happenings += [Happening(rule, device, event, None) for event in events]
                if after.phase is not Phase.NORMAL:
                    changed[key] = after
                elif key in states:
                    changed[key] = None
        await raising.write(connection, happenings, self._context.clock.now())
        if changed:
            await store.write_states(connection, changed)
