"""Who is called upon (表决权人): houses within a thing with their owners, as the registry knows them at a moment.

By number, the houses of the same owners are one voice where the declaration says so: article 9 of the interpretation on
condominium ownership (建筑物区分所有权司法解释) counts a buyer of several units as one person. Their areas add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection, Json
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import mask_name
from yiwang.registry import store as things
from yiwang.registry.service import RegistryService
from yiwang.voting.box import Box, last_four
from yiwang.voting.declarations import Electorate
from yiwang.voting.errors import VoteNobody, VoteRollIncomplete
from yiwang.voting.model import House
from yiwang.voting.store import NewVoice

_told_houses = 5


async def houses_of(
    connection: Connection, registry: RegistryService, declared: Electorate, scope_id: UUID, scope: str, at: datetime
) -> list[House]:
    """The houses within a thing, by title.

    Raises:
        VoteNobody: there are none. VoteRollIncomplete: of some the area is not recorded.
    """
    reached = [scope_id]
    for relation in reversed(declared.within):
        reached = [start for start, _ in await things.linked_to(connection, reached, relation, at)]
    kind = registry.types.type(declared.type)
    wanted = {}
    for fact in await things.facts_at(connection, reached, at):
        attributes = registry.reading.plain(kind, fact)
        if fact.type == declared.type and all(attributes.get(key) == value for key, value in declared.where.items()):
            wanted[fact.thing_id] = (fact.title, _hundredths(attributes.get(declared.weight)))
    if not wanted:
        raise VoteNobody(scope=scope)
    without = [title for title, weight in wanted.values() if weight <= 0]
    if without:
        raise VoteRollIncomplete(count=len(without), houses="、".join(sorted(without)[:_told_houses]))
    owners = await _owners(connection, registry, declared, list(wanted), at)
    found = [House(id, title, weight, owners.get(id, ())) for id, (title, weight) in wanted.items()]
    return sorted(found, key=lambda house: (house.title, house.id))


async def _owners(
    connection: Connection, registry: RegistryService, declared: Electorate, houses: Sequence[UUID], at: datetime
) -> dict[UUID, tuple[tuple[UUID, str, str], ...]]:
    links = await things.linked_to(connection, houses, declared.owners.relation, at)
    kind = registry.types.type(declared.owners.type)
    people: dict[UUID, tuple[str, str]] = {}
    for fact in await things.facts_at(connection, sorted({person for person, _ in links}), at):
        if fact.type == declared.owners.type:
            plain = registry.reading.plain(kind, fact)
            name, number = str(plain.get(declared.owners.name, "")), str(plain.get(declared.owners.number, ""))
            people[fact.thing_id] = (name, last_four(number))
    found: dict[UUID, tuple[tuple[UUID, str, str], ...]] = {}
    for person, house in links:
        if person in people:
            found[house] = (*found.get(house, ()), (person, *people[person]))
    return found


def roll_of(houses: Sequence[House], declared: Electorate, vote_id: UUID, box: Box) -> list[NewVoice]:
    """The roll: one entry for each ballot, in the order of the houses."""
    groups: dict[frozenset[UUID], list[House]] = {}
    for house in houses:
        together = declared.heads == "owner" and house.owners
        key = frozenset(person for person, _, _ in house.owners) if together else frozenset({house.id})
        groups.setdefault(key, []).append(house)
    return [_voice(nth, group, vote_id, box) for nth, group in enumerate(groups.values(), start=1)]


def _voice(nth: int, group: Sequence[House], vote_id: UUID, box: Box) -> NewVoice:
    owners: Mapping[UUID, tuple[str, str]] = {
        person: (name, four) for house in group for person, name, four in house.owners
    }
    first = group[0].title
    houses: list[Json] = [{"id": str(each.id), "title": each.title, "weight": each.weight} for each in group]
    return NewVoice(
        id=new_id(),
        nth=nth,
        title=first if len(group) == 1 else f"{first}等{len(group)}套",
        houses=houses,
        owners=tuple(sorted({box.owner(vote_id, four) for _, four in owners.values() if four})),
        owner_names="、".join(mask_name(name) for name, _ in owners.values()),
        weight=sum(each.weight for each in group),
    )


def _hundredths(value: Json) -> int:
    """Square metres times 100, whole."""
    return round(value * 100) if isinstance(value, int | float) and not isinstance(value, bool) else 0
