"""The mapping (迁移映射) by which running instances go over from one version to another. As JSON::

    {"steps": {"handle": "handle2"},        old element → new element; what is not named keeps its id
     "events": {"too_late": "drop"},        old event (or new one): keep, reset, drop
     "restart": ["check"],                  new steps whose open tasks get their deadline anew, "*" for all
     "reassign": ["check"]}                 new steps whose open tasks are given out by the new rule, "*" for all

``keep`` (for events that both versions have): the timer runs on as it was set. ``reset``: it is set anew by the new version,
from when its task began. ``drop``: it is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from yiwang.flow.model import Graph, SubProcess, UserTask
from yiwang.flow.versions.errors import MappingInvalid
from yiwang.flow.versions.telling import kind_of
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import FieldError

Policy: TypeAlias = Literal["keep", "reset", "drop"]

everything = "*"


@dataclass(frozen=True, slots=True)
class VersionMap:
    """The mapping as read; :func:`checked` holds it against the two versions."""

    steps: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, Policy] = field(default_factory=dict)
    restart: frozenset[str] = frozenset()
    reassign: frozenset[str] = frozenset()

    def restarts(self, step: str) -> bool:
        """Whether tasks on this step of the new version get their deadline anew."""
        return bool({step, everything} & self.restart)

    def reassigns(self, step: str) -> bool:
        """Whether tasks on this step of the new version are given out anew."""
        return bool({step, everything} & self.reassign)

    def policy(self, *events: str) -> Policy | None:
        """What is declared for an event, by its old or its new id."""
        return next((self.events[name] for name in events if name in self.events), None)

    def json(self) -> JsonObject:
        restart: list[Json] = [*sorted(self.restart)]
        reassign: list[Json] = [*sorted(self.reassign)]
        return {
            "steps": dict(self.steps),
            "events": dict(self.events),
            "restart": restart,
            "reassign": reassign,
        }


def read_mapping(document: Mapping[str, Json]) -> VersionMap:
    """A mapping from its JSON.

    Raises:
        MappingInvalid: an unknown key, or a value of the wrong kind.
    """
    faults: list[FieldError] = []
    for name in document.keys() - {"steps", "events", "restart", "reassign"}:
        faults.append(_fault(f"/{name}", "没有这一项,可用 steps、events、restart、reassign", "is not known here"))
    steps = {old: new for old, new in _object(document, "steps", faults).items() if isinstance(new, str)}
    if len(steps) < len(_object(document, "steps", [])):
        faults.append(_fault("/steps", "要写成 旧元素 id: 新元素 id", "must be old id: new id"))
    events: dict[str, Policy] = {}
    for name, policy in _object(document, "events", faults).items():
        match policy:
            case "keep" | "reset" | "drop":
                events[name] = policy
            case _:
                faults.append(_fault(f"/events/{name}", "只能是 keep、reset、drop", "must be keep, reset or drop"))
    found = VersionMap(steps, events, _names(document, "restart", faults), _names(document, "reassign", faults))
    if faults:
        raise MappingInvalid(errors=faults, count=len(faults))
    return found


def checked(mapping: VersionMap, old: Graph, new: Graph) -> VersionMap:
    """The mapping, if everything that it names is there and goes together.

    Raises:
        MappingInvalid: with every fault by JSON pointer.
    """
    faults: list[FieldError] = []
    for name, other in mapping.steps.items():
        before, after = old.nodes.get(name), new.nodes.get(other)
        if before is None:
            faults.append(_fault(f"/steps/{name}", "原版本没有这个元素", "the old version has no such element"))
        elif after is None:
            faults.append(_fault(f"/steps/{name}", f"新版本没有 {other}", f"the new version has no {other}"))
        elif type(before) is not type(after) or (
            isinstance(before, SubProcess) and isinstance(after, SubProcess) and before.event is not after.event
        ):
            one, two = kind_of(before), kind_of(after)
            faults.append(_fault(f"/steps/{name}", f"{one.zh}不能变成{two.zh}", f"a {one.en} cannot become a {two.en}"))
    known = old.nodes.keys() | new.nodes.keys() | _overtimes(old) | _overtimes(new)
    for name in mapping.events:
        if name not in known:
            faults.append(_fault(f"/events/{name}", "两个版本都没有这个事件", "neither version has such an event"))
    for key, names in (("restart", mapping.restart), ("reassign", mapping.reassign)):
        for name in sorted(names - {everything}):
            if not isinstance(new.nodes.get(name), UserTask):
                faults.append(_fault(f"/{key}", f"新版本没有步骤 {name}", f"the new version has no step {name}"))
    if faults:
        raise MappingInvalid(errors=faults, count=len(faults))
    return mapping


def _overtimes(graph: Graph) -> set[str]:
    return {rule.id for task in graph.tasks for rule in task.overtimes}


def _object(document: Mapping[str, Json], name: str, faults: list[FieldError]) -> JsonObject:
    found = document.get(name, {})
    if isinstance(found, dict):
        return found
    faults.append(_fault(f"/{name}", "应是对象", "must be an object"))
    return {}


def _names(document: Mapping[str, Json], name: str, faults: list[FieldError]) -> frozenset[str]:
    found = document.get(name, [])
    names = [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
    if not isinstance(found, list) or len(names) < len(found):
        faults.append(_fault(f"/{name}", "应是步骤 id 的列表", "must be a list of step ids"))
    return frozenset(names)


def _fault(where: str, zh: str, en: str) -> FieldError:
    return FieldError(where=where, code="flow.mapping", zh=zh, en=en)
