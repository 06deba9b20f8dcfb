"""Rounds of several people or elements, lanes, which of several processes is taken, and names and ids as modelers write them."""

from __future__ import annotations

import pytest

from tests.flow.bpmn_sheets import (
    ERROR,
    EVENTS,
    TERMINATE,
    Drawing,
    between,
    faults,
    node,
    own,
    read,
    sheet,
    steps,
    within,
)
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.bpmn.vocabulary import EVENTS as ALLOWED
from yiwang.flow.model import (
    Multi,
    Sign,
    Value,
    Who,
)

# Rounds


def rounds(marker: str, *, kind: str = "userTask", settings: str = "", attributes: str = "") -> Drawing:
    """An activity ``a`` that is done several times."""
    inner = f"<bpmn:multiInstanceLoopCharacteristics {attributes}>{marker}</bpmn:multiInstanceLoopCharacteristics>"
    if kind == "userTask":
        drawing = sheet().task("a", "agree refuse", extra=settings)
        drawing.parts[-1] = drawing.parts[-1].replace("</bpmn:userTask>", f"{inner}</bpmn:userTask>")
    else:
        drawing = sheet().node(kind, "a", 'messageRef="m" calledElement="other"', own(settings) + inner)
    return between(drawing, "a")


HOLDERS = own('<yiwang:multi people="holders"/>')
ITEMS = own('<yiwang:multi items="=places" item="place"/>')


def test_countersigning_by_everybody_who_holds_the_post() -> None:
    graph = read(rounds(HOLDERS, attributes='isSequential="true"'))
    assert graph.task("a").multi == Multi(sequential=True, people=Value("holders"), sign=Sign("all", early=False))
    assert graph.concurrent


def test_a_round_of_named_people_needs_no_other_rule() -> None:
    drawing = rounds(own('<yiwang:multi people="=reviewers"/>'))
    drawing.parts = [part.replace('<yiwang:who post="acceptor"/>', "") for part in drawing.parts]
    graph = read(drawing)
    assert graph.task("a").who == Who()
    assert graph.variables >= {"reviewers"}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ('<yiwang:sign rule="first"/>', Sign("first")),
        ('<yiwang:sign rule="share" need="60%"/>', Sign("share", Value("60%"))),
        ('<yiwang:sign rule="count" need="3" early="false"/>', Sign("count", Value("3"), early=False)),
        ('<yiwang:sign rule="count" need="=quorum"/>', Sign("count", Value(variable="quorum"))),
        ('<yiwang:sign rule="vote"/>', Sign("vote")),
    ],
)
def test_how_a_round_is_decided(setting: str, expected: Sign) -> None:
    multi = read(rounds(HOLDERS, settings=setting)).task("a").multi
    assert multi is not None
    assert multi.sign == expected


def test_a_round_ends_by_its_completion_condition() -> None:
    until = "<bpmn:completionCondition>tally.refuse &gt; 0 || done &gt;= quorum</bpmn:completionCondition>"
    graph = read(rounds(HOLDERS + until))
    multi = graph.task("a").multi
    assert multi is not None
    assert multi.until is not None
    assert graph.variables >= {"quorum"}
    assert not graph.variables & {"tally", "done"}


@pytest.mark.parametrize("kind", ["serviceTask", "scriptTask", "receiveTask", "sendTask", "callActivity"])
def test_other_activities_once_for_each_element(kind: str) -> None:
    setting = '<yiwang:set variable="n" value="1"/>' if kind in ("serviceTask", "scriptTask") else ""
    found = node(rounds(ITEMS, kind=kind, settings=setting), "a")
    assert getattr(found, "multi", None) == Multi(sequential=False, items=Value(variable="places"), item="place")


def test_a_number_of_times() -> None:
    assert read(rounds("<bpmn:loopCardinality>3</bpmn:loopCardinality>")).task("a").multi == Multi(
        sequential=False, times=Value("3"), sign=Sign("all", early=False)
    )


# Lanes


def test_a_lane_says_who_for_the_tasks_in_it() -> None:
    drawing = steps(["a", "b", "c"])
    drawing.parts = [
        part if 'id="b"' in part else part.replace('<yiwang:who post="acceptor"/>', "") for part in drawing.parts
    ]
    inner = (
        '<bpmn:lane id="desk">'
        + own('<yiwang:who role="clerk"/>')
        + "<bpmn:flowNodeRef>c</bpmn:flowNodeRef></bpmn:lane>"
    )
    drawing.head = (
        '<bpmn:laneSet id="lanes"><bpmn:lane id="office">'
        + own('<yiwang:who post="dispatcher" organisation="=centre"/>')
        + "<bpmn:flowNodeRef>a</bpmn:flowNodeRef><bpmn:flowNodeRef>b</bpmn:flowNodeRef>"
        + f'<bpmn:flowNodeRef>c</bpmn:flowNodeRef><bpmn:childLaneSet id="more">{inner}</bpmn:childLaneSet>'
        + "</bpmn:lane></bpmn:laneSet>"
    )
    graph = read(drawing)
    assert graph.task("a").who == Who(post="dispatcher", organisation=Value(variable="centre"))
    assert graph.task("b").who.post == "acceptor"
    assert graph.task("c").who == Who(role="clerk")


def test_a_sub_process_in_a_lane_is_of_that_lane() -> None:
    drawing = within()
    drawing.parts = [part.replace('<yiwang:who post="acceptor"/>', "") for part in drawing.parts]
    drawing.head = (
        '<bpmn:laneSet id="lanes"><bpmn:lane id="office">'
        + own('<yiwang:who post="dispatcher"/>')
        + "<bpmn:flowNodeRef>sub</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
    )
    graph = read(drawing)
    assert {task.who.post for task in graph.tasks} == {"dispatcher"}


# Which process


def test_of_several_processes_the_executable_one_is_taken() -> None:
    drawing = steps(["a"])
    other = '<bpmn:process id="theirs" isExecutable="false"><bpmn:task id="t"/></bpmn:process>'
    drawing.outside = other
    xml = drawing.xml.replace('id="test-flow"', 'id="test-flow" isExecutable="true"')
    assert read_bpmn(xml).findings == ()
    assert read_bpmn(xml).key == "test-flow"
    both = xml.replace('isExecutable="false"', 'isExecutable="true"')
    assert [(item.code, item.element) for item in read_bpmn(both).findings] == [("element_unsupported", "theirs")]


def test_where_no_process_is_executable_the_only_filled_one_is_taken_or_they_are_named() -> None:
    drawing = steps(["a"])
    drawing.outside = '<bpmn:process id="black_box"/>'
    assert faults(drawing) == []
    drawing.outside = '<bpmn:process id="theirs"><bpmn:startEvent id="t"/></bpmn:process>'
    assert faults(drawing) == [("process_ambiguous", "theirs")]


def test_names_without_words_and_over_several_lines() -> None:
    drawing = steps(["a"])
    drawing.parts = [part.replace('name="a"', 'name="受理&#10;  登记"') for part in drawing.parts]
    assert node(drawing, "a").names.zh == "受理 登记"
    drawing.parts = [part.replace('name="受理&#10;  登记"', "") for part in drawing.parts]
    assert node(drawing, "a").names.zh == "a"


def test_ids_as_modelers_write_them() -> None:
    for name in ("_f9-3.a", "Activity_0x", "受理", "1", "sid-4F56"):
        drawing = steps([name])
        drawing.parts = [part.replace(f'stage="{name.lower()}"', 'stage="work"') for part in drawing.parts]
        assert [task.id for task in read(drawing).tasks] == [name]


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "GBK", "gb18030", "UTF-8"])
def test_files_in_the_encodings_of_modelers(encoding: str) -> None:
    xml = steps(["a"]).xml.replace("UTF-8", encoding)
    xml = xml if encoding != "ISO-8859-1" else xml.encode("ascii", "ignore").decode()
    assert read_bpmn(xml.encode(encoding)).graph is not None
    assert read_bpmn(xml).graph is not None


def test_no_position_allows_a_trigger_that_the_sheets_do_not_draw() -> None:
    assert {kind for kinds in ALLOWED.values() for kind in kinds if kind is not None} == EVENTS.keys()
    assert {ERROR, TERMINATE} <= set(EVENTS.values())
