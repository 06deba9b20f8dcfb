"""Pools, lanes, sub-processes, boundary events and artifacts around the layered layout; the answer is a diagram as if a
modeler had stored it."""

from __future__ import annotations

from yiwang.flow.look.geometry import Box, Point
from yiwang.flow.look.interchange import Diagram, StoredEdge
from yiwang.flow.look.layout.artifacts import artifacts
from yiwang.flow.look.layout.block import Block, apart, label_height, label_size, stored, words, words_width
from yiwang.flow.look.layout.graph import Item, Layout, Link, ranked
from yiwang.flow.look.layout.heights import raise_slots
from yiwang.flow.look.layout.messages import message_flows
from yiwang.flow.look.layout.order import arrange_ranks
from yiwang.flow.look.layout.routing import Router
from yiwang.flow.look.plan import FLOW_KINDS, Lane, Plan, PlanNode
from yiwang.flow.look.text import width_of

_header = 30.0
_margin = 24.0
_lane_room = 14.0
_empty_pool = 60.0
_event, _gateway = 36.0, 50.0
_task_width, _task_height = 110.0, 80.0


def arrange(plan: Plan) -> Diagram:
    """Places for everything in the plan, in one diagram.

    Raises:
        DrawingTooLarge.
    """
    blocks = [_pool(plan, name) for name in plan.pools]
    drawn = {pool.process for pool in plan.pools.values()}
    blocks += [_process(plan, name) for name in plan.processes if name not in drawn and plan.children(name)]
    width = max((block.width for block in blocks), default=0.0)
    found = Diagram(next(iter(plan.processes), ""))
    y = 0.0
    for block in blocks:
        if block.pool:
            block.widen(width)
        block.put_into(found, 0.0, y)
        y += block.height + apart
    message_flows(plan, found)
    return found


def _pool(plan: Plan, name: str) -> Block:
    pool = plan.pools[name]
    if not pool.process or not plan.children(pool.process):
        box = Box(0, 0, 360, _empty_pool)
        return Block(box.width, box.height, {name: stored(box)}, bars=[name], pool=True)
    inner = _process(plan, pool.process)
    block = Block(inner.width + _header, inner.height, pool=True)
    block.shapes[name] = stored(Box(0, 0, block.width, block.height))
    inner.put_into(block, _header, 0)
    block.bars = [name, *inner.bars]
    return block


def _process(plan: Plan, process: str) -> Block:
    """A process with its lanes, if it has any."""
    lanes = [lane for lane in plan.lanes.values() if lane.process == process]
    if not lanes:
        return _framed(_inside(plan, process, {}, 0)[0], _margin, _margin)
    outer = {lane.parent for lane in lanes}
    leaves = [lane for lane in _in_order(lanes, process) if lane.id not in outer]
    numbers = {lane.id: number for number, lane in enumerate(leaves)}
    lane_of = plan.lane_of()
    bands = {node: numbers[lane] for node, lane in lane_of.items() if lane in numbers}
    content, edges, shift = _inside(plan, process, bands, len(leaves))
    depth = max(_depth(lane, plan.lanes) for lane in lanes)
    block = Block(content.width + depth * _header + 2 * _margin, 0.0)
    tops = {lane.id: edge for lane, edge in zip(leaves, edges, strict=True)}
    _lane_boxes(block, lanes, tops, shift)
    content.put_into(block, depth * _header + _margin, 0.0)
    block.height = max((shape.box.bottom for shape in block.shapes.values()), default=0.0)
    return block


def _in_order(lanes: list[Lane], parent: str) -> list[Lane]:
    """Lanes from above: each before those within it."""
    return [found for lane in lanes if lane.parent == parent for found in (lane, *_in_order(lanes, lane.id))]


def _depth(lane: Lane, lanes: dict[str, Lane]) -> int:
    return 1 + (_depth(lanes[lane.parent], lanes) if lane.parent in lanes else 0)


def _lane_boxes(block: Block, lanes: list[Lane], tops: dict[str, tuple[float, float]], shift: float) -> None:
    """Leaf lanes have the bands of the layout, outer ones hold theirs; the first takes in the artifacts above it."""
    by_id = {lane.id: lane for lane in lanes}
    for lane in lanes:
        own = [tops[name] for name in tops if name == lane.id or _is_within(by_id[name], lane.id, by_id)]
        left = (_depth(lane, by_id) - 1) * _header
        top = min((top for top, _ in own), default=0.0) + shift
        top = 0.0 if top == shift else top
        bottom = max((bottom for _, bottom in own), default=0.0) + shift
        block.shapes[lane.id] = stored(Box(left, top, block.width - left, bottom - top))
        block.bars.append(lane.id)


def _is_within(lane: Lane, outer: str, lanes: dict[str, Lane]) -> bool:
    return lane.parent == outer or (lane.parent in lanes and _is_within(lanes[lane.parent], outer, lanes))


def _framed(block: Block, beside: float, above: float) -> Block:
    found = Block(block.width + 2 * beside, block.height + 2 * above)
    block.put_into(found, beside, above)
    return found


def _inside(
    plan: Plan, parent: str, bands: dict[str, int], lanes: int
) -> tuple[Block, tuple[tuple[float, float], ...], float]:
    """What stands directly in a container; the edges of its lanes (none: 0); how far artifacts have pushed it all down."""
    children = plan.children(parent)
    nodes = [node for node in children if node.kind in FLOW_KINDS and node.attached not in plan.nodes]
    insides = {node.id: _sub_process(plan, node) for node in nodes if node.kind == "sub"}
    hanging = {node.id: [each for each in children if each.attached == node.id] for node in nodes}
    items = [_item(node, insides.get(node.id), hanging[node.id], bands.get(node.id, 0)) for node in nodes]
    links = _links(plan, nodes, hanging, items)
    groups = [(items, links)] if lanes else _components(items, links)
    block = Block()
    edges: tuple[tuple[float, float], ...] = ()
    for own_items, own_links in groups:
        layout = _layered(own_items, own_links, lanes)
        top = block.height + (apart if block.height else 0.0)
        _take(plan, block, layout, insides, hanging, top)
        edges = layout.bands
        block.width = max(block.width, layout.width)
        block.height = top + layout.height
    shift = artifacts(plan, block, children)
    return block, edges, shift


def _layered(items: list[Item], links: list[Link], lanes: int) -> Layout:
    graph = ranked(items, links)
    arrange_ranks(graph.ranks)
    bands = raise_slots(graph.ranks, max(lanes, 1), beside=_lane_room if lanes else 0.0)
    return Router(graph, bands).layout()


def _sub_process(plan: Plan, node: PlanNode) -> Block:
    """The inside of an expanded sub-process with its frame; one without content is as large as a task."""
    if not plan.children(node.id):
        return Block(_task_width, _task_height)
    content = _inside(plan, node.id, {}, 0)[0]
    found = Block(max(content.width + 40, 140), content.height + 34 + (34 if node.markers else 22))
    content.put_into(found, 20, 34)
    return found


def _item(node: PlanNode, inside: Block | None, hanging: list[PlanNode], lane: int) -> Item:
    if inside is not None:
        return Item(node.id, inside.width, inside.height, lane, below=_hanging_room(hanging))
    if node.kind == "task":
        width = max(_task_width, len(hanging) * 60.0 + 30)
        return Item(node.id, width, _task_height, lane, below=_hanging_room(hanging))
    if node.kind == "gateway":
        above = label_height(node, 100) + 2 if words(node) else 0.0
        return Item(node.id, _gateway, _gateway, lane, above=above, corners=True)
    return Item(node.id, _event, _event, lane, below=label_height(node, 90) + 6 if words(node) else 0.0)


def _hanging_room(hanging: list[PlanNode]) -> float:
    return 18 + 14 + 14.0 * len(hanging) if hanging else 0.0


def _links(plan: Plan, nodes: list[PlanNode], hanging: dict[str, list[PlanNode]], items: list[Item]) -> list[Link]:
    """Sequence flows, and from boundary events to what compensates, between these nodes."""
    sizes = {item.id: item for item in items}
    drops: dict[str, tuple[str, Point]] = {}
    for host, events in hanging.items():
        for number, event in enumerate(events):
            depth = 18 + 14 + 14.0 * (len(events) - 1 - number)
            drops[event.id] = (host, Point(_hanging_x(sizes[host].width, len(events), number), depth))
    known = {node.id: node for node in nodes}
    found = []
    for line in plan.lines.values():
        source, drop = drops.get(line.source, (line.source, None))
        undoing = line.kind == "association" and drop is not None and line.target in known
        if source in known and line.target in known and (line.kind == "sequence" or undoing):
            found.append(Link(line.id, source, line.target, drop, words_width(line)))
    return found


def _hanging_x(width: float, count: int, number: int) -> float:
    """Boundary events stand along the lower edge from the right."""
    return width - 24 - _hanging_step(width, count) * (count - 1 - number)


def _hanging_step(width: float, count: int) -> float:
    """From one boundary event to the next, as far as the edge allows: their words stand between them."""
    return min(92.0, max(46.0, (width - 40) / count))


def _components(items: list[Item], links: list[Link]) -> list[tuple[list[Item], list[Link]]]:
    """Parts without links between them, each laid out for itself."""
    home = {item.id: item.id for item in items}

    def root(name: str) -> str:
        while home[name] != name:
            home[name] = home[home[name]]
            name = home[name]
        return name

    for link in links:
        home[root(link.target)] = root(link.source)
    groups: dict[str, tuple[list[Item], list[Link]]] = {}
    for item in items:
        groups.setdefault(root(item.id), ([], []))[0].append(item)
    for link in links:
        groups[root(link.source)][1].append(link)
    return list(groups.values())


def _take(
    plan: Plan,
    block: Block,
    layout: Layout,
    insides: dict[str, Block],
    hanging: dict[str, list[PlanNode]],
    top: float,
) -> None:
    """Put a layout into the block: its shapes, the insides of sub-processes, boundary events, lines with their words."""
    for name, found in layout.boxes.items():
        box = found.moved(0, top)
        node = plan.nodes[name]
        crossed = any(point == Point(found.centre.x, found.y) for line in layout.routes.values() for point in line)
        expanded = bool(plan.children(name)) if node.kind == "sub" else None
        block.shapes[name] = stored(box, _label_box(node, box, crossed=crossed), expanded=expanded)
        if name in insides:
            insides[name].put_into(block, box.x, box.y)
        for number, event in enumerate(hanging[name]):
            x = box.x + _hanging_x(box.width, len(hanging[name]), number)
            place = Box(x - _event / 2, box.bottom - _event / 2, _event, _event)
            room = _hanging_step(box.width, len(hanging[name])) - 12
            block.shapes[event.id] = stored(place, Box(x - 5 - room, place.bottom - 2, room, 26))
    for name, points in layout.routes.items():
        line, at = plan.lines[name], layout.labels[name]
        label = Box(at.x, at.y + top - 16, words_width(line), 14) if line.names.zh else None
        block.edges[name] = StoredEdge(tuple(Point(point.x, point.y + top) for point in points), label)


def _label_box(node: PlanNode, box: Box, *, crossed: bool) -> Box | None:
    """Below an event; above a gateway, beside its upper corner where a line runs there."""
    if node.kind == "gateway" and words(node):
        height = label_height(node, 100)
        width = min(100.0, width_of(words(node), label_size))
        left = box.centre.x - width - 8 if crossed else box.centre.x - width / 2
        return Box(left, box.y - 2 - height, width, height)
    if node.kind == "event":
        return Box(box.centre.x - 45, box.bottom + 4, 90, label_height(node, 90))
    return None
