"""Trying a rule on what was measured (试算): how often it would have raised an alarm, where, from when to when, how far.

The same core judges as in service. Readings are streamed device by device from table and lake; a trial reads at most
:data:`MOST_READINGS` and covers at most :data:`MOST_DAYS` days, and says so where it ended early.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.model import Device
from yiwang.sensing.model import INVALID, Grain, Rows, micros, moment
from yiwang.sensing.readings.lake import Lake
from yiwang.sensing.readings.raw import Wanted, read
from yiwang.sensing.rules.baseline import Baseline, HourSeen
from yiwang.sensing.rules.errors import NotRehearsable, RehearsalTooLong
from yiwang.sensing.rules.evaluation import evaluate
from yiwang.sensing.rules.judging import Usual, nothing_usual
from yiwang.sensing.rules.learning import least_hours
from yiwang.sensing.rules.model import (
    NORMAL,
    Absence,
    Cleared,
    Deviation,
    Escalated,
    Event,
    Fault,
    Observation,
    Offline,
    Phase,
    Raised,
    Rule,
    Severity,
    State,
    Threshold,
    VehicleFact,
)
from yiwang.sensing.rules.screening import Watched, metrics_of, watches

MOST_DAYS = 400
MOST_READINGS = 20_000_000
_LISTED = 1000
_SPAN = timedelta(days=31)
_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Firing:
    """An alarm that would have been: ``began`` over the limit, ``raised``, ``cleared`` (None: still open at the end)."""

    device: Device
    began: datetime
    raised: datetime
    cleared: datetime | None
    severity: Severity
    peak: float | None


@dataclass(slots=True)
class Trial:
    """A trial as far as it has come. ``fired`` counts all, ``firings`` lists the first thousand."""

    since: datetime
    until: datetime
    devices: int
    done: int = 0
    readings: int = 0
    fired: int = 0
    sources: int = 0
    complete: bool = True
    firings: list[Firing] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.done / self.devices if self.devices else 1.0


class Rehearsal:
    """Runs trials for ``actor``, on devices that their grant ``alarm:test`` reaches. ``lake``: where cold readings lie."""

    def __init__(self, context: Context, directory: DeviceDirectory, lake: Lake, actor: Actor = SYSTEM) -> None:
        self._actor = actor
        self._context = context
        self._directory = directory
        self._lake = lake

    def begin(self, rule: Rule, since: datetime, until: datetime) -> Trial:
        """A trial that has not read anything yet.

        Raises:
            RehearsalTooLong, NotRehearsable.
        """
        if not since < until <= self._context.clock.now() or until - since > timedelta(days=MOST_DAYS):
            raise RehearsalTooLong(days=MOST_DAYS)
        if isinstance(rule.condition, VehicleFact | Offline):
            kind = rule.declaration.when.kind
            raise NotRehearsable(kind=kind, source_zh="车辆位置或在线状态", source_en="positions or the online state")
        return Trial(since, until, len(self._watched(rule)))

    async def run(self, rule: Rule, trial: Trial) -> AsyncIterator[Trial]:
        """Go through the devices; yields the trial after each.

        Raises:
            LakeDamaged: a file of the lake is missing or not readable.
        """
        for device in self._watched(rule):
            if trial.readings >= MOST_READINGS:
                trial.complete = False
                return
            before = trial.fired
            async with self._context.database.connection() as connection:
                await self._try(connection, rule, device, trial)
            trial.done += 1
            trial.sources += trial.fired > before
            yield trial

    def _watched(self, rule: Rule) -> list[Device]:
        return [
            one
            for one in self._directory.devices()
            if watches(rule, Watched(one.id, one.profile, one.area))
            and self._actor.reaches("alarm", "test", area=one.area, organisation=one.organisation_id)
        ]

    async def _try(self, connection: Connection, rule: Rule, device: Device, trial: Trial) -> None:
        judge = _Judge(rule, device, trial)
        if isinstance(rule.condition, Deviation):
            judge.baseline = await self._learned(connection, rule.condition, device, trial.since)
        since = trial.since
        while since < trial.until:
            until = min(since + _SPAN, trial.until)
            rows = await self._read(connection, rule, device, since, until)
            trial.readings += len(rows)
            judge.take(rows)
            since = until
        judge.finish()

    async def _read(self, connection: Connection, rule: Rule, device: Device, since: datetime, until: datetime) -> Rows:
        metrics = metrics_of(rule) or []
        if isinstance(rule.condition, Absence):
            metrics = [rule.condition.metric] if rule.condition.metric else []
        wanted = Wanted(since, until, (device.id,), metrics[0] if len(metrics) == 1 else None, rule.grain)
        rows = await read(connection, self._lake, wanted, limit=5_000_000)
        if metrics:
            rows = rows[np.isin(rows["metric"], metrics)]
        if not isinstance(rule.condition, Fault | Absence):
            rows = rows[(rows["quality"] & int(INVALID)) == 0]
        ordered: Rows = rows[np.argsort(rows["at"], kind="stable")]
        return ordered

    async def _learned(self, connection: Connection, condition: Deviation, device: Device, since: datetime) -> Baseline:
        baseline = Baseline(self._context.calendar.hours.timezone)
        rows = await connection.fetch(
            "select at, valid, low, high, sum from rollup where device_id = $1 and metric_id = $2 and width = $3 and grain = 0"
            " and at >= $4 and at < $5 and valid > 0 order by at",
            device.id, condition.metric, int(Grain.HOUR), since - timedelta(days=70), since,
        )  # fmt: skip
        for row in rows:
            baseline.learn(HourSeen(row["at"], row["valid"], row["low"], row["high"], row["sum"] / row["valid"]))
        return baseline


class _Judge:
    """Takes the readings of one device, in order, and writes down what would have been raised."""

    def __init__(self, rule: Rule, device: Device, trial: Trial) -> None:
        self._rule = rule
        self._device = device
        self._trial = trial
        self._state = NORMAL
        self._open: Firing | None = None
        self._last: int | None = None
        self.baseline: Baseline | None = None

    def take(self, rows: Rows) -> None:
        """Readings in order of time."""
        if isinstance(self._rule.condition, Absence):
            self._gaps(rows["at"].tolist())
            return
        if self.baseline is not None:
            self._adaptively(rows, self.baseline)
            return
        for place in self._places(rows):
            _device, metric, _, _, at, value, quality = rows[place].tolist()
            self._one(Observation(metric, at, value, quality))

    def _places(self, rows: Rows) -> Iterator[int]:
        """The rows that can matter: beyond a limit, or while something is going on."""
        condition = self._rule.condition
        if not isinstance(condition, Threshold):
            yield from range(len(rows))
            return
        beyond = np.flatnonzero((rows["value"] > condition.band.above) | (rows["value"] < condition.band.below))
        place = 0
        while place < len(rows):
            if self._state.phase is Phase.NORMAL:
                following = np.searchsorted(beyond, place)
                if following == len(beyond):
                    return
                place = int(beyond[following])
            yield place
            place += 1

    def _one(self, seen: Observation, usual: Usual = nothing_usual) -> None:
        before: State = self._state
        self._state, events = evaluate(self._rule, before, [seen], usual)
        for event in events:
            self._note(event)
        if self._open is not None and not math.isnan(self._state.peak):
            self._open.peak = self._state.peak

    def _adaptively(self, rows: Rows, baseline: Baseline) -> None:
        """Hour by hour: judged by what had been learned before, then learned."""
        condition = self._rule.condition
        least = least_hours(condition.learn) if isinstance(condition, Deviation) else 1
        hours = rows["at"] // (3600 * 1_000_000)
        for hour in np.unique(hours).tolist():
            mine = rows[hours == hour]
            at = moment(hour * 3600 * 1_000_000)
            usual = baseline.usual(at, least)
            for _device, metric, _, _, when, value, quality in mine.tolist():
                self._one(Observation(metric, when, value, quality), lambda *_, known=usual: known)
            values = mine["value"]
            baseline.learn(HourSeen(at, len(mine), float(values.min()), float(values.max()), float(values.mean())))

    def _gaps(self, times: list[int]) -> None:
        condition = self._rule.condition
        silent = condition.silent if isinstance(condition, Absence) else 0
        previous = self._last if self._last is not None else micros(self._trial.since)
        for at in times:
            if at - previous > silent:
                began = previous + silent
                self._note(Raised(began, began, self._rule.severity, 0.0, None))
                self._peak((at - previous) / 1e6)
                self._note(Cleared(at, 0.0, "returned"))
            previous = at
        self._last = previous

    def _peak(self, value: float) -> None:
        if self._open is not None:
            self._open.peak = value

    def finish(self) -> None:
        """The span is over: what is open stays open; a silence that goes on is told."""
        condition = self._rule.condition
        if isinstance(condition, Absence):
            previous = self._last if self._last is not None else micros(self._trial.since)
            if micros(self._trial.until) - previous > condition.silent:
                began = previous + condition.silent
                self._note(Raised(began, began, self._rule.severity, 0.0, None))
        self._close(None)

    def _note(self, event: Event) -> None:
        if isinstance(event, Raised):
            began = moment(event.began)
            self._open = Firing(self._device, began, moment(event.at), None, event.severity, event.value)
        elif isinstance(event, Escalated) and self._open is not None:
            self._open = replace(self._open, severity=event.severity)
        elif isinstance(event, Cleared):
            self._close(moment(event.at))

    def _close(self, at: datetime | None) -> None:
        if self._open is None:
            return
        self._open.cleared = at
        self._trial.fired += 1
        if len(self._trial.firings) < _LISTED:
            self._trial.firings.append(self._open)
        self._open = None
