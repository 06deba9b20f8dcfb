"""Livelihood projects, policies, funds paid to households, village accounts, public affairs; a few of them as they should not be.

A payment made twice, one after a death, one above its standard, one to an official's household, an expense that jumps: each is
what an anomaly rule is there to find. Every name, number and sum is invented.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from yiwang.kernel.database import JsonObject
from yiwang.packs.records.model import Community, Made, World

_MONTHS = ("2026-04", "2026-05", "2026-06")
_PROGRAMMES = (
    ("DB01", "城乡最低生活保障", 1010.0, "month"), ("GL01", "高龄老人津贴", 150.0, "month"),
    ("CJ01", "残疾人两项补贴", 250.0, "month"), ("LS01", "临时救助", 2000.0, "year"), ("NB01", "耕地地力保护补贴", 105.0, "year"),
)  # fmt: skip
_PROJECTS = (
    ("困难家庭房屋修缮", "poverty", 320.0, 180.0, "building", 64),
    ("低收入村产业帮扶大棚", "poverty", 260.0, 260.0, "completed", 48),
    ("老年日间照料中心", "elderly", 410.0, 205.0, "building", 1200),
    ("村级道路硬化", "road", 560.0, 168.0, "building", 2300),
    ("中心小学食堂改造", "education", 180.0, 0.0, "tender", 900),
    ("社区卫生服务站设备更新", "health", 95.0, 95.0, "accepted", 5200),
    ("农田灌溉泵站改造", "farmland", 230.0, 115.0, "building", 760),
    ("农村厕所与污水改造", "environment", 480.0, 480.0, "accepted", 3100),
    ("就业技能培训", "employment", 75.0, 40.0, "building", 600),
    ("农家书屋与文化广场", "culture", 66.0, 0.0, "planned", 1500),
)  # fmt: skip
_POLICIES = (
    ("民规〔2026〕1号", "最低生活保障实施办法", "assistance", "人均月收入低于1010元的家庭",
     "差额补助,每人每月最高1010元"),
    ("民规〔2026〕2号", "高龄老人津贴发放办法", "elderly", "八十周岁以上户籍老人", "每人每月150元"),
    ("残规〔2025〕6号", "残疾人两项补贴制度", "assistance", "困难残疾人和重度残疾人", "每人每月250元"),
    ("民规〔2025〕9号", "临时救助实施细则", "assistance", "遭遇突发事件、意外伤害、重大疾病的家庭",
     "每次最高2000元/人"),
    ("农规〔2026〕3号", "耕地地力保护补贴", "farming", "承包耕地的农户", "每人每年105元"),
)  # fmt: skip
_VOUCHERS = (
    ("income", "grant", 46000.0, "上级转移支付"), ("income", "collective", 18000.0, "集体厂房租金"),
    ("expense", "environment", 3600.0, "垃圾清运"), ("expense", "office", 820.0, "办公用品"),
    ("expense", "welfare", 2400.0, "慰问困难户"), ("expense", "works", 4800.0, "修补道路和井盖"),
)  # fmt: skip


def invent_livelihood(world: World, communities: Sequence[Community], grown: Sequence[Made]) -> None:
    """Everything that the district makes public; draws by itself, so that other inventions stay as they are."""
    chance = random.Random(world.seed + 71)  # noqa: S311  # a demonstration that must repeat, not a secret
    for code, name, standard, every in _PROGRAMMES:
        attributes: JsonObject = {
            "code": code, "name": name, "standard": standard, "every": every, "living": code != "NB01",
            "office": world.departments.get("civil-affairs", "区民政局"),
        }  # fmt: skip
        world.add("subsidy-programme", code, attributes)
    if not communities:
        return
    _projects(world, communities)
    _policies(world)
    _payments(world, chance, grown)
    for community in communities:
        _accounts(world, chance, community)
        _affairs(world, community)


def _projects(world: World, communities: Sequence[Community]) -> None:
    for number, (name, category, budget, paid, progress, households) in enumerate(_PROJECTS, start=1):
        place = communities[number % len(communities)]
        world.add(
            "livelihood-project",
            f"MS2026-{number:02}",
            {
                "code": f"MS2026-{number:02}", "name": f"{place.street}{name}", "category": category, "year": "2026",
                "budget": budget, "paid": paid, "source": "市、区两级财政", "office": place.street, "households": households,
                "progress": progress, "due": "2026-11-30", "division": place.code[:9],
            },
        )  # fmt: skip


def _policies(world: World) -> None:
    for number, title, field, who, benefit in _POLICIES:
        world.add(
            "livelihood-policy",
            number,
            {
                "number": number, "title": title, "field": field, "who": who, "benefit": benefit,
                "how": "向户籍所在地街道(镇)便民服务中心申请", "office": world.departments.get("civil-affairs", "区民政局"),
                "issued": "2026-01-15", "division": world.division,
            },
        )  # fmt: skip


def _payments(world: World, chance: random.Random, grown: Sequence[Made]) -> None:
    told = [each for each in grown if each.attributes.get("division") and each.attributes.get("address")]
    people = chance.sample(told, min(150, len(told)))
    serial = 0

    def pay(
        person: Made, programme: tuple[str, str, float, str], month: str, day: int, amount: float, persons: int
    ) -> None:
        nonlocal serial
        serial += 1
        code, name, _, every = programme
        world.add(
            "subsidy-payment",
            f"HM{serial:06}",
            {
                "number": f"HM{serial:06}", "programme": code, "programme_name": name,
                "period": month if every == "month" else month[:4], "payee": person.attributes["name"],
                "identity_number": person.attributes["identity_number"], "address": person.attributes["address"],
                "account": f"62170000{serial:011}", "persons": persons, "amount": amount, "paid_on": f"{month}-{day:02}",
                "office": world.departments.get("civil-affairs", "区民政局"), "division": person.attributes["division"],
            },
        )  # fmt: skip

    for index, person in enumerate(people):
        programme = _PROGRAMMES[index % 3]
        persons = chance.randint(1, 3) if programme[0] == "DB01" else 1
        for month in _MONTHS:
            pay(person, programme, month, 10, programme[2] * persons, persons)
    if len(people) < 30:
        return
    pay(people[0], _PROGRAMMES[0], "2026-06", 18, _PROGRAMMES[0][2], 1)
    pay(people[1], _PROGRAMMES[3], "2026-06", 20, 5000.0, 1)
    gone, kin = people[4], people[6]
    world.add(
        "death-record",
        str(gone.attributes["identity_number"]),
        {
            "name": gone.attributes["name"], "identity_number": gone.attributes["identity_number"], "died_on": "2026-04-21",
            "source": "殡仪馆火化登记", "division": gone.attributes["division"],
        },
    )  # fmt: skip
    world.add(
        "official-relative",
        str(kin.attributes["identity_number"]),
        {
            "name": kin.attributes["name"], "identity_number": kin.attributes["identity_number"], "official": "郭怀远",
            "post": "村委会委员", "relation": "parent", "division": kin.attributes["division"],
        },
    )  # fmt: skip


def _accounts(world: World, chance: random.Random, community: Community) -> None:
    for month in _MONTHS:
        for number, (kind, item, amount, about) in enumerate(_VOUCHERS, start=1):
            sum_ = round(amount * chance.uniform(0.8, 1.2), 2)
            jumped = month == "2026-06" and item == "works" and community.code.endswith("205")
            if jumped:
                sum_ = 38600.0
            world.add(
                "village-account",
                f"{community.code} {month}-{number:03}",
                {
                    "voucher": f"{month}-{number:03}", "month": month, "kind": kind, "item": item, "amount": sum_,
                    "about": "村口牌楼修缮" if jumped else about, "party": "刘承包", "booked": f"{month}-{4 * number:02}",
                    "approved_by": "村(社区)主任", "examined": not jumped and not (kind == "expense" and sum_ >= 5000),
                    "village": community.name, "division": community.code,
                },
            )  # fmt: skip


def _affairs(world: World, community: Community) -> None:
    for level, kind, title, body in (
        ("village", "village", "村(居)民会议决议", "通过年度卫生整治和健身场地修建方案,经费从集体收入列支。"),
        ("village", "party", "党组织生活情况", "召开主题党日活动一次,讨论接收预备党员事项。"),
        ("town", "government", "年度民生实事进展", "道路硬化、老年日间照料中心按计划推进。"),
    ):
        division = community.code if level == "village" else community.code[:9]
        number = f"GK2026-{community.code[-3:]}-{kind}"
        world.add(
            "public-affair",
            f"{division} {number}",
            {
                "number": number, "level": level, "kind": kind, "title": title, "body": body, "held": "2026-06-26",
                "office": community.name if level == "village" else community.street, "division": division,
            },
        )  # fmt: skip
