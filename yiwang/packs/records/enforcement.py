"""Enforcement of the demo: provisions, certificates, key units, stalls, illegal buildings, last year's parties, publications.

Fines are those of the laws named; parties, units and certificates are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from yiwang.packs.records.model import Community, World, point
from yiwang.packs.records.numbers import identity_number, mobile

_LAST_DAY = date(2026, 7, 14)
_PROVISIONS = (
    ("GF-111", "固体废物污染环境防治法", "第一百一十一条", "随意倾倒、抛撒生活垃圾(个人)", "1001", 100, 500),
    ("DL-42", "城市道路管理条例", "第四十二条", "擅自占用城市道路", "1002", 0, 20_000),
    ("DQ-118-3", "大气污染防治法", "第一百一十八条第三款", "在禁止的时段和区域内露天烧烤食品", "1004", 500, 20_000),
    ("DQ-116", "大气污染防治法", "第一百一十六条", "运输渣土等物料的车辆未采取密闭措施", "1005", 2_000, 20_000),
    ("DQ-118-1", "大气污染防治法", "第一百一十八条第一款", "餐饮服务单位超标排放油烟", "2001", 5_000, 50_000),
    ("DQ-115", "大气污染防治法", "第一百一十五条", "施工工地未采取扬尘污染防治措施", "2002", 10_000, 100_000),
    ("ZS-77", "噪声污染防治法", "第七十七条", "违反规定夜间进行产生噪声的建筑施工", "2003", 10_000, 100_000),
    ("WZ-13", "无证无照经营查处办法", "第十三条", "从事无照经营", "3001", 0, 10_000),
)
_OFFICERS = (
    ("enforcement", "严守正", "02", 1001), ("enforcement", "柏公明", "02", 1002), ("ecology", "蓝清源", "08", 2001),
    ("ecology", "江绿洲", "08", 2002), ("market", "古清风", "05", 3001), ("market", "平准", "05", 3002),
)  # fmt: skip
_FIELDS = {"enforcement": "城市管理", "ecology": "生态环境", "market": "市场监管"}
_UNITS = (
    ("site", "示范住宅项目工地", "夜间施工多次被反映"), ("restaurant", "示范烧烤店", "油烟和占道经营"),
    ("market", "示范集贸市场", "门前秩序"), ("spoil", "示范渣土运输公司", "运输遗撒"),
)  # fmt: skip
_GOODS = (("早点", "06:00-09:00"), ("水果", "07:00-19:00"), ("修鞋配匙", "08:00-18:00"))
_SURNAMES = "王李张刘陈杨赵黄周吴"


def invent_enforcement(world: World, communities: Sequence[Community]) -> None:
    """All of it."""
    for code, law, article, matter, kind, least, most in _PROVISIONS:
        penalty = f"责令改正，处{least}元以上{most}元以下的罚款" if least else f"责令改正，可以处{most}元以下的罚款"
        world.add(
            "law-provision", code,
            {
                "code": code, "law": f"中华人民共和国{law}" if law.endswith("法") else law, "article": article,
                "matter": matter, "class": kind, "penalty": penalty, "least": least, "most": most,
            },
        )  # fmt: skip
    for kind, name, field, number in _OFFICERS:
        certificate = f"津{field}-{number}"
        world.add(
            "law-officer", certificate,
            {
                "certificate": certificate, "name": name, "office": world.departments.get(kind, _FIELDS[kind]),
                "field": _FIELDS[kind], "valid_until": "2028-12-31",
            },
        )  # fmt: skip
    for number, community in enumerate(communities):
        _objects(world, number, community)
    for number in range(12):
        _decision(world, number)


def _objects(world: World, number: int, community: Community) -> None:
    """What stands in one community: a key unit, two stalls; in every third an illegal building."""
    kind, name, why = _UNITS[number % len(_UNITS)]
    unit = f"ZD-{number + 1:03}"
    world.add(
        "law-key-unit", unit,
        {
            "code": unit, "name": f"{community.name}{name}", "kind": kind, "why": why,
            "contact": f"{_SURNAMES[number % 10]}经理", "phone": mobile(70_000_000 + number),
        },
        point(community.longitude + 0.001, community.latitude + 0.0015),
    )  # fmt: skip
    for which in range(2):
        goods, hours = _GOODS[(number + which) % len(_GOODS)]
        stall = f"TW-{number + 1:03}-{which + 1}"
        world.add(
            "law-stall", stall,
            {
                "code": stall, "place": f"{community.name}便民疏导点", "goods": goods, "hours": hours,
                "permit": f"备2026-{number * 2 + which + 1:04}", "permit_until": "2026-12-31",
                "keeper": f"{_SURNAMES[(number + which) % 10]}摊主",
            },
            point(community.longitude - 0.001, community.latitude + 0.0005 * which),
        )  # fmt: skip
    if number % 3 == 0:
        code = f"WJ-{number + 1:03}"
        found = _LAST_DAY - timedelta(days=40 + number)
        world.add(
            "law-building", code,
            {
                "code": code, "address": f"{community.name}3号楼楼顶", "square_metres": 18.0 + number, "use": "彩钢棚",
                "state": ("found", "ordered", "demolished")[number // 3 % 3], "found_on": found.isoformat(),
                "owner": f"{_SURNAMES[(number + 3) % 10]}建",
            },
            point(community.longitude + 0.002, community.latitude - 0.001),
        )  # fmt: skip


def _decision(world: World, number: int) -> None:
    """A decision of the months before: the party's record, and what was published of it."""
    _, law, article, matter, _, least, most = _PROVISIONS[number % len(_PROVISIONS)]
    office = world.departments.get("enforcement", "综合执法部门")
    title, day = f"{office}罚决〔2025〕{number + 1}号", _LAST_DAY - timedelta(days=220 + 9 * number)
    born = date(1980, 1, 1) + timedelta(days=97 * number)
    fine, surname = least + (most - least) * 3 // 10, _SURNAMES[number % 10]
    world.add(
        "law-offender", title,
        {
            "number": title, "name": f"{surname}建军", "identity": identity_number(born, 301 + 2 * number),
            "matter": matter, "decided_on": day.isoformat(), "fine": fine, "performed": "performed" if number % 4 else "court",
        },
    )  # fmt: skip
    world.add(
        "law-publication", title,
        {
            "number": title, "person": f"{surname}建军", "matter": matter, "provision": f"{law}{article}",
            "penalty": f"罚款{fine}元", "office": office, "decided_on": day.isoformat(),
        },
    )  # fmt: skip
