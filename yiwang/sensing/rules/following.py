"""Rules follow arrivals: every stored reading is judged exactly once (决策 0021).

In one transaction the follower takes the next arrivals (its mark moves), judges them, writes what it remembers, the alarms and
what they open. After kill -9 all of it is there or none. Any number of workers may run it: the mark's lock lets one work at
a time, and a worker that finds the states changed by another reads them anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np

from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.sensing.alarms import raising
from yiwang.sensing.alarms.model import Happening
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.model import Device
from yiwang.sensing.model import INVALID, Rows, micros, moment
from yiwang.sensing.readings.arrivals import follow
from yiwang.sensing.rules import store
from yiwang.sensing.rules.book import RuleBook
from yiwang.sensing.rules.evaluation import evaluate
from yiwang.sensing.rules.learning import Usuals
from yiwang.sensing.rules.model import (
    NORMAL,
    Combination,
    Deviation,
    Event,
    Fault,
    Observation,
    Phase,
    RateOfChange,
    Rule,
    State,
    Threshold,
)
from yiwang.sensing.rules.screening import Places, Screen, Watched, build, metrics_of

FOLLOWER = "rules"
_MOST_WINDOWS = 200_000


class RuleFollowing:
    """One per worker process; :meth:`advance` again and again."""

    def __init__(self, context: Context, directory: DeviceDirectory, book: RuleBook) -> None:
        self._context = context
        self._directory = directory
        self._book = book
        self._usuals = Usuals(context, directory)
        self._screen: Screen | None = None
        self._built_for: tuple[int, int] = (-1, -1)
        self._states: dict[store.StateKey, State] = {}
        self._windows: dict[store.StateKey, State] = {}
        self._epoch = -1

    async def advance(self, limit: int = 20) -> int:
        """Judge the next arrivals, at most ``limit`` of them; how many readings that were. 0: nothing is waiting."""
        try:
            async with self._context.database.transaction() as connection:
                arrivals = await follow(connection, FOLLOWER, limit)
                if not arrivals:
                    return 0
                rows = np.concatenate([arrival.rows for arrival in arrivals])
                screen = await self._prepare(connection)
                changed = await self._judge(connection, screen, rows)
        except BaseException:
            self._epoch = -1  # nothing of what was judged has been written: begin from the database again
            self._windows.clear()
            raise
        self._keep(screen, changed)
        screen.took(rows)
        return len(rows)

    async def _prepare(self, connection: Connection) -> Screen:
        """The screen for the rules, devices and states as they are now."""
        await self._book.refresh(connection)
        epoch = await store.epoch(connection)
        fresh = epoch != self._epoch
        if fresh:
            codes = [code for code, rule in self._book.rules.items() if metrics_of(rule) is not None]
            self._states = await store.states(connection, codes)
            self._epoch = epoch
        if fresh or self._screen is None or self._built_for != self._book.version:
            before = self._screen
            self._screen = self._build()
            if before is not None and self._screen.size >= before.size:
                for metric, newest in before.newest.items():
                    self._screen.newest[metric] = np.pad(newest, (0, self._screen.size - before.size))
            self._built_for = self._book.version
        return self._screen

    def _build(self) -> Screen:
        living: dict[str, list[int]] = {}
        for code, device in self._states:
            living.setdefault(code, []).append(device)
        devices = (Watched(device.id, device.profile, device.area) for device in self._directory.devices())
        return build(list(self._book.rules.values()), devices, living)

    async def _judge(self, connection: Connection, screen: Screen, rows: Rows) -> dict[store.StateKey, State | None]:
        now = self._context.clock.now()
        await self._usuals.fill(connection, screen.rules, rows)
        happenings: list[Happening] = []
        going_on: list[tuple[Rule, Device, float, float]] = []
        changed: dict[store.StateKey, State | None] = {}
        for screened, places in screen.candidates(rows):
            await self._load_windows(connection, screened.rule, rows, places)
            for device_id, seen in _by_device(screened.rule, rows, places):
                device = self._directory.device(device_id)
                if device is None:
                    continue
                key = (screened.rule.code, device_id)
                before = self._states.get(key) or self._windows.get(key) or NORMAL
                after, events = evaluate(screened.rule, before, seen, self._usuals.of(screened, device_id))
                happenings += [
                    Happening(screened.rule, device, event, _metric_of(screened.rule, event, seen)) for event in events
                ]
                if after.phase is Phase.ACTIVE and not events:
                    going_on.append((screened.rule, device, after.value, after.peak))
                self._note(screened.rule, key, after, changed)
        await raising.write(connection, happenings, now)
        await raising.follow_values(connection, going_on, now)
        if changed:
            self._epoch = await store.write_states(connection, changed)
        return changed

    def _note(self, rule: Rule, key: store.StateKey, after: State, changed: dict[store.StateKey, State | None]) -> None:
        if isinstance(rule.condition, RateOfChange):
            if len(self._windows) >= _MOST_WINDOWS:
                self._windows.clear()  # they are read again from the readings
            self._windows[key] = after
        if _is_kept(rule, after):
            changed[key] = after
        elif key in self._states:
            changed[key] = None

    def _keep(self, screen: Screen, changed: dict[store.StateKey, State | None]) -> None:
        by_code = {screened.rule.code: screened for screened in screen.rules}
        for key, state in changed.items():
            if state is None:
                self._states.pop(key, None)
            else:
                self._states[key] = state
            screened = by_code.get(key[0])
            if screened is not None and key[1] < screen.size:
                screened.living[key[1]] = state is not None

    async def _load_windows(self, connection: Connection, rule: Rule, rows: Rows, places: Places) -> None:
        """For a rate of change: the values before, of devices of which this process knows none."""
        condition = rule.condition
        if not isinstance(condition, RateOfChange):
            return
        first: dict[int, int] = {}
        for device, at in zip(rows["device"][places].tolist(), rows["at"][places].tolist(), strict=True):
            if (rule.code, device) not in self._windows and (rule.code, device) not in self._states:
                first.setdefault(device, at)
        if not first:
            return
        span = timedelta(microseconds=condition.over)
        wanted = [(device, condition.metric, moment(at) - span, moment(at)) for device, at in first.items()]
        found = await store.readings_before(connection, wanted, int(rule.grain))
        for (device, _), values in found.items():
            memory = tuple((micros(at), value, 0.0) for at, value in values)
            self._windows[(rule.code, device)] = replace(NORMAL, at=memory[-1][0], memory=memory)


def _is_kept(rule: Rule, state: State) -> bool:
    if state.phase is not Phase.NORMAL:
        return True
    return bool(state.memory) and isinstance(rule.condition, Combination | Fault)


def _by_device(rule: Rule, rows: Rows, places: Places) -> Iterable[tuple[int, list[Observation]]]:
    """Observations by device, oldest first; ``places`` stand by device and time."""
    found: dict[int, list[Observation]] = {}
    faults = isinstance(rule.condition, Fault)
    for device, metric, _, _, at, value, quality in rows[places].tolist():
        if faults or not quality & int(INVALID):
            found.setdefault(device, []).append(Observation(metric, at, value, quality))
    return found.items()


def _metric_of(rule: Rule, event: Event, seen: list[Observation]) -> int | None:
    match rule.condition:
        case Threshold(metric=metric) | RateOfChange(metric=metric) | Deviation(metric=metric):
            return metric
        case Combination(leaves=leaves):
            return leaves[0].metric
        case Fault(metric=metric):
            return metric or next((one.metric for one in seen if one.at == event.at), None)
        case _:
            return None
