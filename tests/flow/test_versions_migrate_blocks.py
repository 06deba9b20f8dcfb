"""Branches, sub-processes, calls, events and rounds of running instances that go over to another version."""

from __future__ import annotations

import pytest

from tests.flow.migrating import codes, migrate
from tests.flow.offices import Drawing, Office, actor, at, event, steps, sub_process
from yiwang.flow.versions import store
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Json


async def test_分支等待汇合_新增分支时拒绝_改名时照常汇合(office: Office) -> None:
    def forked(*branches: str, join: str = "j") -> Drawing:
        drawing = Drawing("forked").start().parallel("f").parallel(join).task("z").end().line("start", "f")
        for name in branches:
            drawing.task(name).line("f", name, join)
        return drawing.line(join, "z", "end")

    old = await office.publish(forked("a", "b"))
    case = (await office.start(old)).instance_id
    await office.complete(case, "a")
    wider = await office.publish(forked("a", "b", "c"))
    refused = await migrate(office, old, wider)
    assert await codes(office, refused) == ["join_would_wait"]
    other = await office.publish(forked("a", "b2", join="j2"))
    assert await codes(office, await migrate(office, old, other)) == ["join_gone", "step_gone"]
    assert (await migrate(office, old, other, {"steps": {"j": "j2", "b": "b2"}})).moved == 1
    assert [token.node for token in (await office.story(case)).tokens] == ["j2"]
    assert [task.node for task in (await office.complete(case, "b2")).new_tasks] == ["z"]


async def test_子流程层次不同的拒绝(office: Office) -> None:
    inner = Drawing().start("s1").task("a").end("e1").line("s1", "a", "e1")
    old = await office.publish(steps(["a"], "nested"))
    drawing = Drawing("nested").start().end()
    drawing.parts.append(sub_process("sub", inner))
    new = await office.publish(drawing.line("start", "sub", "end"))
    await office.start(old)
    assert await codes(office, await migrate(office, old, new)) == ["container_differs"]
    await office.start(new)
    assert await codes(office, await migrate(office, new, old)) == ["step_gone"]


PAPER = '<bpmn:message id="m" name="paper"/><bpmn:message id="n" name="letter"/>'


async def test_等待的消息换了名_按新版本的名称等(office: Office) -> None:
    def waiting(message: str) -> Drawing:
        drawing = Drawing("waits", outside=PAPER).start().node("receiveTask", "r", f'messageRef="{message}"')
        return drawing.task("z").end().line("start", "r", "z", "end")

    old = await office.publish(waiting("m"))
    case = (await office.start(old)).instance_id
    new = await office.publish(waiting("n"))
    assert (await migrate(office, old, new)).moved == 1
    async with office.database.transaction() as connection:
        with pytest.raises(Exception, match="waits for the message"):
            await office.flow.receive(connection, "paper", "", {}, SYSTEM, office.now)
        received = await office.flow.receive(connection, "letter", "", {}, SYSTEM, office.now)
    assert received.instance_id == case


async def test_被调用的流程留在原来的版本(office: Office) -> None:
    def calling(key: str) -> Drawing:
        return Drawing("caller").start().node("callActivity", "call", f'calledElement="{key}"').task("z").end()

    await office.publish(steps(["inner"], "callee"))
    await office.publish(steps(["inner"], "callee-two"))
    old = await office.publish(calling("callee").line("start", "call", "z", "end"))
    case = (await office.start(old)).instance_id
    await office.publish(steps(["inner2"], "callee"))
    elsewhere = await office.publish(calling("callee-two").line("start", "call", "z", "end"))
    assert await codes(office, await migrate(office, old, elsewhere)) == ["call_differs"]
    new = await office.publish(calling("callee").task("y").line("start", "call", "z", "y", "end"))
    assert (await migrate(office, old, new)).moved == 1
    assert [task.node for task in (await office.complete(case, "inner")).new_tasks] == ["z"]


async def test_会签进行中_规则变了继续签_变成单人的拒绝(office: Office) -> None:
    def signed(multi: bool, outcomes: str = "agree no") -> Drawing:
        drawing = Drawing("signed").start().task("s", outcomes).end().line("start", "s", "end")
        if multi:
            drawing.parts = [
                part.replace(
                    "</bpmn:userTask>",
                    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
                    '<yiwang:multi people="=people"/></bpmn:extensionElements>'
                    "</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>",
                )
                for part in drawing.parts
            ]
        return drawing

    people: list[Json] = [str(actor(name).account_id) for name in ("派遣员", "审核员")]
    old = await office.publish(signed(True))
    case = (await office.start(old, people=people)).instance_id
    await office.complete(case, "s", "agree")
    single = await office.publish(signed(False))
    assert await codes(office, await migrate(office, old, single)) == ["round_differs"]
    other = await office.publish(signed(True, "yes no"))
    assert await codes(office, await migrate(office, old, other)) == ["answers_unknown"]
    same = await office.publish(signed(True, "agree no maybe"))
    assert (await migrate(office, old, same)).moved == 1
    assert (await office.complete(case, "s", "agree")).ended


async def test_加签中的任务一起迁移(office: Office) -> None:
    old = await office.publish(steps(["a"], "added"))
    case = (await office.start(old)).instance_id
    async with office.database.transaction() as connection:
        task = await office.task(case, "a")
        people = [person for person in (actor("派遣员").account_id,) if person]
        await office.flow.add_before(connection, task.id, actor("受理员"), people, office.now)
    new = await office.publish(steps(["a2"], "added"))
    assert (await migrate(office, old, new, {"steps": {"a": "a2"}})).moved == 1
    tasks = {task.kind: task for task in await office.tasks(case)}
    assert {task.node for task in tasks.values()} == {"a2"}
    assert tasks["step"].held
    await office.finish(tasks["before"].id, actor("派遣员"), "agree")
    assert (await office.complete(case, "a2")).ended


async def test_事件网关_少一个事件要写明_只剩的还在等(office: Office) -> None:
    office.set_clock(at(8))

    def waiting(gateway: str, *, message: bool = True) -> Drawing:
        drawing = (
            Drawing("either", outside=PAPER).start().node("eventBasedGateway", gateway).task("z").task("late").end()
        )
        timer = event("timer", "<bpmn:timeDuration>PT4H</bpmn:timeDuration>")
        drawing.node("intermediateCatchEvent", "t", inner=timer).line("start", gateway, "t", "late", "end")
        drawing.node("intermediateCatchEvent", "c", inner=event("message", 'messageRef="m"')).line("z", "end")
        if message:
            return drawing.line(gateway, "c", "z")
        other = event("signal", 'signalRef="s"')
        drawing.outside += '<bpmn:signal id="s" name="flood"/>'
        drawing.parts = [part for part in drawing.parts if 'id="c"' not in part]
        return drawing.node("intermediateCatchEvent", "s1", inner=other).line(gateway, "s1", "z")

    old = await office.publish(waiting("g"))
    case = (await office.start(old)).instance_id
    new = await office.publish(waiting("g2", message=False))
    assert await codes(office, await migrate(office, old, new, {"steps": {"g": "g2"}})) == ["event_gone"]
    assert (await migrate(office, old, new, {"steps": {"g": "g2"}, "events": {"c": "drop"}})).moved == 1
    story = await office.story(case)
    assert [(timer.node, timer.wake_at) for timer in story.timers] == [("t", at(12))]
    assert [(wait.node, wait.kind, wait.name) for wait in story.waits] == [("s1", "signal", "flood")]
    assert [(token.node, token.kind) for token in story.tokens] == [("g2", "gateway")]
    async with office.database.transaction() as connection:
        await office.flow.broadcast(connection, "flood", {}, office.now)
    await office.flow.deliver_due(office.now)
    assert await office.nodes(case) == ["z"]


async def test_能补偿的活动换了名也还能补偿_没有了补偿的写明(office: Office) -> None:
    def undone(paid: str, *, undo: bool = True) -> Drawing:
        drawing = Drawing("paying").start().task(paid).task("b", "ok back").exclusive("x", "x-end").end()
        drawing.line("start", paid, "b", "x").flow("x", "end", name="x-end")
        drawing.node("intermediateThrowEvent", "c", inner=event("compensate")).flow("x", "c", 'outcome == "back"')
        drawing.end("undone").line("c", "undone")
        if undo:
            drawing.node("boundaryEvent", "e", f'attachedToRef="{paid}"', event("compensate"))
            drawing.task("refund").node("association", "as", 'sourceRef="e" targetRef="refund"')
            drawing.parts = [
                part.replace('id="refund"', 'id="refund" isForCompensation="true"') for part in drawing.parts
            ]
        return drawing

    old = await office.publish(undone("pay"))
    cases = [(await office.start(old)).instance_id for _ in range(2)]
    for case in cases:
        await office.complete(case, "pay")
    new = await office.publish(undone("paid"))
    assert (await migrate(office, old, new, {"steps": {"pay": "paid"}})).moved == 2
    await office.complete(cases[0], "b", "back")
    assert await office.nodes(cases[0]) == ["refund"]
    bare = await office.publish(undone("paid", undo=False))
    found = await migrate(office, new, bare)
    assert (found.moved, await codes(office, found)) == (1, ["step_gone"])
    async with office.database.connection() as connection:
        moved = await store.cases(connection, found.row.id, "moved", limit=5)
    assert [note["code"] for note in moved[0].notes if isinstance(note, dict)] == ["undo_dropped"]
    assert (await office.complete(cases[1], "b", "back")).end == "undone"


async def test_会签收尾前撤下的分支_没有汇合的分支可以接着走(office: Office) -> None:
    """A branch that ends by itself goes on though the main line is at another place."""

    def loose(beside: str) -> Drawing:
        drawing = Drawing("loose").start().parallel("f").task("a").task(beside).task("b").end().end("e2")
        return drawing.line("start", "f", "a", "b", "end").line("f", beside, "e2")

    old = await office.publish(loose("side"))
    case = (await office.start(old)).instance_id
    await office.complete(case, "a")
    new = await office.publish(loose("beside"))
    assert (await migrate(office, old, new, {"steps": {"side": "beside"}})).moved == 1
    assert sorted(await office.nodes(case)) == ["b", "beside"]
    await office.complete(case, "b")
    assert (await office.complete(case, "beside")).ended
