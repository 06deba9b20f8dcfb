"""会签, 或签, 比例签, 票签: how a round is decided; who is added to it and taken out; what a return does to it."""

from __future__ import annotations

import pytest

from tests.flow.offices import actor, at, person_id
from tests.flow.signing_office import SigningOffice, ids, round_of
from yiwang.flow.errors import RoundTooLarge, StepNotReachable, TaskNotYours
from yiwang.flow.legality import NotAllowed
from yiwang.flow.model import Sign, Value
from yiwang.flow.service import FlowService
from yiwang.flow.walk.rounds import needed, result_of_round
from yiwang.kernel.access import SYSTEM, Grant
from yiwang.kernel.database import Json

A, B, C, D = "派遣员", "派遣员二", "审核员", "水务窗口"
OUTCOMES = ("agree", "change", "no")


@pytest.fixture
def office(flow: FlowService) -> SigningOffice:
    return SigningOffice(flow)


@pytest.mark.parametrize(
    ("rule", "need", "early", "total", "tally", "result"),
    [
        ("all", "", False, 3, {"agree": 2}, None),
        ("all", "", False, 3, {"agree": 3}, "agree"),
        ("all", "", False, 3, {"no": 1, "agree": 1}, None),
        ("all", "", True, 3, {"no": 1, "agree": 1}, "no"),
        ("all", "", True, 3, {"change": 1}, "change"),
        ("all", "", False, 3, {"no": 1, "change": 1, "agree": 1}, "no"),
        ("first", "", True, 3, {}, None),
        ("first", "", True, 3, {"change": 1}, "change"),
        ("first", "", False, 3, {"agree": 1}, "agree"),
        ("share", "60%", True, 5, {"agree": 2}, None),
        ("share", "60%", True, 5, {"agree": 3}, "agree"),
        ("share", "60%", False, 5, {"agree": 3}, None),
        ("share", "60%", False, 5, {"agree": 3, "no": 2}, "agree"),
        ("share", "60%", True, 5, {"no": 3}, "no"),
        ("share", 0.5, True, 4, {"agree": 2}, "agree"),
        ("share", "60%", True, 5, {"agree": 2, "no": 2}, None),
        ("count", 2, True, 5, {"agree": 2}, "agree"),
        ("count", "2", True, 3, {"no": 1, "agree": 1}, None),
        ("count", "2", True, 3, {"no": 2}, "no"),
        ("count", 9, True, 3, {"agree": 3}, "agree"),
        ("vote", "", True, 5, {"agree": 3}, "agree"),
        ("vote", "", True, 5, {"agree": 2, "no": 1}, None),
        ("vote", "", False, 5, {"agree": 3}, None),
        ("vote", "", True, 4, {"agree": 2, "no": 2}, "no"),
        ("vote", "", True, 3, {"agree": 1, "change": 1, "no": 1}, "no"),
        ("vote", "", True, 3, {"change": 2}, "change"),
    ],
)
def test_how_a_round_is_decided(
    rule: str, need: Json, early: bool, total: int, tally: dict[str, int], result: str | None
) -> None:
    sign = Sign(rule, Value(str(need)), early)  # type: ignore[arg-type]
    assert result_of_round(sign, OUTCOMES, total, tally, need) == result


@pytest.mark.parametrize(
    ("need", "total", "wanted"),
    [("60%", 5, 3), ("66%", 3, 2), (0.5, 3, 2), (2, 5, 2), ("3", 2, 2), (0, 4, 1), (None, 4, 4), ("many", 4, 4), ("100%", 7, 7)],
)  # fmt: skip
def test_how_many_must_agree(need: Json, total: int, wanted: int) -> None:
    assert needed(need, total) == wanted


async def test_会签_每人各有一个任务_全部同意才通过(office: SigningOffice) -> None:
    case = await office.begin(round_of("all"), A, B, C)
    answer = await office.step(case, "accept")
    assert [(row.node, row.assignee_id) for row in answer.new_tasks] == [("sign", name) for name in ids([A, B, C])]
    await office.do(case, B, "agree")
    await office.do(case, A, "agree")
    assert await office.nodes(case) == ["sign"]
    await office.do(case, C, "agree")
    assert await office.nodes(case) == ["sum"]
    assert (await office.story(case)).scopes == ()


async def test_或签_先签的算_其余撤回(office: SigningOffice) -> None:
    case = await office.begin(round_of("first", '<yiwang:sign rule="first"/>'), A, B, C)
    await office.step(case, "accept")
    answer = await office.do(case, B, "no")
    assert answer.finished is not None
    assert answer.finished.outcome == "no"
    assert {(step.assignee_id, step.how) for step in answer.dropped} == {
        (person_id(A), "withdrawn"),
        (person_id(C), "withdrawn"),
    }
    assert await office.nodes(case) == ["sum"]


async def test_依次会签_一个接一个(office: SigningOffice) -> None:
    case = await office.begin(round_of("in-turn", sequential=True), A, B, C)
    await office.step(case, "accept")
    for name in (A, B, C):
        assert await office.who(case) == [("sign", "step", name)]
        await office.do(case, name, "agree")
    assert await office.nodes(case) == ["sum"]


async def test_会签的结果决定走哪条路(office: SigningOffice) -> None:
    drawing = round_of("ways", '<yiwang:sign rule="vote"/>').without("sign-sum").exclusive("which", "which-sum")
    drawing.task("refuse").end("end2").line("sign", "which", "sum").flow("which", "refuse", 'outcome == "no"')
    drawing.line("refuse", "end2")
    case = await office.begin(drawing, A, B, C)
    await office.step(case, "accept")
    await office.do(case, A, "no")
    await office.do(case, B, "no")
    assert await office.nodes(case) == ["refuse"]


async def test_completion_condition_ends_a_round(office: SigningOffice) -> None:
    case = await office.begin(round_of("until", until="done >= 2"), A, B, C)
    await office.step(case, "accept")
    await office.do(case, A, "agree")
    await office.do(case, C, "agree")
    assert await office.nodes(case) == ["sum"]


async def test_会签加人_并行的立即收到_依次的排在最后(office: SigningOffice) -> None:
    for key, sequential in (("join-at-once", False), ("join-in-turn", True)):
        case = await office.begin(round_of(key, sequential=sequential), A, B)
        await office.step(case, "accept", who=actor("受理员"))
        task = await office.of(case, A)
        answer = await office.act(
            case,
            lambda flow, link, task=task: flow.add_to_round(link, task.id, actor(A), ids([C]), office.now, "请一起签"),
        )
        assert [row.assignee_id for row in answer.new_tasks] == ([] if sequential else ids([C]))
        with pytest.raises(NotAllowed, match="in the round already"):
            await office.act(
                case, lambda flow, link, task=task: flow.add_to_round(link, task.id, actor(A), ids([C]), office.now)
            )
        for name in (A, B, C):
            await office.do(case, name, "agree")
        assert await office.nodes(case) == ["sum"]


async def test_只有参与人_发起人_有权限的人能加人减人(office: SigningOffice) -> None:
    case = await office.begin(round_of("by-whom"), A, B, C)
    await office.step(case, "accept", who=actor("受理员"))
    task = await office.of(case, B)
    for name in ("排水工", C):  # a stranger; another one of the round, with the task of B
        with pytest.raises(TaskNotYours):
            await office.act(
                case, lambda flow, link, name=name: flow.add_to_round(link, task.id, actor(name), ids([D]), office.now)
            )
    with pytest.raises(TaskNotYours):
        await office.act(case, lambda flow, link: flow.remove_signer(link, task.id, actor(B), office.now))
    await office.act(case, lambda flow, link: flow.add_to_round(link, task.id, actor("受理员"), ids([D]), office.now))
    answer = await office.act(
        case, lambda flow, link: flow.remove_signer(link, task.id, actor("受理员"), office.now, "出差")
    )
    assert [(step.assignee_id, step.how, step.note) for step in answer.dropped] == [(person_id(B), "withdrawn", "出差")]
    manager = actor("管理员", Grant("task", frozenset({"assign"})))
    other = await office.of(case, C)
    await office.act(case, lambda flow, link: flow.remove_signer(link, other.id, manager, office.now))
    assert await office.who(case) == [("sign", "step", D), ("sign", "step", A)]


async def test_减签后结果已定_流程继续(office: SigningOffice) -> None:
    case = await office.begin(round_of("certain", '<yiwang:sign rule="all"/>'), A, B)
    await office.step(case, "accept")
    await office.do(case, A, "agree")
    task = await office.of(case, B)
    answer = await office.act(case, lambda flow, link: flow.remove_signer(link, task.id, SYSTEM, office.now))
    assert [row.node for row in answer.new_tasks] == ["sum"]


async def test_减签不能减最后一人_也不能减已表态的人(office: SigningOffice) -> None:
    case = await office.begin(round_of("last"), A, B)
    await office.step(case, "accept")
    await office.after(await office.of(case, A), A, "agree", C)
    mine = next(task for task in await office.tasks(case) if task.held)
    with pytest.raises(NotAllowed) as caught:
        await office.act(case, lambda flow, link: flow.remove_signer(link, mine.id, SYSTEM, office.now))
    assert caught.value.data["reason"] == "answered"
    other = await office.of(case, B)
    await office.act(case, lambda flow, link: flow.remove_signer(link, other.id, SYSTEM, office.now))
    await office.act(case, lambda flow, link: flow.take_back(link, mine.id, actor(A), office.now))
    with pytest.raises(NotAllowed) as caught:
        await office.act(case, lambda flow, link: flow.remove_signer(link, mine.id, SYSTEM, office.now))
    assert caught.value.data["reason"] == "last_signer"


async def test_依次会签减掉当前的人_轮到下一个(office: SigningOffice) -> None:
    case = await office.begin(round_of("turn-out", sequential=True), A, B, C)
    await office.step(case, "accept")
    await office.do(case, A, "agree")
    task = await office.of(case, B)
    await office.act(case, lambda flow, link: flow.remove_signer(link, task.id, SYSTEM, office.now))
    assert await office.who(case) == [("sign", "step", C)]
    await office.do(case, C, "agree")
    assert await office.nodes(case) == ["sum"]


async def test_超过两百人不能会签(office: SigningOffice) -> None:
    case = await office.begin(round_of("crowd"), A, B)
    await office.step(case, "accept")
    async with office.database.transaction() as connection:
        await connection.execute(
            "update flow_scope set total = 200, done = 198, tally = '{\"agree\": 198}' where instance_id = $1", case
        )
    task = await office.of(case, A)
    with pytest.raises(RoundTooLarge):
        await office.act(case, lambda flow, link: flow.add_to_round(link, task.id, SYSTEM, ids([C]), office.now))


async def test_会签中加签_委派_都答复后才算一票(office: SigningOffice) -> None:
    case = await office.begin(round_of("within"), A, B)
    await office.step(case, "accept")
    await office.before(await office.of(case, A), A, C)
    await office.do(case, B, "agree")
    await office.do(case, C, "agree")
    assert await office.who(case) == [("sign", "step", A)]
    await office.delegate(await office.of(case, A), A, D)
    await office.do(case, D, "agree")
    answer = await office.do(case, A, "agree")
    assert [row.node for row in answer.new_tasks] == ["sum"]


async def test_或签已定_别人的加签也撤回(office: SigningOffice) -> None:
    case = await office.begin(round_of("first-within", '<yiwang:sign rule="first"/>'), A, B)
    await office.step(case, "accept")
    await office.after(await office.of(case, A), A, "agree", C)
    await office.do(case, B, "agree")
    assert await office.nodes(case) == ["sum"]
    assert sorted(step.how for step in (await office.story(case)).steps) == ["done", "done", "withdrawn", "withdrawn"]


# 退回


async def test_会签中退回_全体作废_重来时每人一个任务(office: SigningOffice) -> None:
    case = await office.begin(round_of("again"), A, B, C)
    await office.step(case, "accept")
    await office.do(case, A, "agree")
    await office.before(await office.of(case, C), C, D)
    task = await office.of(case, B)
    await office.act(case, lambda flow, link: flow.send_back(link, task.id, actor(B), "accept", "", office.now))
    assert await office.nodes(case) == ["accept"]
    assert (await office.story(case)).scopes == ()
    await office.step(case, "accept")
    assert await office.who(case) == sorted(("sign", "step", name) for name in (A, B, C))
    for name in (C, B, A):
        await office.do(case, name, "agree")
    assert await office.nodes(case) == ["sum"]


async def test_会签中退回_直接返回的_已签的有效_只请未签的人(office: SigningOffice) -> None:
    for key, sequential in (("straight", False), ("straight-in-turn", True)):
        case = await office.begin(round_of(key, sequential=sequential, step='back="straight"'), A, B, C, D)
        await office.step(case, "accept")
        await office.do(case, A, "agree")
        task = await office.of(case, B)
        await office.act(
            case, lambda flow, link, task=task: flow.send_back(link, task.id, actor(B), "accept", "", office.now)
        )
        assert await office.nodes(case) == ["accept"]
        await office.step(case, "accept")
        open_ = [("sign", "step", B)] if sequential else sorted(("sign", "step", name) for name in (B, C, D))
        assert await office.who(case) == open_
        scope = (await office.story_scopes(case))[0]
        assert (scope.total, scope.done, scope.tally) == (4, 1, {"agree": 1})
        for name in (B, C, D):
            await office.do(case, name, "agree")
        assert await office.nodes(case) == ["sum"]


async def test_退回到会签_每人重新签(office: SigningOffice) -> None:
    case = await office.begin(round_of("to-round"), A, B)
    await office.step(case, "accept")
    for name in (A, B):
        await office.do(case, name, "agree")
    task = await office.task(case, "sum")
    await office.act(case, lambda flow, link: flow.send_back(link, task.id, SYSTEM, "sign", "", office.now))
    assert await office.who(case) == sorted(("sign", "step", name) for name in (A, B))


async def test_按事项分办的步骤不能加人(office: SigningOffice) -> None:
    drawing = round_of("items")
    part = next(part for part in drawing.parts if 'id="sign"' in part)
    drawing.parts[drawing.parts.index(part)] = part.replace('people="=people"', 'items="=people"')
    case = await office.begin(drawing, A, B)
    await office.step(case, "accept")
    task = (await office.tasks(case))[0]
    with pytest.raises(NotAllowed, match="for each item"):
        await office.act(case, lambda flow, link: flow.add_to_round(link, task.id, SYSTEM, ids([C]), office.now))


async def test_分支里的会签不能由外面单独退回(office: SigningOffice) -> None:
    drawing = round_of("in-branch").without("sign-sum", "accept-sign").task("beside").parallel("fork").parallel("join")
    drawing.line("accept", "fork", "sign", "join", "sum").line("fork", "beside", "join")
    case = await office.begin(drawing, A, B)
    await office.step(case, "accept")
    for name in (A, B):
        await office.do(case, name, "agree")
    await office.step(case, "beside")
    task = await office.task(case, "sum")
    with pytest.raises(StepNotReachable):
        await office.act(case, lambda flow, link: flow.send_back(link, task.id, SYSTEM, "sign", "", office.now))
    assert at(9) < office.now
