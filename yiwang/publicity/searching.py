"""An anomaly rule as one SQL statement: which records it finds, each with those that show it.

Records are those believed and true now. Every rule reads each register once and joins by hash; nothing is asked row by row.
What a rule needs is taken out of the records first, so that sorting and hashing move a few short values and not whole records.
"""

from __future__ import annotations

from yiwang.kernel.access import Sql
from yiwang.publicity.conditions import Side, condition_sql, value_sql
from yiwang.publicity.declarations import AnomalyDeclaration, ComparedBefore, ComparedWith
from yiwang.registry.declarations import ThingType

MOST = 10_000
"""Findings of one rule at a time; what lies beyond is found when these are settled."""

NAMED = 1000
"""Records that one finding names: a value that half a register shares is one finding, and no list of half a register."""

_NOW = "upper_inf({0}.recorded) and upper_inf({0}.valid)"


def rule_sql(rule: AnomalyDeclaration, it: ThingType, other: ThingType | None, args: Sql) -> str:
    """A statement that gives (key, things) of what the rule finds, at most one more than :data:`MOST`.

    Raises:
        ConditionInvalid: its condition cannot be asked.
    """
    if rule.twice:
        return _twice(rule, it, args)
    if rule.before is not None:
        return _before(rule, rule.before, it, args)
    if rule.joined is not None and other is not None:
        return _joined(rule, rule.joined, it, other, args)
    side = Side(it, "i.attributes")
    where = condition_sql(rule.when, {"it": side}, args)
    return (
        f"select i.thing_id::text as key, array[i.thing_id] as things from thing_fact i where {_of(it, 'i', args)}"
        f" and {where} limit {MOST + 1}"
    )


def _of(kind: ThingType, alias: str, args: Sql) -> str:
    return f"{alias}.type = {args.bind(kind.id)} and {_NOW.format(alias)}"


def _taken(side: Side, args: Sql) -> str:
    """The current records of a type with the columns that were asked for; ``offset 0`` keeps whole records out of the rest."""
    raw = Side(side.type, "f.attributes")
    columns = "".join(f", {value_sql(raw, name)} as v{number}" for number, name in enumerate(side.taken or []))
    return f"(select f.thing_id{columns} from thing_fact f where {_of(side.type, 'f', args)} offset 0)"


def _twice(rule: AnomalyDeclaration, it: ThingType, args: Sql) -> str:
    side = Side(it, "i.v", [])
    parts = [value_sql(side, name) for name in rule.twice]
    where = f" and {condition_sql(rule.when, {'it': side}, args)}" if rule.when else ""
    present = " and ".join(f"{part} is not null" for part in parts)
    joined = "concat_ws(E'\\x1f', " + ", ".join(parts) + ")"
    # The group's values, hashed, are the key: a third record joins the finding of the first two. Grouped by a number of them
    # first: numbers sort several times as fast as texts.
    return (
        f"select g.key, g.count, array(select unnest(g.things) order by 1 limit {NAMED}) as things from ("
        f"select encode(sha256(convert_to({joined}, 'UTF8')), 'hex') as key, count(*)::int as count,"
        " array_agg(i.thing_id) as things"
        f" from {_taken(side, args)} i where {present}{where}"
        f" group by hashtextextended({joined}, 0), {', '.join(parts)} having count(*) > 1 limit {MOST + 1}) g"
    )


def _joined(rule: AnomalyDeclaration, joined: ComparedWith, it: ThingType, other: ThingType, args: Sql) -> str:
    mine, theirs = Side(it, "i.v", []), Side(other, "o.v", [])
    on = [f"{value_sql(mine, left)} = {value_sql(theirs, right)}" for left, right in joined.on.items()]
    present = " and ".join(f"{value_sql(mine, left)} is not null" for left in joined.on)
    if it.id == other.id:
        on.append("o.thing_id <> i.thing_id")
    where = condition_sql(rule.when, {"it": mine, "other": theirs}, args) if rule.when else "true"
    if joined.absent:
        return (
            f"select i.thing_id::text as key, array[i.thing_id] as things from {_taken(mine, args)} i where {present}"
            f" and not exists (select from {_taken(theirs, args)} o where {' and '.join(on)} and {where}) limit {MOST + 1}"
        )
    return (
        "select i.thing_id::text as key, i.thing_id || (array_agg(distinct o.thing_id))[1:20] as things"
        f" from {_taken(mine, args)} i join {_taken(theirs, args)} o on {' and '.join(on)}"
        f" where {where} group by i.thing_id limit {MOST + 1}"
    )


def _before(rule: AnomalyDeclaration, earlier: ComparedBefore, it: ThingType, args: Sql) -> str:
    now, past = Side(it, "s.v", []), Side(it, "s.p", [])
    where = condition_sql(rule.when, {"it": now, "before": past}, args)
    raw = Side(it, "i.v", now.taken)
    series = ", ".join(f'{value_sql(raw, name)} collate "C"' for name in earlier.same)
    order = f'{value_sql(raw, earlier.by)} collate "C", i.thing_id'
    lags = "".join(f", lag({value_sql(raw, name)}) over w as p{number}" for number, name in enumerate(past.taken or []))
    return (
        "select s.thing_id::text as key, array[s.thing_id, s.earlier_id] as things from ("
        f"select i.*, lag(i.thing_id) over w as earlier_id{lags}"
        f" from {_taken(raw, args)} i window w as (partition by {series} order by {order})"
        f") s where s.earlier_id is not null and {where} limit {MOST + 1}"
    )
