"""演示数据:同一种子得到同样的记录;每条都符合其登记类型;号码校验位正确而从未发放。"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from yiwang.packs.model.city import DemoRecords
from yiwang.packs.records.inventing import invent
from yiwang.packs.records.mistakes import WRITTEN_TWICE
from yiwang.packs.records.model import Community, World
from yiwang.registry.declarations import ThingType
from yiwang.registry.identifiers import citizen_number, credit_code
from yiwang.registry.types import CompiledType

PACKS = Path(__file__).resolve().parents[2] / "packs"
NOT_INVENTED = {"elder-care-entry", "helped-person", "law-lookout", "service-item"}
"""Lists of persons, which need a legal basis and whoever answers for it, and the city's own service items."""
COMMUNITIES = [
    Community("120111001010", "王顶堤家园社区", "西营门街道", 117.115, 39.14),
    Community("120111101203", "三街村", "杨柳青镇", 117.01, 39.135),
]


def world(seed: int = 7) -> World:
    wanted = DemoRecords(seed=seed, areas=["120111001010"], buildings=2, entities=24, components=30)
    return invent(
        wanted, COMMUNITIES, division="120111", district="西青区", departments={}, located=lambda _x, _y: "120111001010"
    )


@pytest.fixture(scope="module")
def types() -> dict[str, CompiledType]:
    declared = [
        ThingType.model_validate(yaml.safe_load(path.read_text("utf-8"))) for path in PACKS.glob("*/types/*.yaml")
    ]
    return {each.id: CompiledType(each, "base") for each in declared}


def test_同一种子得到同样的记录() -> None:
    one, other = world(), world()
    assert one.things == other.things
    assert one.ties == other.ties
    assert world(8).things != one.things


def test_每条记录都符合登记类型(types: dict[str, CompiledType]) -> None:
    invented = world()
    for made in [*invented.things, *invented.later]:
        kind = types[made.type]
        assert kind.faults(kind.normal(made.attributes)) == [], made
    assert set(types) - {made.type for made in invented.things} == NOT_INVENTED


def test_每个关系都有两端_并由登记类型声明(types: dict[str, CompiledType]) -> None:
    invented = world()
    known = {(made.type, made.key) for made in invented.things}
    for tie in invented.ties:
        assert {(tie.from_type, tie.from_key), (tie.to_type, tie.to_key)} <= known
        assert types[tie.from_type].declaration.relations[tie.kind].to == tie.to_type


def test_号码校验位正确_而其区划从未存在() -> None:
    numbers = [str(made.attributes["identity_number"]) for made in world().things if made.type == "person"]
    codes = [made.key for made in world().things if made.type == "legal-entity"]
    assert len(set(numbers)) == len(numbers) > 50
    assert all(citizen_number(number) == number and number.startswith("120199") for number in numbers)
    assert all(credit_code(code) == code and code[2:8] == "120199" for code in codes)


def test_危货运单_车辆与本市终端对得上_库存由出入库算出且不为负() -> None:
    invented = world()
    by_type = {
        kind: [made.attributes for made in invented.things if made.type == kind]
        for kind in ("hazmat-vehicle", "hazmat-waybill", "hazmat-movement")
    }
    city = yaml.safe_load((PACKS.parent / "cities" / "xiqing" / "devices.yaml").read_text("utf-8"))
    terminals = {
        each["code"]: each["attributes"]["plate"] for each in city["devices"] if each["code"].startswith("HAZ-")
    }
    assert {each["device"]: each["plate"] for each in by_type["hazmat-vehicle"]} == terminals
    assert {each["day"] for each in by_type["hazmat-waybill"]} >= {"2026-06-15", "2026-07-14"}
    stock: dict[object, float] = {}
    for each in by_type["hazmat-movement"]:
        sign = 1 if each["direction"] == "in" else -1
        stock[each["store"]] = stock.get(each["store"], 0.0) + sign * float(str(each["tonnes"]))
        assert 0 <= stock[each["store"]] <= 600


def test_有意留下的缺项与重复_质量检查和查重都有可看的(types: dict[str, CompiledType]) -> None:
    invented = world()
    persons = [made.attributes for made in invented.things if made.type == "person"]
    entities = [made.attributes for made in invented.things if made.type == "legal-entity"]
    assert any(each["residence"] == "floating" and "arrival_reason" not in each for each in persons)
    assert any(str(each["identity_number"])[6:14] != str(each["born"]).replace("-", "") for each in persons)
    assert any("industry" not in each for each in entities)
    for rows, named in ((persons, ("name", "born")), (entities, ("name", "address"))):
        seen = [tuple(str(each[name]) for name in named) for each in rows]
        assert len(set(seen)) < len(seen)
    assert all(types[kind].declaration.resolution is not None for kind in WRITTEN_TWICE)
