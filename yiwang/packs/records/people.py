"""Households and persons in the houses: couples, children, grandparents, tenants. Every name and number is invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from yiwang.packs.records.model import Made, World
from yiwang.packs.records.numbers import identity_number, mobile

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_MEN = [
    "建军", "志强", "国庆", "海涛", "伟东", "立新", "文博", "浩然", "子轩", "明远", "俊杰", "振华", "天佑", "少川", "学礼",
    "宏图",
    "一凡", "云飞", "泽宇", "德胜",
]  # fmt: skip
_WOMEN = [
    "秀英", "桂兰", "淑珍", "丽娜", "晓燕", "雪梅", "佳怡", "思雨", "欣然", "美玲", "玉洁", "婷婷", "若曦", "春华", "红霞",
    "静怡",
    "可欣", "雅琴", "梦瑶", "凤琴",
]  # fmt: skip
_OCCUPATIONS = [
    "教师", "护士", "工程师", "驾驶员", "营业员", "会计", "厨师", "电工", "职员", "农民", "快递员", "保安员",
]  # fmt: skip
_TODAY = date(2026, 1, 1)
_HAN = "01"


class _Orders:
    """The order number of an identity number: each day of birth counts by itself, men odd and women even."""

    def __init__(self) -> None:
        self._next: dict[tuple[date, str], int] = {}

    def take(self, born: date, sex: str) -> int:
        place = (born, sex)
        order = self._next.get(place, 1 if sex == "1" else 2)
        self._next[place] = order + 2
        return order


def invent_people(world: World, rooms: Sequence[Made]) -> list[Made]:
    """Returns the grown-up persons."""
    orders = _Orders()
    grown: list[Made] = []
    number = 100_000_000
    for room in rooms:
        if room.attributes["use"] != "residential" or room.attributes["occupancy"] == "vacant":
            continue
        number += 1
        household, members = _household(world, room, str(number), orders)
        for person in members:
            world.tie("lives-in", person, "room", room.key)
            world.tie("member-of", person, "household", household.key)
        world.tie("head", household, "person", members[0].key)
        world.tie("lives-in", household, "room", room.key)
        grown += [each for each in members if str(each.attributes["born"]) < "2004"]
    return grown


def _household(world: World, room: Made, number: str, orders: _Orders) -> tuple[Made, list[Made]]:
    draw = world.random
    tenant = room.attributes["occupancy"] == "let"
    age = draw.randint(22, 45) if tenant else draw.randint(26, 82)
    sex = draw.choice("112")
    surname = draw.choice(_SURNAMES)
    head = _person(world, room, orders, surname, sex, age, "02", tenant)
    members = [head]
    if age > 24 and draw.random() < 0.72:
        other = "2" if sex == "1" else "1"
        spouse = _person(world, room, orders, draw.choice(_SURNAMES), other, age + draw.randint(-4, 3), "10", tenant)
        members.append(spouse)
        for _ in range(draw.choices([0, 1, 2], [40, 45, 15])[0] if age < 62 else 0):
            young = draw.choice("12")
            years = max(0, age - draw.randint(24, 34))
            child = _person(world, room, orders, surname, young, years, "20" if young == "1" else "30", tenant)
            members.append(child)
            world.tie("parent", child, "person", head.key)
        if 28 < age < 55 and not tenant and draw.random() < 0.12:
            members.append(_person(world, room, orders, surname, draw.choice("12"), age + 26, "50", tenant))
    household = world.add(
        "household", number,
        {
            "number": number, "head_name": head.attributes["name"], "kind": "family", "address": room.attributes["address"],
            "division": room.attributes["division"],
        },
    )  # fmt: skip
    return household, members


def _person(
    world: World, room: Made, orders: _Orders, surname: str, sex: str, age: int, relation: str, tenant: bool
) -> Made:
    draw = world.random
    born = _TODAY - timedelta(days=max(age, 0) * 365 + draw.randint(1, 360))
    identity = identity_number(born, orders.take(born, sex))
    attributes = {
        "name": surname + draw.choice(_MEN if sex == "1" else _WOMEN), "identity_number": identity, "sex": sex,
        "born": born.isoformat(), "nationality": _HAN if draw.random() < 0.94 else draw.choice(["03", "11", "02", "15"]),
        "residence": "floating" if tenant else "registered", "consistent": "02" if tenant else "01",
        "address": room.attributes["address"], "relation_to_head": relation, "division": room.attributes["division"],
    }  # fmt: skip
    if tenant:
        attributes["arrival_reason"] = draw.choice(["01", "01", "03", "04", "06", "09"])
    if age >= 16:
        attributes["phone"] = mobile(draw.randrange(100_000_000))
        attributes["education"] = draw.choice(["20", "30", "40", "60", "70", "70", "80"])
        attributes["marriage"] = "20" if relation == "10" or age > 30 else "10"
    if 22 <= age <= 60:
        attributes["occupation"] = draw.choice(_OCCUPATIONS)
    return world.add("person", identity, attributes)
