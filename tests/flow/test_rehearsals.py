"""Rehearsals: definitions walk in memory as the service walks them; what only a whole story shows is held here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.flow.offices import AREA, CALENDAR, Drawing, at
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.decisions.declared import DecisionTable, document_of
from yiwang.flow.errors import InstanceSuspended, MessageUnexpected, OutcomeUnknown, TaskAlreadyDone, TaskNotYours
from yiwang.flow.model import Definition
from yiwang.flow.rehearsal import Rehearsal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Json
from yiwang.kernel.identifiers import new_id
from yiwang.packs.walks.company import Company
from yiwang.packs.walks.declared import Cast

CAST = Cast.model_validate(
    {
        "organisations": {"centre": {"zh": "中心"}, "water": {"zh": "水务局"}, "housing": {"zh": "住建局"}},
        "posts": [
            {"post": "acceptor", "at": "centre", "people": ["受理员", "受理员二"]},
            {"post": "reviewer", "at": "centre", "people": ["审核员"]},
            {"post": "leader", "at": "centre", "people": ["主任"]},
            {"post": "leader", "at": "water", "people": ["水务局长"]},
            {"post": "desk", "at": "water", "people": ["水务窗口"]},
            {"post": "desk", "at": "housing", "people": ["住建窗口"]},
            {"post": "system-admin", "at": "centre", "people": ["管理员"]},
        ],
    }
)
TWO = '<yiwang:outcome id="agree" zh="同意" en="Agree"/><yiwang:outcome id="change" zh="修改" en="Change"/>'


def definition(drawing: Drawing) -> Definition:
    reading = read_bpmn(drawing.xml)
    assert reading.graph is not None, reading.findings
    graph = reading.graph
    return Definition(new_id(), graph.key, 1, "published", graph.names, "", graph, datetime(2026, 1, 1, tzinfo=UTC))


class Stage:
    """A rehearsal of some drawings, by names of people."""

    def __init__(self, *drawings: Drawing, tables: Sequence[DecisionTable] = ()) -> None:
        self.company = Company(CAST, at(9))
        found = [document_of(table).table for table in tables]
        self.play = Rehearsal([definition(one) for one in drawings], self.company, CALENDAR, at(9), tables=found)

    def start(self, key: str, by: str | None = None, **variables: Json) -> None:
        actor = {"by": self.company.actor(by)} if by else {}
        self.play.start(key, variables, area=AREA, **actor)

    def do(self, who: str, node: str, outcome: str = "ok", *, item: Json = None, **variables: Json) -> None:
        self.play.complete(self.first, node, outcome, self.actor(who), variables, item=item)

    def actor(self, who: str) -> Actor:
        return self.company.actor(who)

    @property
    def first(self) -> str:
        return next(iter(self.play.instances))

    def waits(self, instance: str = "") -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for item in self.play.waiting(instance or self.first):
            found.setdefault(item.node, []).extend(self.company.names[person] for person in item.people)
        return found

    def due(self, node: str) -> datetime | None:
        return next(item.due_at for item in self.play.waiting(self.first) if item.node == node)

    @property
    def variables(self) -> Mapping[str, Json]:
        return self.play.instances[self.first].instance.variables

    @property
    def ended(self) -> bool:
        return self.play.instances[self.first].instance.ended_at is not None


def called(key: str = "part") -> Drawing:
    return (
        Drawing(key)
        .start()
        .task("work", who='<yiwang:who post="desk" organisation="=department"/>')
        .end()
        .line("start", "work", "end")
    )


def raw(drawing: Drawing, *parts: str) -> Drawing:
    drawing.parts += parts
    return drawing


def call(name: str, key: str, ins: str = "") -> str:
    extension = f"<bpmn:extensionElements>{ins}</bpmn:extensionElements>" if ins else ""
    return f'<bpmn:callActivity id="{name}" name="{name}" calledElement="{key}">{extension}</bpmn:callActivity>'


def test_包容汇合等被调用的流程结束后才走一次() -> None:
    """A call whose last step is done has yet to end; the join must not go on before, and then a second time."""
    drawing = raw(
        Drawing().start().task("beside").task("after").end(),
        '<bpmn:inclusiveGateway id="fork" default="fork-d"/><bpmn:inclusiveGateway id="join"/>',
        call("part", "part"),
    )
    drawing.line("start", "fork").flow("fork", "beside", "true").flow("fork", "part", "true")
    drawing.flow("fork", "join", name="fork-d").line("beside", "join").line("part", "join", "after", "end")
    stage = Stage(drawing, called())
    stage.start("test-flow", department="water")
    stage.do("受理员", "beside")
    assert set(stage.waits()) == {"join", "work"}
    stage.do("水务窗口", "work")
    assert [item.node for item in stage.play.waiting(stage.first)] == ["after"]
    stage.do("受理员", "after")
    assert stage.ended


def test_暂停计时的步骤办完_下一步马上有期限() -> None:
    clock = '<yiwang:clock start="whole" deadline="5工作日" warn="0.8"/>'
    drawing = (
        Drawing()
        .start()
        .task("accept", step='clock="whole"', extra=clock)
        .task("supplement", step='pauses="whole"')
        .task("decide", step='clock="whole"')
        .end()
        .line("start", "accept", "supplement", "decide", "end")
    )
    stage = Stage(drawing)
    stage.start("test-flow")
    assert stage.due("accept") == at(9, day=23)  # the 19th is a holiday
    stage.do("受理员", "accept")
    stage.play.pass_until(at(9, day=17))
    stage.do("受理员", "supplement")
    assert stage.due("decide") == at(9, day=25)


def test_超时上报按被调用流程自己的变量找人() -> None:
    leader = '<yiwang:who post="leader" organisation="=department"/>'
    late = f'<yiwang:overtime after="1工作日" do="escalate">{leader}</yiwang:overtime>'
    part = Drawing("part").start().task("work", who='<yiwang:who post="desk" organisation="=department"/>', extra=late)
    part.end().line("start", "work", "end")
    whole = raw(Drawing().start().end(), call("part", "part", '<yiwang:in variable="department" value="\'water\'"/>'))
    whole.line("start", "part", "end")
    stage = Stage(whole, part)
    stage.start("test-flow")
    assert stage.waits() == {"work": ["水务窗口"]}
    stage.play.pass_until(at(9, day=16))
    assert stage.waits() == {"work": ["水务局长"]}


def test_被调用流程发出的消息带它自己的变量_不带发起人() -> None:
    part = raw(
        Drawing("part").start().end(),
        '<bpmn:sendTask id="send" name="send" messageRef="told"/>',
    )
    part.outside = '<bpmn:message id="told" name="told"/>'
    part.line("start", "send", "end")
    whole = raw(
        Drawing().start().task("ask", who='<yiwang:who person="=starter"/>').end(),
        call("part", "part", '<yiwang:in variable="city" value="\'云溪\'"/>'),
    )
    whole.line("start", "ask", "part", "end")
    heard = raw(
        Drawing("heard").task("read").end(),
        '<bpmn:startEvent id="start"><bpmn:messageEventDefinition messageRef="told"/></bpmn:startEvent>',
    )
    heard.outside = part.outside
    heard.line("start", "read", "end")
    stage = Stage(whole, part, heard)
    stage.start("test-flow", "主任", secret=1)
    stage.do("主任", "ask")
    assert stage.play.instances["heard"].instance.variables == {"city": "云溪"}
    assert stage.waits("heard") == {"read": ["受理员", "受理员二"]}


def test_同意过的人不再问_中间改过就要再问() -> None:
    person = '<yiwang:who person="=boss"/>'
    drawing = (
        Drawing()
        .start()
        .task("first", "agree change", who=person)
        .task("middle", "agree change", post="reviewer")
        .exclusive("good", default="good-d")
        .task("last", "agree change", who=person, extra='<yiwang:auto same="earlier"/>')
        .end()
        .line("start", "first", "middle", "good")
        .flow("good", "last", 'outcome == "agree"')
        .flow("good", "first", name="good-d")
        .line("last", "end")
    )
    stage = Stage(drawing)
    boss = str(stage.company.accounts["主任"])
    stage.start("test-flow", boss=boss)
    stage.do("主任", "first", "agree")
    stage.do("审核员", "middle", "agree")
    assert stage.ended
    again = Stage(drawing)
    again.start("test-flow", boss=boss)
    again.do("主任", "first", "agree")
    again.do("审核员", "middle", "change")
    again.do("主任", "first", "change")  # done anew, without agreeing
    again.do("审核员", "middle", "agree")
    assert set(again.waits()) == {"last"}


def rounds(sequential: str, back: str = "") -> Drawing:
    multi = (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:extensionElements>'
        '<yiwang:multi items="=departments" item="department"/></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    task = (
        '<bpmn:userTask id="each" name="each"><bpmn:extensionElements>'
        f'<yiwang:step stage="s" status="办理中" {back}/><yiwang:who post="desk" organisation="=department"/>'
        f'{TWO}<yiwang:sign rule="all" early="false"/></bpmn:extensionElements>{multi}</bpmn:userTask>'
    )
    return raw(Drawing().start().task("ask").end(), task).line("start", "ask", "each", "end")


def test_逐项办理的任务记着是哪一项() -> None:
    stage = Stage(rounds("false"))
    stage.start("test-flow", departments=["water", "housing"])
    stage.do("受理员", "ask")
    tasks = stage.play.instances[stage.first].tasks.values()
    assert [task.origin for task in tasks] == [{"item": {"department": "water"}}, {"item": {"department": "housing"}}]
    with pytest.raises(TaskNotYours):
        stage.do("水务窗口", "each", "agree", item="housing")
    stage.do("水务窗口", "each", "agree", item="water")
    stage.do("住建窗口", "each", "agree", item="housing")
    assert stage.ended


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_逐项办理退回后直送_每一项都还在(sequential: str) -> None:
    stage = Stage(rounds(sequential, 'back="straight"'))
    stage.start("test-flow", departments=["water", "housing"])
    stage.do("受理员", "ask")
    stage.play.send_back(stage.first, "each", "ask", stage.actor("水务窗口"))
    assert set(stage.waits()) == {"ask"}
    stage.do("受理员", "ask")
    stage.do("水务窗口", "each", "agree", item="water")
    stage.do("住建窗口", "each", "agree", item="housing")
    assert stage.ended


def test_挂账时任务和定时器都停住_恢复后接着算() -> None:
    drawing = Drawing().start().task("work", step='deadline="2工作日"').task("remind").end().end("late")
    drawing.timer("timer", "work", text="1工作日", interrupting=False).line("start", "work", "end").line(
        "timer", "remind", "late"
    )
    stage = Stage(drawing)
    stage.start("test-flow")
    stage.play.suspend(stage.first)
    stage.play.pass_until(at(9, day=22))
    assert set(stage.waits()) == {"work"}
    with pytest.raises(InstanceSuspended):
        stage.do("受理员", "work")
    stage.play.resume(stage.first)
    assert stage.due("work") == at(9, day=24)
    stage.play.pass_until(at(9, day=23))
    assert set(stage.waits()) == {"work", "remind"}


def test_办不成的什么都不改() -> None:
    stage = Stage(Drawing().start().task("work").end().line("start", "work", "end"))
    stage.start("test-flow")
    before = stage.play.waiting(stage.first)
    with pytest.raises(OutcomeUnknown):
        stage.do("受理员", "work", "nonsense")
    with pytest.raises(TaskNotYours):
        stage.do("审核员", "work")
    with pytest.raises(MessageUnexpected):
        stage.play.message("nobody-waits")
    assert stage.play.waiting(stage.first) == before
    stage.do("受理员", "work")
    with pytest.raises(TaskAlreadyDone):
        stage.do("受理员二", "work")


def test_决策表的结果成为变量() -> None:
    table = DecisionTable.model_validate(
        {
            "id": "who",
            "names": {"zh": "谁", "en": "Who"},
            "hit": "F",
            "inputs": [{"id": "kind", "type": "string"}],
            "outputs": [{"name": "department", "type": "string"}],
            "rules": [
                {"when": {"kind": '"flood"'}, "then": {"department": "water"}},
                {"then": {"department": "housing"}},
            ],
        }
    )
    drawing = raw(
        Drawing().start().task("work", who='<yiwang:who post="desk" organisation="=department"/>').end(),
        '<bpmn:businessRuleTask id="ask" name="ask"><bpmn:extensionElements><yiwang:decision key="who"/>'
        "</bpmn:extensionElements></bpmn:businessRuleTask>",
    ).line("start", "ask", "work", "end")
    stage = Stage(drawing, tables=[table])
    stage.start("test-flow", kind="flood")
    assert stage.waits() == {"work": ["水务窗口"]}
    assert stage.variables["department"] == "water"


def test_谁在岗由真正的通讯录规则回答() -> None:
    away = Cast.model_validate(
        {
            **CAST.model_dump(by_alias=True),
            "away": [{"person": "审核员", "deputy": "主任", "from": at(8), "until": at(18, day=16)}],
        }
    )
    stage = Stage(Drawing().start().task("check", post="reviewer").end().line("start", "check", "end"))
    stage.company = Company(away, at(9))
    stage.play = Rehearsal(list(stage.play.definitions.values()), stage.company, CALENDAR, at(9))
    stage.start("test-flow")
    assert stage.waits() == {"check": ["主任"]}
    stage.do("主任", "check")
    assert isinstance(stage.play.moments[-1].by.account_id, UUID)


def test_主线先结束_旁支后办完_状态仍是主线结束的状态() -> None:
    drawing = (
        Drawing()
        .start()
        .task("accept", "file refuse")
        .exclusive("accepted", default="accepted-d")
        .task("chase")
        .end("filed")
        .end("refused", step='stage="refused" status="不予受理"')
        .end("chased")
        .timer("late", "accept", text="2工作时", interrupting=False)
        .line("start", "accept", "accepted", "filed")
    )
    drawing = drawing.without("accepted-filed").flow("accepted", "filed", name="accepted-d")
    drawing.flow("accepted", "refused", 'outcome == "refuse"').line("late", "chase", "chased")
    stage = Stage(drawing)
    stage.start("test-flow")
    stage.play.pass_until(at(12))
    stage.do("受理员", "accept", "refuse")
    assert set(stage.waits()) == {"chase"}
    stage.do("受理员", "chase")
    answer = stage.play.moments[-1].answer
    assert (answer.ended, answer.end, answer.status, answer.stage) == (True, "refused", "不予受理", "refused")
    assert not stage.play.instances[stage.first].tokens
