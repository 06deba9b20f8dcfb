"""Legal entities, components along the roads, series of the economy, places of culture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from yiwang.kernel.database import JsonObject
from yiwang.packs.records.model import Community, Made, World, point
from yiwang.packs.records.numbers import landline, mobile, social_code

_STEMS = [
    "恒远", "嘉禾", "华晟", "润泽", "启航", "天成", "立信", "通达", "德源", "佳美", "宏泰", "金穗", "博远", "锦程", "瑞丰",
    "清朗",
    "海棠", "旭日", "星河", "正和",
]  # fmt: skip
_TRADES = (
    ("enterprise", "91", "C", "机械制造有限公司"), ("enterprise", "91", "I", "信息技术有限公司"),
    ("enterprise", "91", "F", "商贸有限公司"), ("enterprise", "91", "E", "建筑工程有限公司"),
    ("enterprise", "91", "G", "物流有限公司"), ("enterprise", "91", "C", "精细化工有限公司"),
    ("sole-trader", "92", "H", "餐饮店"), ("sole-trader", "92", "F", "便利店"), ("sole-trader", "92", "O", "修理部"),
    ("private-non-enterprise", "52", "P", "培训学校"), ("private-non-enterprise", "52", "Q", "养老服务中心"),
    ("cooperative", "93", "A", "蔬菜种植专业合作社"),
)  # fmt: skip
_KEPT = {
    "01": ("市政养护", "municipal"), "02": ("交通设施", "facility"), "03": ("环卫服务", "sanitation"),
    "04": ("园林绿化", "landscaping"), "05": ("公共设施", "enforcement"),
}  # fmt: skip
_COMPONENTS = (
    ("01002", "污水井盖"), ("01003", "雨水井盖"), ("01037", "路灯"), ("01007", "通信井盖"), ("01005", "电力井盖"),
    ("02014", "交通信号灯"), ("02017", "护栏"), ("02010", "交通标志牌"), ("03005", "垃圾箱"), ("04002", "行道树"),
    ("04002", "行道树"), ("04002", "行道树"), ("01037", "路灯"), ("01050", "监控电子眼"),
)  # fmt: skip
_SERIES = (
    ("A01", "地区生产总值", "accounts", "亿元", "quarter", 245.0),
    ("B01", "规模以上工业增加值", "industry", "亿元", "month", 26.0),
    ("C01", "固定资产投资", "investment", "亿元", "month", 21.0),
    ("D01", "社会消费品零售总额", "trade", "亿元", "month", 18.0),
    ("E01", "一般公共预算收入", "finance", "亿元", "month", 9.2),
    ("F01", "城镇居民人均可支配收入", "income", "元", "quarter", 14300.0),
    ("G01", "城镇新增就业", "employment", "人", "month", 1650.0),
    ("H01", "全社会用电量", "energy", "万千瓦时", "month", 61000.0),
)  # fmt: skip


def invent_entities(world: World, rooms: Sequence[Made], grown: Sequence[Made], count: int) -> list[Made]:
    """Enterprises, traders and units, each registered at a house and represented by a grown-up; keepers of components last."""
    draw = world.random
    made: list[Made] = []
    homes = draw.sample(list(rooms), min(count, len(rooms)))
    for index, room in enumerate(homes):
        kind, office, industry, word = _TRADES[index % len(_TRADES)]
        name = f"西青{_STEMS[index % len(_STEMS)]}{index // len(_STEMS) + 1:02}示范{word}"
        made.append(_entity(world, index, (kind, office, industry, name), room, draw.choice(grown) if grown else None))
    return made


def _entity(world: World, index: int, what: tuple[str, str, str, str], room: Made, person: Made | None) -> Made:
    kind, office, industry, name = what
    draw = world.random
    code = social_code(office, 90_000_000 + index)
    established = date(2026, 1, 1) - timedelta(days=draw.randint(100, 9000))
    attributes: JsonObject = {
        "credit_code": code, "name": name, "kind": kind, "industry": industry, "established": established.isoformat(),
        "state": draw.choices(["active", "suspended", "cancelled"], [92, 4, 4])[0],
        "staff": draw.randint(1, 6) if kind == "sole-trader" else draw.randint(5, 400),
        "representative": person.attributes["name"] if person else "示例负责人", "phone": landline(index),
        "address": room.attributes["address"], "division": room.attributes["division"],
        "dangerous_goods": "化工" in name, "attention": "01" if "化工" in name else "00",
    }  # fmt: skip
    if kind == "enterprise":
        attributes["capital"] = float(draw.choice([50, 100, 200, 500, 1000, 5000]))
    if person is not None:
        attributes["representative_phone"] = mobile(draw.randrange(100_000_000))
    made = world.add("legal-entity", code, attributes, room.geometry)
    world.tie("registered-at", made, "room", room.key)
    if person is not None:
        world.tie("legal-representative", made, "person", person.key)
    return made


def invent_keepers(world: World) -> dict[str, Made]:
    """The firms that keep components, by main class."""
    found: dict[str, Made] = {}
    for number, (main, (word, _)) in enumerate(_KEPT.items()):
        code = social_code("91", 99_000_000 + number)
        attributes: JsonObject = {
            "credit_code": code, "name": f"西青示范{word}有限公司", "kind": "enterprise", "state": "active", "industry": "N",
            "established": "2012-05-08", "representative": "示例负责人", "address": f"{world.district}示范园区{number + 1}号",
            "division": world.division, "staff": 120,
        }  # fmt: skip
        found[main] = world.add("legal-entity", code, attributes)
    return found


def invent_components(world: World, communities: Sequence[Community], keepers: dict[str, Made], each: int) -> None:
    """Components along the road of each community; some are found damaged later."""
    draw = world.random
    serials: dict[str, int] = {}
    for community in communities:
        for step in range(each):
            kind, name = draw.choice(_COMPONENTS)
            longitude = community.longitude - 0.0028 + 0.0056 * step / max(each - 1, 1)
            latitude = community.latitude - 0.0011 + draw.choice([-1, 1]) * draw.uniform(6e-5, 1.1e-4)
            area = world.located(longitude, latitude)
            if not area.startswith(world.division):
                continue
            serials[kind] = serials.get(kind, 0) + 1
            code = f"{world.division}{kind}{serials[kind]:06}"
            main = kind[:2]
            keeper = keepers.get(main)
            department = world.departments.get(_KEPT[main][1], "城市管理主管部门")
            attributes: JsonObject = {
                "code": code, "name": name, "main_class": main, "class": kind, "state": "intact", "department": department,
                "owner": department, "surveyed": "2025-11-20", "origin": "演示生成", "accuracy": "A",
            }  # fmt: skip
            if keeper is not None:
                attributes |= {"keeper": keeper.attributes["name"], "keeper_code": keeper.key}
            if len(area) == 15:
                attributes["unit_grid"] = area
            place = point(longitude, latitude)
            made = world.add("component", code, attributes, place)
            if keeper is not None:
                world.tie("kept-by", made, "legal-entity", keeper.key)
            if draw.random() < 0.05:
                state = draw.choice(["damaged", "damaged", "lost"])
                world.later.append(
                    Made("component", code, {**attributes, "state": state, "changed": "2026-05-12"}, place)
                )


def invent_economy(world: World) -> None:
    """Two years of a few series; the figures of the second were preliminary first and final later."""
    for code, name, theme, unit, frequency, size in _SERIES:
        world.add(
            "economic-indicator", code,
            {
                "code": code, "name": name, "theme": theme, "unit": unit, "frequency": frequency,
                "department": "区统计局", "definition": "演示数据,数值为虚构",
            },
        )  # fmt: skip
        parts = [f"Q{q}" for q in range(1, 5)] if frequency == "quarter" else [f"-{m:02}" for m in range(1, 13)]
        for year in (2024, 2025):
            for part in parts:
                _figure(world, (code, name, unit, size), f"{year}{part}", final=year == 2024)


def _figure(world: World, series: tuple[str, str, str, float], period: str, *, final: bool) -> None:
    code, name, unit, size = series
    value = round(size * world.random.uniform(0.85, 1.15), 2)
    attributes: JsonObject = {
        "indicator": code, "indicator_name": name, "period": period, "value": value, "unit": unit,
        "growth": round(world.random.uniform(-2, 8), 1), "state": "final" if final else "preliminary",
        "division": world.division,
    }  # fmt: skip
    key = "\x1f".join((code, world.division, period))
    made = world.add("economic-value", key, attributes)
    world.tie("of-indicator", made, "economic-indicator", code)
    if not final:
        revised: JsonObject = {
            **attributes,
            "value": round(value * world.random.uniform(0.985, 1.015), 2),
            "state": "final",
        }
        world.later.append(Made("economic-value", key, revised))


def invent_culture(world: World, communities: Sequence[Community]) -> None:
    """A library, a cultural centre, stations of the streets, a few sites."""
    kinds = (
        ("library", "示范图书馆"), ("cultural-centre", "示范文化馆"), ("museum", "示范民俗馆"), ("station", "综合文化站"),
        ("bookshop", "城市书房"), ("heritage", "古桥遗址(示例)"), ("theatre", "示范小剧场"),
    )  # fmt: skip
    for index, community in enumerate(communities):
        kind, word = kinds[index % len(kinds)]
        code = f"{world.division[:6]}W{index + 1:04}"
        attributes: JsonObject = {
            "code": code, "name": community.name.removesuffix("社区").removesuffix("村") + word, "kind": kind,
            "address": f"{world.district}{community.street}{community.name}", "hours": "周二至周日 09:00-17:00", "free": True,
            "phone": landline(5000 + index), "capacity": world.random.choice([80, 150, 300, 600]),
        }  # fmt: skip
        if kind == "heritage":
            attributes["protection"] = "district"
        world.add("cultural-place", code, attributes, point(community.longitude + 0.002, community.latitude + 0.0014))
