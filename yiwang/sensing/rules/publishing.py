"""Versions of rules: as packs bring them, and as the city words them itself, without touching the pack (草稿、发布、恢复).

The pack's newest version is in force until the city publishes one of its own; then the pack's is kept in the shade and comes
back when the city reverts. Every change says who and when, in the table and in the journal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

import orjson

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.sensing.alarms import raising
from yiwang.sensing.rules import store
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.errors import AlarmRuleNotDraft, AlarmRuleUnknown
from yiwang.sensing.rules.store import RuleVersion


def as_json(declaration: RuleDeclaration) -> JsonObject:
    """The declaration as it is written: only what differs from the defaults."""
    return cast(JsonObject, declaration.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def digest_of(declaration: RuleDeclaration) -> str:
    return hashlib.sha256(orjson.dumps(as_json(declaration), option=orjson.OPT_SORT_KEYS)).hexdigest()


async def install(
    connection: Connection,
    declared: Iterable[tuple[str, Mapping[str, RuleDeclaration]]],
    actor: Actor,
    at: datetime,
) -> int:
    """Take over the rules of the city's packs, as (pack, rules by code), in the caller's transaction; how many changed.

    A rule that no pack declares any more is retired, unless the city words it itself.
    """
    wanted = {code: (pack, rule) for pack, rules in declared for code, rule in rules.items()}
    await store.next_book_version(connection)
    changed = 0
    known = await connection.fetch(
        "select distinct on (code) id, code, digest, state from sensing_rule where origin = 'pack' and state <> 'retired'"
        " order by code, version desc"
    )
    latest = {row["code"]: row for row in known}
    for code, (pack, rule) in wanted.items():
        digest = digest_of(rule)
        before = latest.get(code)
        if before is not None and before["digest"] == digest and before["state"] in ("published", "shadowed"):
            continue
        own = await _published(connection, code, "city")
        if before is not None:
            await store.put_in_state(connection, before["id"], "superseded", actor, at)
        state: store.RuleStateWord = "shadowed" if own is not None else "published"
        await store.add(connection, code, pack, "pack", state, as_json(rule), digest, "", actor, at)
        changed += 1
    for code, row in latest.items():
        if code not in wanted and row["state"] in ("published", "shadowed"):
            await store.put_in_state(connection, row["id"], "retired", actor, at)
            if row["state"] == "published":
                await _forget(connection, code, at)
            changed += 1
    return changed


async def draft(
    connection: Connection, code: str, declaration: RuleDeclaration, note: str, actor: Actor, at: datetime
) -> RuleVersion:
    """The city's draft of a rule, made or changed. A rule has one draft at a time; a code that is new makes a new rule."""
    await store.next_book_version(connection)
    row = await connection.fetchrow("select id from sensing_rule where code = $1 and state = 'draft'", code)
    body, digest = as_json(declaration), digest_of(declaration)
    if row is None:
        rule_id = await store.add(connection, code, "", "city", "draft", body, digest, note, actor, at)
    else:
        rule_id = row["id"]
        await store.change_draft(connection, rule_id, body, digest, note)
    await _tell(connection, actor, at, "alarm_rule.drafted", code, rule_id, note)
    return await _needed(connection, rule_id)


async def publish(connection: Connection, rule_id: int, actor: Actor, at: datetime) -> RuleVersion:
    """Put the city's draft in force.

    Raises:
        AlarmRuleUnknown, AlarmRuleNotDraft.
    """
    await store.next_book_version(connection)
    found = await _needed(connection, rule_id)
    if found.state != "draft":
        raise AlarmRuleNotDraft(rule=found.code, version=found.version)
    for origin, state in (("pack", "shadowed"), ("city", "superseded")):
        before = await _published(connection, found.code, origin)
        if before is not None:
            await store.put_in_state(connection, before, "shadowed" if state == "shadowed" else "superseded", actor, at)
    await store.put_in_state(connection, rule_id, "published", actor, at)
    await _tell(connection, actor, at, "alarm_rule.published", found.code, rule_id, found.note)
    return await _needed(connection, rule_id)


async def discard(connection: Connection, rule_id: int) -> None:
    """Throw a draft away.

    Raises:
        AlarmRuleUnknown, AlarmRuleNotDraft.
    """
    found = await _needed(connection, rule_id)
    if found.state != "draft":
        raise AlarmRuleNotDraft(rule=found.code, version=found.version)
    await store.remove_draft(connection, rule_id)


async def revert(connection: Connection, code: str, actor: Actor, at: datetime) -> RuleVersion | None:
    """Give up the city's wording: the pack's version is in force again; None where no pack declares the rule (it ends).

    Raises:
        AlarmRuleUnknown: the city does not word this rule.
    """
    await store.next_book_version(connection)
    own = await _published(connection, code, "city")
    if own is None:
        raise AlarmRuleUnknown(rule=code)
    shaded = await connection.fetchval("select id from sensing_rule where code = $1 and state = 'shadowed'", code)
    await store.put_in_state(connection, own, "superseded" if shaded is not None else "retired", actor, at)
    if shaded is None:
        await _forget(connection, code, at)
        await _tell(connection, actor, at, "alarm_rule.retired", code, own, "")
        return None
    await store.put_in_state(connection, shaded, "published", actor, at)
    await _tell(connection, actor, at, "alarm_rule.reverted", code, shaded, "")
    return await _needed(connection, shaded)


async def _forget(connection: Connection, code: str, at: datetime) -> None:
    """A rule ends: what it remembers goes, its open alarms are over."""
    await store.forget_rule(connection, code)
    rows = await connection.fetch(
        "select source from alarm where rule = $1 and state in ('raised', 'acknowledged')", code
    )
    if rows:
        await raising.clear(connection, [(code, row["source"], None) for row in rows], at, "rule")


async def _published(connection: Connection, code: str, origin: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select id from sensing_rule where code = $1 and origin = $2 and state = 'published'", code, origin
    )
    return found


async def _needed(connection: Connection, rule_id: int) -> RuleVersion:
    found = await store.one(connection, rule_id, lock=True)
    if found is None:
        raise AlarmRuleUnknown(rule=str(rule_id))
    return found


async def _tell(
    connection: Connection, actor: Actor, at: datetime, verb: str, code: str, rule_id: int, note: str
) -> None:
    data: JsonObject = {"rule": code, "version_id": rule_id, "note": note}
    await journal.append(connection, journal.entry(actor, at, verb, "alarm_rule", None, data=data))
