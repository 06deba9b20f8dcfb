"""What changed between two versions, in the words of the office."""

from __future__ import annotations

import pytest

from tests.flow.offices import Drawing, event, steps, sub_process
from yiwang.flow.errors import FlowRefused
from yiwang.flow.versions.comparing import compare_files
from yiwang.flow.versions.difference import Difference


def compared(old: Drawing, new: Drawing) -> Difference:
    return compare_files(old.xml, new.xml)


def told(old: Drawing, new: Drawing) -> list[str]:
    return [change.words.zh for change in compared(old, new).changes]


def with_di(drawing: Drawing, x: int, colour: str = "") -> str:
    shape = (
        '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
        ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><bpmndi:BPMNPlane bpmnElement="test-flow">'
        f'<bpmndi:BPMNShape bpmnElement="a"{colour}><dc:Bounds x="{x}" y="1" width="100" height="80"/></bpmndi:BPMNShape>'
        "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
    )
    return drawing.xml.replace("</bpmn:definitions>", f"{shape}</bpmn:definitions>")


def test_同样的两份没有不同() -> None:
    found = compared(steps(["a", "b"]), steps(["a", "b"]))
    assert (found.same, found.only_looks, found.changes) == (True, False, ())
    assert found.text("zh") == "两个版本相同。"
    assert found.text("en") == "The two versions are the same."


def test_插入一步_说明在谁之后谁之前_原可到哪里现可到哪里() -> None:
    assert told(steps(["a", "b"]), steps(["a", "new", "b"])) == [
        "新增步骤(new),在步骤(a)之后、步骤(b)之前",
        "从步骤(a)原可到步骤(b),现可到步骤(new)",
    ]
    assert told(steps(["a", "old", "b"]), steps(["a", "b"])) == [
        "删除步骤(old)",
        "从步骤(a)原可到步骤(old),现可到步骤(b)",
    ]


def test_设置逐项说明() -> None:
    late = '<yiwang:clock start="handling" deadline="5工作日"/><yiwang:overtime after="1工作日" do="remind" every="4工作时"/>'
    old = Drawing().start().task("a", "ok no", step='deadline="3工作日"').end().line("start", "a", "end")
    new = (
        Drawing()
        .start()
        .task("a", "ok no hold", post="dispatcher", step='deadline="=limit" pauses="handling"', extra=late)
        .end()
        .line("start", "a", "end")
    )
    assert told(old, new) == [
        "步骤(a)的办理人由 岗位 acceptor 改为 岗位 dispatcher",
        "步骤(a)的期限由 3工作日 改为 =limit",
        "步骤(a)的办理结果由 ok(ok)、no(no) 改为 ok(ok)、no(no)、hold(hold)",
        "步骤(a)的计时设为 启动 handling 5工作日",
        "步骤(a)的超时处理设为 1工作日 后提醒,每 4工作时 一次",
        "步骤(a)的暂停的计时设为 handling",
    ]
    assert [change.aspect for change in compared(old, new).changes] == [
        "who",
        "deadline",
        "outcomes",
        "clocks",
        "overtime",
        "pauses",
    ]
    assert "deadline of step (a) changed from 3工作日 to =limit" in compared(old, new).text("en")


def test_条件和默认去向() -> None:
    def drawn(condition: str, default: str) -> Drawing:
        drawing = Drawing().start().task("a", "ok no").exclusive("x", default).task("b").task("c").end()
        drawing.line("start", "a", "x").flow("x", "b", "" if default == "x-b" else condition, "x-b")
        return drawing.flow("x", "c", condition if default == "x-b" else "", "x-c").line("b", "end").line("c", "end")

    assert told(drawn('outcome == "no"', "x-b"), drawn('outcome != "ok"', "x-b")) == [
        '连线排他网关(x)→步骤(c)的条件由 outcome == "no" 改为 outcome != "ok"'
    ]
    found = told(drawn('outcome == "no"', "x-b"), drawn('outcome == "no"', "x-c"))
    assert "排他网关(x)的默认去向由 步骤(b) 改为 步骤(c)" in found


def test_定时_附着_中断() -> None:
    def timed(host: str, after: str, *, interrupting: bool) -> Drawing:
        drawing = steps(["a", "b"]).timer("w", host, after, interrupting=interrupting)
        return drawing.task("late").end("over").line("w", "late", "over")

    found = told(timed("a", "PT2H", interrupting=True), timed("b", "PT3H", interrupting=False))
    assert found == [
        "边界事件(w)由附着于步骤(a)改为步骤(b)",
        "边界事件(w)的定时由 2自然小时 改为 3自然小时",
        "边界事件(w)的是否中断由 是 改为 否",
    ]
    assert "新增边界事件(w),附着于步骤(a)" in told(steps(["a", "b"]), timed("a", "PT2H", interrupting=True))


def test_移入子流程_改名_会签() -> None:
    inner = Drawing().start("s1").task("a").end("e1").line("s1", "a", "e1")
    outer = Drawing().start().end()
    outer.parts.append(sub_process("sub", inner))
    found = told(steps(["a"]), outer.line("start", "sub", "end"))
    assert "步骤(a)由主流程移入子流程(sub)" in found
    named = steps(["a"])
    named.parts = [part.replace('name="a"', 'name="核实"') for part in named.parts]
    again = steps(["a"])
    again.parts = [part.replace('name="a"', 'name="现场核实"') for part in again.parts]
    assert told(named, again) == ["步骤“核实”(a)改名为“现场核实”"]
    multi = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<yiwang:multi people="=people"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>'
    )
    signed = steps(["a"])
    signed.parts = [part.replace("</bpmn:userTask>", multi) for part in signed.parts]
    assert told(steps(["a"]), signed) == [
        "步骤(a)的多实例设为 并行、人员 =people",
        "步骤(a)的会签规则设为 全部同意、等全部办完",
    ]


def test_换了_id_的按名称和类型认出来() -> None:
    def named(name: str) -> Drawing:
        drawing = steps([name, "z"])
        drawing.parts = [part.replace(f'name="{name}"', 'name="核实"') for part in drawing.parts]
        return drawing

    found = compared(named("check"), named("verify"))
    assert found.json()["renamed_ids"] == {"check": "verify"}
    assert "步骤“核实”(verify)的 id 原为 check" in [change.words.zh for change in found.changes]
    assert not [change for change in found.changes if change.kind in ("added", "removed")]


def test_只改了图面或注释的说清楚() -> None:
    drawing = steps(["a"])
    found = compare_files(with_di(drawing, 10), with_di(drawing, 90))
    assert found.only_looks
    assert [change.words.zh for change in found.changes] == ["图上 1 个图形的位置或大小有变化"]
    assert found.text("zh").endswith("只有图面变化,不影响办理。")
    colour = compare_files(with_di(drawing, 10), with_di(drawing, 10, ' fill="red"'))
    assert [change.aspect for change in colour.changes] == ["style"]
    remarked = drawing.xml.replace("</bpmn:process>", "<bpmn:textAnnotation id='t'/></bpmn:process>")
    assert [change.kind for change in compare_files(drawing.xml, remarked).changes] == ["remarks"]
    spaced = compare_files(drawing.xml, drawing.xml.replace("\n", "\n\n"))
    assert spaced.only_looks
    assert [change.aspect for change in spaced.changes] == ["file"]


def test_消息换名_流程改名() -> None:
    outside = '<bpmn:message id="m" name="paper"/><bpmn:message id="n" name="letter"/>'

    def waiting(message: str) -> Drawing:
        drawing = (
            Drawing(outside=outside)
            .start()
            .node("intermediateCatchEvent", "c", inner=event("message", f'messageRef="{message}"'))
        )
        return drawing.task("a").end().line("start", "c", "a", "end")

    assert told(waiting("m"), waiting("n")) == ["中间捕获事件(c)的事件由 消息 paper 改为 消息 letter"]
    renamed = compare_files(steps(["a"]).xml, steps(["a"]).xml.replace("测试流程", "新流程"))
    assert [change.words.zh for change in renamed.changes] == ["流程名称由 测试流程 改为 新流程"]


def test_有错的草稿不能比较() -> None:
    with pytest.raises(FlowRefused):
        compared(steps(["a"]), steps(["a"]).without("a-end"))
