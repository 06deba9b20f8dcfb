"""The catalogue: numbers that stay, the life from draft to withdrawn, who sees and may do what, what the guide asks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from support.offices import ENTITIES, ROOT, Offices

from yiwang.exchange.catalogue import guide, store
from yiwang.exchange.catalogue.declarations import ResourceDeclaration
from yiwang.exchange.catalogue.model import Asked, Content, Item
from yiwang.exchange.errors import (
    NoteNeeded,
    ProviderUnknown,
    ResourceChanged,
    ResourceInvalid,
    ResourceStateWrong,
    ResourceUnknown,
)
from yiwang.kernel.errors import Forbidden

CONTENT = Content(
    class_code="302001",
    name_zh="排水户名录",
    name_en="Drainage users",
    abstract_zh="办理排水许可的单位名称、地址和许可期限",
    abstract_en="",
    provider_code="",
    format=2,
    format_detail="et",
    type=None,
    items=(Item("单位名称", "Name", "C", 100), Item("许可期限", "Until", "D", 10)),
    share_type=1,
    share_condition="",
    share_method=2,
    open=False,
    open_condition="",
    cycle=4,
    level="general",
    related=(),
    keywords=("排水",),
)


async def test_编目到发布_每一步记下谁和为什么(offices: Offices) -> None:
    water, steward = await offices.actor("water-desk"), await offices.actor("steward1")
    police = await offices.actor("police-desk")
    catalogue = offices.exchange.catalogue
    made = await catalogue.create(water, "water-bureau", CONTENT)
    assert made.code == "302001/000001"
    assert made.provider_code == "water-bureau"  # no credit code is known: the office's internal one
    second = await catalogue.create(water, "water-bureau", CONTENT)
    assert second.code == "302001/000002"
    async with offices.services.context.database.connection() as connection:
        with pytest.raises(ResourceUnknown):  # a draft is nobody else's business
            await catalogue.one(connection, police, made.id)
    with pytest.raises(Forbidden):
        await catalogue.move(water, (await catalogue.move(water, made.id, "submit", "")).id, "register", "")
    with pytest.raises(NoteNeeded):
        await catalogue.move(steward, made.id, "return", "")
    assert (await catalogue.move(steward, made.id, "return", "请补充更新周期")).state == "returned"
    again = await catalogue.edit(water, made.id, replace(CONTENT, cycle=3), expected=3)
    assert (again.state, again.cycle, again.code) == ("draft", 3, "302001/000001")
    with pytest.raises(ResourceChanged):
        await catalogue.edit(water, made.id, CONTENT, expected=3)
    for verb in ("submit", "register", "publish"):
        actor = water if verb == "submit" else steward
        await catalogue.move(actor, made.id, verb, "")  # type: ignore[arg-type]
    with pytest.raises(ResourceStateWrong) as raised:
        await catalogue.edit(water, made.id, CONTENT, expected=7)
    assert "已发布" in raised.value.message("zh")
    async with offices.services.context.database.connection() as connection:
        detail = await catalogue.detail(connection, police, made.id)
        assert detail.verbs == ()
        assert [step.after for step in detail.steps] == [
            "draft", "to_audit", "returned", "draft", "to_audit", "registered", "published",
        ]  # fmt: skip
        found = await store.published(connection, open_only=False)
        assert made.code in [each.code for each in found]
        assert all(each.open for each in await store.published(connection, open_only=True))
        page = await catalogue.listed(connection, police, Asked(words="排水户"))
        assert [each.code for each in page.items] == [made.code]
    await catalogue.move(steward, made.id, "withdraw", "数据已并入法人库")
    with pytest.raises(ProviderUnknown):
        await catalogue.create(water, "no-such-office", CONTENT)
    with pytest.raises(Forbidden):
        await catalogue.create(water, "public-security", CONTENT)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"class_code": "9"}, "/class_code"),
        ({"class_code": "12"}, "/class_code"),
        ({"name_zh": ""}, "/name_zh"),
        ({"abstract_zh": "短"}, "/abstract_zh"),
        ({"provider_code": "91120199MA00000018"}, "/provider_code"),
        ({"format": 9}, "/format"),
        ({"cycle": 0}, "/cycle"),
        ({"items": ()}, "/items"),
        ({"items": (Item("名称", "N", "C"), Item("名称", "N", "C"))}, "/items/1"),
        ({"share_type": 2}, "/share_condition"),
        ({"share_type": 3}, "/share_condition"),
        ({"share_type": 3, "share_condition": "保密法", "open": True}, "/open"),
        ({"open": True, "level": "important"}, "/open"),
        ({"level": "core"}, "/share_type"),
        ({"open": True, "items": (Item("姓名", "N", "C", personal=True),)}, "/open"),
        ({"type": "nonsense"}, "/type"),
    ],
)
def test_编制指南的规则(change: dict[str, object], where: str) -> None:
    content = replace(CONTENT, **{"provider_code": "internal", **change})  # type: ignore[arg-type]
    assert where in [fault.where for fault in guide.faults(content, None)]
    assert guide.faults(replace(CONTENT, provider_code="internal"), None) == []


async def test_不合要求的不能提交_关联的代码必须存在(offices: Offices) -> None:
    water = await offices.actor("water-desk")
    made = await offices.exchange.catalogue.create(
        water, "water-bureau", replace(CONTENT, abstract_zh="", share_type=2, related=("1/000009",))
    )
    with pytest.raises(ResourceInvalid) as raised:
        await offices.exchange.catalogue.move(water, made.id, "submit", "")
    assert [fault.where for fault in raised.value.errors] == ["/abstract_zh", "/share_condition", "/related"]


async def test_信息项由登记类型生成_个人信息不能由人改成不是(offices: Offices) -> None:
    found = await offices.resource(ENTITIES)
    assert (found.state, found.provider_name) == ("published", "区综合部门")
    items = {item.attribute: item for item in found.items}
    assert (items["credit_code"].data_type, items["credit_code"].length) == ("C", 18)
    assert (items["capital"].data_type, items["established"].data_type, items["staff"].data_type) == ("Y", "D", "N")
    assert items["dangerous_goods"].data_type == "L"
    assert (items["representative_phone"].personal, items["representative_phone"].sealed) == (True, True)
    general = await offices.actor("general-desk")
    made = await offices.exchange.catalogue.create(
        general,
        "general-office",
        replace(CONTENT, type="legal-entity", items=(Item("电话", "T", "C", attribute="representative_phone"),)),
    )
    assert made.items[0].personal


async def test_再次发布_不覆盖人改过的目录(offices: Offices) -> None:
    file = ROOT / "packs" / "base-legal-entities" / "resources" / "legal-entities.yaml"
    declared = ResourceDeclaration.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    before = await offices.resource(ENTITIES)
    for declaration in (declared, declared.model_copy(update={"cycle": 6})):
        async with offices.services.context.database.transaction() as connection:
            changed = await offices.exchange.publish(connection, [("base-legal-entities", declaration)], demo=True)
        assert changed == 0
        assert await offices.resource(ENTITIES) == before


async def test_异议和需求成为有时限的案件(offices: Offices) -> None:
    found = await offices.resource(ENTITIES)
    water = await offices.actor("water-desk")
    opened = await offices.exchange.matters.raise_matter(water, "objection", found.id, "三家单位已注销,目录中仍为存续")
    assert opened.number.startswith("SJ20260618")
    assert opened.status == "待核实"
    async with offices.services.context.database.connection() as connection:
        task = (await offices.services.flow.open_tasks(connection, opened.id))[0]
    assert task.due_at is not None
    assert task.post_id in (await offices.actor("general-desk")).posts
    demand = await offices.exchange.matters.raise_matter(water, "demand", None, "需要地下管线权属单位名录")
    assert demand.class_name == "数据需求"
