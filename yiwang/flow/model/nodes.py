"""The nodes of a process as compiled, one class per kind of BPMN element that is executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yiwang.flow.model.fields import FormField
from yiwang.flow.model.settings import (
    Assignment,
    Auto,
    ClockStart,
    ClockStop,
    Condition,
    Multi,
    Names,
    Outcome,
    Overtime,
    Scope,
    StepDeadline,
    StepDocument,
    Trigger,
    Value,
    Who,
)


@dataclass(frozen=True, slots=True)
class SequenceFlow:
    """``scope`` is that of a token travelling on it."""

    id: str
    source: str
    target: str
    line: int
    condition: Condition | None = None
    scope: Scope = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """``container``: the sub-process that holds it, "" for the process; ``scope``: its branches within that."""

    id: str
    names: Names
    line: int
    outgoing: tuple[SequenceFlow, ...] = ()
    incoming: tuple[str, ...] = ()
    scope: Scope = ()
    container: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartEvent(Node):
    """Of the process, a sub-process, or (with ``interrupting``) an event sub-process. No trigger: the plain start."""

    trigger: Trigger | None = None
    interrupting: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EndEvent(Node):
    """``stage`` and ``status`` are what the instance shows once it has ended here; "" for the process's own words.

    ``trigger``: what it throws (message, signal, error, escalation, compensation), or terminate.
    """

    trigger: Trigger | None = None
    stage: str = ""
    status: str = ""

    @property
    def worded(self) -> bool:
        """Whether it says in its own words how the instance has ended."""
        return bool(self.stage or self.status)

    @property
    def terminate(self) -> bool:
        return self.trigger is not None and self.trigger.kind == "terminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchEvent(Node):
    """An intermediate event that waits: timer, message, signal, condition; a link's landing goes on at once."""

    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrowEvent(Node):
    """An intermediate event that throws: message, signal, escalation, compensation; none passes; a link leaps to ``target``."""

    trigger: Trigger | None = None
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryEvent(Node):
    """An event on the edge of the activity ``attached``. A timer counts from the activity's start."""

    attached: str
    interrupting: bool
    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity(Node):
    """``compensation``: the activity that undoes it. ``for_compensation``: it is such a one and outside the flow."""

    multi: Multi | None = None
    boundary: tuple[BoundaryEvent, ...] = ()
    compensation: str = ""
    for_compensation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTask(Activity):
    """A step for people (also bpmn:manualTask).

    ``back``: what happens after it was done anew because a later step was sent back to it: ``again`` walks step by step,
    ``straight`` goes straight back to the returner. ``pauses``: named clocks that stand still while the step is open
    (补正, 听证, 公示).
    """

    stage: str
    status: str
    deadline: StepDeadline | None = None
    warn: Value = field(default_factory=Value)
    """The share of the limit after which it warns: a number, or a variable that holds one."""
    who: Who = field(default_factory=Who)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    clock_starts: tuple[ClockStart, ...] = ()
    clock_stops: tuple[ClockStop, ...] = ()
    autos: tuple[Auto, ...] = ()
    overtimes: tuple[Overtime, ...] = ()
    pauses: tuple[str, ...] = ()
    back: Value = field(default_factory=lambda: Value("again"))
    form: str = ""
    fields: tuple[FormField, ...] = ()
    documents: tuple[StepDocument, ...] = ()

    @property
    def first_outcome(self) -> str:
        """The ordinary way onward; a step that is passed over leaves by it. For signing: the one that agrees."""
        return next(iter(self.outcomes))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTask(Activity):
    """Work without a person: ``sets`` variables at once; with a ``topic`` it waits until a worker has done it.

    Workers (in this process, or another system over the API) fetch work by topic, report the result, a failure to be
    tried again, or a business error that a boundary event catches.
    """

    sets: tuple[Assignment, ...] = ()
    topic: str = ""
    tries: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTask(Activity):
    """Throws a message and goes on."""

    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveTask(Activity):
    """Waits for a message."""

    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTask(Activity):
    """Asks the decision table ``decision`` (bpmn:businessRuleTask) with the variables; its outputs become variables.

    ``into``: output → variable; an output that it does not name keeps its own name.
    """

    decision: str
    into: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallActivity(Activity):
    """Runs the newest published version of ``called`` within this instance, with variables of its own.

    ``inputs``: its variable ← ours; ``outputs``: our variable ← its. Empty inputs hand over all, empty outputs nothing.
    """

    called: str
    inputs: tuple[Assignment, ...] = ()
    outputs: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubProcess(Activity):
    """Embedded, or with ``event`` an event sub-process. ``start`` is its start event, ``events`` its event sub-processes."""

    start: str
    event: bool = False
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusiveGateway(Node):
    default: SequenceFlow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelGateway(Node):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusiveGateway(Node):
    """Forks along every flow whose condition holds, else along ``default``; joins when nothing more can come."""

    default: SequenceFlow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGateway(Node):
    """Waits for the first of the catch events and receive tasks behind it."""
