"""学习: rules first, then the model; unsure leaves it to a person; who closed a case teaches where the next one goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.journal_final import until_final
from support.small_city import SmallCity

from yiwang.casework.dispatch import Facts
from yiwang.casework.errors import CaseTypeUnknown
from yiwang.casework.learning import declared_examples
from yiwang.casework.model import Report
from yiwang.judgement.advice.model import Outcome
from yiwang.judgement.advice.outcomes import Outcomes
from yiwang.judgement.classification.errors import (
    ClassesUnknown,
    ModelUnknown,
    ModelWorse,
    NothingToRollBack,
)
from yiwang.judgement.classification.model import Example
from yiwang.kernel.access import SYSTEM

TYPE = "urban-case"
# Words that the class tree does not know, so that only a model can tell.
_MADE = {
    "06010": ("咕噜咕噜冒黑汤漫得到处都是", "黑汤咕噜冒出来漫过鞋面", "一股黑汤咕噜噜往外漫"),
    "06001": ("臭哄哄的袋子堆成小山没人拉", "袋子堆得像小山臭哄哄", "没人拉走臭哄哄的袋子小山"),
}
_PLACES = ("东头", "西头", "桥下", "坡上", "巷口", "塔边", "河沿", "村口")


def _given(swap: bool = False) -> list[Example]:
    codes = list(_MADE)
    return [
        Example(f"{place}{text}", codes[1 - codes.index(code)] if swap else code)
        for code, texts in _MADE.items()
        for text in texts
        for place in _PLACES
    ]


@pytest.fixture(scope="module")
async def version(city: SmallCity) -> int:
    learned = await city.cases.learning.train(TYPE, SYSTEM, given=_given(), source="测试")
    await city.cases.learning.publish(TYPE, learned.version, SYSTEM)
    return learned.version


async def test_没有模型时_与从前一样(city: SmallCity) -> None:
    opened = await city.report("咕噜咕噜冒黑汤漫得到处都是")
    view = await city.view(opened.id)
    assert (view.case.class_code, view.case.class_source, view.advice) == ("99990", "none", None)
    assert (await city.case((await city.report("路灯不亮了")).id)).class_source == "rule"


async def test_先用词_词不认识时用模型_并记下建议(city: SmallCity, version: int) -> None:
    by_rule = await city.view((await city.report("学校门口路灯不亮")).id)
    assert by_rule.case.class_source == "rule"
    assert by_rule.advice is not None
    assert by_rule.advice["model"] == version
    opened = await city.report("巷口咕噜咕噜冒黑汤漫到处都是")
    by_model = await city.view(opened.id)
    assert (by_model.case.class_code, by_model.case.class_source) == ("06010", "model")
    assert "咕噜" in opened.class_reason
    suggestions = by_model.advice["suggestions"]  # type: ignore[index]
    assert suggestions[0]["class"] == "06010"  # type: ignore[index,call-overload]
    assert suggestions[0]["probability"] > 0.5  # type: ignore[index,call-overload,operator]


async def test_拿不准就留给人选_建议摆在旁边(city: SmallCity, version: int) -> None:
    view = await city.view((await city.report("天气不错出门走走看看")).id)
    assert (view.case.class_code, view.case.class_source) == ("99990", "none")
    assert view.advice is not None
    assert view.advice["sure"] is False


async def test_人选定的分类_模型不插嘴(city: SmallCity, version: int) -> None:
    view = await city.view((await city.report("咕噜冒黑汤", class_code="06001")).id)
    assert (view.case.class_code, view.case.class_source, view.advice) == ("06001", "person", None)


async def test_边写边问_给出分类_部门_时限_理由_不写任何东西(city: SmallCity, version: int) -> None:
    lon, lat = city.elsewhere()
    found = city.cases.suggest(Report(type=TYPE, channel="resident", text="巷口咕噜咕噜冒黑汤", lon=lon, lat=lat))
    assert found.classified.code == "06010"
    assert found.organisation is not None
    assert found.limit
    assert found.reason_zh
    assert found.area
    unknown = city.cases.suggest(Report(type=TYPE, channel="", text=""))
    assert unknown.classified.sure is False


async def test_不如现用模型的_不发布_并给出两个分数(city: SmallCity, version: int) -> None:
    learning = city.cases.learning
    worse = await learning.train(TYPE, SYSTEM, given=_given(swap=True), source="标错的")
    with pytest.raises(ModelWorse) as refused:
        await learning.models.publish(TYPE, worse.version, _given(), SYSTEM)
    assert "0.0000" in refused.value.message("zh")
    assert "1.0000" in refused.value.message("zh")
    assert learning.classifiers.get(TYPE).version == version  # type: ignore[union-attr]
    with pytest.raises(ModelUnknown):
        await learning.publish(TYPE, 999, SYSTEM)


async def test_发布后即时换用_退回后回到上一版(city: SmallCity, version: int) -> None:
    learning = city.cases.learning
    same = await learning.train(TYPE, SYSTEM, given=_given(), source="同样的")
    await learning.publish(TYPE, same.version, SYSTEM)
    assert learning.classifiers.get(TYPE).version == same.version  # type: ignore[union-attr]
    assert await learning.roll_back(TYPE, SYSTEM) == version
    assert learning.classifiers.get(TYPE).version == version  # type: ignore[union-attr]
    states = {row.version: row.state for row in await learning.models.models(TYPE)}
    assert states[version] == "published"
    assert states[same.version] == "withdrawn"
    with pytest.raises(NothingToRollBack):
        await learning.roll_back(TYPE, SYSTEM)
    assert (await learning.models.card(TYPE, None)).card["source"] == "测试"


async def test_样本里有分类树没有的分类_拒绝(city: SmallCity) -> None:
    with pytest.raises(ClassesUnknown) as refused:
        await city.cases.learning.train(TYPE, SYSTEM, given=[*_given(), Example("月亮上的事", "月球")])
    assert "月球" in refused.value.message("zh")
    with pytest.raises(CaseTypeUnknown):
        await city.cases.learning.train("no-such-type", SYSTEM, given=_given())


async def test_人的更正就是样本_按办结时的分类(city: SmallCity) -> None:
    opened = await city.report("学校门口路灯不亮需要改成别的类")
    await city.to(opened, "accept")
    await city.step(opened.id, "file", class_code="06001", standard=_standard(city, "06001"))
    await city.close(opened)
    mine = [item for item in await city.cases.learning.examples(TYPE) if item.key == opened.number]
    assert [item.label for item in mine] == ["06001"]
    assert mine[0].circumstances.channel == "resident"


async def test_误派_退回_绕行_都记下来(city: SmallCity) -> None:
    await _read_journal(city)
    since = city.now()
    opened = await city.report("学校门口路灯不亮了请修一修")
    await city.to(opened, "dispatch")
    view = await city.view(opened.id)
    assert view.advised is not None
    right = view.advised.organisation.code
    wrong = "water-bureau"
    assert right != wrong
    await city.step(opened.id, "dispatch", department=wrong)
    await city.wait(hours=1)
    await city.step(opened.id, "back", note="不是我们管的灯")
    await city.wait(hours=1)
    await city.step(opened.id, "dispatch", department=right)
    await city.close(opened)
    await _read_journal(city)
    rows = await city.cases.learning.figures(SYSTEM, since, city.now() + timedelta(seconds=1))
    mine = next(row for row in rows if row.class_code == view.case.class_code)
    assert (mine.closed, mine.wrong, mine.refused) == (1, 1, 1)
    assert mine.rate == 1.0
    assert mine.detour_hours == pytest.approx(2.0, abs=0.1)
    assert await city.cases.learning.follow() is False


async def test_决策表不说话时_谁办结过五件以上就建议谁_并说明理由(city: SmallCity) -> None:
    outcomes, steps = city.cases.parts.outcomes, city.cases.steps
    silent = replace(city.cases.catalogue.latest(TYPE), table=None)
    offices = [item for item in city.services.identity.directory.organisations() if item.active]
    facts = Facts("09002", "120199002001", "", "resident", "normal")
    usual, no_advice = steps.propose(silent, facts)
    assert usual is not None
    assert no_advice is None
    rows = [(offices[1], 9, 1, "要先核实"), (offices[2], 1, 0, "")]
    outcomes.take(Outcome(TYPE, "09002", facts.area[:9], office.id, *rest) for office, *rest in rows)  # type: ignore[arg-type]
    found, advice = steps.propose(silent, facts)
    assert found == offices[1]
    assert advice is not None
    assert advice.row == 0
    assert "10 件中有 9 件" in advice.reason.zh
    assert "要先核实" in advice.reason.zh
    outcomes.take([])


async def test_决策表建议的部门退回过_理由里写明(city: SmallCity) -> None:
    outcomes, steps = city.cases.parts.outcomes, city.cases.steps
    case_type = city.cases.catalogue.latest(TYPE)
    facts = Facts("01037", "120199002001", "路灯不亮", "resident", "normal")
    office, advice = steps.propose(case_type, facts)
    assert office is not None
    assert advice is not None
    outcomes.take([Outcome(TYPE, "01037", facts.area[:9], office.id, 1, 3, "不是市政路灯")])
    _, warned = steps.propose(case_type, facts)
    assert warned is not None
    assert warned.reason.zh.startswith(advice.reason.zh)
    assert "退回过 3 件" in warned.reason.zh
    assert "不是市政路灯" in warned.reason.zh
    outcomes.take([])


def test_退回多了_就不再建议() -> None:
    outcomes = Outcomes()
    outcomes.take([Outcome("t", "01", "120111001", 7, 6, 0)])
    assert outcomes.advise("t", "01", "120111001002").department_id == 7  # type: ignore[union-attr]
    outcomes.take([Outcome("t", "01", "120111001", 7, 6, 4, "管不了")])
    assert outcomes.advise("t", "01", "120111001002") is None
    outcomes.take([Outcome("t", "01", "120111001", 7, 4, 0), Outcome("t", "01", "120111002", 7, 4, 0)])
    advice = outcomes.advise("t", "01", "120111001002")
    assert advice is not None
    assert advice.reach == "district"
    assert outcomes.advise("t", "02", "120111001002") is None


async def test_分类树自己的词和例句_是第一个模型的样本(city: SmallCity) -> None:
    case_type = city.cases.catalogue.latest(TYPE)
    found = declared_examples(case_type)
    assert len({item.label for item in found}) == len(case_type.tree.classes) - 1
    assert all(item.key == "declared" for item in found)


async def _read_journal(city: SmallCity) -> None:
    await until_final(city.services.context.database)
    while await city.cases.learning.follow():
        pass


def _standard(city: SmallCity, code: str) -> str:
    return city.cases.catalogue.latest(TYPE).standard(code, None).id
