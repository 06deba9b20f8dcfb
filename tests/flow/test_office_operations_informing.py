"""抄送, 催办, 督办, 延期申请: who is told, who must answer, who may grant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.flow.offices import DRAINS, WATER, Drawing, Office, actor, at, context, directory, person_id, steps
from tests.flow.signing_office import SigningOffice, ids
from yiwang.flow.errors import ClockUnknown, InstanceEnded, NoDeadline, TaskAlreadyDone, TaskNotYours
from yiwang.flow.legality import NotAllowed
from yiwang.flow.service import FlowService
from yiwang.flow.store.extensions import ExtensionRow
from yiwang.identity.directory import Directory, Snapshot
from yiwang.identity.model import Appointment, OrganisationRow, PersonRow, PostRow
from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Database
from yiwang.kernel.deadlines import DeadlineKindsDiffer
from yiwang.kernel.errors import NotFound

CLERK, ONE, TWO = "受理员", "派遣员", "派遣员二"
LEADER = actor("管理员", Grant("task", frozenset({"extend"})))


@pytest.fixture
def office(flow: FlowService) -> SigningOffice:
    return SigningOffice(flow)


def limited(key: str, deadline: str = "3工作日") -> Drawing:
    drawing = Drawing(key).start().task("a", step=f'deadline="{deadline}"').task("b").end()
    return drawing.line("start", "a", "b", "end")


# 抄送


async def test_抄送_列在本人名下_新的在前_已读一次(office: SigningOffice) -> None:
    cases = [await office.begin(steps(["a"], f"copy-{number}")) for number in range(3)]
    for number, case in enumerate(cases):
        await office.act(
            case,
            lambda flow, link, case=case, number=number: flow.copy_to(
                link, case, ids([ONE, TWO, ONE]), actor(CLERK), office.now, f"第{number}件"
            ),
        )
    async with office.database.transaction() as link:
        page = await office.flow.my_copies(link, actor(ONE), limit=2)
        assert [copy.instance_id for copy in page] == [cases[2], cases[1]]
        assert [copy.by_name for copy in page] == [CLERK, CLERK]
        last = page[-1]
        rest = await office.flow.my_copies(link, actor(ONE), after=(last.created_at, last.id), limit=2)
        assert [copy.note for copy in rest] == ["第0件"]
        assert await office.flow.unread_copies(link, actor(ONE)) == 3
        read = await office.flow.read_copy(link, last.id, actor(ONE), office.now)
        again = await office.flow.read_copy(link, last.id, actor(ONE), office.now + timedelta(hours=1))
        assert read.read_at == again.read_at == office.now
        with pytest.raises(NotFound):
            await office.flow.read_copy(link, last.id, actor(TWO), office.now)
        unread = await office.flow.my_copies(link, actor(ONE), unread=True)
        assert [copy.instance_id for copy in unread] == [cases[2], cases[0]]
        assert [copy.account_id for copy in await office.flow.copies_of(link, cases[0])] == ids([ONE, TWO])
        assert await office.flow.reads_by_copy(link, cases[0], actor(TWO))
        assert not await office.flow.reads_by_copy(link, cases[0], actor("排水工"))
        assert await office.flow.my_copies(link, SYSTEM) == []


async def test_不带本人任务的令牌_看不到抄送(office: SigningOffice) -> None:
    case = await office.begin(steps(["a"], "copy-token"))
    await office.act(case, lambda flow, link: flow.copy_to(link, case, ids([ONE]), actor(CLERK), office.now, "请知悉"))
    without = replace(actor(ONE), kind="token", posts=())
    async with office.database.transaction() as link:
        assert await office.flow.my_copies(link, without) == []
        assert await office.flow.unread_copies(link, without) == 0
        assert not await office.flow.reads_by_copy(link, case, without)
        copy, *_ = await office.flow.my_copies(link, actor(ONE))
        with pytest.raises(NotFound):
            await office.flow.read_copy(link, copy.id, without, office.now)


async def test_再次抄送_变为未读_办结后也可抄送(office: SigningOffice) -> None:
    case = await office.begin(steps(["a"], "copy-again"))
    task = await office.task(case, "a")
    await office.act(
        case, lambda flow, link: flow.copy_to(link, case, ids([ONE]), actor(CLERK), office.now, task_id=task.id)
    )
    async with office.database.transaction() as link:
        copy = (await office.flow.copies_of(link, case))[0]
        assert (copy.node, copy.read_at) == ("a", None)
        await office.flow.read_copy(link, copy.id, actor(ONE), office.now)
    await office.step(case, "a")
    for note in ("办结", "补充"):
        await office.act(
            case, lambda flow, link, note=note: flow.copy_to(link, case, ids([ONE]), actor(CLERK), office.now, note)
        )
    async with office.database.transaction() as link:
        found = await office.flow.copies_of(link, case)
        assert [(copy.node, copy.note, copy.read_at is None) for copy in found] == [
            ("a", "", False),
            ("", "补充", True),
        ]


async def test_不能抄送给离职的人_空名单_没有的任务(office: SigningOffice) -> None:
    case = await office.begin(steps(["a"], "copy-wrong"))
    with pytest.raises(NotFound):
        await office.act(case, lambda flow, link: flow.copy_to(link, case, ids(["离职者"]), SYSTEM, office.now))
    with pytest.raises(ValueError, match="copy"):
        await office.act(case, lambda flow, link: flow.copy_to(link, case, [], SYSTEM, office.now))
    with pytest.raises(NotFound):
        await office.act(
            case, lambda flow, link: flow.copy_to(link, case, ids([ONE]), SYSTEM, office.now, task_id=UUID(int=1))
        )


# 催办, 督办


async def test_催办_记下谁何时催_只留最近十次(office: SigningOffice) -> None:
    case = await office.begin(steps(["a"], "urge"))
    for _ in range(12):
        await office.act(
            case, lambda flow, link: flow.urge(link, case, actor=actor("管理员"), at=office.now, note="市民又来电")
        )
    task = await office.task(case, "a")
    assert task.urged == 12
    assert task.origin is not None
    words = task.origin["urged"]
    assert isinstance(words, list)
    assert len(words) == 10
    assert words[-1] == {
        "by": str(person_id("管理员")),
        "by_name": "管理员",
        "at": office.now.isoformat(),
        "note": "市民又来电",
    }


async def test_督办须答复_不答复不能办结(office: SigningOffice) -> None:
    definition = await office.publish(steps(["a", "b"], "supervise"))
    for way in ("answer", "note"):
        case = (await office.start(definition)).instance_id
        await office.act(
            case, lambda flow, link, case=case: flow.supervise(link, case, LEADER, office.now, "请说明进展")
        )
        task = await office.task(case, "a")
        assert task.priority == 1
        with pytest.raises(NotAllowed) as caught:
            await office.step(case, "a", who=actor(CLERK))
        assert caught.value.data["reason"] == "unanswered"
        with pytest.raises(NotAllowed):
            await office.after(task, CLERK, "ok", ONE) if way == "never" else await office.act(
                case,
                lambda flow, link, task=task: flow.add_after(link, task.id, actor(CLERK), "ok", ids([ONE]), office.now),
            )
        if way == "answer":
            await office.act(
                case,
                lambda flow, link, task=task: flow.answer_supervision(
                    link, task.id, actor(CLERK), "明天完成", office.now
                ),
            )
            with pytest.raises(NotAllowed) as caught:
                await office.act(
                    case,
                    lambda flow, link, task=task: flow.answer_supervision(
                        link, task.id, actor(CLERK), "再答", office.now
                    ),
                )
            assert caught.value.data["reason"] == "not_supervised"
            await office.step(case, "a", who=actor(CLERK))
        else:
            await office.act(
                case,
                lambda flow, link, task=task: flow.complete(
                    link, task.id, actor(CLERK), "ok", {}, office.now, note="已完成"
                ),
            )
        assert await office.nodes(case) == ["b"]


async def test_督办只要步骤的办理人答复_加签的人不必(office: SigningOffice) -> None:
    case = await office.begin(steps(["a"], "supervise-added"))
    await office.before(await office.task(case, "a"), CLERK, ONE)
    assert await office.act(case, lambda flow, link: flow.supervise(link, case, LEADER, office.now, "请快办")) == 2
    await office.do(case, ONE, "agree")
    with pytest.raises(NotAllowed):
        await office.step(case, "a", who=actor(CLERK))


async def test_没有任务或已结束_无可催办(office: SigningOffice) -> None:
    drawing = Drawing("urge-none", outside='<bpmn:message id="m" name="paper"/>').start().task("a").end()
    drawing.node("receiveTask", "wait", 'messageRef="m"').line("start", "a", "wait", "end")
    case = await office.begin(drawing)
    await office.step(case, "a")
    with pytest.raises(NotAllowed) as caught:
        await office.act(case, lambda flow, link: flow.urge(link, case))
    assert caught.value.data["reason"] == "no_task"
    await office.act(case, lambda flow, link: flow.cancel(link, case, SYSTEM, "", office.now))
    with pytest.raises(InstanceEnded):
        await office.act(case, lambda flow, link: flow.urge(link, case))


# 延期


async def ask(office: SigningOffice, case: UUID, by: str = "1工作日", who: Actor | None = None) -> ExtensionRow:
    task = await office.task(case, "a")
    return await office.act(
        case, lambda flow, link: flow.ask_extension(link, task.id, who or actor(CLERK), by, "路远", office.now)
    )


async def test_申请延期_批准后期限顺延(office: SigningOffice) -> None:
    case = await office.begin(limited("extension"))
    asked = await ask(office, case)
    assert (asked.state, asked.by_text, asked.asked_name) == ("asked", "1工作日", CLERK)
    with pytest.raises(NotAllowed) as caught:
        await ask(office, case)
    assert caught.value.data["reason"] == "asked"
    answer = await office.act(
        case, lambda flow, link: flow.answer_extension(link, asked.id, LEADER, True, office.now, "同意")
    )
    assert answer.cause == "extend"
    assert (await office.task(case, "a")).due_at == at(9, day=22)
    async with office.database.connection() as link:
        stored = await office.flow.extension(link, asked.id)
        assert (stored.state, stored.answered_by, stored.answer_note) == ("granted", LEADER.account_id, "同意")
        assert [row.id for row in await office.flow.extensions_of(link, case)] == [asked.id]
    with pytest.raises(NotAllowed) as caught:
        await office.act(case, lambda flow, link: flow.answer_extension(link, asked.id, LEADER, True, office.now))
    assert caught.value.data["reason"] == "answered_before"
    await ask(office, case)


async def test_延期不批_期限不变(office: SigningOffice) -> None:
    case = await office.begin(limited("extension-no"))
    due = (await office.task(case, "a")).due_at
    asked = await ask(office, case)
    await office.act(
        case, lambda flow, link: flow.answer_extension(link, asked.id, LEADER, False, office.now, "不同意")
    )
    assert (await office.task(case, "a")).due_at == due


async def test_任务结束_延期申请失效(office: SigningOffice) -> None:
    case = await office.begin(limited("extension-lapsed"))
    asked = await ask(office, case)
    await office.step(case, "a")
    async with office.database.connection() as link:
        assert (await office.flow.extension(link, asked.id)).state == "lapsed"
    with pytest.raises(TaskAlreadyDone):
        await office.act(case, lambda flow, link: flow.answer_extension(link, asked.id, LEADER, True, office.now))


async def test_没有期限_时限已停_单位不合的不能申请(office: SigningOffice) -> None:
    case = await office.begin(steps(["a"], "extension-none"))
    with pytest.raises(NoDeadline):
        await ask(office, case)
    drawing = Drawing("extension-clock").start()
    drawing.task("first", extra='<yiwang:clock start="handling" deadline="2工作日"/><yiwang:clock stop="handling"/>')
    drawing.task("a", step='clock="handling"').end().line("start", "first", "a", "end")
    case = await office.begin(drawing)
    await office.step(case, "first")
    with pytest.raises(ClockUnknown):
        await ask(office, case)
    case = await office.begin(limited("extension-kinds"))
    with pytest.raises(DeadlineKindsDiffer):
        await ask(office, case, "2小时")
    with pytest.raises(TaskNotYours):
        await ask(office, case, who=actor(ONE))
    with pytest.raises(NotFound):
        await office.act(case, lambda flow, link: flow.answer_extension(link, UUID(int=1), LEADER, True, office.now))


def with_leaders(database: Database) -> FlowService:
    """A bureau with a section; each has a leader, the section a worker."""
    shared = context(database)
    assert isinstance(shared.clock, ManualClock)
    known = directory(shared.clock, database).snapshot
    assert isinstance(known, Snapshot)
    people = {"水务局长": (60, WATER), "排水科长": (61, DRAINS), "排水班长": (21, DRAINS), "派遣员": (11, 1)}
    since = at(0).replace(year=2020)
    snapshot = Snapshot.build(
        version=1,
        at=shared.clock.now(),
        organisations=[
            OrganisationRow(WATER, "water", None, "水务局", "Water", "department", "", ("water",), (WATER,)),
            OrganisationRow(DRAINS, "drains", WATER, "排水科", "Drains", "section", "", (), (WATER, DRAINS)),
            OrganisationRow(1, "centre", None, "指挥中心", "Centre", "centre", "", (), (1,)),
        ],
        posts=[
            PostRow(60, WATER, "leader", "leader", "leader", ""),
            PostRow(61, DRAINS, "leader", "leader", "leader", ""),
            PostRow(21, DRAINS, "handler", "handler", "handler", ""),
            PostRow(11, 1, "leader", "leader", "leader", ""),
        ],
        appointments=[Appointment(person_id(name), post, since) for name, (post, _) in people.items()],
        persons=[PersonRow(person_id(name), name, name, home, True) for name, (_, home) in people.items()],
    )
    return FlowService(shared, Directory(database, shared.clock, snapshot))


async def test_延期由申请人的上级批_不能自己批(database: Database) -> None:
    flow = with_leaders(database)
    office = Office(flow)
    drawing = Drawing("extension-leader").start().task("a", post="handler", step='deadline="3工作日"').end()
    definition = await office.publish(drawing.line("start", "a", "end"))
    asker = actor("排水班长")
    for leader, granted in ((60, True), (61, True), (11, False)):
        case = (await office.start(definition)).instance_id
        task = await office.task(case, "a")
        over = Actor("person", UUID(int=leader), "领导", None, (leader,))
        async with office.database.transaction() as link:
            asked = await flow.ask_extension(link, task.id, asker, "1工作日", "", office.now)
            with pytest.raises(NotAllowed):
                await flow.answer_extension(link, asked.id, asker, True, office.now)
            if granted:
                await flow.answer_extension(link, asked.id, over, True, office.now)
            else:
                with pytest.raises(TaskNotYours):
                    await flow.answer_extension(link, asked.id, over, True, office.now)
