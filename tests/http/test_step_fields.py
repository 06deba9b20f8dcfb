"""流程步骤的表单:随流程版本发布,新案件按它填;该填的不填、不该填的填了都说清楚;重新安装不会把设计冲掉。"""

from __future__ import annotations

from typing import Any

import pytest
from support.http_city import HttpCity, a_city, refused

from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.model import UserTask
from yiwang.packs.install import install_city

city = a_city()

FORM = """
        <yiwang:field id="risk" zh="有无危险" en="Dangerous" kind="yesno"/>
        <yiwang:field id="grade" zh="危险程度" en="How dangerous" kind="choice" options="一般|严重"
          options_en="Ordinary|Grave" show_if="risk = yes" required="true" on="file"/>
        <yiwang:field id="people" zh="受影响人数" en="People" kind="integer" min="0" max="999" on="file"
          require_if="risk = yes; grade = 严重"/>
"""


async def drawing(city: HttpCity, form: str) -> str:
    client = await city.client("sysadmin")
    head = (await client.get("/api/v1/definitions/urban-case")).json()
    answer = await client.get(
        f"/api/v1/definitions/urban-case/versions/{head['version']}", headers={"accept": "application/xml"}
    )
    mark = '<yiwang:outcome id="file" zh="立案"'
    assert mark in answer.text
    return answer.text.replace(mark, form + mark)


def faults(xml: str) -> list[str]:
    return [item.zh for item in read_bpmn(xml).findings]


async def test_步骤表单随流程发布_办理时按条件填写_安装不冲掉(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    before = await city.report("广告牌快掉下来了")
    sent = await client.put(
        "/api/v1/definitions/urban-case/draft",
        content=(await drawing(city, FORM)).encode(),
        headers={"content-type": "application/xml"},
    )
    assert sent.status_code == 200, sent.text
    published = await client.post("/api/v1/definitions/urban-case/publish")
    assert published.status_code == 200, published.text
    await city.services.refresh()
    opened = await city.report("井盖丢了,有人差点掉下去")
    while (task := await city.task(opened.id)).node != "accept":
        await city.step(opened.id, "exist", note="属实")
    acceptor = await city.client(await city.holder_login(task))
    view = (await acceptor.get(f"/api/v1/cases/{opened.id}")).json()
    asked = next(one["fields"] for one in view["operations"] if one["outcome"] == "file")
    assert list(asked) == ["risk", "grade", "people"]
    assert "grade" not in next(one["fields"] for one in view["operations"] if one["outcome"] == "not_accept")

    path, standard = f"/api/v1/tasks/{task.id}/complete", view["class_options"][0]["id"]
    given: dict[str, Any] = {"outcome": "file", "standard": standard, "class_code": view["class_code"]}
    async with city.untouched():
        for fields, pointer in (
            ({"risk": True}, "/fields/grade"),
            ({"risk": True, "grade": "严重"}, "/fields/people"),
            ({"grade": "一般"}, "/fields/grade"),
            ({"risk": True, "grade": "很大"}, "/fields/grade"),
            ({"people": 1000}, "/fields/people"),
            ({"other": 1}, "/fields/other"),
        ):
            told = refused(await acceptor.post(path, json={**given, "fields": fields}), 422)
            assert pointer in [error["where"] for error in told["errors"]]
    done = await acceptor.post(path, json={**given, "fields": {"risk": True, "grade": "严重", "people": 3}})
    assert done.status_code == 200, done.text
    after = (await acceptor.get(f"/api/v1/cases/{opened.id}")).json()
    assert after["step_fields"]["grade"]["schema"]["x-en"] == {"一般": "Ordinary", "严重": "Grave"}
    assert (after["fields"]["people"], after["step_fields"]["people"]["names"]["en"]) == (3, "People")
    old = await city.view(before.id)
    assert not any(operation.fields for operation in old.operations)

    services = city.services
    report = await install_city(services.context, services, city.settings.city, packs=city.settings.packs)
    assert "保留管理员发布的urban-case" in next(part.zh for part in report.parts if part.part == "casework")
    assert [item.declaration.id for item in services.casework.catalogue.all()]
    step = services.casework.catalogue.latest("urban-case").definition.graph.task("accept")
    assert isinstance(step, UserTask)
    assert [item.id for item in step.fields] == ["risk", "grade", "people"]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ('id="Risk" zh="甲" en="a"', "小写字母"),
        ('id="a" zh="甲" en="a" kind="choice"', "选项"),
        ('id="a" zh="甲" en="a" kind="choice" options="一|二" options_en="one"', "一一对应"),
        ('id="a" zh="甲" en="a" kind="colour"', "之一"),
        ('id="a" zh="甲" en="a" show_if="b = 1"', "别的字段"),
        ('id="a" zh="甲" en="a" show_if="a = 1"', "别的字段"),
        ('id="a" zh="甲" en="a" kind="number" min="5" max="1"', "最小值"),
        ('id="a" zh="甲" en="a" on="nothing"', "没有办理结果"),
        ('id="outcome" zh="甲" en="a"', "小写字母"),
        ('id="a" zh="" en="a"', "缺少 zh"),
        ('id="a" zh="甲" en="a" show_if="c &gt; 3"/><yiwang:field id="c" zh="丙" en="c"', "类型不符"),
        ('id="a" zh="甲" en="a" show_if="c = x"/><yiwang:field id="c" zh="丙" en="c" show_if="a = y"', "取决于它自己"),
    ],
)
async def test_画错的字段_说得出错在哪(city: HttpCity, field: str, words: str) -> None:
    assert any(words in one for one in faults(await drawing(city, f"<yiwang:field {field}/>")))


async def test_字段按声明的顺序(city: HttpCity) -> None:
    client = await city.client("shift1")
    types = (await client.get("/api/v1/case-types")).json()
    for one in types:
        declared = city.services.casework.catalogue.latest(one["id"]).declaration
        files = next(
            case.value
            for pack in city.services.administration.city().packs
            for case in pack.cases
            if case.value.id == one["id"]
        )
        assert list(declared.fields) == list(files.fields)
        assert list(one["fields"]) == list(files.fields)
        assert list(declared.channels) == [key for key in files.channels if key in declared.channels]
