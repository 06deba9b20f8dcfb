"""Property services of the demo: companies, a contract and two funds of each estate, ten years of what came in and was spent."""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.kernel.database import JsonObject
from yiwang.packs.records.model import Community, Made, World, point
from yiwang.packs.records.numbers import landline, social_code

_COMPANIES = ("西青示范物业服务有限公司", "杨柳青示范物业服务有限公司", "津西示范物业服务有限公司")
_WORKS = (
    ("屋面防水修缮", 48_000.0),
    ("电梯钢丝绳更换", 26_500.0),
    ("二次供水水泵更换", 31_200.0),
    ("单元门禁维修", 9_800.0),
)
_OLD_BEFORE = 2000


def invent_estates(world: World, communities: Sequence[Community]) -> None:
    """For every estate that was invented; villages have neither company nor fund."""
    places = {community.code: community for community in communities}
    companies = [_company(world, number, name) for number, name in enumerate(_COMPANIES)]
    estates = [made for made in world.things if made.type == "compound" and made.attributes.get("kind") == "estate"]
    for number, estate in enumerate(estates):
        community = places[str(estate.attributes["division"])]
        _contract(world, number, estate, companies[number % len(companies)], community)
        _fund(world, number, estate, "maintenance")
        built = estate.attributes["built"]
        if isinstance(built, int) and built < _OLD_BEFORE:
            _fund(world, number, estate, "old-building")


def _company(world: World, number: int, name: str) -> Made:
    code = social_code("91", 97_000_000 + number)
    attributes: JsonObject = {
        "credit_code": code, "name": name, "credit": "ABB"[number], "staff": 86 - 20 * number, "phone": landline(7000 + number),
        "division": world.division,
    }  # fmt: skip
    return world.add("property-company", code, attributes)


def _contract(world: World, number: int, estate: Made, company: Made, community: Community) -> None:
    key = f"WYHT-2025-{number + 1:03}"
    attributes: JsonObject = {
        "number": key, "estate": estate.attributes["name"], "company": company.attributes["name"],
        "credit_code": company.key, "kind": ("owners", "owners", "early", "interim")[number % 4],
        "fee": round(0.8 + 0.15 * (number % 6), 2), "area_m2": 18_000.0 + 2_400 * (number % 9), "starts": "2025-01-01",
        "ends": "2027-12-31", "state": "active", "division": estate.attributes["division"],
    }  # fmt: skip
    made = world.add("property-contract", key, attributes, point(community.longitude, community.latitude))
    world.tie("of-compound", made, "compound", estate.key)
    world.tie("by-company", made, "property-company", company.key)


def _fund(world: World, number: int, estate: Made, kind: str) -> None:
    account = f"{'WX' if kind == 'maintenance' else 'LL'}-{number + 1:03}"
    common: JsonObject = {
        "account": account,
        "estate": estate.attributes["name"],
        "division": estate.attributes["division"],
    }
    fund = world.add(
        "maintenance-fund", account,
        {**common, "kind": kind, "holder": world.departments.get("housing", "住房和建设部门"), "opened": "2016-05-01"},
    )  # fmt: skip
    world.tie("of-compound", fund, "compound", estate.key)
    first = "deposit" if kind == "maintenance" else "subsidy"
    _movement(world, fund, common, 1, first, 420_000.0 + 15_000 * (number % 7), "2016-05-01", "首期归集")
    for year in range(2021, 2026):
        _movement(
            world,
            fund,
            common,
            year - 2019,
            "interest",
            3_100.0 + 40 * (number % 9),
            f"{year}-12-21",
            f"{year}年度利息",
        )
    purpose, amount = _WORKS[number % len(_WORKS)]
    _movement(world, fund, common, 8, "use", amount, "2026-04-18", purpose, f"YZ20260105{number + 1:04}")


def _movement(
    world: World,
    fund: Made,
    common: JsonObject,
    number: int,
    kind: str,
    amount: float,
    day: str,
    purpose: str,
    decided: str = "",
) -> None:
    key = f"{fund.key}-{number:03}"
    more: JsonObject = {"decided_by": decided, "contractor": "示范建筑修缮有限公司"} if decided else {}
    attributes = {**common, "number": key, "kind": kind, "amount": amount, "made_on": day, "purpose": purpose, **more}
    world.tie("of-fund", world.add("fund-movement", key, attributes), "maintenance-fund", fund.key)
