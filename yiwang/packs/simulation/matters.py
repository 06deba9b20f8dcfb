"""What happens in the simulated city: matters with a class, a place, words and a reporter, drawn from the city's own files."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.casework.declarations import CaseClass, CaseTypeDeclaration, Channel, Standard
from yiwang.kernel.database import JsonObject
from yiwang.packs.areas import listed_areas, read_boundary
from yiwang.packs.errors import CityNotSimulable
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import City
from yiwang.packs.simulation import texts
from yiwang.packs.simulation.forms import filled_in

COMMON_WORDS = (
    "暴露垃圾", "道路不洁", "积存垃圾", "乱堆杂物", "非法小广告", "店外经营", "占道经营", "无照经营", "机动车乱停",
    "非机动车乱停", "共享单车", "道路破损", "垃圾箱", "路灯", "雨水井盖", "污水井盖", "绿地", "行树", "积水", "噪声",
    "露天烧烤", "油烟", "供水", "物业", "停车", "公交", "邻里", "消防", "欠薪",
)  # fmt: skip
"""Parts of class names that make up most reports in published city figures."""

TYPE_SHARES = {
    "urban-case": 0.62, "hotline-case": 0.2, "grid-event": 0.16, "patrol-task": 0.02, "air-case": 0.05, "food-complaint": 0.04,
    "food-inspection": 0.01, "elder-service": 0.04, "elder-application": 0.004, "elder-inspection": 0.0,
    "volunteer-need": 0.04, "volunteer-registration": 0.005, "penalty-case": 0.03, "law-assistance": 0.005,
    "property-complaint": 0.05, "old-building-subsidy": 0.002, "owners-meeting": 0.0, "property-inspection": 0.004,
    "livelihood-question": 0.01, "livelihood-clue": 0.0,
    "supervised-matter": 0.0, "supervised-task": 0.0, "supervision-report": 0.0,
}  # fmt: skip
CHANNEL_SHARES = {
    "resident": 5.0, "grid-worker": 3.0, "hotline": 1.2, "leader": 0.1, "video": 0.5, "phone": 4.0, "web": 1.0, "wechat": 2.0,
    "letter": 0.2, "self-settled": 0.8, "community": 0.8, "plan": 1.0, "officer": 1.0, "report": 0.5, "assistance": 0.5,
    "station": 0.6, "resident-web": 1.0, "portal": 1.0, "counter": 0.2, "window": 0.5, "grid": 1.0,
}  # fmt: skip
_ROADS = (
    "主街", "文化广场", "村口", "工业园旁", "安置小区", "菜市场后街", "幼儿园路", "公交首末站", "河边步道", "商业街",
    "高架桥下", "老年活动中心",
)  # fmt: skip
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: lon, lat in degrees (CGCS2000), its name in words, and the street or town that is nearest."""

    lon: float
    lat: float
    name: str
    street: str


@dataclass(frozen=True, slots=True)
class Matter:
    """A report to be made. ``post`` is the kind of post that reports it, "" for a resident. ``again``: repeats another."""

    sequence: int
    type: str
    channel: str
    post: str
    kind: CaseClass
    standard: Standard
    spot: Spot
    text: str
    name: str
    phone: str
    photos: int
    chosen_class: bool
    again: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """One way by which matters of a case type come in."""

    type: CaseTypeDeclaration
    key: str
    channel: Channel
    classes: tuple[CaseClass, ...]
    weights: tuple[float, ...]


class Matters:
    """An endless stream of matters; the same seed and city give the same stream."""

    def __init__(self, city: City, seed: int) -> None:
        self.city = city
        self._seed = seed
        self._boundary: BaseGeometry | None = read_boundary(city, Findings())
        self._places = [(place.names.zh, *place.at) for place in city.file.value.places.values()]
        self._streets = [
            (item.name_zh, item.code, *item.seat)
            for item in listed_areas(city, "streets", Findings())
            if item.seat is not None
        ]
        self._ways = list(_ways(city))
        totals: dict[str, float] = {}
        for way in self._ways:
            totals[way.type.id] = totals.get(way.type.id, 0.0) + CHANNEL_SHARES.get(way.key, 0.0)
        self._shares = [
            TYPE_SHARES.get(way.type.id, 0.1) * CHANNEL_SHARES.get(way.key, 0.0) / (totals[way.type.id] or 1.0)
            for way in self._ways
        ]
        if not any(self._shares) or not (self._places or self._boundary):
            raise CityNotSimulable(
                city=city.id,
                reason_zh="没有开放的上报渠道,或没有地点(places)和边界。请在 city.yaml 里补上。",
                reason_en="no open channel, or neither places nor a boundary; add them in city.yaml.",
            )

    def matter(self, sequence: int) -> Matter:
        """The matter of that number."""
        chance = random.Random(f"{self._seed}/{sequence}")  # noqa: S311 – a simulation, not a secret
        way = chance.choices(self._ways, self._shares)[0]
        kind = chance.choices(way.classes, way.weights)[0]
        standard = chance.choice(kind.standards)
        spot = self.spot(chance)
        needs = way.channel.needs
        post = way.channel.post or ""
        photos = 1 if "photo" in needs or chance.random() < (0.95 if post == "grid-worker" else 0.6) else 0
        return Matter(
            sequence=sequence,
            type=way.type.id,
            channel=way.key,
            post=post,
            kind=kind,
            standard=standard,
            spot=spot,
            text=texts.report_text(chance, kind, standard, spot.name, way.key),
            name=texts.person_name(chance),
            phone=texts.phone_number(chance),
            photos=photos,
            chosen_class="class" in needs,
        )

    def fields(self, matter: Matter, today: date) -> JsonObject:
        """What the form of its channel must have."""
        way = next(way for way in self._ways if (way.type.id, way.key) == (matter.type, matter.channel))
        chance = random.Random(f"{self._seed}/{matter.sequence}/form")  # noqa: S311 – a simulation, not a secret
        return filled_in(way.type, way.key, chance, today)

    def repeated(self, matter: Matter, sequence: int) -> Matter:
        """The same matter a few metres away in another resident's words."""
        chance = random.Random(f"{self._seed}/{sequence}/again")  # noqa: S311 – a simulation, not a secret
        spot = Spot(
            matter.spot.lon + chance.uniform(-6, 6) / _METRES_PER_DEGREE,
            matter.spot.lat + chance.uniform(-6, 6) / _METRES_PER_DEGREE,
            matter.spot.name,
            matter.spot.street,
        )
        return Matter(
            sequence=sequence,
            type=matter.type,
            channel=matter.channel,
            post=matter.post,
            kind=matter.kind,
            standard=matter.standard,
            spot=spot,
            text=texts.again_text(chance, matter.text),
            name=texts.person_name(chance),
            phone=texts.phone_number(chance),
            photos=int(chance.random() < 0.5),
            chosen_class=matter.chosen_class,
            again=True,
        )

    def spot(self, chance: random.Random) -> Spot:
        """Somewhere in the city, more often near the places that it names."""
        if self._places and (self._boundary is None or chance.random() < 0.6):
            name, lon, lat = chance.choice(self._places)
            metres, angle = abs(chance.gauss(0, 90)), chance.uniform(0, 2 * math.pi)
            moved = (
                lon + metres * math.sin(angle) / (_METRES_PER_DEGREE * math.cos(math.radians(lat))),
                lat + metres * math.cos(angle) / _METRES_PER_DEGREE,
            )
            if self._boundary is None or shapely.contains_xy(self._boundary, *moved):
                lon, lat = moved
            return Spot(lon, lat, name, self._street(lon, lat)[1])
        lon, lat = self._somewhere(chance)
        street, code = self._street(lon, lat)
        return Spot(lon, lat, street + chance.choice(_ROADS), code)

    def _somewhere(self, chance: random.Random) -> tuple[float, float]:
        boundary = self._boundary
        if boundary is None:
            raise ValueError("the city has no boundary")
        west, south, east, north = boundary.bounds
        while True:
            lon, lat = chance.uniform(west, east), chance.uniform(south, north)
            if shapely.contains_xy(boundary, lon, lat):
                return lon, lat

    def _street(self, lon: float, lat: float) -> tuple[str, str]:
        """(name, code) of the nearest seat; empty where the city lists none."""
        if not self._streets:
            return "", ""
        squeeze = math.cos(math.radians(lat))
        nearest = min(self._streets, key=lambda item: math.hypot((item[2] - lon) * squeeze, item[3] - lat))
        return nearest[0], nearest[1]


def _ways(city: City) -> Iterator[_Way]:
    trees = {tree.value.id: tree.value for pack in city.packs for tree in pack.classes}
    for pack in filter(city.runs, city.packs):
        for case in pack.cases:
            declaration = case.value
            closed = {key for key, open_ in city.file.value.channels.get(declaration.id, {}).items() if not open_}
            classes = tuple(trees[declaration.classes].classes)
            default = declaration.default_class if len(classes) > 1 else None
            weights = tuple(_weight(item, default) for item in classes)
            for key, channel in declaration.channels.items():
                if key not in closed and (channel.who == "public" or channel.post is not None):
                    yield _Way(declaration, key, channel, classes, weights)


def _weight(item: CaseClass, default_class: str | None) -> float:
    if item.code == default_class:
        return 0.0
    common = any(word in item.names.zh for word in COMMON_WORDS)
    return (8.0 if common else 1.0) * {"component": 0.7, "event": 1.2, "matter": 1.5}[item.kind]
