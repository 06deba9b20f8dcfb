"""The difference of two versions in words: elements that came, went, were renamed or moved, and settings that changed.

Elements are matched by :mod:`~yiwang.flow.versions.matching`. What only looks different (positions, colours, comments) is
said as such, since running instances do not notice it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from yiwang.flow.model import BoundaryEvent, ExclusiveGateway, Graph, InclusiveGateway, Names, Node, SequenceFlow
from yiwang.flow.versions.layout import Looks
from yiwang.flow.versions.matching import Pairs, flows_of, is_named, pair
from yiwang.flow.versions.telling import LABELS, aspects, called, kind_of
from yiwang.kernel.database import JsonObject

ChangeKind = Literal["process", "added", "removed", "renamed", "moved", "changed", "connected", "layout", "remarks"]

most_told = 2_000
NOTHING = Names("", "")


@dataclass(frozen=True, slots=True)
class Change:
    """One change as a sentence. ``element`` is its id in the new version, of what is gone in the old one; "" for the process.

    ``aspect``: which setting of it (a key of ``telling.LABELS``, ``name``, ``place``, ``ways``, ``condition`` …).
    """

    kind: ChangeKind
    element: str
    aspect: str
    words: Names
    before: Names = NOTHING
    after: Names = NOTHING

    def json(self) -> JsonObject:
        return {
            "kind": self.kind,
            "element": self.element,
            "aspect": self.aspect,
            "zh": self.words.zh,
            "en": self.words.en,
            "before": {"zh": self.before.zh, "en": self.before.en},
            "after": {"zh": self.after.zh, "en": self.after.en},
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one version to another, at most :data:`most_told`; ``pairs`` is what was held for the same."""

    changes: tuple[Change, ...]
    pairs: Pairs

    @property
    def same(self) -> bool:
        """Whether nothing at all changed."""
        return not self.changes

    @property
    def only_looks(self) -> bool:
        """Whether only the drawing looks different: instances walk the same way."""
        return bool(self.changes) and all(change.kind in ("layout", "remarks") for change in self.changes)

    def json(self) -> JsonObject:
        return {
            "same": self.same,
            "only_looks": self.only_looks,
            "changes": [change.json() for change in self.changes],
            "renamed_ids": {old: new for old, new in self.pairs.nodes.items() if old in self.pairs.alike},
        }

    def text(self, language: str) -> str:
        """One line for each change."""
        if self.same:
            return "两个版本相同。" if language == "zh" else "The two versions are the same."
        lines = [f"- {change.words.zh if language == 'zh' else change.words.en}" for change in self.changes]
        if self.only_looks:
            lines.append("只有图面变化,不影响办理。" if language == "zh" else "Only the drawing changed, not the flow.")
        return "\n".join(lines)


def difference(old: Graph, new: Graph, looks: Looks | None = None) -> Difference:
    """What changed from ``old`` to ``new``. ``looks``: how the two files differ on paper."""
    pairs = pair(old, new)
    found: list[Change] = []
    for change in _Comparison(old, new, pairs).changes(looks):
        if len(found) == most_told:
            found.append(Change("process", "", "", Names("……还有更多变化", "… and more")))
            break
        found.append(change)
    if not found and looks is not None and looks.rewritten:
        words = Names(
            "文件写法有变化(空格、次序或 XML 注释)", "the file is written differently (spaces, order, XML comments)"
        )
        found.append(Change("remarks", "", "file", words))
    return Difference(tuple(found), pairs)


class _Comparison:
    def __init__(self, old: Graph, new: Graph, pairs: Pairs) -> None:
        self.old, self.new, self.pairs = old, new, pairs
        self.back = pairs.back

    def changes(self, looks: Looks | None) -> Iterator[Change]:
        yield from self._process()
        for node in self.new.nodes.values():
            before = self.old.nodes.get(self.back.get(node.id, ""))
            if before is None:
                yield self._added(node)
            else:
                yield from self._settings(before, node)
        for node in self.old.nodes.values():
            if node.id not in self.pairs.nodes:
                told = called(node)
                words = Names(f"删除{told.zh}{self._inside(self.old, node).zh}", f"{told.en} is gone")
                yield Change("removed", node.id, "", words)
        for node in self.old.nodes.values():
            yield from self._ways(node)
        yield from self._flows()
        if looks is not None:
            yield from _looks(looks)

    def _process(self) -> Iterator[Change]:
        names = (
            ("name", Names("流程名称", "the name of the flow"), self.old.names, self.new.names),
            ("key", Names("流程标识", "the key of the flow"), _same(self.old.key), _same(self.new.key)),
            ("status_done", Names("办结状态", "the final status"), *_two(self.old.status_done, self.new.status_done)),
            (
                "status_cancelled",
                Names("作废状态", "the status when cancelled"),
                *_two(self.old.status_cancelled, self.new.status_cancelled),
            ),
        )
        for aspect, label, before, after in names:
            if before != after:
                yield Change("process", "", aspect, _became(label, before, after), before, after)

    def _added(self, node: Node) -> Change:
        """A new element with where it stands."""
        told, flows = called(node), flows_of(self.new)
        zh, en = f"新增{told.zh}{self._inside(self.new, node).zh}", f"{told.en} is new"
        if isinstance(node, BoundaryEvent):
            host = called(self.new.nodes[node.attached])
            return Change("added", node.id, "", Names(f"{zh},附着于{host.zh}", f"{en}, attached to {host.en}"))
        before = _listed(self.new.nodes[flows[name].source] for name in node.incoming)
        after = _listed(self.new.nodes[flow.target] for flow in node.outgoing)
        zh += f",在{before.zh}之后" if before.zh else ""
        en += f", after {before.en}" if before.en else ""
        zh += f"、{after.zh}之前" if before.zh and after.zh else f",在{after.zh}之前" if after.zh else ""
        en += f", before {after.en}" if after.en else ""
        return Change("added", node.id, "", Names(zh, en))

    def _inside(self, graph: Graph, node: Node) -> Names:
        if not node.container:
            return Names("", "")
        told = called(graph.nodes[node.container])
        return Names(f"(在{told.zh}内)", f" in {told.en}")

    def _settings(self, before: Node, after: Node) -> Iterator[Change]:
        """What changed of one element."""
        told = called(after)
        if before.names != after.names and (is_named(before) or is_named(after)):
            words = Names(
                f"{kind_of(after).zh}“{before.names.zh}”({after.id})改名为“{after.names.zh}”",
                f"{kind_of(after).en} “{before.names.en}” ({after.id}) is now called “{after.names.en}”",
            )
            yield Change("renamed", after.id, "name", words, before.names, after.names)
        if before.id != after.id:
            words = Names(f"{told.zh}的 id 原为 {before.id}", f"the id of {told.en} was {before.id}")
            yield Change("renamed", after.id, "id", words, _same(before.id), _same(after.id))
        if type(before) is not type(after):
            yield self._aspect(after, "kind", kind_of(before), kind_of(after))
        yield from self._moved(before, after)
        was, now = aspects(before), aspects(after)
        for aspect in dict.fromkeys((*was, *now)):
            one, other = was.get(aspect, Names("", "")), now.get(aspect, NOTHING)
            if one != other:
                yield self._aspect(after, aspect, one, other)

    def _aspect(self, node: Node, aspect: str, before: Names, after: Names) -> Change:
        told, label = called(node), LABELS[aspect]
        words = _became(Names(f"{told.zh}的{label.zh}", f"{label.en} of {told.en}"), before, after)
        return Change("changed", node.id, aspect, words, before, after)

    def _moved(self, before: Node, after: Node) -> Iterator[Change]:
        told = called(after)
        if self.pairs.nodes.get(before.container, "") != after.container:
            one, other = self._home(self.old, before), self._home(self.new, after)
            words = Names(f"{told.zh}由{one.zh}移入{other.zh}", f"{told.en} moved from {one.en} to {other.en}")
            yield Change("moved", after.id, "place", words, one, other)
        if not isinstance(before, BoundaryEvent) or not isinstance(after, BoundaryEvent):
            return
        if self.pairs.nodes.get(before.attached) != after.attached:
            one, other = called(self.old.nodes[before.attached]), called(self.new.nodes[after.attached])
            words = Names(f"{told.zh}由附着于{one.zh}改为{other.zh}", f"{told.en} moved from {one.en} to {other.en}")
            yield Change("moved", after.id, "attached", words, one, other)

    def _home(self, graph: Graph, node: Node) -> Names:
        return called(graph.nodes[node.container]) if node.container else Names("主流程", "the main flow")

    # Connections

    def _ways(self, node: Node) -> Iterator[Change]:
        """Where one could go from an element, and where now."""
        after = self.new.nodes.get(self.pairs.nodes.get(node.id, ""))
        if after is None:
            return
        old = {flow.target: self.pairs.nodes.get(flow.target) for flow in node.outgoing}
        new = {flow.target for flow in after.outgoing}
        lost = [target for target, now in old.items() if now not in new]
        gained = [target for target in new if target not in old.values()]
        told_already = all(old[target] is None for target in lost) and all(target not in self.back for target in gained)
        if not (lost or gained) or (told_already and not (lost and gained)):
            return
        told = called(after)
        one = _listed(self.old.nodes[target] for target in (lost or old))
        ordered = [flow.target for flow in after.outgoing if flow.target in (gained or new)]
        other = _listed(self.new.nodes[target] for target in dict.fromkeys(ordered))
        if lost and gained:
            words = Names(
                f"从{told.zh}原可到{one.zh},现可到{other.zh}",
                f"from {told.en} one could go to {one.en}, now to {other.en}",
            )
        elif lost:
            words = Names(f"从{told.zh}不再能到{one.zh}", f"from {told.en} one can no longer go to {one.en}")
        else:
            words = Names(f"从{told.zh}还可到{other.zh}", f"from {told.en} one can also go to {other.en}")
        yield Change("connected", after.id, "ways", words, one, other)

    def _flows(self) -> Iterator[Change]:
        """Conditions and default ways of connections that stayed."""
        before, after = flows_of(self.old), flows_of(self.new)
        for name, other in self.pairs.flows.items():
            was, now = before[name], after[other]
            text, changed = _condition(was), _condition(now)
            if text != changed and self.pairs.nodes.get(was.target) == now.target:
                told = self._between(now)
                words = _became(Names(f"连线{told.zh}的条件", f"the condition from {told.en}"), text, changed)
                yield Change("changed", other, "condition", words, text, changed)
        for node in self.new.nodes.values():
            old = self.old.nodes.get(self.back.get(node.id, ""))
            if isinstance(node, ExclusiveGateway | InclusiveGateway) and isinstance(old, type(node)):
                one, two = old.default, node.default
                if one is not None and two is not None and self.pairs.nodes.get(one.target) != two.target:
                    label = Names(f"{called(node).zh}的默认去向", f"the default way of {called(node).en}")
                    was_to, is_to = called(self.old.nodes[one.target]), called(self.new.nodes[two.target])
                    yield Change("connected", node.id, "default", _became(label, was_to, is_to), was_to, is_to)

    def _between(self, flow: SequenceFlow) -> Names:
        source, target = called(self.new.nodes[flow.source]), called(self.new.nodes[flow.target])
        return Names(f"{source.zh}→{target.zh}", f"{source.en} to {target.en}")


def _condition(flow: SequenceFlow) -> Names:
    return _same(flow.condition.text if flow.condition is not None else "")


def _listed(nodes: Iterable[Node]) -> Names:
    told = [called(node) for node in {node.id: node for node in nodes}.values()]
    return Names("、".join(item.zh for item in told), ", ".join(item.en for item in told))


def _became(label: Names, before: Names, after: Names) -> Names:
    if not before.zh:
        return Names(f"{label.zh}设为 {after.zh}", f"{label.en} is now {after.en}")
    if not after.zh:
        return Names(f"{label.zh}取消(原为 {before.zh})", f"{label.en} is gone (was {before.en})")
    return Names(f"{label.zh}由 {before.zh} 改为 {after.zh}", f"{label.en} changed from {before.en} to {after.en}")


def _same(text: str) -> Names:
    return Names(text, text)


def _two(before: str, after: str) -> tuple[Names, Names]:
    return _same(before), _same(after)


def _looks(looks: Looks) -> Iterator[Change]:
    if looks.placed:
        count = len(looks.placed)
        words = Names(f"图上 {count} 个图形的位置或大小有变化", f"{count} shapes or lines lie elsewhere in the drawing")
        yield Change("layout", "", "places", words)
    if looks.redrawn:
        yield Change("layout", "", "style", Names("图面样式有变化", "the style of the drawing changed"))
    if looks.remarks:
        words = Names(
            "说明、注释或其他工具的设置有变化", "documentation, annotations or settings of other tools changed"
        )
        yield Change("remarks", "", "remarks", words)
