"""What is wrong in invented records, as in real ones: gaps, contradictions, and the same person or enterprise written down twice.

Every record still fits its type, so that it can be recorded; the rules of quality and the search for duplicates find what is
planted here. The last to draw from the world's lot, so that everything before stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from yiwang.packs.records.model import Made, World
from yiwang.packs.records.numbers import identity_number, social_code

WRITTEN_TWICE = frozenset({"person", "legal-entity"})
"""Types of which some things are written down twice."""
_GAPS = (
    ("person", "phone", 60), ("person", "arrival_reason", 12), ("legal-entity", "industry", 16),
    ("legal-entity", "established", 24), ("room", "lease_use", 15), ("room", "area_m2", 80), ("building", "structure", 18),
    ("component", "keeper", 30), ("cultural-place", "hours", 6),
)  # fmt: skip
"""(type, attribute, one of how many that have it lacks it)."""
_MISREAD_BIRTHS, _NO_LIFTS = 80, 4
_PERSONS, _ENTITIES = 15, 9
_FREE_ORDERS = 701
"""Order numbers of identity numbers from here on are given to nobody else."""
_FREE_CODES = 97_000_000
_SOUNDS = {
    "建军": "建君",
    "晓燕": "小燕",
    "佳怡": "嘉怡",
    "志强": "志蔷",
    "丽娜": "莉娜",
    "静怡": "静宜",
    "振华": "镇华",
}
"""Given names, and what a clerk who only hears them writes."""


def plant_mistakes(world: World) -> None:
    """Gaps and contradictions first, then things written down twice."""
    by_type: dict[str, list[Made]] = {}
    for made in world.things:
        by_type.setdefault(made.type, []).append(made)
    changed = {made.key for made in world.later}
    for type_id, attribute, one_of in _GAPS:
        having = [each for each in by_type.get(type_id, ()) if attribute in each.attributes and each.key not in changed]
        for made in _some(world, having, one_of):
            del made.attributes[attribute]
            if attribute == "keeper":
                _forget_keeper(world, made)
    for person in _some(world, by_type.get("person", ()), _MISREAD_BIRTHS):
        born = date.fromisoformat(str(person.attributes["born"]))
        person.attributes["born"] = (born + timedelta(days=world.random.choice([-1, 1, 10]))).isoformat()
    high = [each for each in by_type.get("building", ()) if int(str(each.attributes["floors"])) > 6]
    for building in _some(world, high, _NO_LIFTS):
        building.attributes["lifts"] = 0
    _persons_twice(world, by_type.get("person", ()))
    _entities_twice(world, by_type.get("legal-entity", ()))


def _some(world: World, things: Sequence[Made], one_of: int) -> list[Made]:
    return world.random.sample(things, -(-len(things) // one_of))


def _forget_keeper(world: World, component: Made) -> None:
    component.attributes.pop("keeper_code", None)
    world.ties = [tie for tie in world.ties if (tie.from_key, tie.kind) != (component.key, "kept-by")]


def _persons_twice(world: World, persons: Iterable[Made]) -> None:
    """The same person under a number that was mistaken, under a name as it was heard, and after moving away."""
    known = [each for each in persons if "phone" in each.attributes]
    for index, person in enumerate(world.random.sample(known, min(_PERSONS, len(known)))):
        told = dict(person.attributes)
        born, sex = date.fromisoformat(str(told["born"])), str(told["sex"])
        order = _FREE_ORDERS + 2 * index + (0 if sex == "1" else 1)
        told["identity_number"] = identity_number(born, order)
        if index % 3 == 1:
            name = str(told["name"])
            told["name"] = name[0] + _SOUNDS.get(name[1:], name[1:])
        elif index % 3 == 2:
            del told["phone"]
            told |= {"residence": "floating", "consistent": "02", "arrival_reason": "06"}
        made = world.add("person", str(told["identity_number"]), told)
        home = next((tie for tie in world.ties if tie.from_key == person.key and tie.kind == "lives-in"), None)
        if home is not None:
            world.tie("lives-in", made, "room", home.to_key)


def _entities_twice(world: World, entities: Iterable[Made]) -> None:
    """The same enterprise under the code from before a move of its registration, and under a name that was cut short."""
    known = [each for each in entities if each.attributes["kind"] == "enterprise" and each.geometry is not None]
    for index, entity in enumerate(world.random.sample(known, min(_ENTITIES, len(known)))):
        told = dict(entity.attributes)
        told["credit_code"] = social_code("91", _FREE_CODES + index)
        if index % 2:
            told["name"] = str(told["name"]).replace("有限公司", "公司")
        told.pop("representative_phone", None)
        world.add("legal-entity", str(told["credit_code"]), told, entity.geometry)
