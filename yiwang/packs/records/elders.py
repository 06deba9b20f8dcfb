"""Care of the old in the demo: organisations with beds and carers, files of old people, a month of visits and check-ups.

Every person is invented. None is put on the care list here: nobody is on it whom two people have not put there. The first
entries are recorded by an account of the demo (``demo: entries`` of the city) and wait for the second person.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.records.model import Community, Made, World, point
from yiwang.packs.records.numbers import identity_number, landline, mobile

LAST_DAY = date(2026, 7, 13)
ELDERS = 60
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙"
_GIVEN = ("秀兰", "桂英", "淑珍", "玉兰", "德福", "长海", "金生", "凤英", "连生", "宝珍", "树森", "玉梅")
_KINDS = (("station", "社区养老服务驿站", 20), ("canteen", "老年助餐点", 0), ("day-care", "日间照料中心", 30))
_SERVICES = ("nursing", "health", "rehabilitation", "daily", "leisure", "affection")
_AGREED = "2026-01-10"


def invent_elders(world: World, communities: Sequence[Community]) -> None:
    """All of it, from a stream of its own, so that other records stay as they are."""
    if not communities:
        return
    chance = random.Random(f"{world.seed}/elders")  # noqa: S311 – a demonstration, not a secret
    organisations = [
        _organisation(world, chance, number, community) for number, community in enumerate(communities[:9])
    ]
    organisations.append(_institution(world, communities[0]))
    for number in range(ELDERS):
        community = communities[number % len(communities)]
        elder = _elder(world, chance, number, community)
        world.tie("served-by", elder, "elder-organisation", organisations[number % len(organisations)])


def _organisation(world: World, chance: random.Random, number: int, community: Community) -> str:
    kind, name, beds = _KINDS[number % len(_KINDS)]
    code = f"YJ{number + 1:06}"
    services: list[Json] = ["health", "daily", "leisure", "affection"]
    attributes: JsonObject = {
        "code": code, "name": community.name.removesuffix("社区") + name, "kind": kind, "services": services,
        "telephone": landline(3000 + number), "score": float(chance.randint(72, 97)),
    }  # fmt: skip
    if beds:
        attributes |= {"beds": beds, "occupied": chance.randint(beds // 2, beds), "carers": chance.randint(3, 8)}
    world.add("elder-organisation", code, attributes, point(community.longitude + 0.001, community.latitude + 0.001))
    return code


def _institution(world: World, community: Community) -> str:
    code = "YJ000100"
    services: list[Json] = ["safety", "health", "daily", "leisure", "affection"]
    world.add(
        "elder-organisation", code,
        {
            "code": code, "name": "西青示范养老院", "kind": "institution", "services": services, "beds": 220, "occupied": 187,
            "carers": 46, "telephone": landline(3100), "score": 91.0,
        },
        point(community.longitude - 0.002, community.latitude + 0.001),
    )  # fmt: skip
    return code


def _elder(world: World, chance: random.Random, number: int, community: Community) -> Made:
    key = f"YL{101 + number:08}"
    born = date(1936, 1, 5) + timedelta(days=chance.randint(0, 365 * 24))
    name = _SURNAMES[number % len(_SURNAMES)] + _GIVEN[(number * 5) % len(_GIVEN)]
    attributes: JsonObject = {
        "number": key, "name": name, "identity_number": identity_number(born, 300 + number), "born": born.isoformat(),
        "phone": mobile(71_000_000 + number), "address": f"{community.street}{community.name}{number % 12 + 1}号楼",
        "division": community.code, "living": ("alone", "couple", "family", "alone")[number % 4],
        "kin_name": name[0] + "建国", "kin_phone": mobile(72_000_000 + number), "agreed_on": _AGREED,
        "low_income": number % 7 == 0,
    }  # fmt: skip
    if number % 5:
        attributes |= {"assessed_on": "2026-03-16", "score": float(chance.randint(18, 90))}
    if number % 4 == 0:
        measured: list[Json] = ["call", "fall"]
        attributes |= {"measured": measured, "measured_why": "独居应急救助", "measured_until": "2026-12-31"}
    elder = world.add("elder", key, attributes)
    for back in range(number % 4):
        day = LAST_DAY - timedelta(days=7 * back + number % 6)
        case = f"YL{day:%Y%m%d}9{number:04}"
        visit = world.add(
            "elder-visit", case,
            {
                "case_number": case, "done_on": day.isoformat(), "kind": _SERVICES[(number + back) % len(_SERVICES)],
                "minutes": 20 + 5 * chance.randint(0, 14), "division": community.code,
            },
        )  # fmt: skip
        world.tie("for", visit, "elder", key)
    if number % 3 == 0:
        _checkup(world, chance, number, key, community)
    return elder


def _checkup(world: World, chance: random.Random, number: int, elder: str, community: Community) -> None:
    key = f"TJ20260706-{number + 1}"
    made = world.add(
        "elder-checkup", key,
        {
            "number": key, "taken_on": "2026-07-06", "systolic": chance.randint(108, 184), "diastolic": chance.randint(62, 104),
            "glucose": round(chance.uniform(4.4, 9.8), 1), "height": float(chance.randint(148, 176)),
            "weight": float(chance.randint(44, 82)), "division": community.code,
        },
    )  # fmt: skip
    world.tie("of", made, "elder", elder)
