"""Volunteers of the demo: teams, volunteers near every community with what they can do and when, activities of the last weeks.
The first two have accounts.

Every person is invented. The list of people in need begins empty: nobody stands in it who did not ask for it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.records.model import Community, World, point
from yiwang.packs.records.numbers import mobile

LAST_DAY = date(2026, 7, 13)
VOLUNTEERS = 400
SKILLS = ("陪伴聊天", "就医陪同", "代购代办", "家电维修", "理发助洁", "课业辅导", "法律咨询", "心理疏导")
TIMES = tuple(f"周{day}{part}" for day in "一二三四五六日" for part in ("上午", "下午", "晚上"))
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高梁"
_GIVEN = ("爱民", "晓燕", "志远", "红梅", "建军", "雅静", "立群", "春华", "国庆", "思源", "美兰", "浩然")
_ACTIVITIES = ("社区义诊", "河道清洁", "反诈宣传", "家电义修", "敬老理发", "暑期课业辅导")


def invent_volunteers(world: World, communities: Sequence[Community]) -> None:
    """All of it, from a stream of its own, so that other records stay as they are."""
    if not communities:
        return
    chance = random.Random(f"{world.seed}/volunteers")  # noqa: S311 – a demonstration, not a secret
    teams = [_team(world, number, community) for number, community in enumerate(communities)]
    numbers = [_volunteer(world, chance, number, communities, teams) for number in range(VOLUNTEERS)]
    for number, name in enumerate(_ACTIVITIES):
        _activity(world, chance, number, name, communities[number % len(communities)], numbers)


def _team(world: World, number: int, community: Community) -> str:
    code = f"ZD{number + 1:06}"
    attributes: JsonObject = {
        "code": code, "name": f"{community.name}志愿服务队", "kind": "community", "fields": "助老、便民、文明引导",
        "since": f"{2012 + number % 12}-03-05",
    }  # fmt: skip
    world.add("volunteer-team", code, attributes, point(community.longitude + 0.0004, community.latitude))
    return code


def _volunteer(
    world: World, chance: random.Random, number: int, communities: Sequence[Community], teams: Sequence[str]
) -> str:
    place = number % len(communities)
    community, key = communities[place], f"ZY{2026_0000 + number + 1:08}"
    skills: list[Json] = list(chance.sample(SKILLS, chance.randint(2, 4)))
    times: list[Json] = list(chance.sample(TIMES, chance.randint(6, 12)))
    since = LAST_DAY - timedelta(days=chance.randint(20, 2500))
    attributes: JsonObject = {
        "number": key, "name": chance.choice(_SURNAMES) + chance.choice(_GIVEN), "phone": mobile(70_000_000 + number),
        "skills": skills, "times": times, "strong": chance.random() < 0.4, "most_per_week": chance.randint(1, 4),
        "trained_on": (since + timedelta(days=9)).isoformat(), "registered_on": since.isoformat(),
        "state": "active" if chance.random() < 0.92 else "paused",
    }  # fmt: skip
    if number < 2:
        attributes["login"] = f"volunteer{number + 1}"
    east, north = chance.gauss(0, 0.004), chance.gauss(0, 0.003)
    where = point(round(community.longitude + east, 6), round(community.latitude + north, 6))
    if not world.located(community.longitude + east, community.latitude + north):
        where = point(community.longitude, community.latitude)
    world.tie("member-of", world.add("volunteer", key, attributes, where), "volunteer-team", teams[place])
    return key


def _activity(
    world: World, chance: random.Random, number: int, name: str, community: Community, volunteers: Sequence[str]
) -> None:
    code, held = f"HD{2026_0000 + number + 1:08}", number < len(_ACTIVITIES) - 1
    day = LAST_DAY + timedelta(days=-7 * (len(_ACTIVITIES) - 1 - number) - 2 if held else 5)
    attributes: JsonObject = {
        "code": code, "title": f"{community.name}{name}", "host": f"{community.name}志愿服务队",
        "begins": f"{day.isoformat()}T08:30:00+08:00", "address": f"{community.name}广场", "wanted": 12,
        "content": "秩序引导、现场服务、登记", "state": "held" if held else "announced",
    }  # fmt: skip
    world.add("volunteer-activity", code, attributes, point(community.longitude, community.latitude))
    for volunteer in chance.sample(list(volunteers), 9) if held else ():
        record: JsonObject = {
            "activity": code, "volunteer": volunteer, "hours": chance.randint(3, 8) / 2, "did": "现场服务",
            "division": community.code,
        }  # fmt: skip
        world.add("activity-record", f"{code}/{volunteer}", record)
