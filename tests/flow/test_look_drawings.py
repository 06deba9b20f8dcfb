"""Drawings: the file's own diagram is kept, a missing one is laid out so that it can be read, and nothing in it can harm."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flow.offices import Drawing as Sheet
from tests.flow.offices import steps
from tests.flow.worlds import random_drawing
from yiwang.flow.bpmn.elements import parse_xml
from yiwang.flow.errors import FlowUnreadable
from yiwang.flow.look.drawing import Drawing, Route, Shape, read_drawing
from yiwang.flow.look.errors import DrawingTooLarge
from yiwang.flow.look.geometry import Box, Point
from yiwang.flow.look.overlay import Been, Heat, HeatMap, Leap, Passed, Progress, Waiting
from yiwang.flow.look.plan import PlanNode
from yiwang.flow.look.reading import read_plan
from yiwang.flow.look.svg import render_svg
from yiwang.flow.look.text import width_of, wrapped
from yiwang.flow.model import Names

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "packs").glob("*/flows/*.bpmn"))
EVERY = Path(__file__).parent / "look" / "every-element.bpmn"
SVG = "{http://www.w3.org/2000/svg}"
_DIAGRAM = re.compile(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", re.DOTALL)


def of(drawing: Drawing, name: str) -> Shape:
    return next(shape for shape in drawing.shapes if shape.id == name)


def line(drawing: Drawing, name: str) -> Route:
    return next(route for route in drawing.routes if route.id == name)


def plain(drawing: Drawing) -> list[Shape]:
    """Nodes that stand on paper by themselves: no pools, lanes, open sub-processes, boundary events."""
    return [
        shape
        for shape in drawing.shapes
        if isinstance(shape.of, PlanNode) and not shape.expanded and not shape.of.attached
    ]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def named(svg: ElementTree.Element) -> set[str]:
    return {group.get("data-node", "") for group in svg.iter(f"{SVG}g") if group.get("data-node") is not None}


# The file's own diagram


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_随附流程按文件里的图画出_每个元素都在(path: Path) -> None:
    drawing = read_drawing(path.read_text(encoding="utf-8"))
    assert drawing.origin == "file"
    nodes = {node.id for node in drawing.plan.nodes.values()}
    assert {shape.id for shape in drawing.shapes} >= nodes
    assert {route.id for route in drawing.routes} == set(drawing.plan.lines)
    root = parsed(render_svg(drawing))
    assert named(root) >= nodes
    assert {g.get("data-line") for g in root.iter(f"{SVG}g")} - {None} == set(drawing.plan.lines)


def test_places_labels_and_waypoints_are_those_of_the_file() -> None:
    xml = (ROOT / "packs/urban-management/flows/urban-case.bpmn").read_text(encoding="utf-8")
    drawing = read_drawing(xml)
    assert of(drawing, "reported").box == Box(62, 242, 36, 36)
    assert of(drawing, "reported").label == Box(40, 282, 80, 14)
    assert line(drawing, "flow_reported_needs_verify").points[0] == Point(98, 260)


def test_lines_that_stand_for_an_outcome_have_its_english_name() -> None:
    plan = read_drawing((ROOT / "packs/urban-management/flows/urban-case.bpmn").read_text(encoding="utf-8")).plan
    assert plan.lines["flow_accepted_dispatch"].names == Names("立案", "File")
    assert plan.lines["flow_dispatched_accept"].names == Names("退回受理", "Back to intake")  # by default
    assert plan.lines["flow_needs_verify_verify"].names == Names("是", "是")


def with_diagram(sheet: Sheet, shapes: str) -> str:
    drawn = (
        '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
        ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="g">'
        f'<bpmndi:BPMNPlane id="p" bpmnElement="{sheet.key}">{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    )
    return sheet.xml.replace("</bpmn:definitions>", drawn + "</bpmn:definitions>")


def stored(name: str, x: float, y: float, attributes: str = "") -> str:
    return (
        f'<bpmndi:BPMNShape id="s_{name}" bpmnElement="{name}" {attributes}>'
        f'<dc:Bounds x="{x}" y="{y}" width="100" height="80"/></bpmndi:BPMNShape>'
    )


def test_a_diagram_with_a_hole_is_not_believed() -> None:
    sheet = steps(["a", "b"])
    whole = stored("start", 0, 0) + stored("a", 150, 0) + stored("b", 300, 0) + stored("end", 450, 0)
    assert read_drawing(with_diagram(sheet, whole)).origin == "file"
    partial = read_drawing(with_diagram(sheet, stored("start", 0, 0) + stored("a", 150, 0)))
    assert partial.origin == "layout"
    assert {shape.id for shape in partial.shapes} == {"start", "a", "b", "end"}


def test_lines_that_were_not_stored_are_drawn_straight() -> None:
    whole = stored("start", 0, 0) + stored("a", 150, 0) + stored("end", 450, 0)
    drawing = read_drawing(with_diagram(steps(["a"]), whole))
    assert line(drawing, "start-a").points == (Point(100, 40), Point(150, 40))


@pytest.mark.parametrize("wrong", ["NaN", "1e300", "", "abc", "Infinity"])
def test_places_that_are_no_numbers_are_as_if_missing(wrong: str) -> None:
    whole = stored("start", 0, 0) + stored("a", 150, 0) + stored("end", 450, 0)
    broken = with_diagram(steps(["a"]), whole).replace('x="150"', f'x="{wrong}"')
    assert read_drawing(broken).origin == "layout"


def inner_process(name: str) -> str:
    return (
        f'<bpmn:subProcess id="{name}" name="子流程"><bpmn:startEvent id="{name}_s"/><bpmn:userTask id="{name}_t"/>'
        f'<bpmn:endEvent id="{name}_e"/><bpmn:sequenceFlow id="{name}_1" sourceRef="{name}_s" targetRef="{name}_t"/>'
        f'<bpmn:sequenceFlow id="{name}_2" sourceRef="{name}_t" targetRef="{name}_e"/></bpmn:subProcess>'
    )


def test_what_is_inside_a_collapsed_sub_process_is_shown_by_it() -> None:
    sheet = Sheet().start().end().line("start", "sub", "end")
    sheet.parts.append(inner_process("sub"))
    whole = stored("start", 0, 0) + stored("sub", 150, 0, 'isExpanded="false"') + stored("end", 450, 0)
    drawing = read_drawing(with_diagram(sheet, whole))
    assert drawing.origin == "file"
    assert not of(drawing, "sub").expanded
    assert drawing.shown["sub_t"] == "sub"
    laid_out = read_drawing(sheet.xml)
    assert of(laid_out, "sub").expanded
    assert laid_out.shown["sub_t"] == "sub_t"
    assert of(laid_out, "sub").box.holds(of(laid_out, "sub_t").box.centre)


# Laying out


def check_readable(drawing: Drawing) -> None:
    """Nothing covers anything, lines run at right angles and through nothing, and the story runs to the right."""
    shapes = plain(drawing)
    for one, other in combinations(shapes, 2):
        assert not one.box.meets(other.box), (one.id, other.id)
    for route in drawing.routes:
        if route.of.kind != "sequence":
            continue
        ends = {route.of.source, route.of.target} | {
            shape.of.attached
            for shape in drawing.shapes
            if isinstance(shape.of, PlanNode) and shape.id == route.of.source
        }
        for before, after in pairwise(route.points):
            assert before.x == pytest.approx(after.x) or before.y == pytest.approx(after.y), route.id
            piece = Box(
                min(before.x, after.x), min(before.y, after.y), abs(after.x - before.x), abs(after.y - before.y)
            )
            for shape in shapes:
                if shape.id not in ends:
                    assert not piece.meets(shape.box.grown(-1)), (route.id, shape.id)
        for end, name in ((route.points[0], route.of.source), (route.points[-1], route.of.target)):
            assert of(drawing, name).box.grown(0.6).holds(end), (route.id, name)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_flows_without_their_diagram_are_laid_out_readably(path: Path) -> None:
    drawing = read_drawing(_DIAGRAM.sub("", path.read_text(encoding="utf-8")))
    assert drawing.origin == "layout"
    check_readable(drawing)
    starts = [shape for shape in plain(drawing) if isinstance(shape.of, PlanNode) and shape.of.element == "startEvent"]
    assert all(shape.box.x <= min(other.box.x for other in plain(drawing)) + 1 for shape in starts)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_任何流程排版后_不重叠_不穿越(seed: int) -> None:
    check_readable(read_drawing(random_drawing(Random(seed)).xml))


def test_the_same_file_is_laid_out_the_same_way() -> None:
    xml = random_drawing(Random(7)).xml
    first = read_drawing(xml)
    read_drawing.cache_clear()
    assert read_drawing(xml) == first


def test_every_element_of_bpmn_is_drawn() -> None:
    drawing = read_drawing(EVERY.read_text(encoding="utf-8"))
    plan = drawing.plan
    undrawn = {node.id for node in plan.nodes.values()} - {shape.id for shape in drawing.shapes}
    assert undrawn == {"form_data", "group"}  # a data object is drawn by its references; a group is only a place
    assert {route.id for route in drawing.routes} == set(plan.lines)
    check_readable(drawing)
    for language in ("zh", "en"):
        root = parsed(render_svg(drawing, language))
        assert len(named(root)) == len(drawing.shapes)


def test_lanes_hold_their_nodes_and_pools_their_lanes() -> None:
    drawing = read_drawing(EVERY.read_text(encoding="utf-8"))
    for lane in drawing.plan.lanes.values():
        for node in lane.nodes:
            assert of(drawing, lane.id).box.holds(of(drawing, node).box.centre), (lane.id, node)
    office = of(drawing, "office").box
    for name in ("lane_desk", "lane_a", "lane_b", "lane_field", "user", "sub_task"):
        assert office.grown(0.1).holds(of(drawing, name).box.centre)
    assert of(drawing, "lane_a").box.bottom == pytest.approx(of(drawing, "lane_b").box.y)
    assert of(drawing, "citizen").box.width == of(drawing, "office").box.width == of(drawing, "bureau").box.width


def test_boundary_events_stand_on_the_edge_of_their_activity() -> None:
    drawing = read_drawing(EVERY.read_text(encoding="utf-8"))
    for name in ("late", "broken", "undone", "cancelled"):
        shape = of(drawing, name)
        assert isinstance(shape.of, PlanNode)
        host = of(drawing, shape.of.attached).box
        assert shape.box.centre.y == pytest.approx(host.bottom)
        assert host.x < shape.box.centre.x < host.right


def test_marks_of_the_elements_are_read() -> None:
    plan = read_plan(parse_xml(EVERY.read_text(encoding="utf-8")))
    nodes = plan.nodes
    assert nodes["script"].markers == ("loop",)
    assert nodes["service"].markers == ("parallel",)
    assert nodes["sub"].markers == ("sequential",)
    assert nodes["undo"].markers == ("compensation",)
    assert nodes["adhoc"].markers == ("adhoc",)
    assert nodes["form"].markers == ("collection",)
    assert (nodes["late"].interrupting, nodes["broken"].interrupting, nodes["hurt"].interrupting) == (
        False,
        True,
        False,
    )
    assert (nodes["wait_many"].trigger, nodes["wait_all"].trigger) == ("multiple", "parallelMultiple")
    assert nodes["throw_link"].link == nodes["catch_link"].link == "A"
    assert plan.lines["f_choice_script"].is_default
    assert plan.lines["f_send_receive"].conditional
    assert nodes["user"].names == Names("受理登记并核对市民反映的事项和地点", "Register and check")
    assert nodes["group"].names.zh == "同一天办结"
    assert plan.pools["bureau"].many
    assert plan.pools["citizen"].process == ""


def test_a_drawing_that_nobody_could_read_is_refused_with_what_to_do() -> None:
    sheet = Sheet().start().end()
    for number in range(400):
        sheet.exclusive(f"g{number}")
    sheet.line("start", *(f"g{number}" for number in range(400)), "end")
    for number in range(0, 400, 2):
        sheet.flow("g0", f"g{399 - number}", name=f"x{number}")
    with pytest.raises(DrawingTooLarge) as refused:
        read_drawing(sheet.xml)
    assert "子流程" in refused.value.message("zh")


@pytest.mark.parametrize("xml", ["", "<a", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_file_that_cannot_be_read_is_refused(xml: str) -> None:
    with pytest.raises(FlowUnreadable):
        read_drawing(xml)


@pytest.mark.parametrize(
    "xml", ["<a/>", '<d xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"/></d>']
)
def test_a_file_without_anything_to_draw_is_an_empty_picture(xml: str) -> None:
    assert parsed(render_svg(read_drawing(xml))).tag == f"{SVG}svg"


def test_lines_that_lead_nowhere_are_left_out() -> None:
    sheet = steps(["a"]).flow("a", "nowhere").flow("ghost", "a")
    drawing = read_drawing(sheet.xml)
    assert {route.id for route in drawing.routes} == {"start-a", "a-end"}


# The picture


HOSTILE = "<script>alert(1)</script>\" onload='x' & ]]> \u202e"


def test_names_from_files_do_no_harm() -> None:
    xml = steps(["a"]).xml.replace(
        'name="a"', 'name="&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&apos;x&apos;"'
    )
    xml = xml.replace('id="end"', 'id="end&quot;&gt;&lt;x&gt;"').replace(
        'targetRef="end"', 'targetRef="end&quot;&gt;&lt;x&gt;"'
    )
    waiting = {"a": Waiting((HOSTILE, "\x00\x08"), "red", HOSTILE)}
    progress = Progress(
        {"a": Been(2, True)}, {"start-a": Passed(2, False)}, waiting, (Leap("a", "start", Names(HOSTILE, "x")),)
    )
    heat = HeatMap({"a": Heat(5, HOSTILE, HOSTILE)}, (HOSTILE,) * 5, HOSTILE)
    for overlay in (None, progress, heat):
        svg = render_svg(read_drawing(xml), "zh", overlay, link=lambda node: f"#'\"<{node}")
        root = parsed(svg)
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert tags <= {"svg", "title", "desc", "style", "rect", "g", "path", "circle", "text", "tspan", "a"}
        assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
        assert 'end"><x>' in named(root)


@given(st.text(max_size=80))
def test_any_words_make_a_well_formed_picture(words: str) -> None:
    drawing = read_drawing(steps(["a"]).xml)
    overlay = Progress({}, {}, {"a": Waiting((words,), "green", words)})
    parsed(render_svg(drawing, "zh", overlay, title=Names(words, words)))


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    svg = render_svg(read_drawing(EVERY.read_text(encoding="utf-8")))
    assert "<script" not in svg
    assert "@import" not in svg
    assert "url(" not in svg
    assert set(re.findall(r"https?://[^\"']+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme: dark" in svg
    assert "<style>" not in render_svg(read_drawing(EVERY.read_text(encoding="utf-8")), embedded=True)


def test_the_picture_says_in_words_where_the_case_stands() -> None:
    drawing = read_drawing(steps(["a", "b"]).xml)
    progress = Progress(
        {"start": Been(1, True), "a": Been(2, True), "b": Been(1, False)},
        {"start-a": Passed(1, True), "a-b": Passed(2, False)},
        {"b": Waiting(("张三", "李四"), "yellow", "还有 20分钟")},
        (Leap("b", "a", Names("退回", "sent back")),),
    )
    root = parsed(render_svg(drawing, "zh", progress))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}desc").text == "当前环节:b(正在等待:张三、李四,将到期,还有 20分钟)。走过的环节:a、b。"  # type: ignore[union-attr]
    groups = {g.get("data-node"): g for g in root.iter(f"{SVG}g") if g.get("data-node")}
    assert groups["a"].find(f"{SVG}title").text == "a(人工任务);已办,走过 2 次"  # type: ignore[union-attr]
    assert {"fd-waiting", "fd-yellow"} <= set((groups["b"].get("class") or "").split())
    lines = {g.get("data-line"): g for g in root.iter(f"{SVG}g") if g.get("data-line")}
    assert "fd-probably" in (lines["a-b"].get("class") or "")
    assert "fd-probably" not in (lines["start-a"].get("class") or "")
    assert "退回" in "".join(root.itertext())
    assert "probably walked" in render_svg(drawing, "en", progress)


def test_nodes_can_be_links() -> None:
    root = parsed(
        render_svg(read_drawing(steps(["a"]).xml), link=lambda node: f"#step-{node}" if node == "a" else None)
    )
    assert [a.get("href") for a in root.iter(f"{SVG}a")] == ["#step-a"]
    assert root.get("role") == "group"


# Words on paper


@given(st.text(alphabet="中文字、。,ab cdWM1(", min_size=1, max_size=60), st.integers(30, 120))
def test_words_break_into_lines_that_fit(text: str, width: int) -> None:
    lines = wrapped(text, width, 12, 99)
    assert all(width_of(found, 12) <= width or len(found) == 1 for found in _without_hanging(lines))
    assert "".join("".join(lines).split()) == "".join(text.split())


def _without_hanging(lines: Iterable[str]) -> list[str]:
    """A mark that may not begin a line may stand out over the end of the one before, together with its character."""
    return [found for found in lines if not (len(found) <= 3 and found[-1] in "、。,(")]


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert wrapped("街道综合行政执法队现场处置并反馈结果", 60, 12, 2) == ["街道综合行", "政执法队…"]
    assert wrapped("Register and check the report", 60, 12, 2)[-1].endswith("…")


def test_closing_marks_do_not_begin_a_line() -> None:
    assert not [found for found in wrapped("受理、核实、派遣、处置、核查、结案", 36, 12, 99) if found[0] in "、。"]
