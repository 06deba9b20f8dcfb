"""What a definition says about its steps beyond the drawing: who, until when, with what result, signed together how.

Every ``Value`` is literal text or, written ``=name``, the flow variable of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from yiwang.kernel.database import Json
from yiwang.kernel.expressions import cel

Empty = Literal["administrator", "skip", "stop"]
"""What happens when nobody may take a step: the administrator gets it, it is passed over, or the act is refused."""


class Branch(NamedTuple):
    """A branch of a block: ``block`` is the forking gateway or non-interrupting event, ``flow`` leaves it."""

    block: str
    flow: str


Scope = tuple[Branch, ...]
"""The branches in which a token is within its container (process or sub-process), outermost first; () on the main path."""


@dataclass(frozen=True, slots=True)
class Names:
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Value:
    """A word of an extension attribute: literal text, or with ``=name`` the flow variable of that name."""

    text: str = ""
    variable: str | None = None

    def of(self, variables: Mapping[str, Json]) -> Json:
        """The literal text, or the variable's value (None where it is not set)."""
        return self.text if self.variable is None else variables.get(self.variable)


@dataclass(frozen=True, slots=True)
class Condition:
    """A CEL condition. ``variables``: the names in it, without ``outcome``."""

    text: str
    program: cel.Program
    variables: tuple[str, ...]
    uses_outcome: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way to finish a step. ``needs``: what must be given with it; the caller (casework) checks that."""

    id: str
    names: Names
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Who:
    """Who may take a step (办理人规则).

    Asked in this order: ``person`` (an account id), ``step`` (whoever finished that step last), ``expression`` (CEL that
    gives an account id, a post id or None), ``manager`` (the leader over that person or organisation: the holder of
    ``post``, by default ``leader``, in it or the nearest organisation above, never the person himself), ``role`` and
    ``post`` (the posts of that role or kind, in ``organisation`` or for ``area``).

    ``apart`` names whoever may not take it, whatever else the rule says (职责分离、回避): steps (whoever finished them last)
    and ``=variables`` that hold an account or a list of them.
    """

    post: str = ""
    organisation: Value | None = None
    area: Value | None = None
    person: Value | None = None
    empty: Empty = "administrator"
    role: str = ""
    step: str = ""
    manager: Value | None = None
    expression: Condition | None = None
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepDeadline:
    """How long a step may take: a deadline text, or the instance's clock of that name."""

    limit: Value | None
    clock: str | None


@dataclass(frozen=True, slots=True)
class ClockStart:
    """Entering the step starts the named clock. One that runs, runs on; one that stopped does as ``again`` says."""

    name: str
    limit: Value
    warn: Value
    again: Value


@dataclass(frozen=True, slots=True)
class ClockStop:
    """Leaving the step stops the named clock, if ``on`` is empty or holds the outcome."""

    name: str
    on: frozenset[str]


@dataclass(frozen=True, slots=True)
class StepDocument:
    """A document (文书) that is issued when a person finishes the step. ``on``: with these outcomes, empty for any."""

    key: str
    on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Overtime:
    """What happens when a step is late (超时): ``after`` counts from its start; with ``every`` a reminder repeats.

    remind (提醒), escalate (to the queue of ``who``), pass (leave by the first outcome), return (to the step before).
    ``id`` names its timer: ``<step>/<number>``.
    """

    id: str
    after: Value
    do: Literal["remind", "escalate", "pass", "return"]
    every: Value | None = None
    who: Who | None = None


@dataclass(frozen=True, slots=True)
class Auto:
    """A rule that finishes a step as it begins (自动同意): ``same`` as the starter, or as one who agreed before, or a condition.

    The condition also sees ``assignee``: the account that would get the task, "" for a post.
    """

    same: Literal["", "starter", "earlier"]
    when: Condition | None
    outcome: str


SignRule = Literal["all", "first", "share", "count", "vote"]


@dataclass(frozen=True, slots=True)
class Sign:
    """How a step that several people do together is decided.

    all (会签): everyone must give the first outcome. first (或签): the first answer decides. share (比例签): ``need`` is
    a share such as 60% of the people; count: a number of them. vote (票签): when all have voted the outcome with the most
    votes wins; a tie goes to the outcome declared later (the cautious one). ``early``: a round whose result is certain
    ends at once and withdraws what is still open; otherwise it waits for everyone.
    """

    rule: SignRule
    need: Value = field(default_factory=Value)
    early: bool = True


@dataclass(frozen=True, slots=True)
class Multi:
    """Multi-instance (多实例): the activity once for each of ``people`` or ``items``, or ``times`` times; at most 200.

    ``people``: a list variable of account ids, or ``holders``: everyone who holds the posts of the step's rule.
    ``item``: the variable in which each instance finds its element. ``until`` is the completion condition (CEL), which
    sees ``total``, ``done``, ``open`` and ``tally`` (outcome → count) besides the variables.
    """

    sequential: bool
    people: Value | None = None
    items: Value | None = None
    times: Value | None = None
    item: str = "item"
    until: Condition | None = None
    sign: Sign | None = None


most_instances = 200


@dataclass(frozen=True, slots=True)
class Assignment:
    """``variable`` gets the value of a CEL expression."""

    variable: str
    expression: Condition


TriggerKind = Literal[
    "timer", "message", "signal", "error", "escalation", "condition", "compensation", "terminate", "link"
]


@dataclass(frozen=True, slots=True)
class Trigger:
    """The event definition of an event.

    ``name``: of the message, signal, error code, escalation code, link, or the activity to compensate; "" catches any
    error or escalation, compensates all. ``key``: by what a message finds its instance (correlation), as seen from the
    instance's variables; None: the message's subject alone. Timer: one of ``after`` (a duration or a limit in working
    time, from when it begins to wait), ``at`` (a date: ISO 8601 with zone); ``every`` with ``times`` (0: without end) repeats.
    """

    kind: TriggerKind
    name: str = ""
    key: Value | None = None
    condition: Condition | None = None
    after: Value | None = None
    at: Value | None = None
    every: Value | None = None
    times: int = 0
