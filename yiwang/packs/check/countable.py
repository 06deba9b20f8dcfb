"""Which base counts the cases of a flow can ever enter, told from its drawing: what no step can bring is never counted.

Only what stages, outcomes, limits and the handling clock decide is judged. Whatever people may do with any case at any time
(suspend, urge, reopen …) can always be counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from yiwang.flow.model import EndEvent, Graph, UserTask
from yiwang.insight.indicators.counts import Count

_FILES: Final = frozenset({"file", "handle_here", "escalate"})
_ROUND: Final = frozenset(
    {
        Count.HANDLE_DUE, Count.HANDLED_OF_DUE, Count.HANDLED_IN_TIME, Count.HANDLED_LATE, Count.OVERDUE, Count.EXEMPTED,
        Count.CLOSE_DUE, Count.CLOSED_OF_DUE, Count.CLOSED_IN_TIME,
    }
)  # fmt: skip
_STEPS: Final[Mapping[str, tuple[frozenset[Count], frozenset[Count]]]] = {
    "verify": (frozenset({Count.VERIFIED}), frozenset({Count.VERIFY_DUE, Count.VERIFIED_IN_TIME})),
    "dispatch": (frozenset(), frozenset({Count.DISPATCH_DUE, Count.DISPATCHED_IN_TIME})),
    "check": (frozenset({Count.CHECKED}), frozenset({Count.CHECK_DUE, Count.CHECKED_IN_TIME})),
    "close": (frozenset(), frozenset({Count.CLOSING_DUE, Count.CLOSED_STEP_IN_TIME})),
    "visit": (frozenset({Count.VISITED}), frozenset({Count.VISIT_DUE, Count.VISITED_IN_TIME})),
}
"""Of steps of a stage: what each of them counts, and what those with a limit count. A step that sends checks out
(``send_check``) is a city's own choice: indicators about it are shipped for those that draw one."""
_FILED: Final = frozenset({Count.FILED, Count.FILED_RIGHT, Count.FILED_IN_TIME, Count.VALID, Count.ACCEPTED})
_HANDLED: Final = frozenset({Count.HANDLED, Count.MINUTES})

NEEDS: Final[Mapping[Count, tuple[str, str]]] = {
    **dict.fromkeys(
        _FILED - {Count.VALID, Count.ACCEPTED},
        ("受理或立案环节(accept、build)的结果 file、handle_here 或 escalate",
         "an outcome file, handle_here or escalate of a step of the stage accept or build"),
    ),
    **dict.fromkeys(
        (Count.VALID, Count.ACCEPTED),
        ("受理或立案环节(accept、build)的结果 file、handle_here、escalate 或 answer",
         "an outcome file, handle_here, escalate or answer of a step of the stage accept or build"),
    ),
    Count.FILING_DUE: ("有期限的受理或立案环节(accept、build)", "a step of the stage accept or build with a deadline"),
    Count.NOT_ACCEPTED: (
        "环节 not_accepted 的结束,或受理环节的结果 not_accept",
        "an end with the stage not_accepted, or an outcome not_accept of a step of the stage accept",
    ),
    Count.DISPATCHED: ("派遣环节(dispatch)的结果 dispatch", "an outcome dispatch of a step of the stage dispatch"),
    Count.DISPATCHED_RIGHT: ("派遣环节(dispatch)的结果 dispatch", "an outcome dispatch of a step of the stage dispatch"),
    Count.CHECK_PASSED: ("核查环节(check)的结果 pass", "an outcome pass of a step of the stage check"),
    Count.REWORKED: (
        "结果 rework,或核查环节的 not_pass、回访环节的 not_solved",
        "an outcome rework, or not_pass of a check, or not_solved of a return visit",
    ),
    **dict.fromkeys(
        _HANDLED,
        ("处置时钟(clock: handling)或处置环节(handle)", "the clock handling, or a step of the stage handle"),
    ),
    **dict.fromkeys(
        _ROUND,
        ("处置时钟(clock: handling)或有期限的处置环节(handle)",
         "the clock handling, or a step of the stage handle with a deadline"),
    ),
    **{
        count: (f"环节 {stage}", f"a step of the stage {stage}") for stage, (each, _) in _STEPS.items() for count in each
    },
    **{
        count: (f"有期限的环节 {stage}", f"a step of the stage {stage} with a deadline")
        for stage, (_, timed) in _STEPS.items()
        for count in timed
    },
}  # fmt: skip
"""What a flow must have for its cases to enter a count, in Chinese and English. Counts that are not here are not judged."""


def countable(graph: Graph) -> frozenset[Count]:
    """Of the counts in :data:`NEEDS`, those that a case of this flow can enter. All of them where it calls other flows."""
    if graph.calls:
        return frozenset(NEEDS)
    found: set[Count] = set()
    for task in graph.tasks:
        found |= _of_step(task)
    if any(isinstance(node, EndEvent) and node.stage == "not_accepted" for node in graph.nodes.values()):
        found.add(Count.NOT_ACCEPTED)
    if "handling" in graph.clocks:
        found |= _ROUND | _HANDLED
    return frozenset(found)


def missing(counts: Iterable[Count], graphs: Iterable[Graph]) -> list[Count]:
    """Which of these counts no case of any of the flows can enter."""
    able = frozenset().union(*(countable(graph) for graph in graphs))
    return [count for count in counts if count in NEEDS and count not in able]


def _of_step(task: UserTask) -> set[Count]:
    found: set[Count] = set()
    outcomes, timed = set(task.outcomes), task.deadline is not None
    each, limited = _STEPS.get(task.stage, (frozenset(), frozenset()))
    found |= each | (limited if timed else frozenset())
    match task.stage:
        case "accept" | "build":
            if outcomes & _FILES:
                found |= _FILED
            elif "answer" in outcomes:
                found |= {Count.VALID, Count.ACCEPTED}
            if timed:
                found.add(Count.FILING_DUE)
            if "not_accept" in outcomes:
                found.add(Count.NOT_ACCEPTED)
        case "dispatch" if "dispatch" in outcomes:
            found |= {Count.DISPATCHED, Count.DISPATCHED_RIGHT}
        case "handle":
            found |= _HANDLED | (_ROUND if timed else frozenset())
        case "check":
            found |= {Count.CHECK_PASSED} if "pass" in outcomes else set()
            found |= {Count.REWORKED} if "not_pass" in outcomes else set()
        case "visit" if "not_solved" in outcomes:
            found.add(Count.REWORKED)
    return found | ({Count.REWORKED} if "rework" in outcomes else set())
