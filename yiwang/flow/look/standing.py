"""Where an instance stands, as an overlay: the path walked, whose turn it is, and how its clocks are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from yiwang.flow.look.drawing import Drawing
from yiwang.flow.look.naming import Naming
from yiwang.flow.look.overlay import Been, Colour, Leap, Progress, Waiting
from yiwang.flow.look.paths import walked
from yiwang.flow.look.words import duration
from yiwang.flow.model import InstanceStory, TaskRow

_ORDER: tuple[Colour, ...] = ("red", "yellow", "green", "blue", "grey")
"""The most pressing first; that of a node is the most pressing of its tasks."""


def progress_of(drawing: Drawing, story: InstanceStory, naming: Naming, now: datetime) -> Progress:
    """The overlay of an instance; what lies within a collapsed sub-process shows on the sub-process."""
    instance = story.instance
    found = walked(drawing.plan, instance.started_at, instance.ended_at, story.steps, story.tasks, story.tokens)
    waiting = _waiting(story, naming, now)
    waiting |= {node: Waiting((), "grey") for node in found.open if node not in waiting}
    return gathered(found.progress(waiting), drawing.shown)


def gathered(progress: Progress, shown: Mapping[str, str]) -> Progress:
    """The same progress by the shapes that are drawn."""
    nodes: dict[str, Been] = {}
    for node, been in progress.nodes.items():
        shape = shown.get(node, node)
        other = nodes.get(shape)
        nodes[shape] = been if other is None else Been(max(been.count, other.count), been.finished and other.finished)
    waiting: dict[str, Waiting] = {}
    for node, found in progress.waiting.items():
        shape = shown.get(node, node)
        waiting[shape] = _together(waiting[shape], found) if shape in waiting else found
    leaps = tuple(
        Leap(shown.get(leap.source, leap.source), shown.get(leap.target, leap.target), leap.words, leap.count)
        for leap in progress.leaps
    )
    return Progress(nodes, progress.lines, waiting, leaps)


def colour_of(task: TaskRow, now: datetime) -> Colour:
    """The colour of a task's clock: the same as on the desk."""
    if task.paused_at is not None:
        return "blue"
    if task.due_at is None:
        return "grey"
    if task.due_at <= now:
        return "red"
    return "yellow" if task.warn_at is not None and task.warn_at <= now else "green"


def _waiting(story: InstanceStory, naming: Naming, now: datetime) -> dict[str, Waiting]:
    found: dict[str, Waiting] = {}
    for task in story.tasks:
        who = () if task.held else (naming.person(task.assignee_id) or naming.post(task.post_id),)
        own = Waiting(tuple(name for name in who if name), colour_of(task, now), _left(task, now, naming.language))
        node = _node(story, task)
        found[node] = _together(found[node], own) if node in found else own
    return found


def _node(story: InstanceStory, task: TaskRow) -> str:
    """The task's node, or for one of a called definition the node that called it."""
    if task.definition_id is None:
        return task.node
    scopes = {scope.id: scope for scope in story.scopes}
    node, above = task.node, task.scope_id
    seen: set[UUID] = set()
    while above is not None and above in scopes and above not in seen:
        seen.add(above)
        scope = scopes[above]
        if scope.kind == "call":
            node = scope.node
        above = scope.parent_id
    return node


def _left(task: TaskRow, now: datetime, language: str) -> str:
    if task.due_at is None:
        return ""
    seconds = (task.due_at - now).total_seconds()
    words = duration(abs(seconds), language)
    if language == "zh":
        return f"超 {words}" if seconds < 0 else f"还有 {words}"
    return f"{words} late" if seconds < 0 else f"{words} left"


def _together(one: Waiting, other: Waiting) -> Waiting:
    """Several tasks at one node: everybody, and the most pressing clock."""
    first, second = sorted((one, other), key=lambda waiting: _ORDER.index(waiting.colour))
    return Waiting(tuple(dict.fromkeys(one.who + other.who)), first.colour, first.words or second.words)
