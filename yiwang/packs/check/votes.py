"""Votes: whether the houses, owners, steps and fields that they name exist."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.packs.check.reach import Reach
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Loaded, Pack
from yiwang.packs.source import Source, Trail
from yiwang.registry.declarations import ThingType
from yiwang.voting.declarations import VoteDeclaration


def check_votes(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """Those of one pack, which may name what the packs hold that it needs."""
    if pack.votes:
        reach = Reach(pack, packs, findings)
        for vote in pack.votes:
            _check_case(vote, reach)
            _check_electorate(vote, reach)


def _check_case(vote: Loaded[VoteDeclaration], reach: Reach) -> None:
    """The case, its two steps, their outcomes, the fields of the one at which it waits."""
    declared, source = vote.value.case, vote.source
    case = reach.case(source, ("case", "type"), declared.type)
    if case is None:
        return
    task = reach.step(source, ("case", "node"), case, declared.node)
    reach.outcome(source, ("case", "outcome"), task, declared.outcome)
    wait = reach.step(source, ("case", "wait"), case, declared.wait)
    reach.outcome(source, ("case", "ended"), wait, declared.ended)
    reach.outcome(source, ("case", "withdrawn"), wait, declared.withdrawn)
    if wait is None:
        return
    fields = [item.id for item in wait.fields]
    for key, name in declared.fields:
        if name is not None:
            reach.known(source, ("case", "fields", key), ("步骤的字段", "field of the step"), name, fields)


def _check_electorate(vote: Loaded[VoteDeclaration], reach: Reach) -> None:
    """The houses, their area, what they are within, their owners."""
    declared, source = vote.value.electorate, vote.source
    house = reach.type(source, ("electorate", "type"), declared.type)
    if house is not None:
        _check_number(source, ("electorate", "weight"), house, declared.weight, reach)
        for name in declared.where:
            _attribute(source, ("electorate", "where", name), house, name, reach)
    at: ThingType | None = house
    for index, relation in enumerate(declared.within):
        trail = ("electorate", "within", index)
        if at is None or not reach.known(source, trail, ("关系", "relation"), relation, at.relations):
            break
        at = reach.types.get(at.relations[relation].to)
    owner = reach.type(source, ("electorate", "owners", "type"), declared.owners.type)
    if owner is None:
        return
    owning = {name for name, each in owner.relations.items() if each.to == declared.type}
    what = ("通向房屋的关系", "relation to the houses")
    reach.known(source, ("electorate", "owners", "relation"), what, declared.owners.relation, owning)
    for key, name in (("name", declared.owners.name), ("number", declared.owners.number)):
        _attribute(source, ("electorate", "owners", key), owner, name, reach)


def _attribute(source: Source, trail: Trail, kind: ThingType, name: str, reach: Reach) -> bool:
    return reach.known(source, trail, ("字段", "attribute"), name, kind.attributes)


def _check_number(source: Source, trail: Trail, kind: ThingType, name: str, reach: Reach) -> None:
    if not _attribute(source, trail, kind, name, reach):
        return
    if kind.attributes[name].json_schema.get("type") not in ("number", "integer"):
        reach.wrong(source, trail, f"“{name}”不是数值,不能作面积", f"“{name}” is no number, so no area")
