"""What time alone changes: devices that fall silent or stay offline, devices that leave, alarms that come off the shelf.

A sweep of the worker, a few seconds apart; readings are not judged here. What it finds is compared with the alarms that are
there, so running it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.sensing.alarms import raising
from yiwang.sensing.alarms import store as alarm_store
from yiwang.sensing.alarms.model import Happening
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.model import Device
from yiwang.sensing.model import micros
from yiwang.sensing.rules.book import RuleBook
from yiwang.sensing.rules.evaluation import severity_of
from yiwang.sensing.rules.model import SECOND, Absence, Cleared, Escalated, Event, Offline, Raised, Rule, Severity
from yiwang.sensing.rules.screening import Watched, watches

_LOCK = 0x59575257
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """The alarm of a device that is over by this rule: its severity, and whether it is open (a person may have closed it)."""

    severity: int
    open: bool


def judge_silence(rule: Rule, silent_since: int, now: int, standing: Standing | None) -> Event | None:
    """What a silence since ``silent_since`` (microseconds) says at ``now``; None: nothing new. Pure."""
    condition = rule.condition
    allowed = condition.silent if isinstance(condition, Absence | Offline) else 0
    silence = now - silent_since
    asleep = rule.awake is not None and not rule.awake.at(now)
    if silence <= allowed or asleep:
        return Cleared(now, silence / SECOND, "schedule" if asleep else "returned") if standing is not None else None
    severity = severity_of(rule, silence / SECOND)
    if standing is None:
        return Raised(now, silent_since + allowed, severity, silence / SECOND, allowed / SECOND)
    if severity > standing.severity:
        return Escalated(now, severity, Severity(standing.severity), silence / SECOND, allowed / SECOND)
    return None


class Watching:
    """One per worker; :meth:`sweep` every few seconds."""

    def __init__(self, context: Context, directory: DeviceDirectory, book: RuleBook) -> None:
        self._context = context
        self._directory = directory
        self._book = book

    async def sweep(self) -> int:
        """Look once at all that time changes; how many alarms were touched. 0 also while another worker sweeps."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", _LOCK):
                return 0
            await self._book.refresh(connection)
            happenings: list[Happening] = []
            for rule in self._book.rules.values():
                if isinstance(rule.condition, Absence | Offline):
                    happenings += await self._silent(connection, rule, now)
            await raising.write(connection, happenings, now)
            count = len(happenings) + await self._gone(connection, now)
            return count + await self._off_the_shelf(connection, now)

    async def _silent(self, connection: Connection, rule: Rule, now: datetime) -> list[Happening]:
        devices = [one for one in self._directory.devices() if watches(rule, Watched(one.id, one.profile, one.area))]
        since = await _silent_since(connection, rule, devices)
        standing = await _standing(connection, rule.code)
        metric = rule.condition.metric if isinstance(rule.condition, Absence) else 0
        found: list[Happening] = []
        for device in devices:
            began = since.get(device.id)
            event = None if began is None else judge_silence(rule, micros(began), micros(now), standing.get(device.id))
            if event is not None:
                found.append(Happening(rule, device, event, metric or None))
        return found

    async def _gone(self, connection: Connection, now: datetime) -> int:
        """Alarms of devices that were retired, or that their rule no longer watches."""
        rows = await connection.fetch(
            "select a.rule, a.source, a.device_id from alarm a where a.state in ('raised', 'acknowledged')"
            " and a.device_id is not null"
        )
        gone = []
        for row in rows:
            device, rule = self._directory.device(row["device_id"]), self._book.rules.get(row["rule"])
            watched = device is not None and rule is not None and not device.retired
            if watched and device is not None and rule is not None:
                watched = watches(rule, Watched(device.id, device.profile, device.area))
            if not watched:
                gone.append((row["rule"], row["source"], None))
                await connection.execute(
                    "delete from rule_state where rule = $1 and device_id = $2", row["rule"], row["device_id"]
                )
        if gone:
            await raising.clear(connection, gone, now, "rule")
            await connection.execute("update rule_epoch set epoch = epoch + 1")
        return len(gone)

    async def _off_the_shelf(self, connection: Connection, now: datetime) -> int:
        """An alarm whose time on the shelf is over stands in the list again, and opens what it did not open."""
        returned = await alarm_store.off_the_shelf(connection, now, _AT_ONCE)
        if returned:
            await raising.off_the_shelf(connection, returned, self._book.rules, SYSTEM, now)
        return len(returned)


async def _silent_since(connection: Connection, rule: Rule, devices: Sequence[Device]) -> Mapping[int, datetime]:
    """Since when each device has been silent (or offline); devices that never spoke count from their registration."""
    ids = [device.id for device in devices]
    if isinstance(rule.condition, Offline):
        rows = await connection.fetch(
            "select s.device_id, case when s.online then s.last_seen else s.changed_at end as since from device_state s"
            " left join position_latest p on p.device_id = s.device_id"
            " where s.device_id = any($1::int[]) and s.changed_at is not null "
            " and (not $2 or s.online or p.status >> 8 & 3 <> 0)",
            ids,
            rule.condition.loaded,
        )
        return {row["device_id"]: row["since"] for row in rows}
    metric = rule.condition.metric if isinstance(rule.condition, Absence) else 0
    rows = await connection.fetch(
        "select device_id, max(at) as at from latest where device_id = any($1::int[]) and ($2::smallint = 0 or metric_id = $2)"
        " group by device_id",
        ids,
        metric,
    )
    found = {device.id: device.created_at for device in devices if device.created_at is not None}
    found.update({row["device_id"]: row["at"] for row in rows})
    return found


async def _standing(connection: Connection, rule: str) -> dict[int, Standing]:
    rows = await connection.fetch(
        "select device_id, severity, state from alarm where rule = $1 and over and device_id is not null"
        " and state in ('raised', 'acknowledged', 'closed') order by raised_at",
        rule,
    )
    return {row["device_id"]: Standing(row["severity"], row["state"] != "closed") for row in rows}
