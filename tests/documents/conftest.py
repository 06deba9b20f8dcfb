"""The small city, whose urban cases end with a reply on paper: by the drawing, and by whoever may issue it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from support.http_city import HttpCity, running, settings_for
from support.small_city import ROOT, SMALL_CITY, START

from yiwang.http.services import open_services
from yiwang.kernel.clock import set_clock
from yiwang.packs.install import install_city

_CLOSE = '<yiwang:outcome id="close" zh="结案" en="Close"/>'

_STATEMENT = """
id: statement
names: {zh: 情况说明, en: Statement}
case: urban-case
template: statement.md
number: "{office}说〔{year}〕{serial:3}"
office: centre
deliver: false
personal: true
"""


@pytest.fixture(scope="module")
async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpCity]:
    home = tmp_path_factory.mktemp("home")
    packs = tmp_path_factory.mktemp("copy") / "packs"
    shutil.copytree(ROOT / "packs", packs)
    flow = packs / "urban-management" / "flows" / "urban-case.bpmn"
    text = flow.read_text("utf-8")
    assert text.count(_CLOSE) == 1
    flow.write_text(text.replace(_CLOSE, _CLOSE + '<yiwang:document key="handling-reply" on="close"/>'), "utf-8")
    # Fields of the case enter by the template, so that a case without them cannot be answered.
    template = packs / "urban-management" / "documents" / "handling-reply.md"
    template.write_text(template.read_text("utf-8") + "办理意见：{{step.note}}\n", "utf-8")
    papers = packs / "urban-management" / "documents"
    (papers / "statement.yaml").write_text(_STATEMENT, "utf-8")
    (papers / "statement.md").write_text("本案编号{{case.number}}。\n", "utf-8")
    settings = settings_for(home, packs=packs, demo=True)
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, SMALL_CITY, packs=packs, begin=START)
        async with services.context.database.transaction() as connection:
            await set_clock(connection, speed=0)
    async with running(settings, database_url) as app:
        found = HttpCity(app, settings, database_url)
        yield found
        await found.leave()
