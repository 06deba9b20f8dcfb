"""Every check of a drawing, in order; later ones are left out where they would only tell earlier faults again."""

from __future__ import annotations

from yiwang.flow.bpmn.checks.circles import check_circles
from yiwang.flow.bpmn.checks.mentions import check_mentions
from yiwang.flow.bpmn.checks.questions import check_questions
from yiwang.flow.bpmn.checks.reach import check_reach
from yiwang.flow.bpmn.checks.ways import check_starts_and_ends, check_ways
from yiwang.flow.bpmn.draft import Draft, containers, neighbours
from yiwang.flow.bpmn.structure import Scopes, lay_scopes


def check(draft: Draft) -> Scopes | None:
    """Add every fault of the drawing to the draft; returns the branches of each node, or None without starts and ends."""
    around = neighbours(draft)
    held = containers(draft)
    complete = [check_starts_and_ends(draft, container) for container in held]
    for node in draft.nodes.values():
        check_ways(draft, node, around)
    check_questions(draft, around)
    check_mentions(draft, around)
    if not all(complete):
        return None
    for container in held:
        check_reach(draft, around, container)
    check_circles(draft, around)
    return lay_scopes(draft, around, held)
