"""办理人规则: each part of a rule finds whom it says, in the declared order; finding nobody has its declared answer."""

from __future__ import annotations

import dataclasses

import pytest

from tests.flow.town import (
    ADMINISTRATOR,
    DISTRICT,
    DRAINS,
    HOME,
    NOW,
    PUMPS,
    TOWN,
    WATER,
    People,
    absence,
    at_post,
    person,
    step,
    who,
    with_person,
)
from yiwang.flow.assignment import Place, Queue
from yiwang.flow.errors import ConditionFailed, NobodyForStep, RoundTooLarge
from yiwang.flow.model import Multi, Value, Who
from yiwang.kernel.database import Json, JsonObject

VARIABLES: JsonObject = {
    "starter": str(person("泵站工")),
    "chosen": str(person("排水工甲")),
    "gone": str(person("离职者")),
    "stranger": str(person("没有这个人")),
    "words": "不是账号",
    "nothing": None,
    "section": DRAINS,
    "grid": "西青-001",
    "area": "120111001001",
    "post_id": 6,
    "level": 3,
    "by": {"accept": str(person("排水工乙")), "left": str(person("离职者"))},
}


def ask(rule: Who, place: Place = HOME, **variables: Json) -> Queue | None:
    return People().assignment().queue(step(rule), {**VARIABLES, **variables}, place, NOW)


FOUND: list[tuple[str, Who, Queue]] = [
    (
        "a person kept apart, then post",
        who(person="=chosen", post="expert", apart=("=chosen",)),
        at_post(11),
    ),
    (
        "whoever did the step may not, then post",
        who(step="accept", post="expert", apart=("accept",)),
        at_post(11),
    ),
    ("apart from a step never done", who(person="=chosen", apart=("never",)), with_person("排水工甲", DRAINS)),
    ("person", who(person="=chosen"), with_person("排水工甲", DRAINS)),
    ("the starter", who(person="=starter"), with_person("泵站工", PUMPS)),
    ("person before post", who(person="=chosen", post="expert"), with_person("排水工甲", DRAINS)),
    ("person without post", who(person=str(person("无岗者"))), with_person("无岗者", DRAINS)),
    ("no person, then post", who(person="=nothing", post="expert"), at_post(11)),
    ("earlier handler", who(step="accept"), with_person("排水工乙", DRAINS)),
    ("person before earlier handler", who(person="=chosen", step="accept"), with_person("排水工甲", DRAINS)),
    ("earlier handler has left, then post", who(step="left", post="handler", organisation="drains"), at_post(5)),
    ("step never done, then post", who(step="never", post="expert"), at_post(11)),
    ("expression gives an account", who(expression="chosen"), with_person("排水工甲", DRAINS)),
    ("expression gives a post", who(expression="post_id"), at_post(6)),
    ("expression chooses", who(expression="level > 2 ? 2 : 3"), at_post(2)),
    ("expression gives nothing, then post", who(expression="nothing", post="expert"), at_post(11)),
    ("expression gives a vacant post, then post", who(expression="10", post="expert"), at_post(11)),
    ("expression gives a closed post, then post", who(expression="13", post="expert"), at_post(11)),
    ("earlier handler before expression", who(step="accept", expression="post_id"), with_person("排水工乙", DRAINS)),
    ("manager of the starter, one level up", who(manager="=starter"), at_post(4)),
    ("manager of a leader is the one above", who(manager=str(person("排水科长"))), at_post(3)),
    ("manager of an organisation by id", who(manager="=section"), at_post(4)),
    ("manager of an organisation by code", who(manager="pumps"), at_post(4)),
    ("manager at the nearest organisation that has one", who(manager="town"), at_post(2)),
    ("manager of another kind of post", who(manager="pumps", post="handler"), at_post(6)),
    ("manager of another kind of post, further up", who(manager="=chosen", post="expert"), at_post(11)),
    ("expression before manager", who(expression="post_id", manager="=starter"), at_post(6)),
    ("manager before role", who(manager="=starter", role="reviewing"), at_post(4)),
    ("role without a place", who(role="reviewing"), at_post(12)),
    ("role in an organisation", who(role="reviewing", organisation="district"), at_post(11)),
    ("role for an area", who(role="reviewing", area="=area"), at_post(12)),
    ("role for a grid", who(role="patrolling", area="=grid"), at_post(7)),
    ("role before post", who(role="reviewing", post="handler"), at_post(12)),
    (
        "role that only vacant posts bring, then post",
        who(role="unheld", post="handler", organisation="pumps"),
        at_post(6),
    ),
    ("unknown role, then post", who(role="unknown", post="expert"), at_post(11)),
    ("post in an organisation", who(post="handler", organisation="=section"), at_post(5)),
    ("post for a grid", who(post="grid-worker", area="=grid"), at_post(7)),
    ("post for an area", who(post="grid-worker", area="120111001002"), at_post(9)),
]


@pytest.mark.parametrize(("rule", "queue"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_规则找到该找的人(rule: Who, queue: Queue) -> None:
    assert ask(rule) == queue


NOBODY: list[tuple[str, Who]] = [
    ("person: none named", who(person="=nothing")),
    ("person: left", who(person="=gone")),
    ("person: unknown", who(person="=stranger")),
    ("person: no account id", who(person="=words")),
    ("person: variable not set", who(person="=missing")),
    ("step: never done", who(step="never")),
    ("step: left since", who(step="left")),
    ("expression: null", who(expression="nothing")),
    ("expression: a stranger", who(expression="stranger")),
    ("expression: words", who(expression="words")),
    ("expression: no such post", who(expression="999")),
    ("expression: a vacant post", who(expression="10")),
    ("expression: a closed post", who(expression="13")),
    ("manager: of the highest", who(manager=str(person("区长")))),
    ("manager: of nobody", who(manager="=nothing")),
    ("manager: of a stranger", who(manager="=stranger")),
    ("manager: of one who belongs nowhere", who(manager=str(person("无处者")))),
    ("manager: of an unknown organisation", who(manager="fire-brigade")),
    ("manager: of an organisation id that is none", who(manager="=unknown_id")),
    ("manager: no such post above", who(manager="=starter", post="auditor")),
    ("role: unknown", who(role="unknown")),
    ("role: only vacant posts", who(role="unheld")),
    ("role: not in that organisation", who(role="reviewing", organisation="drains")),
    ("role: not for that area", who(role="patrolling", area="110101")),
    ("post: vacant", who(post="reviewer")),
    ("post: unknown organisation", who(post="handler", organisation="=nothing")),
    ("post: none in that organisation", who(post="handler", organisation="water")),
    ("post: no area given", who(post="grid-worker", area="=nothing")),
    ("post: none for that area", who(post="grid-worker", area="110101")),
]


@pytest.mark.parametrize("rule", [row[1] for row in NOBODY], ids=[row[0] for row in NOBODY])
def test_找不到人_按声明_管理员_跳过_停下(rule: Who) -> None:
    assert ask(rule, unknown_id=77) == ADMINISTRATOR
    assert ask(dataclasses.replace(rule, empty="skip"), unknown_id=77) is None
    with pytest.raises(NobodyForStep) as refused:
        ask(dataclasses.replace(rule, empty="stop"), unknown_id=77)
    assert "核查" in refused.value.message("zh")
    assert refused.value.data["who_zh"]


def test_没有管理员时_等在空岗上() -> None:
    assignment = People(gone=("管理员",)).assignment()
    for rule, waiting in [
        (who(post="reviewer"), at_post(10)),
        (who(role="unheld"), at_post(10)),
        (who(expression="10"), at_post(10)),
        (who(post="grid-worker", area="西青-002"), at_post(8)),
        (who(person="=nothing"), at_post(1)),
    ]:
        found = assignment.queue(step(rule), VARIABLES, Place("120112", "西青-002"), NOW)
        assert found == waiting, rule


def test_上级岗位空缺_交再上一级() -> None:
    assignment = People(gone=("排水科长",)).assignment()
    assert assignment.queue(step(who(manager="=starter")), VARIABLES, HOME, NOW) == at_post(3)


def test_上级不在时_本人不能代上级批自己的事() -> None:
    """The head of the water office is away and the head of drains acts for him: their own request goes one level higher."""
    town = People([absence("水务局长", "排水科长")]).assignment()
    own = step(who(manager=str(person("排水科长"))))
    assert town.queue(own, {}, HOME, NOW) == at_post(2)
    limited = People([absence("水务局长", "排水科长", "leave-request")]).assignment()
    assert limited.queue(own, {}, HOME, NOW, kinds=["leave-request"]) == at_post(2)
    assert limited.queue(own, {}, HOME, NOW, kinds=["drain-case"]) == at_post(3)


def test_上级规则不会落到别处的同类岗位() -> None:
    assert ask(who(manager=str(person("区长")), post="leader")) == ADMINISTRATOR


@pytest.mark.parametrize(
    "text", ["missing", "chosen + 1", "level / 0", "[post_id]", "level > 1", "level * 1.5", "{'a': 1}"]
)
def test_表达式算不出或给出别的东西_说明原因(text: str) -> None:
    with pytest.raises(ConditionFailed) as refused:
        ask(who(expression=text, post="expert"))
    assert refused.value.data["text"] == text
    assert refused.value.data["flow"] == "check"


def test_升级规则代替步骤自己的规则() -> None:
    assignment = People().assignment()
    task = step(who(post="handler", organisation="pumps"))
    assert assignment.queue(task, VARIABLES, HOME, NOW) == at_post(6)
    assert assignment.queue(task, VARIABLES, HOME, NOW, who=who(manager="=starter")) == at_post(4)


# -- several people together ------------------------------------------------------------------------------------------


def together(rule: Who, people: str, town: People | None = None, place: Place = HOME, **variables: Json) -> list[Queue]:
    value = Value(variable=people[1:]) if people.startswith("=") else Value(people)
    task = step(rule, Multi(False, people=value))
    return (town or People()).assignment().people(task, {**VARIABLES, **variables}, place, NOW)


EXPERTS = [with_person(name, DISTRICT) for name in ("专家丙", "专家甲", "专家乙")]


def test_名单里的人各得一份_顺序不变_重复一次_离职和不明的略去() -> None:
    names = ["专家乙", "离职者", "排水工甲", "没有这个人", "专家乙"]
    given: list[Json] = [*(str(person(name)) for name in names), "不是账号", 7, None]
    assert together(who(post="expert"), "=list", list=given) == [
        with_person("专家乙", DISTRICT),
        with_person("排水工甲", DRAINS),
    ]


def test_岗位的全体任职人_按岗位和任职先后() -> None:
    assert together(who(post="expert"), "holders") == EXPERTS
    assert together(who(role="reviewing", organisation="district"), "holders") == EXPERTS
    assert together(who(post="handler"), "holders") == [
        with_person("排水工甲", DRAINS),
        with_person("排水工乙", DRAINS),
        with_person("泵站工", PUMPS),
    ]
    assert together(who(role="reviewing"), "holders") == [*EXPERTS, with_person("审核员", TOWN)]
    assert together(who(manager="=starter"), "holders") == [with_person("排水科长", DRAINS)]
    assert together(who(expression="11"), "holders") == EXPERTS
    assert together(who(person="=chosen", post="expert"), "holders") == [with_person("排水工甲", DRAINS)]


def test_按区域会签_只找最近一级有人的岗位() -> None:
    rule = who(post="grid-worker", area="=grid")
    assert together(rule, "holders") == [with_person("网格员甲", TOWN)]
    assert together(rule, "holders", place=Place(HOME.area, "西青-002"), grid="西青-002") == [
        with_person("镇巡查员", TOWN)
    ]


@pytest.mark.parametrize(
    ("rule", "people", "given"),
    [
        (who(post="expert"), "=list", []),
        (who(post="expert"), "=list", None),
        (who(post="expert"), "=list", "一段文字"),
        (who(post="expert"), "=list", {"a": 1}),
        (who(post="expert"), "=list", [str(person("离职者"))]),
        (who(post="reviewer"), "holders", None),
        (who(role="unheld"), "holders", None),
        (who(person="=gone"), "holders", None),
    ],
)
def test_会签一个人也没有_按声明(rule: Who, people: str, given: Json) -> None:
    assert together(rule, people, list=given) == [ADMINISTRATOR]
    assert together(dataclasses.replace(rule, empty="skip"), people, list=given) == []
    with pytest.raises(NobodyForStep):
        together(dataclasses.replace(rule, empty="stop"), people, list=given)


def test_会签最多二百人() -> None:
    names = [f"委员{number}" for number in range(201)]
    town = People(more=dict.fromkeys(names, WATER))
    ids: list[Json] = [str(person(name)) for name in names]
    assert len(together(who(post="expert"), "=list", town, list=ids[:200])) == 200
    with pytest.raises(RoundTooLarge) as refused:
        together(who(post="expert"), "=list", town, list=ids)
    assert "201" in refused.value.message("zh")


def test_不是多人步骤_不能这样问() -> None:
    with pytest.raises(ValueError, match="several people"):
        People().assignment().people(step(who(post="expert")), {}, HOME, NOW)
