"""Dangerous goods of the demo: carriers, vehicles with the city's terminals, personnel, stores, permits, a month of waybills.

Plates are of 津Z, a series that is not issued; the day of the demo is the last one of the waybills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from yiwang.kernel.database import JsonObject
from yiwang.packs.records.model import Community, World, point
from yiwang.packs.records.numbers import identity_number, mobile, social_code

LAST_DAY = date(2026, 7, 14)
DAYS = 30
VEHICLES = 8
"""As many as the demo city has terminals HAZ-01 …"""
_CARRIERS = ("演示危运1公司", "演示危运2公司", "演示危运3公司")
_SURNAMES, _GIVEN = "王李张刘陈杨赵黄周吴徐孙", ("建国", "志强", "海涛", "永刚", "卫东", "金生", "立军", "宝成")


@dataclass(frozen=True, slots=True)
class _Goods:
    """What a vehicle carries: UN number, name, class, most tonnes a trip."""

    un_number: str
    name: str
    kind: str
    tonnes: float


_GOODS = (
    _Goods("1203", "汽油", "3", 22.0), _Goods("1075", "液化石油气", "2.1", 20.0), _Goods("1830", "浓硫酸", "8", 24.0),
    _Goods("1017", "液氯", "2.3", 15.0), _Goods("1202", "柴油", "3", 24.0), _Goods("1230", "甲醇", "3", 21.0),
    _Goods("1073", "液氧", "2.2", 18.0), _Goods("1170", "乙醇", "3", 20.0),
)  # fmt: skip
_SHIPPERS = ("示范石化库", "示范气体站", "示范化工仓储", "大港示范炼化")
_CONSIGNEES = ("杨柳青示范加油站", "中北示范气站", "张家窝示范电镀园", "大寺示范水厂", "外区示范油库")


def invent_hazmat(world: World, communities: Sequence[Community]) -> None:
    """All of it; waybills and movements follow from each other, so that the balance of a store can be calculated."""
    carriers = [_carrier(world, number, name) for number, name in enumerate(_CARRIERS)]
    drivers, escorts = (_people(world, duty, carriers, number) for number, duty in enumerate(("driver", "escort")))
    stores = _stores(world, carriers, communities)
    plates = [_vehicle(world, number, carriers[number % len(carriers)]) for number in range(VEHICLES)]
    for number, plate in enumerate(plates):
        key = f"TX-2026-{number + 1:03}"
        world.add(
            "hazmat-permit", key,
            {
                "number": key, "plate": plate, "fence": f"route-{number % 3 + 1}", "from_hour": "06:00",
                "until_hour": "20:00", "since": "2026-01-01", "until": "2026-12-31",
            },
        )  # fmt: skip
    for code, goods in stores:
        _move(world, f"RK-20260614-{code[-2:]}", LAST_DAY - timedelta(days=DAYS), code, "in", goods, 400.0)
    for back in range(DAYS - 1, -1, -1):
        _day(world, LAST_DAY - timedelta(days=back), plates, carriers, drivers, escorts, stores)


def _carrier(world: World, number: int, name: str) -> str:
    code = social_code("91", 98_000_000 + number)
    attributes: JsonObject = {
        "credit_code": code, "name": name, "licence": f"津交运管许可危字 12019900{number + 1}",
        "licence_until": "2028-12-31" if number else "2026-08-10", "goods_classes": ["2.1", "2.2", "2.3", "3", "8"],
        "contact": f"{_SURNAMES[number]}安全", "phone": mobile(60_000_000 + number),
    }  # fmt: skip
    world.add("hazmat-carrier", code, attributes)
    return code


def _people(world: World, duty: str, carriers: list[str], which: int) -> list[str]:
    names = []
    for number in range(VEHICLES):
        name = _SURNAMES[number] + _GIVEN[(number + 3 * which) % len(_GIVEN)]
        born = date(1975, 3, 1) + timedelta(days=400 * number + 37 * which)
        identity = identity_number(born, 901 + 2 * number + 20 * which)
        world.add(
            "hazmat-person", identity,
            {
                "identity": identity, "name": name, "duty": duty, "certificate": f"1201990{which}{number:04}",
                "certificate_until": "2026-07-31" if number == 5 else "2029-06-30", "carrier": carriers[number % len(carriers)],
            },
        )  # fmt: skip
        names.append(name)
    return names


def _vehicle(world: World, number: int, carrier: str) -> str:
    plate = f"津Z{number + 1:05}"
    made = world.add(
        "hazmat-vehicle", plate,
        {
            "plate": plate, "carrier": carrier, "device": f"HAZ-{number + 1:02}", "kind": "tanker", "tonnes": 25.0,
            "permit": f"津交运管危 {number + 1:04}", "permit_until": "2027-12-31", "inspected_until": "2026-11-30",
        },
    )  # fmt: skip
    world.tie("owner", made, "hazmat-carrier", carrier)
    return plate


def _stores(world: World, carriers: list[str], communities: Sequence[Community]) -> list[tuple[str, _Goods]]:
    found = []
    for number, community in enumerate(communities[: len(_GOODS) // 2]):
        code = f"CK-{number + 1:02}"
        world.add(
            "hazmat-store", code,
            {
                "code": code, "name": f"{community.street}示范危化品仓库", "operator": carriers[number % len(carriers)],
                "capacity": 600.0, "hazard_level": ("4", "3", "none", "2")[number],
            },
            point(community.longitude + 0.004, community.latitude - 0.003),
        )  # fmt: skip
        found.append((code, _GOODS[number]))
    return found


def _day(
    world: World, day: date, plates: list[str], carriers: list[str], drivers: list[str], escorts: list[str],
    stores: list[tuple[str, _Goods]],
) -> None:  # fmt: skip
    """Most vehicles make a trip; what they take from a store of the city leaves its stock, what they bring enters it."""
    draw = world.random
    for number, plate in enumerate(plates):
        if draw.random() < 0.2:
            continue
        goods = _GOODS[number]
        key = f"YD-{day:%Y%m%d}-{number + 1:03}"
        tonnes = round(draw.uniform(0.5, 1.0) * goods.tonnes, 1)
        brings = number >= len(stores) or draw.random() < 0.5
        here, elsewhere = world.division, draw.choice(["120112", "120116", "131000"])
        made = world.add(
            "hazmat-waybill", key,
            {
                "number": key, "day": day.isoformat(), "plate": plate, "carrier": carriers[number % len(carriers)],
                "driver": drivers[number], "escort": escorts[number], "shipper": draw.choice(_SHIPPERS),
                "consignee": draw.choice(_CONSIGNEES), "un_number": goods.un_number, "goods": goods.name,
                "goods_class": goods.kind, "tonnes": tonnes, "from_area": elsewhere if brings else here,
                "to_area": here if brings else elsewhere,
            },
        )  # fmt: skip
        world.tie("vehicle", made, "hazmat-vehicle", plate)
        for code, kept in stores:
            if kept is goods:
                _move(
                    world, f"TZ-{day:%Y%m%d}-{number + 1:03}", day, code, "in" if brings else "out", goods, tonnes, key
                )


def _move(
    world: World, number: str, day: date, store: str, direction: str, goods: _Goods, tonnes: float, waybill: str = ""
) -> None:
    told: JsonObject = {"waybill": waybill} if waybill else {}
    world.add(
        "hazmat-movement", number,
        {
            "number": number, "day": day.isoformat(), "store": store, "direction": direction, "un_number": goods.un_number,
            "goods": goods.name, "tonnes": tonnes, "keeper": "高仓管", **told,
        },
    )  # fmt: skip
