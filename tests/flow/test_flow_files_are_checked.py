"""Reading flow files: what may stand in them, and every mistake named with element, line and words."""

from __future__ import annotations

import pytest

from tests.flow.offices import Drawing, steps
from yiwang.flow.bpmn import most_elements, read_bpmn
from yiwang.flow.errors import FlowUnreadable
from yiwang.flow.model import ExclusiveGateway, UserTask, Value


def faults(drawing: Drawing) -> list[tuple[str, str]]:
    """Code and element of every finding, and that each has a line and words in both languages."""
    reading = read_bpmn(drawing.xml)
    assert (reading.graph is None) == bool(reading.findings)
    for finding in reading.findings:
        assert finding.line > 0
        assert finding.zh
        assert finding.en
        assert finding.zh != finding.en
        assert "…" not in finding.field_error("a.bpmn").where
    return [(finding.code, finding.element) for finding in reading.findings]


def decided() -> Drawing:
    """受理 with three outcomes, branching by a gateway."""
    return (
        Drawing()
        .start()
        .task("accept", "file not_accept verify")
        .exclusive("accepted", default="accepted-accept")
        .task("dispatch")
        .end()
        .end("refused", step='stage="not_accepted" status="不予受理"')
        .line("start", "accept", "accepted")
        .flow("accepted", "dispatch", 'outcome == "file"')
        .flow("accepted", "refused", 'outcome in ["not_accept"] && channel != "leader"')
        .flow("accepted", "accept")
        .flow("dispatch", "end")
    )


def forked() -> Drawing:
    """Two branches in parallel, one of two steps."""
    return (
        Drawing()
        .start()
        .parallel("fork")
        .task("a1")
        .task("a2")
        .task("b")
        .parallel("join")
        .end()
        .line("start", "fork", "a1", "a2", "join", "end")
        .line("fork", "b", "join")
    )


def test_a_sound_file_becomes_a_graph() -> None:
    reading = read_bpmn(decided().xml)
    assert reading.findings == ()
    graph = reading.graph
    assert graph is not None
    assert [task.id for task in graph.tasks] == ["accept", "dispatch"]
    assert graph.posts == {"acceptor"}
    assert graph.variables == {"channel"}
    assert not graph.concurrent
    gateway = graph.nodes["accepted"]
    assert isinstance(gateway, ExclusiveGateway)
    assert gateway.default is not None
    assert gateway.default.target == "accept"
    accept = graph.nodes["accept"]
    assert isinstance(accept, UserTask)
    assert list(accept.outcomes) == ["file", "not_accept", "verify"]
    assert accept.line == 5


def test_branches_know_their_scope() -> None:
    graph = read_bpmn(forked().xml).graph
    assert graph is not None
    assert graph.concurrent
    assert graph.nodes["a1"].scope == graph.nodes["a2"].scope != graph.nodes["b"].scope
    assert graph.nodes["join"].scope == ()


def test_drawing_elements_and_foreign_extensions_are_left_alone() -> None:
    drawing = steps(["a"])
    drawing.head = (
        "<bpmn:documentation>文字</bpmn:documentation><bpmn:laneSet id='lanes'><bpmn:lane id='lane'/></bpmn:laneSet>"
        "<bpmn:extensionElements><camunda:properties/></bpmn:extensionElements>"
        "<bpmn:textAnnotation id='note'><bpmn:text>说明</bpmn:text></bpmn:textAnnotation>"
    )
    drawing.outside = (
        "<bpmn:collaboration id='c'><bpmn:participant id='p' processRef='test-flow'/></bpmn:collaboration>"
    )
    assert faults(drawing) == []


MISTAKES: dict[str, tuple[Drawing, list[tuple[str, str]]]] = {
    "no start": (steps(["a"]).without("start", "start-a"), [("start_count", "test-flow")]),
    "two starts": (steps(["a"]).start("again").flow("again", "a"), [("start_count", "test-flow")]),
    "no end": (steps(["a"]).without("end", "a-end"), [("end_missing", "test-flow"), ("ways", "a")]),
    "not reachable": (steps(["a"]).task("lost").flow("lost", "end"), [("not_reachable", "lost")]),
    "no way to an end": (
        decided().without("dispatch-end").flow("dispatch", "trap").task("trap").flow("trap", "dispatch"),
        [("no_end", "dispatch"), ("no_end", "trap"), ("not_reachable", "end")],
    ),
    "two ways out of a task": (steps(["a"]).task("b").flow("a", "b").flow("b", "end"), [("ways", "a")]),
    "a way out of an end": (steps(["a"]).flow("end", "a"), [("ways", "end")]),
    "default missing": (
        steps(["a"])
        .without("a-end")
        .exclusive("x")
        .line("a", "x")
        .flow("x", "end", 'outcome == "ok"')
        .flow("x", "a", "true"),
        [("default_missing", "x")],
    ),
    "default of another": (
        steps(["a"]).without("a-end").exclusive("x", default="start-a").line("a", "x", "end"),
        [("default_unknown", "x")],
    ),
    "condition on the default": (
        steps(["a"]).without("a-end").exclusive("x", default="x-end").flow("a", "x").flow("x", "end", "true"),
        [("condition_misplaced", "x-end")],
    ),
    "condition missing": (
        decided().without("accepted-dispatch").flow("accepted", "dispatch"),
        [("condition_missing", "accepted-dispatch")],
    ),
    "condition on a task": (
        steps(["a"]).without("a-end").flow("a", "end", "true"),
        [("condition_misplaced", "a-end")],
    ),
    "no CEL": (
        decided().without("accepted-dispatch").flow("accepted", "dispatch", "${outcome}"),
        [("condition_invalid", "accepted-dispatch")],
    ),
    "outcome that no step has": (
        decided().without("accepted-dispatch").flow("accepted", "dispatch", '"filed" == outcome'),
        [("outcome_unknown", "accepted-dispatch")],
    ),
    "condition that is no question": (
        decided().without("accepted-dispatch").flow("accepted", "dispatch", "outcome"),
        [("condition_invalid", "accepted-dispatch")],
    ),
    "condition of mixed kinds": (
        decided().without("accepted-dispatch").flow("accepted", "dispatch", "outcome > 3"),
        [("condition_invalid", "accepted-dispatch")],
    ),
    "condition of many loops": (
        decided()
        .without("accepted-dispatch")
        .flow("accepted", "dispatch", "[1].all(x, [1].all(y, [1].all(z, x == y && y == z)))"),
        [("condition_invalid", "accepted-dispatch")],
    ),
    "circle without a wait": (
        steps(["a"])
        .without("a-end")
        .exclusive("x", default="x-y")
        .exclusive("y", default="y-x")
        .line("a", "x", "y", "x")
        .flow("y", "end", "visit"),
        [("circle", "x")],
    ),
    "circle through a step that may be passed over": (
        steps(["a"])
        .without("a-end")
        .task("b", who='<yiwang:who post="vacant" empty="skip"/>')
        .exclusive("x", default="x-b")
        .line("a", "b", "x", "b")
        .flow("x", "end", "visit"),
        [("circle", "b")],
    ),
    "no step settings": (
        steps(["a"]).without("a").node("userTask", "a"),
        [("outcome_missing", "a"), ("step_missing", "a"), ("who_missing", "a")],
    ),
    "who without post and person": (
        steps([]).without("start-end").task("a", who='<yiwang:who organisation="=centre"/>').line("start", "a", "end"),
        [("who_missing", "a")],
    ),
    "a person drawn in": (
        steps([]).without("start-end").task("a", who='<yiwang:who person="张三"/>').line("start", "a", "end"),
        [("attribute_invalid", "a")],
    ),
    "empty of another kind": (
        steps([]).without("start-end").task("a", who='<yiwang:who post="x" empty="anyone"/>').line("start", "a", "end"),
        [("attribute_invalid", "a")],
    ),
    "deadline that is none": (
        steps([]).without("start-end").task("a", step='deadline="尽快"').line("start", "a", "end"),
        [("deadline_unreadable", "a")],
    ),
    "deadline and clock": (
        steps([])
        .without("start-end")
        .task("a", step='deadline="2工作时" clock="c"', extra='<yiwang:clock start="c" deadline="1工作日"/>')
        .line("start", "a", "end"),
        [("attribute_invalid", "a")],
    ),
    "warn that is no share": (
        steps([]).without("start-end").task("a", step='deadline="2工作时" warn="80%"').line("start", "a", "end"),
        [("attribute_invalid", "a")],
    ),
    "variable that is no name": (
        steps([]).without("start-end").task("a", step='deadline="=Limit!"').line("start", "a", "end"),
        [("attribute_invalid", "a")],
    ),
    "clock that nothing starts": (
        steps([]).without("start-end").task("a", step='clock="handling"').line("start", "a", "end"),
        [("clock_unknown", "a")],
    ),
    "clock stopped on an outcome that is none": (
        steps([])
        .without("start-end")
        .task("a", extra='<yiwang:clock start="c" deadline="1工作日"/><yiwang:clock stop="c" on="done"/>')
        .line("start", "a", "end"),
        [("outcome_unknown", "a")],
    ),
    "clock without start and stop": (
        steps([]).without("start-end").task("a", extra='<yiwang:clock deadline="1工作日"/>').line("start", "a", "end"),
        [("attribute_invalid", "a")],
    ),
    "the same outcome twice": (
        steps([]).without("start-end").task("a", "ok ok").line("start", "a", "end"),
        [("outcome_repeated", "a")],
    ),
    "unknown setting": (
        steps([]).without("start-end").task("a", extra='<yiwang:form id="f"/>').line("start", "a", "end"),
        [("extension_unknown", "a")],
    ),
    "unknown attribute": (
        steps([]).without("start-end").task("a", step='colour="red"').line("start", "a", "end"),
        [("extension_unknown", "a")],
    ),
    "task without a type": (
        steps(["a"]).without("a-end").node("task", "s").line("a", "s", "end"),
        [("element_unsupported", "s")],
    ),
    "service task that does nothing": (
        steps(["a"]).without("a-end").node("serviceTask", "s").line("a", "s", "end"),
        [("work_missing", "s")],
    ),
    "several at once": (
        steps(["a"])
        .without("a")
        .node("userTask", "a", inner='<bpmn:multiInstanceLoopCharacteristics isSequential="false"/>'),
        [("multi_invalid", "a"), ("outcome_missing", "a"), ("step_missing", "a"), ("who_missing", "a")],
    ),
    "message start without a message": (
        steps(["a"]).without("start").node("startEvent", "start", inner="<bpmn:messageEventDefinition/>"),
        [("reference_missing", "start")],
    ),
    "timer without a task": (
        steps(["a"]).timer("t", "end").flow("t", "end"),
        [("reference_unknown", "t")],
    ),
    "timer of a month": (steps(["a"]).timer("t", "a", "P1M").flow("t", "end"), [("timer_invalid", "t")]),
    "timer of nothing": (steps(["a"]).timer("t", "a", "PT0H").flow("t", "end"), [("timer_invalid", "t")]),
    "timer at a date without zone": (
        steps(["a"])
        .node(
            "boundaryEvent",
            "t",
            'attachedToRef="a"',
            "<bpmn:timerEventDefinition><bpmn:timeDate>2026-01-01</bpmn:timeDate></bpmn:timerEventDefinition>",
        )
        .flow("t", "end"),
        [("timer_invalid", "t")],
    ),
    "timer without a way": (steps(["a"]).timer("t", "a"), [("no_end", "t"), ("ways", "t")]),
    "join without fork": (
        steps(["a"])
        .without("a-end")
        .exclusive("x", default="x-join")
        .parallel("join")
        .task("b")
        .line("a", "x", "join", "end")
        .flow("x", "b", "visit")
        .line("b", "join"),
        [("join_without_fork", "join"), ("join_without_fork", "join")],
    ),
    "branch left by a gateway": (
        forked()
        .without("a1-a2")
        .exclusive("x", default="x-a2")
        .line("a1", "x", "a2")
        .flow("x", "end", 'outcome == "ok"'),
        [("branch_not_joined", "x-end")],
    ),
    "branch entered from outside": (
        forked()
        .without("start-fork")
        .task("first", "ok other")
        .exclusive("x", default="x-fork")
        .line("start", "first", "x", "fork")
        .flow("x", "b", 'outcome == "other"'),
        [("branches_mixed", "b")],
    ),
    "side branch of a timer into the main path": (
        steps(["a", "b"]).timer("t", "a", interrupting=False).flow("t", "b"),
        [("branches_mixed", "b")],
    ),
    "the same id twice": (steps(["a"]).end(), [("id_repeated", "end")]),
    "no id": (steps(["a"]).node("endEvent", ""), [("id_invalid", "")]),
    "flow to nowhere": (steps(["a"]).flow("a", "nirvana"), [("reference_unknown", "a-nirvana")]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_is_named_with_its_element(name: str) -> None:
    drawing, expected = MISTAKES[name]
    assert sorted(faults(drawing)) == sorted(expected)


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    drawing = decided().task("stray", step='deadline="不久"').flow("stray", "end")
    drawing = drawing.without("accepted-dispatch").flow("accepted", "dispatch", 'outcome == "fild"')
    findings = read_bpmn(drawing.xml).findings
    assert {finding.code for finding in findings} == {"deadline_unreadable", "not_reachable", "outcome_unknown"}
    lines = drawing.xml.splitlines()
    for finding in findings:
        assert f'"{finding.element}"' in lines[finding.line - 1]


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        ("", "第 1 行"),
        ("<a>", "第 1 行"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "实体"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "实体"),
        (b"\xff\xfe<\x00a\x00", "UTF-8"),
        ("<?xml version='1.0' encoding='EBCDIC'?><a/>", "EBCDIC"),
        ("<a>\x00</a>", "空字符"),
        ("<a>\ud800</a>", "第 1 行"),
        (" " * (2 * 2**20 + 1), "2 MiB"),
        ("<a>" * 100, "嵌套"),
    ],
)
def test_what_is_no_xml_within_bounds_is_refused(xml: str | bytes, words: str) -> None:
    with pytest.raises(FlowUnreadable) as refused:
        read_bpmn(xml)
    assert words in refused.value.message("zh")


def test_billion_laughs_and_a_hundred_thousand_elements_cost_nothing() -> None:
    bomb = "<!DOCTYPE b [" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)) + "]><b>&a9;</b>"
    many = "<a>" + "<b/>" * 100_000 + "</a>"
    for xml in (bomb, many):
        with pytest.raises(FlowUnreadable):
            read_bpmn(xml)
    assert most_elements < 100_000


def test_another_document_is_no_flow() -> None:
    assert [finding.code for finding in read_bpmn("<html/>").findings] == ["not_bpmn"]
    empty = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
    assert [finding.code for finding in read_bpmn(empty).findings] == ["process_missing"]


def test_pools_and_messages_between_them_are_drawing() -> None:
    drawing = steps(["a"])
    drawing.outside = (
        "<bpmn:collaboration id='c'><bpmn:participant id='p1'/><bpmn:participant id='p2'/>"
        "<bpmn:messageFlow id='m' sourceRef='p1' targetRef='p2'/></bpmn:collaboration>"
    )
    assert faults(drawing) == []


def test_500_elements_are_read() -> None:
    reading = read_bpmn(steps([f"t{number}" for number in range(250)]).xml)
    assert reading.graph is not None


def test_a_process_of_too_many_parts_is_refused() -> None:
    reading = read_bpmn(steps([f"t{number}" for number in range(3000)]).xml)
    assert [finding.code for finding in reading.findings] == ["process_too_large"]


@pytest.mark.parametrize(
    ("duration", "deadline"),
    [("PT36H", "36自然小时"), ("P1D", "1自然日"), ("PT90M", "90分钟"), ("P1W", "7自然日"), ("P1DT12H", "36自然小时")],
)
def test_iso_durations_count_time_on_end(duration: str, deadline: str) -> None:
    graph = read_bpmn(steps(["a"]).timer("t", "a", duration).flow("t", "end").xml).graph
    assert graph is not None
    assert graph.task("a").boundary[0].trigger.after == Value(deadline)


def test_shipped_flows_are_sound(request: pytest.FixtureRequest) -> None:
    files = sorted((request.config.rootpath / "packs").glob("*/flows/*.bpmn"))
    assert files
    for file in files:
        assert read_bpmn(file.read_bytes()).findings == (), file
