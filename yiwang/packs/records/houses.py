"""Roads, compounds, buildings, units and houses: a compound at the middle of each community, between two roads."""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.records.model import Community, Made, World, point

_ROADS = [
    "康宁", "安泰", "瑞和", "明德", "锦绣", "春华", "秋实", "丰产", "育才", "惠民", "文昌", "槐荫", "柳岸", "清源", "和畅",
    "永兴",
    "仁爱", "博雅", "静湖", "新霞", "广德", "昌盛", "紫阳", "青云",
]  # fmt: skip
_ESTATES = [
    "和苑", "花园", "新里", "家园", "雅居", "馨苑", "名邸", "里",
]  # fmt: skip
_USES = ("residential", "residential", "residential", "residential", "mixed")
_DEGREE = 111_000.0
"""Metres of a degree of latitude; longitudes are shorter, which a demonstration may pass over."""


def invent_houses(world: World, communities: Sequence[Community], buildings: int) -> list[Made]:
    """Returns the houses (房屋)."""
    rooms: list[Made] = []
    for index, community in enumerate(communities):
        road = _road(world, community, index)
        estate = _compound(world, community, index, road)
        for number in range(1, buildings + 1):
            rooms += _building(world, community, estate, road, number, buildings)
    return rooms


def _road(world: World, community: Community, index: int) -> Made:
    name = _ROADS[index % len(_ROADS)] + ("道" if index % 3 else "路")
    code = f"{community.code[:9]}R{index + 1:05}"
    west, middle = community.longitude - 0.0028, community.latitude - 0.0011
    line: list[Json] = [
        [round(west + step * 0.0014, 7), round(middle + world.random.uniform(-4e-5, 4e-5), 7)] for step in range(5)
    ]
    attributes: JsonObject = {
        "code": code, "name": name, "rank": world.random.choice(["main", "secondary", "branch", "lane"]),
        "length": round(0.0056 * _DEGREE * 0.777, 1), "division": community.code[:9],
    }  # fmt: skip
    return world.add("road", code, attributes, {"type": "LineString", "coordinates": line})


def _compound(world: World, community: Community, index: int, road: Made) -> Made:
    stem = community.name.removesuffix("社区").removesuffix("村")
    kind = "village" if community.name.endswith("村") else "estate"
    name = stem if kind == "village" else stem.removesuffix("家园") + _ESTATES[index % len(_ESTATES)]
    code = f"{community.code}C0001"
    west, south = community.longitude - 0.0016, community.latitude - 0.0009
    east, north = community.longitude + 0.0016, community.latitude + 0.0012
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    attributes: JsonObject = {
        "code": code, "name": name, "kind": kind,
        "address": f"{world.district}{community.street}{road.attributes['name']}{8 + index * 2}号",
        "built": world.random.randint(1986, 2021), "households": 0, "division": community.code,
    }  # fmt: skip
    if kind == "estate":
        attributes |= {"manager": f"{stem}示范物业服务有限公司", "manager_phone": f"0220000{1000 + index:04}"}
    shape: list[Json] = [[round(x, 7), round(y, 7)] for x, y in ring]
    made = world.add("compound", code, attributes, {"type": "Polygon", "coordinates": [shape]})
    world.tie("on-road", made, "road", road.key)
    return made


def _building(world: World, community: Community, estate: Made, road: Made, number: int, buildings: int) -> list[Made]:
    code = f"{community.code}B{number:05}"
    columns = max(2, round(buildings**0.5))
    longitude = community.longitude - 0.0012 + 0.0024 * ((number - 1) % columns) / max(columns - 1, 1)
    latitude = community.latitude - 0.0006 + 0.0005 * ((number - 1) // columns)
    floors = world.random.choice([3, 6, 6, 6, 11])
    built = estate.attributes["built"]
    address = f"{estate.attributes['address']}{estate.attributes['name']}{number}号楼"
    made = world.add(
        "building", code,
        {
            "code": code, "name": f"{number}号楼", "address": address, "use": world.random.choice(_USES),
            "structure": "brick-concrete" if floors <= 6 else "concrete", "floors": floors, "units": 2, "built": built,
            "lifts": 2 if floors > 6 else 0, "division": community.code,
        },
        point(longitude, latitude),
    )  # fmt: skip
    world.tie("in-compound", made, "compound", estate.key)
    world.tie("on-road", made, "road", road.key)
    rooms: list[Made] = []
    for stair in (1, 2):
        unit = world.add(
            "unit", f"{code}U{stair:02}",
            {
                "code": f"{code}U{stair:02}", "name": f"{stair}单元", "address": f"{address}{stair}单元",
                "rooms": floors * 2, "division": community.code,
            },
        )  # fmt: skip
        world.tie("of-building", unit, "building", code)
        for floor in range(1, floors + 1):
            rooms += [_room(world, community, unit, made, floor, door, stair) for door in (1, 2)]
    return rooms


def _room(world: World, community: Community, unit: Made, building: Made, floor: int, door: int, stair: int) -> Made:
    number = f"{floor}{door:02}"
    code = f"{unit.key}R{floor * 100 + door:04}"
    shop = floor == 1 and building.attributes["use"] == "mixed"
    occupancy = world.random.choices(["own", "let", "vacant"], [70, 18, 12])[0]
    attributes: JsonObject = {
        "code": code, "address": f"{unit.attributes['address']}{number}室", "number": number, "floor": floor,
        "use": "commercial" if shop else "residential", "area_m2": round(world.random.uniform(48, 136), 1),
        "occupancy": occupancy, "danger": "00" if world.random.random() < 0.97 else world.random.choice(["01", "02", "03"]),
        "division": community.code,
    }  # fmt: skip
    if occupancy == "let":
        attributes["lease_use"] = "03" if shop else "02"
    place = building.geometry or {}
    corner = place.get("coordinates")
    west, south = (float(str(part)) for part in corner) if isinstance(corner, list) else (0.0, 0.0)
    shift = (stair - 1) * 1.6e-4 + (door - 1) * 7e-5
    made = world.add("room", code, attributes, point(west + shift, south + floor * 6e-6))
    world.tie("of-unit", made, "unit", unit.key)
    world.tie("of-building", made, "building", building.key)
    return made
