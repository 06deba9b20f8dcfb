"""Declared fields in the form for registration: what is asked for follows from what has been typed into the others."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect
from support.browsing import OpenPage, Site, look

from yiwang.casework.declarations import CaseTypeDeclaration

FIELDS = {
    "danger": {"names": {"zh": "有无倒伏危险", "en": "Danger"}, "schema": {"type": "string", "enum": ["无", "有"]}},
    "reach": {
        "names": {"zh": "倒向", "en": "Towards"},
        "schema": {"type": "string", "maxLength": 60},
        "show_if": {"danger": {"const": "有"}},
        "require_if": {"trunk": {"minimum": 30}},
    },
    "trunk": {"names": {"zh": "胸径", "en": "Trunk"}, "schema": {"type": "integer", "minimum": 1, "maximum": 400}},
    "power": {
        "names": {"zh": "供电单位", "en": "Power unit"},
        "schema": {"type": "string"},
        "show_if": {"reach": {"pattern": "电线"}},
    },
}


async def test_字段随别的字段出现和变为必填(site: Site, open_page: OpenPage) -> None:
    casework = site.city.services.casework
    like = next(item for item in casework.catalogue.all() if "hotline" in item.declaration.channels)
    declaration = CaseTypeDeclaration.model_validate(
        {**like.declaration.model_dump(mode="json", by_alias=True), "fields": FIELDS}
    )
    async with site.city.services.context.database.transaction() as connection:
        await casework.publish_case_type(
            connection, declaration, like.tree, like.table, like.definition, site.city.services.clock.now()
        )

    page = await open_page("/desk", as_="acceptor1")
    for _ in range(240):  # the serving process looks for publications every five seconds
        if "供电单位" in await (await page.request.get("/api/v1/case-types")).text():
            break
        await asyncio.sleep(0.5)
    await page.goto("/desk/intake")
    danger, reach, trunk, power = (page.get_by_label(name) for name in ("有无倒伏危险", "倒向", "胸径", "供电单位"))
    await expect(trunk).to_be_visible()
    await expect(reach).to_have_count(0)
    await danger.select_option("有")
    await expect(reach).not_to_have_attribute("required", "")
    await trunk.fill("45")
    await expect(reach).to_have_attribute("required", "")
    await expect(power).to_have_count(0)
    await reach.press_sequentially("路边电线")
    await expect(power).to_be_visible()
    await look(page, "desk-fields")
    await danger.select_option("无")
    await expect(reach).to_have_count(0)
    await expect(power).to_have_count(0)  # what is not shown counts as not given
    await danger.select_option("有")
    await expect(reach).to_have_value("路边电线")  # and is not lost
