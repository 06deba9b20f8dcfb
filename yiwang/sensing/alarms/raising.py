"""What rules say becomes alarms: raised, escalated, cleared, folded, with journal entries and what they open, in one transaction.

The caller's transaction holds the mark of what it followed, so each happening is written exactly once. One alarm is open for
each rule and source, held by the database; what a person closed while it was over the limit is not raised again before
it was normal, unless it gets graver.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal import Entry
from yiwang.sensing.alarms import store
from yiwang.sensing.alarms.journalling import entry_about
from yiwang.sensing.alarms.model import Alarm, Happening
from yiwang.sensing.devices.model import Device
from yiwang.sensing.model import moment
from yiwang.sensing.rules.compiling import severity_named
from yiwang.sensing.rules.declarations import Fold, RuleDeclaration, seconds
from yiwang.sensing.rules.model import Cleared, Escalated, Raised, Rule

EVIDENCE_SPAN = timedelta(minutes=30)
"""The curve of an alarm reaches so far before and behind it."""


async def write(connection: Connection, happenings: Sequence[Happening], now: datetime) -> list[Alarm]:
    """Write what rules said, in its order for each device and rule; the alarms that were raised."""
    raised: list[Alarm] = []
    for round_ in _rounds(happenings):
        raised += await _write_round(connection, round_, now)
    return raised


async def follow_values(
    connection: Connection, values: Iterable[tuple[Rule, Device, float, float]], now: datetime
) -> None:
    """(rule, device, newest value, peak) of alarms that only go on."""
    moved = [
        store.Movement(
            rule.code, Happening(rule, device, Cleared(0, value), None).source, 0, _finite(value), _finite(peak), None
        )
        for rule, device, value, peak in values
    ]
    if moved:
        await store.follow_values(connection, moved, now)


def _rounds(happenings: Sequence[Happening]) -> list[list[Happening]]:
    """Groups in each of which a device and rule stands once, in order."""
    rounds: list[list[Happening]] = []
    depth: dict[tuple[str, int], int] = {}
    for item in happenings:
        key = (item.rule.code, item.device.id)
        place = depth.get(key, 0)
        depth[key] = place + 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(item)
    return rounds


async def _write_round(connection: Connection, items: Sequence[Happening], now: datetime) -> list[Alarm]:
    rules = {item.rule.code: item.rule for item in items}
    told: list[Entry] = []
    cleared: dict[str, list[tuple[str, str, float | None]]] = {}
    for item in items:
        if isinstance(item.event, Cleared):
            cleared.setdefault(item.event.because, []).append((item.rule.code, item.source, _finite(item.event.value)))
    for because, keys in cleared.items():
        await clear(connection, keys, now, because)
    new = [_new(item, item.event, now) for item in items if isinstance(item.event, Raised)]
    graver = [item for item in items if isinstance(item.event, Escalated)]
    if graver:
        escalated = await store.escalate(connection, [_moved(item) for item in graver], now)
        open_now = {(alarm.rule, alarm.source) for alarm in escalated}
        told += [entry_about(SYSTEM, now, "alarm.escalated", alarm) for alarm in escalated]
        await _tell_graver(connection, escalated, rules, now)
        new += [
            _new(
                item, Raised(item.event.at, item.event.at, item.event.severity, item.event.value, item.event.limit), now
            )
            for item in graver
            if isinstance(item.event, Escalated) and (item.rule.code, item.source) not in open_now
        ]
    raised = await store.raise_alarms(connection, new) if new else []
    told += [entry_about(SYSTEM, now, "alarm.raised", alarm, _raised_data(alarm)) for alarm in raised]
    await journal.append_many(connection, told)
    folded = await _fold(connection, raised, rules, now)
    await _open(connection, [alarm for alarm in raised if alarm.id not in folded], rules, now)
    return raised


def _raised_data(alarm: Alarm) -> JsonObject:
    return {"limit": alarm.limit_value, "began": alarm.began_at.isoformat(), "kind": alarm.kind}


def _new(item: Happening, event: Raised | Escalated, now: datetime) -> store.NewAlarm:
    device, rule = item.device, item.rule
    names: JsonObject = {
        "zh": f"{device.name_zh}:{rule.declaration.names.zh}",
        "en": f"{device.name_en}: {rule.declaration.names.en}",
    }
    began = event.began if isinstance(event, Raised) else event.at
    return store.NewAlarm(
        new_id(), rule.code, rule.version, names, rule.declaration.when.kind, item.source, device.id, device.area,
        device.organisation_id, device.lon, device.lat, int(event.severity), moment(began), now, item.metric,
        _finite(event.value), None if event.limit is None else _finite(event.limit),
        fold_key(rule.declaration.fold, device),
    )  # fmt: skip


def fold_key(fold: Fold | None, device: Device) -> str | None:
    """What alarms of one cause have in common; None where the rule folds nothing or the device lacks it."""
    if fold is None:
        return None
    if fold.by == "area":
        return f"area:{device.area}" if device.area else None
    if fold.by == "organisation":
        return f"organisation:{device.organisation_id}" if device.organisation_id is not None else None
    name = fold.by.removeprefix("attribute:")
    value = device.attributes.get(name)
    return f"{name}:{value}" if value else None


def _moved(item: Happening) -> store.Movement:
    event = item.event
    severity = int(event.severity) if not isinstance(event, Cleared) else 0
    limit = None if isinstance(event, Cleared) or event.limit is None else _finite(event.limit)
    return store.Movement(item.rule.code, item.source, severity, _finite(event.value), None, limit)


async def _tell_graver(
    connection: Connection, alarms: Sequence[Alarm], rules: Mapping[str, Rule], now: datetime
) -> None:
    with_case = [alarm.id for alarm in alarms if alarm.case_id is not None]
    if with_case:
        await store.tell_case(connection, with_case, "alarm.escalated", now, now, {})
    await _open(
        connection, [alarm for alarm in alarms if alarm.case_id is None and alarm.folded_into is None], rules, now
    )


async def _open(connection: Connection, alarms: Sequence[Alarm], rules: Mapping[str, Rule], now: datetime) -> None:
    """Say which of these alarms are to open a case, and when."""
    by_delay: dict[int, list[UUID]] = {}
    for alarm in alarms:
        if opens_case(rules[alarm.rule].declaration, alarm):
            opens = rules[alarm.rule].declaration.opens
            by_delay.setdefault(seconds(opens.after) if opens else 0, []).append(alarm.id)
    for delay, ids in by_delay.items():
        await store.will_open(connection, ids, now + timedelta(seconds=delay))
    if by_delay:
        await connection.execute("notify yiwang_alarm")


def opens_case(declaration: RuleDeclaration, alarm: Alarm) -> bool:
    """Whether the rule wants a case for this alarm as it stands."""
    opens = declaration.opens
    return opens is not None and alarm.shelved_until is None and alarm.severity >= severity_named(opens.from_severity)


async def clear(
    connection: Connection, keys: Sequence[tuple[str, str, float | None]], now: datetime, because: str
) -> list[Alarm]:
    """Clear the open alarms of (rule, source, value), and the storms whose last alarm this was; the alarms that were open."""
    cleared = await store.clear(connection, keys, now)
    await store.no_longer_over(connection, keys)
    parents = {alarm.folded_into for alarm in cleared if alarm.folded_into is not None}
    if parents:
        over = await store.parents_without_open_children(connection, list(parents))
        cleared += await store.clear(connection, [(rule, source, None) for rule, source in over], now)
    await journal.append_many(
        connection, [entry_about(SYSTEM, now, "alarm.cleared", alarm, {"because": because}) for alarm in cleared]
    )
    if cleared:
        await store.will_not_open(connection, [alarm.id for alarm in cleared])
    with_case = [alarm.id for alarm in cleared if alarm.case_id is not None]
    if with_case:
        await store.tell_case(connection, with_case, "alarm.cleared", now, now, {"because": because})
        await connection.execute("notify yiwang_alarm")
    return cleared


async def off_the_shelf(
    connection: Connection, alarms: Sequence[Alarm], rules: Mapping[str, Rule], actor: Actor, now: datetime
) -> None:
    """Take alarms off the shelf; those that are over the limit open the cases that they did not open there."""
    await store.unshelve(connection, alarms, now)
    waiting = [
        replace(alarm, shelved_until=None)
        for alarm in alarms
        if alarm.open and alarm.case_id is None and alarm.folded_into is None and alarm.rule in rules
    ]
    await _open(connection, waiting, rules, now)
    await journal.append_many(connection, [entry_about(actor, now, "alarm.unshelved", alarm) for alarm in alarms])


# -- storms ------------------------------------------------------------------------------------------------------------


async def _fold(connection: Connection, raised: Sequence[Alarm], rules: Mapping[str, Rule], now: datetime) -> set[UUID]:
    """Fold what was raised where many are of one cause; the ids of alarms that now stand under another."""
    folded: set[UUID] = set()
    keys = {(alarm.rule, alarm.fold_key) for alarm in raised if alarm.fold_key is not None}
    for code, key in sorted(keys, key=str):
        fold = rules[code].declaration.fold
        if fold is None or key is None:
            continue
        children = await _fold_one(connection, rules[code], fold, key, now)
        folded.update(children)
    return folded


async def _fold_one(connection: Connection, rule: Rule, fold: Fold, key: str, now: datetime) -> list[UUID]:
    waiting = await store.foldable(connection, rule.code, key, now - timedelta(seconds=seconds(fold.within)))
    parent = await store.open_parent(connection, rule.code, f"fold:{key}")
    if parent is None:
        if len(waiting) < fold.least:
            return []
        parent = await _raise_parent(connection, rule, key, waiting, now)
        if parent is None:
            return []
    gravest = max((alarm.severity for alarm in waiting), default=0)
    children = await store.fold(connection, parent, [alarm.id for alarm in waiting], gravest, now)
    entries = [entry_about(SYSTEM, now, "alarm.folded", alarm, {"into": str(parent.id)}) for alarm in children]
    if gravest > parent.severity:
        graver = replace(parent, severity=gravest)
        entries.append(entry_about(SYSTEM, now, "alarm.escalated", graver))
        await _tell_graver(connection, [graver], {rule.code: rule}, now)
    await journal.append_many(connection, entries)
    return [alarm.id for alarm in children]


async def _raise_parent(
    connection: Connection, rule: Rule, key: str, waiting: Sequence[Alarm], now: datetime
) -> Alarm | None:
    """The one alarm of a storm, in the middle of those it gathers."""
    names = rule.declaration.names
    located = [(alarm.lon, alarm.lat) for alarm in waiting if alarm.lon is not None and alarm.lat is not None]
    centre = min(located, key=lambda one: sum(math.dist(one, other) for other in located)) if located else (None, None)
    offices = {alarm.organisation_id for alarm in waiting}
    new = store.NewAlarm(
        new_id(), rule.code, rule.version,
        {"zh": f"{names.zh}(同因多点)", "en": f"{names.en} (many of one cause)"},
        rule.declaration.when.kind, f"fold:{key}", None, _common_area(waiting),
        next(iter(offices)) if len(offices) == 1 else None, centre[0], centre[1],
        max(alarm.severity for alarm in waiting), min(alarm.began_at for alarm in waiting), now,
        waiting[0].metric_id, None, waiting[0].limit_value, key,
    )  # fmt: skip
    made = await store.raise_alarms(connection, [new])
    if not made:
        return None
    await journal.append_many(
        connection,
        [entry_about(SYSTEM, now, "alarm.raised", made[0], {"sources": len(waiting), **_raised_data(made[0])})],
    )
    if not any(alarm.case_id is not None for alarm in waiting):
        await _open(connection, made, {rule.code: rule}, now)
    return made[0]


def _common_area(alarms: Sequence[Alarm]) -> str:
    areas = [alarm.area for alarm in alarms]
    common = areas[0]
    for area in areas:
        while not area.startswith(common):
            common = common[:-1]
    return common


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
