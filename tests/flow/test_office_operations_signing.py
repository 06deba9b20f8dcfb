"""加签, 委派, 收回: the task is held until it is answered, comes back to its owner, and nothing of it is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.flow.offices import Drawing, actor, at, person_id
from tests.flow.signing_office import SigningOffice, ids
from yiwang.flow.errors import OutcomeUnknown, RoundTooLarge, TaskNotYours, VariablesInvalid
from yiwang.flow.legality import NotAllowed
from yiwang.flow.service import FlowService
from yiwang.identity.absences import Absences
from yiwang.identity.directory import Directory
from yiwang.identity.model import AbsenceRow
from yiwang.kernel.access import Grant
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id

CLERK, ONE, TWO, THREE = "受理员", "派遣员", "派遣员二", "审核员"


@pytest.fixture
def office(flow: FlowService) -> SigningOffice:
    return SigningOffice(flow)


def line(key: str, step: str = 'deadline="3工作日"', extra: str = "") -> Drawing:
    """受理 → 办结."""
    drawing = Drawing(key).start().task("accept", "agree no", step=step, extra=extra).task("sum").end()
    return drawing.line("start", "accept", "sum", "end")


async def test_前加签_都答复后任务回到原办理人(office: SigningOffice) -> None:
    case = await office.begin(line("before"))
    task = await office.task(case, "accept")
    answer = await office.before(task, CLERK, ONE, TWO)
    assert [(row.kind, row.of_task) for row in answer.new_tasks] == [("before", task.id)] * 2
    assert await office.who(case) == [
        ("accept", "before", ONE),
        ("accept", "before", TWO),
        ("accept", "held", ""),
    ]
    answer = await office.do(case, ONE, "agree", "可以")
    assert answer.finished is not None
    assert (answer.finished.kind, answer.finished.outcome, answer.finished.note) == ("before", "agree", "可以")
    assert len(await office.tasks(case)) == 2
    await office.do(case, TWO, "disagree", "材料不全")
    assert await office.who(case) == [("accept", "step", "岗位10")]
    await office.step(case, "accept", "agree", actor(CLERK))
    assert await office.notes(case) == [
        ("accept", "before", "agree", ONE),
        ("accept", "before", "disagree", TWO),
        ("accept", "step", "agree", CLERK),
    ]


async def test_签收后加签_回到签收人而不是岗位(office: SigningOffice) -> None:
    case = await office.begin(line("before-claimed"))
    task = await office.task(case, "accept")
    await office.act(case, lambda flow, link: flow.claim(link, task.id, actor(CLERK)))
    await office.before(task, CLERK, ONE)
    await office.do(case, ONE, "agree")
    again = await office.task(case, "accept")
    assert (again.id, again.assignee_id, again.home_post_id, again.origin) == (task.id, person_id(CLERK), 10, None)
    await office.act(case, lambda flow, link: flow.release(link, task.id, actor(CLERK)))


async def test_后加签_都同意才算数_记在原办理人名下(office: SigningOffice) -> None:
    case = await office.begin(line("after"))
    task = await office.task(case, "accept")
    await office.after(task, CLERK, "agree", ONE, TWO)
    await office.do(case, ONE, "agree")
    assert await office.nodes(case) == ["accept", "accept"]
    answer = await office.do(case, TWO, "agree")
    assert answer.finished is not None
    finished = answer.finished
    assert (finished.id, finished.actor_name, finished.outcome, finished.note) == (task.id, CLERK, "agree", "我同意")
    assert (finished.actor_id, finished.post_id) == (person_id(CLERK), 10)
    assert [(step.actor_name, step.how, step.kind) for step in answer.dropped] == [(TWO, "done", "after")]
    assert [row.node for row in answer.new_tasks] == ["sum"]
    assert await office.who(case) == [("sum", "step", "岗位10")]


async def test_后加签_有人不同意_其余撤回_回到原办理人(office: SigningOffice) -> None:
    case = await office.begin(line("after-no"))
    task = await office.task(case, "accept")
    await office.after(task, CLERK, "agree", ONE, TWO, THREE)
    await office.do(case, ONE, "agree")
    answer = await office.do(case, TWO, "disagree", "不妥")
    assert [(step.assignee_id, step.how) for step in answer.dropped] == [(person_id(THREE), "withdrawn")]
    assert await office.who(case) == [("accept", "step", "岗位10")]
    assert (await office.task(case, "accept")).origin is None
    await office.step(case, "accept", "no", actor(CLERK))
    assert await office.nodes(case) == ["sum"]


async def test_后加签带的变量_流程走下去时才生效(office: SigningOffice) -> None:
    drawing = line("after-variables").without("accept-sum").exclusive("which", "which-sum").task("big").end("end2")
    drawing.line("accept", "which", "sum").flow("which", "big", "amount > 100").line("big", "end2")
    case = await office.begin(drawing, amount=1)
    task = await office.task(case, "accept")
    people = ids([ONE])
    with pytest.raises(VariablesInvalid):
        await office.act(
            case,
            lambda flow, link: flow.add_after(
                link, task.id, actor(CLERK), "agree", people, office.now, variables={"X": 1}
            ),
        )
    await office.act(
        case,
        lambda flow, link: flow.add_after(
            link, task.id, actor(CLERK), "agree", people, office.now, variables={"amount": 500}
        ),
    )
    assert (await office.story(case)).instance.variables["amount"] == 1
    await office.do(case, ONE, "agree")
    assert await office.nodes(case) == ["big"]


async def test_委派_办完回到委派人_由他办结(office: SigningOffice) -> None:
    case = await office.begin(line("delegated"))
    task = await office.task(case, "accept")
    await office.delegate(task, CLERK, ONE)
    with pytest.raises(OutcomeUnknown, match="agree"):
        await office.do(case, ONE, "no")
    one = await office.of(case, ONE)
    with pytest.raises(NotAllowed) as caught:
        await office.act(case, lambda flow, link: flow.send_back_to_previous(link, one.id, actor(ONE), "", office.now))
    assert caught.value.data["reason"] == "delegated"
    await office.do(case, ONE, "agree", "已核实")
    assert await office.who(case) == [("accept", "step", "岗位10")]


async def test_最多连续委派三次(office: SigningOffice) -> None:
    case = await office.begin(line("deep"))
    task = await office.task(case, "accept")
    people = [CLERK, ONE, TWO, THREE]
    for by, to in pairwise(people):
        await office.delegate(task, by, to)
        task = await office.of(case, to)
    with pytest.raises(NotAllowed, match="3 times"):
        await office.delegate(task, THREE, "水务窗口")
    for name in (THREE, TWO, ONE):
        await office.do(case, name, "agree")
    assert await office.who(case) == [("accept", "step", "岗位10")]


async def test_收回加签_答复过的留下_未答复的撤回(office: SigningOffice) -> None:
    case = await office.begin(line("take-back"))
    task = await office.task(case, "accept")
    await office.after(task, CLERK, "agree", ONE, TWO)
    await office.do(case, ONE, "agree")
    with pytest.raises(TaskNotYours):
        await office.act(case, lambda flow, link: flow.take_back(link, task.id, actor(TWO), office.now))
    answer = await office.act(
        case, lambda flow, link: flow.take_back(link, task.id, actor(CLERK), office.now, "加错人")
    )
    assert [(step.how, step.note) for step in answer.dropped] == [("recalled", "加错人")]
    assert await office.who(case) == [("accept", "step", "岗位10")]


async def test_减签_减到只剩一人为止(office: SigningOffice) -> None:
    case = await office.begin(line("fewer"))
    await office.before(await office.task(case, "accept"), CLERK, ONE, TWO, THREE)
    await office.do(case, ONE, "agree")
    two = await office.of(case, TWO)
    with pytest.raises(TaskNotYours):
        await office.act(case, lambda flow, link: flow.remove_signer(link, two.id, actor(TWO), office.now))
    await office.act(case, lambda flow, link: flow.remove_signer(link, two.id, actor(CLERK), office.now))
    three = await office.of(case, THREE)
    with pytest.raises(NotAllowed, match="nobody would be left"):
        await office.act(case, lambda flow, link: flow.remove_signer(link, three.id, actor(CLERK), office.now))
    await office.do(case, THREE, "agree")
    assert await office.who(case) == [("accept", "step", "岗位10")]


async def test_加签人可以退回_受委派人不行(office: SigningOffice) -> None:
    drawing = Drawing("added-back").start().task("accept", "agree").task("check", "agree no").end()
    case = await office.begin(drawing.line("start", "accept", "check", "end"))
    await office.step(case, "accept", "agree")
    await office.before(await office.task(case, "check"), CLERK, ONE, TWO)
    one = await office.of(case, ONE)
    answer = await office.act(
        case, lambda flow, link: flow.send_back(link, one.id, actor(ONE), "accept", "缺图", office.now)
    )
    assert answer.finished is not None
    assert (answer.finished.kind, answer.finished.how, answer.finished.actor_name) == ("step", "sent_back", ONE)
    assert answer.finished.post_id == 10
    assert {step.how for step in answer.dropped} == {"withdrawn"}
    assert await office.who(case) == [("accept", "step", "岗位10")]


async def test_加签不能加自己_离职的人_超过五十人(office: SigningOffice) -> None:
    case = await office.begin(line("wrong-people"))
    task = await office.task(case, "accept")
    with pytest.raises(NotAllowed, match="oneself"):
        await office.before(task, CLERK, ONE, CLERK)
    with pytest.raises(NotFound):
        await office.before(task, CLERK, "离职者")
    with pytest.raises(ValueError, match="name the people"):
        await office.before(task, CLERK)
    with pytest.raises(RoundTooLarge):
        await office.before(task, CLERK, *[f"某人{number}" for number in range(51)])
    assert await office.who(case) == [("accept", "step", "岗位10")]


async def test_加签任务用原任务的期限_也可另定_延期一起延(office: SigningOffice) -> None:
    case = await office.begin(line("limits"))
    task = await office.task(case, "accept")
    await office.before(task, CLERK, ONE, TWO)
    one = await office.of(case, ONE)
    assert (one.due_at, one.warn_at) == (task.due_at, task.warn_at)
    await office.act(case, lambda flow, link: flow.extend_task(link, one.id, "1工作日", office.now))
    due = {row.due_at for row in await office.tasks(case)}
    assert due == {at(9, day=22)}  # Friday is a holiday
    own = (await office.delegate(one, ONE, THREE)).new_tasks[0]
    assert own.due_at == at(9, day=22)
    two = await office.of(case, TWO)
    limited = await office.act(
        case,
        lambda flow, link: flow.delegate(link, two.id, actor(TWO), person_id("水务窗口"), office.now, limit="4工作时"),
    )
    assert limited.new_tasks[0].due_at == at(15, 4)
    office.set_clock(at(10, day=16))
    await office.do(case, THREE, "agree")
    step = (await office.story(case)).steps[-1]
    assert (step.overdue, step.due_at) == (False, at(9, day=22))
    assert step.used_seconds == office.flow.context.calendar.working_seconds(own.created_at, office.now)


async def test_挂账时加签任务和被加签的任务一起停表(office: SigningOffice) -> None:
    case = await office.begin(line("held-on-hold"))
    task = await office.task(case, "accept")
    await office.before(task, CLERK, ONE)
    await office.act(case, lambda flow, link: flow.suspend(link, case, office.now))
    office.set_clock(office.now + timedelta(days=7))
    await office.act(case, lambda flow, link: flow.resume(link, case, office.now))
    due = {row.due_at for row in await office.tasks(case)}
    assert due == {at(9, 1, day=25)}  # three working days, of which two minutes had passed


async def test_作废和跳转_加签的任务一并撤下(office: SigningOffice) -> None:
    definition = await office.publish(line("given-up"))
    for verb, how in (("cancel", "cancelled"), ("jump", "jumped")):
        case = (await office.start(definition)).instance_id
        await office.before(await office.task(case, "accept"), CLERK, ONE, TWO)
        if verb == "cancel":
            await office.act(case, lambda flow, link, case=case: flow.cancel(link, case, actor(CLERK), "", office.now))
        else:
            await office.act(
                case, lambda flow, link, case=case: flow.jump(link, case, actor(CLERK), "sum", "", office.now)
            )
        assert [step.how for step in (await office.story(case)).steps] == [how] * 3
        assert await office.nodes(case) == ([] if verb == "cancel" else ["sum"])


async def test_有转办权限的人可以处理别人的加签任务(office: SigningOffice) -> None:
    case = await office.begin(line("by-grant"))
    await office.before(await office.task(case, "accept"), CLERK, ONE)
    one = await office.of(case, ONE)
    manager = actor("管理员", Grant("task", frozenset({"assign"})))
    await office.act(case, lambda flow, link: flow.assign(link, one.id, manager, person_id=person_id(TWO)))
    await office.do(case, TWO, "agree")
    assert await office.who(case) == [("accept", "step", "岗位10")]


async def test_被加签的任务不能办理_签收_转办(office: SigningOffice) -> None:
    case = await office.begin(line("held"))
    task = await office.task(case, "accept")
    await office.before(task, CLERK, ONE)
    manager = actor("管理员", Grant("task", frozenset({"*"})))
    for verb in (
        lambda flow, link: flow.complete(link, task.id, manager, "agree", {}, office.now),
        lambda flow, link: flow.claim(link, task.id, manager),
        lambda flow, link: flow.assign(link, task.id, manager, person_id=person_id(TWO)),
        lambda flow, link: flow.send_back_to_previous(link, task.id, manager, "", office.now),
    ):
        with pytest.raises(NotAllowed) as caught:
            await office.act(case, verb)
        assert caught.value.data["reason"] == "held"


async def test_离职或请假的人_任务不回到没人的地方(office: SigningOffice) -> None:
    """The owner leaves while others sign: the task goes to the post from which they had taken it."""
    case = await office.begin(line("owner-left"))
    task = await office.task(case, "accept")
    await office.act(case, lambda flow, link: flow.claim(link, task.id, actor(CLERK)))
    await office.before(task, CLERK, ONE)
    async with office.database.transaction() as connection:
        await connection.execute(
            "update flow_task set origin = jsonb_set(origin, '{queue,2}', to_jsonb($2::text)) where id = $1",
            task.id,
            str(person_id("离职者")),
        )
    await office.do(case, ONE, "agree")
    assert await office.who(case) == [("accept", "step", "岗位10")]


def away(office: SigningOffice, absent: str, deputy: str) -> None:
    """``absent`` is away from now on, as the directory would know it."""
    directory = office.flow.assignment.directory
    assert isinstance(directory, Directory)
    end = office.now + timedelta(days=3)
    row = AbsenceRow(new_id(), person_id(absent), person_id(deputy), office.now, end, frozenset(), "", office.now)
    directory._snapshot = replace(directory.snapshot, absences=Absences([row])).turned(office.now)


async def test_原办理人请假_加签办完回到代理人_记明代谁(office: SigningOffice) -> None:
    drawing = Drawing("owner-away").start().task("accept", "agree", who='<yiwang:who person="=clerk"/>').end()
    case = await office.begin(drawing.line("start", "accept", "end"), clerk=str(person_id("排水工")))
    task = await office.of(case, "排水工")
    await office.before(task, "排水工", ONE)
    away(office, "排水工", "排水班长")
    await office.do(case, ONE, "agree")
    assert await office.who(case) == [("accept", "step", "排水班长")]
    again = await office.task(case, "accept")
    assert again.origin == {"for": str(person_id("排水工"))}


async def test_被加签的人请假_由代理人签(office: SigningOffice) -> None:
    case = await office.begin(line("signer-away"))
    away(office, "排水工", "排水班长")
    await office.after(await office.task(case, "accept"), CLERK, "agree", "排水工")
    added = await office.of(case, "排水班长")
    assert added.origin is not None
    assert added.origin["for"] == str(person_id("排水工"))
    await office.do(case, "排水班长", "agree")
    assert await office.nodes(case) == ["sum"]
