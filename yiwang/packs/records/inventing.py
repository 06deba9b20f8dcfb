"""The whole invention of a demo city in order; the same seed gives the same records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yiwang.packs.model.city import DemoRecords
from yiwang.packs.records.elders import invent_elders
from yiwang.packs.records.enforcement import invent_enforcement
from yiwang.packs.records.estates import invent_estates
from yiwang.packs.records.food import invent_air, invent_food
from yiwang.packs.records.hazmat import invent_hazmat
from yiwang.packs.records.houses import invent_houses
from yiwang.packs.records.livelihood import invent_livelihood
from yiwang.packs.records.mistakes import plant_mistakes
from yiwang.packs.records.model import Community, Located, World
from yiwang.packs.records.people import invent_people
from yiwang.packs.records.town import (
    invent_components,
    invent_culture,
    invent_economy,
    invent_entities,
    invent_keepers,
)
from yiwang.packs.records.volunteers import invent_volunteers

EDITION = 5
"""Raise it when the same seed gives other records."""


def invent(
    wanted: DemoRecords,
    communities: Sequence[Community],
    *,
    division: str,
    district: str,
    departments: Mapping[str, str],
    located: Located,
) -> World:
    """Everything at once. ``departments``: names of offices by the kind of department that they serve."""
    world = World(wanted.seed, division, district, located, departments)
    rooms = invent_houses(world, communities, wanted.buildings)
    grown = invent_people(world, rooms)
    invent_entities(world, rooms, grown, wanted.entities)
    keepers = invent_keepers(world)
    invent_components(world, communities, keepers, wanted.components)
    invent_economy(world)
    invent_culture(world, communities)
    invent_hazmat(world, communities)
    invent_food(world, communities)
    invent_air(world, communities)
    invent_enforcement(world, communities)
    invent_elders(world, communities)
    invent_livelihood(world, communities, grown)
    invent_volunteers(world, communities)
    invent_estates(world, communities)
    plant_mistakes(world)
    return world
