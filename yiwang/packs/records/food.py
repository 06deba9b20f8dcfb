"""Food and drug businesses of the demo, and sources of air pollution: a few in each community, licences that nobody has.

They draw from a chance of their own, so that what else is invented stays as it was.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from yiwang.kernel.database import JsonObject
from yiwang.packs.records.model import Community, World, point
from yiwang.packs.records.numbers import mobile, social_code

_SURNAMES, _GIVEN = "王李张刘陈杨赵黄周吴", ("安全", "秀英", "建军", "丽", "敏", "强", "静", "磊")


@dataclass(frozen=True, slots=True)
class _Trade:
    """A trade: prefix of its licences, word of its names, least and most static points of risk."""

    kind: str
    prefix: str
    word: str
    least: int
    most: int


_TRADES = (
    _Trade("shop", "JY1", "便民超市", 5, 20), _Trade("restaurant", "JY2", "家常菜馆", 15, 32),
    _Trade("canteen", "JY3", "学校食堂", 28, 40), _Trade("pharmacy", "YB1", "平安药房", 10, 26),
    _Trade("producer", "SC1", "豆制品厂", 25, 38), _Trade("market", "JY1", "农贸市场", 18, 30),
    _Trade("workshop", "XZ1", "糕点作坊", 25, 40), _Trade("devices", "QX1", "医疗器械店", 5, 18),
)  # fmt: skip
_SOURCES = (
    ("site", "住宅项目工地", "围挡、苫盖、喷淋、冲洗"), ("kitchen", "餐饮街油烟排口", "油烟净化器季度清洗"),
    ("boiler", "供热站燃气锅炉", "低氮改造"), ("works", "喷涂车间排口", "活性炭吸附"), ("stockpile", "建材堆场", "密目网苫盖"),
)  # fmt: skip


def invent_food(world: World, communities: Sequence[Community]) -> None:
    """Three businesses in each community."""
    chance = random.Random(f"{world.seed}/food")  # noqa: S311  # a demonstration that must repeat, not a secret
    for number, community in enumerate(communities):
        for step in range(3):
            order = number * 3 + step
            trade = _TRADES[(order * 5 + step) % len(_TRADES)]
            licence = f"{trade.prefix}120199{order + 1:07}"
            name = community.name.removesuffix("社区").removesuffix("村")
            attributes: JsonObject = {
                "licence": licence, "name": f"{name}{trade.word}(示范)", "credit_code": social_code("92", 97_000_000 + order),
                "kind": trade.kind, "licence_until": f"{2026 + order % 4}-{1 + order % 12:02}-28",
                "address": f"{world.district}{community.street}{community.name}{order % 60 + 1}号",
                "keeper": chance.choice(_SURNAMES) + chance.choice(_GIVEN), "keeper_phone": mobile(70_000_000 + order),
                "static_score": float(chance.randint(trade.least, trade.most)),
            }  # fmt: skip
            if trade.kind == "canteen":
                attributes["video"] = f"https://video.example/camera/{licence}"
            world.add(
                "food-premises", licence, attributes,
                point(community.longitude + chance.uniform(-0.003, 0.003), community.latitude + chance.uniform(-0.002, 0.002)),
            )  # fmt: skip


def invent_air(world: World, communities: Sequence[Community]) -> None:
    """One source of air pollution in each community."""
    chance = random.Random(f"{world.seed}/air")  # noqa: S311  # a demonstration that must repeat, not a secret
    for number, community in enumerate(communities):
        kind, word, measures = _SOURCES[number % len(_SOURCES)]
        code = f"WRY-{number + 1:04}"
        world.add(
            "air-source", code,
            {
                "number": code, "name": f"{community.name}{word}(示范)", "kind": kind,
                "operator": f"示范{community.street}责任单位",
                "keeper": chance.choice(_SURNAMES) + chance.choice(_GIVEN), "keeper_phone": mobile(71_000_000 + number),
                "measures": measures, "state": "rectified" if number % 4 == 3 else "active",
            },
            point(community.longitude + chance.uniform(-0.003, 0.003), community.latitude + chance.uniform(-0.002, 0.002)),
        )  # fmt: skip
