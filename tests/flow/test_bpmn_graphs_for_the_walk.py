"""What a graph tells the walk beyond its nodes: scopes of joins, whom to remember, on what the first waits depend."""

from __future__ import annotations

from tests.flow.bpmn_sheets import Drawing, between, inside, own, read, sheet
from tests.flow.test_bpmn_flows_are_sound import fork, loosely_ending, row, within
from yiwang.flow.bpmn import read_bpmn


def test_join_scopes_count_only_the_branches_that_arrive() -> None:
    graph = read(loosely_ending(fork(), "b"))
    join = graph.nodes["join"]
    assert len(join.incoming) == 2
    assert join.scope == ()
    assert [branch.flow for branch in graph.nodes["end_b"].scope] == ["fork-b"]


def test_who_did_an_earlier_step_is_remembered() -> None:
    overtime = '<yiwang:overtime after="1工作日" do="escalate"><yiwang:who step="a"/></yiwang:overtime>'
    drawing = sheet().task("a").task("b", who='<yiwang:who step="a" empty="stop"/>').task("c", extra=overtime)
    graph = read(between(drawing, "a", "b", "c"))
    assert graph.remembered == {"a"}
    assert graph.task("c").overtimes[0].id == "c/1"
    assert graph.timed


def test_the_walk_from_the_start_depends_on_what_it_passes() -> None:
    inner = row("a").without("in-a").node("scriptTask", "s", inner=own('<yiwang:set variable="n" value="first"/>'))
    drawing = within(inner.line("in", "s", "a")).task("later", who='<yiwang:who person="=somebody"/>')
    drawing = drawing.without("sub-end").line("sub", "later", "end")
    drawing = drawing.node(
        "boundaryEvent", "t", 'attachedToRef="sub"',
        "<bpmn:timerEventDefinition><bpmn:timeDuration>=limit</bpmn:timeDuration></bpmn:timerEventDefinition>",
    ).flow("t", "later")  # fmt: skip
    graph = read(drawing)
    assert {"first", "limit"} <= set(graph.start_variables)
    assert "channel" not in graph.start_variables


def test_hundreds_of_blocks_within_one_another_are_read() -> None:
    drawing = sheet().start().end().task("mid")
    before = "start"
    for number in range(600):
        drawing = drawing.parallel(f"f{number}").task(f"a{number}").parallel(f"j{number}")
        drawing = drawing.flow(before, f"f{number}").line(f"f{number}", f"a{number}", f"j{number}")
        before = f"f{number}"
    drawing = drawing.flow(before, "mid")
    before = "mid"
    for number in reversed(range(600)):
        drawing, before = drawing.flow(before, f"j{number}"), f"j{number}"
    graph = read(drawing.flow(before, "end"))
    assert len(graph.nodes["mid"].scope) == 600


def test_sub_processes_deeper_than_the_bound_are_refused_as_unreadable_or_read() -> None:
    inner = row("a")
    for number in range(20):
        inner = (
            Drawing().start(f"in{number}").end(f"out{number}").node("subProcess", f"sub{number}", inner=inside(inner))
        )
        inner = inner.line(f"in{number}", f"sub{number}", f"out{number}")
    graph = read_bpmn(inner.xml).graph
    assert graph is not None
    assert graph.nodes["a"].container == "sub0"
