"""Which variables a flow sets itself, and on which ways a limit could be missing, through every kind of node."""

from __future__ import annotations

from tests.flow.bpmn_sheets import MESSAGE, TIMER, Drawing, between, inside, own, read, sheet
from yiwang.packs.check.variables import takes_any, unset_variables, variables_set

SET = own('<yiwang:set variable="days" value="&quot;3工作日&quot;"/>')


def unset(drawing: Drawing, *known: str) -> list[tuple[str, str, str]]:
    found = unset_variables(read(drawing), frozenset(known))
    return [(task.id, name, culprit) for task, name, culprit in found]


def test_a_script_in_a_sub_process_sets_a_limit_behind_it() -> None:
    inner = Drawing().start("in").node("scriptTask", "s", inner=SET).end("out").line("in", "s", "out")
    drawing = sheet().node("subProcess", "sub", inner=inside(inner)).task("a", step='deadline="=days"')
    assert unset(between(drawing, "sub", "a")) == []


def test_a_way_around_the_script_is_named() -> None:
    drawing = sheet().exclusive("x", default="x-s").node("scriptTask", "s", inner=SET).exclusive("m").task("first")
    drawing = drawing.task("a", step='deadline="=days"').start().end()
    drawing = drawing.line("start", "first", "x", "s", "m", "a", "end").flow("x", "m", "small")
    assert unset(drawing) == [("a", "days", "first")]
    assert unset(drawing, "days") == []


def test_limits_of_timers_and_of_what_happens_when_a_step_is_late() -> None:
    extra = '<yiwang:overtime after="=late" do="remind" every="=again"/>'
    drawing = between(sheet().task("a", extra=extra), "a")
    drawing = drawing.node("boundaryEvent", "t", 'attachedToRef="a"', TIMER.replace("PT2H", "=limit")).flow("t", "end")
    assert [name for _, name, _ in unset(drawing)] == ["again", "late", "limit"]


def test_steps_in_a_sub_process_know_what_was_set_before_it() -> None:
    inner = Drawing().start("in").task("a", step='deadline="=days"').end("out").line("in", "a", "out")
    drawing = sheet().node("scriptTask", "s", inner=SET).node("subProcess", "sub", inner=inside(inner))
    assert unset(between(drawing, "s", "sub")) == []
    assert unset(between(sheet().task("b").node("subProcess", "sub", inner=inside(inner)), "b", "sub")) == [
        ("a", "days", "b")
    ]


def test_what_a_flow_sets_itself() -> None:
    each = own('<yiwang:multi items="=places" item="place"/>')
    multi = f"<bpmn:multiInstanceLoopCharacteristics>{each}</bpmn:multiInstanceLoopCharacteristics>"
    drawing = sheet().node("scriptTask", "s", inner=SET + multi)
    drawing = drawing.node("businessRuleTask", "r", inner=own('<yiwang:decision key="k" into="Out:department"/>'))
    drawing = drawing.node("callActivity", "c", 'calledElement="k"', own('<yiwang:out variable="result" value="1"/>'))
    graph = read(between(drawing, "s", "r", "c"))
    assert variables_set(graph) == {"days", "place", "department", "result", "starter", "by", "agreed"}
    assert not takes_any(graph)


def test_what_messages_and_workers_bring_is_not_known() -> None:
    assert takes_any(read(between(sheet().node("intermediateCatchEvent", "m1", inner=MESSAGE), "m1")))
    assert takes_any(read(between(sheet().node("serviceTask", "w", inner=own('<yiwang:work topic="t"/>')), "w")))
    assert takes_any(read(between(sheet().node("businessRuleTask", "r", inner=own('<yiwang:decision key="k"/>')), "r")))
