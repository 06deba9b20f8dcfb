"""What may be done where: one table of operation × kind of place × state, legal or refused with the reason.

The verbs ask this table, the pages ask it for "why not", ``docs/reference/office-operations.md`` is printed from it, and a
test walks every cell. A cell is found in this order: the exceptions of the operation, then a state that stops it whatever
the kind (suspended, ended), then the kind, then the other states. Who may do it is a question besides (:func:`owns`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from yiwang.flow.changes import Standing
from yiwang.flow.model import Graph, InstanceRow, TaskRow, TokenRow
from yiwang.flow.walk.queues import queue_of_task
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Problem

Kind = Literal[
    "plain",
    "sub",
    "call",
    "branch",
    "round_parallel",
    "round_sequential",
    "before",
    "after",
    "delegated",
    "event",
    "receive",
    "gateway",
    "work",
]
"""Where an instance stands: at a step of the main line, in a sub-process, a called flow, a parallel branch, a round of
several people; at a task added before or after, or delegated; or waiting for an event, a message, the first event behind a
gateway, a worker. What is added to a step counts as added wherever the step is, a round as round wherever it is."""

State = Literal["open", "claimed", "personal", "held", "suspended", "ended"]
"""In a post's queue; taken from it by a person; with a person from the beginning; waiting for tasks added to it; on hold
with its instance (挂账); gone with its instance."""

Operation = Literal[
    "complete",
    "claim",
    "release",
    "assign",
    "delegate",
    "add_before",
    "add_after",
    "take_back",
    "add_to_round",
    "remove_signer",
    "send_back",
    "send_back_to_previous",
    "send_back_to_start",
    "recall",
    "urge",
    "supervise",
    "answer_supervision",
    "copy",
    "ask_extension",
    "answer_extension",
    "extend",
    "suspend",
    "resume",
    "jump",
    "cancel",
    "reopen",
    "overtime_remind",
    "overtime_escalate",
    "overtime_pass",
    "overtime_return",
]

TASK_KINDS: tuple[Kind, ...] = get_args(Kind)[:9]
ADDED_KINDS: tuple[Kind, ...] = ("before", "after", "delegated")
WAITING_KINDS: tuple[Kind, ...] = get_args(Kind)[9:]
ROUND_KINDS: tuple[Kind, ...] = ("round_parallel", "round_sequential")
STATES: tuple[State, ...] = get_args(State)
WAITING_STATES: tuple[State, ...] = ("open", "suspended", "ended")
OPERATIONS: tuple[Operation, ...] = get_args(Operation)

deepest_delegation = 3
"""How often a task may be delegated onwards (委派) before one of them has come back."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not, in words that complete "it cannot be done, because …"; ``code`` is stable."""

    code: str
    zh: str
    en: str


class NotAllowed(Problem):
    code = "flow.not_allowed"
    status = 409
    zh = "现在不能{operation_zh}:{reason_zh}。"
    en = "“{operation_en}” is not possible now: {reason_en}."


def not_allowed(operation: Operation, reason: Reason) -> NotAllowed:
    """The refusal of an operation, with the reason's code as ``reason``."""
    rule = RULES[operation]
    return NotAllowed(
        operation_zh=rule.zh, operation_en=rule.en, reason=reason.code, reason_zh=reason.zh, reason_en=reason.en
    )


_REASONS = (
    Reason("ended", "流程已结束或任务已办结", "the instance is over, or the task was finished"),
    Reason("suspended", "已挂账,恢复后才能办理", "it is suspended; resume it first"),
    Reason("not_suspended", "没有挂账", "it is not suspended"),
    Reason("not_ended", "流程仍在办理中", "it is still being worked on"),
    Reason(
        "held",
        "加签或委派出去的任务还没有办完;可以催办,或先收回",
        "it waits for the tasks added to it; urge those, or take them back first",
    ),
    Reason("not_held", "没有加签或委派出去,无需收回", "nothing was added to it, so there is nothing to take back"),
    Reason("taken", "任务已在个人名下", "the task is with a person already"),
    Reason("not_claimed", "任务不是从岗位签收的", "the task was not claimed from a post"),
    Reason(
        "no_task",
        "这里没有待办任务,流程在等待消息、时间或系统处理",
        "there is no task here; the flow waits for a message, a time or a worker",
    ),
    Reason(
        "added",
        "这是加签或委派来的任务,由原办理人决定",
        "this task was added to another; that is for whoever has the original",
    ),
    Reason(
        "delegated",
        "受委派人不能退回,请填写意见后交回委派人",
        "a delegate does not send back; give an opinion, and the task returns to whoever delegated it",
    ),
    Reason("not_round", "不是多人会签的步骤", "this step is not signed by several people"),
    Reason("not_signer", "不是会签参与人,也不是加签出去的任务", "it is neither one of a round nor a task added to another"),
    Reason("last_signer", "只剩这一人,减掉就无人签了", "nobody would be left to sign"),
    Reason("answered", "该人员已经给出意见", "that person has answered already"),
    Reason("too_deep", f"已连续委派 {deepest_delegation} 次", f"it was delegated {deepest_delegation} times in a row"),
    Reason("no_deadline", "任务没有期限", "the task has no deadline"),
    Reason("not_supervised", "没有待答复的督办", "no supervision waits for an answer"),
    Reason("touched", "后续任务已被签收或办理", "what followed has been claimed or worked on"),
    Reason(
        "step_rule",
        "超时规则属于原步骤,不属于加签或委派的任务",
        "overtime rules belong to the step itself, not to what was added to it",
    ),
    Reason("not_yours", "该任务由他人或其他岗位办理", "the task is with another person or post"),
)
REASONS: Mapping[str, Reason] = {reason.code: reason for reason in _REASONS}

Cells: TypeAlias = Mapping[tuple[Kind, State], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """An operation with the reasons (by code) why a kind or a state refuses it; ``exceptions`` are single cells.

    ``of``: what it is done to; ``own``: only by whoever has the task, or by a grant task:``grant``.
    """

    zh: str
    en: str
    of: Literal["task", "step", "instance", "engine"]
    states: Mapping[State, str] = field(default_factory=dict)
    kinds: Mapping[Kind, str] = field(default_factory=dict)
    exceptions: Cells = field(default_factory=dict)
    own: bool = False
    grant: str = "complete_any"
    remark_zh: str = ""
    remark_en: str = ""


_OVER: Mapping[State, str] = {"ended": "ended"}
_STOPPED: Mapping[State, str] = {"suspended": "suspended", "ended": "ended"}
_ACTIVE: Mapping[State, str] = {**_STOPPED, "held": "held"}
_NO_TASK: Mapping[Kind, str] = dict.fromkeys(WAITING_KINDS, "no_task")
_ADDED: Mapping[Kind, str] = dict.fromkeys(ADDED_KINDS, "added")
_OWN_RULE: Mapping[Kind, str] = {**_NO_TASK, **dict.fromkeys(ADDED_KINDS, "step_rule")}
_BACK: Mapping[Kind, str] = {**_NO_TASK, "delegated": "delegated"}
_SINGLE: Mapping[Kind, str] = dict.fromkeys(("plain", "sub", "call", "branch"), "not_round")


def _task(zh: str, en: str, states: Mapping[State, str], kinds: Mapping[Kind, str], grant: str = "complete_any") -> Rule:
    return Rule(zh, en, "task", states, kinds, own=True, grant=grant)


RULES: Mapping[Operation, Rule] = {
    "complete": _task("办理", "finish", _ACTIVE, _NO_TASK),
    "claim": _task(
        "签收", "claim", {"claimed": "taken", "personal": "taken", "held": "held", "ended": "ended"}, _NO_TASK
    ),
    "release": _task(
        "退回岗位",
        "put back into the post's queue",
        {"open": "not_claimed", "personal": "not_claimed", "held": "held", "ended": "ended"},
        _NO_TASK,
        "assign",
    ),
    "assign": _task("转办", "hand on", {"held": "held", "ended": "ended"}, _NO_TASK, "assign"),
    "delegate": _task("委派", "delegate", _ACTIVE, _NO_TASK),
    "add_before": _task("前加签", "add signers before", _ACTIVE, {**_NO_TASK, **_ADDED}),
    "add_after": _task("后加签", "add signers after", _ACTIVE, {**_NO_TASK, **_ADDED}),
    "take_back": _task(
        "收回加签或委派",
        "take back what was added",
        {**_STOPPED, "open": "not_held", "claimed": "not_held", "personal": "not_held"},
        _NO_TASK,
    ),
    "add_to_round": _task("会签加人", "add to the round", _STOPPED, {**_NO_TASK, **_SINGLE, **_ADDED}, "assign"),
    "remove_signer": Rule(
        "减签",
        "take out a signer",
        "task",
        _STOPPED,
        {**_NO_TASK, **dict.fromkeys(_SINGLE, "not_signer"), "delegated": "not_signer"},
        remark_zh="会签由发起会签的人、加签由加签的人来减;不能减到一个不剩,也不能减已给出意见的人",
        remark_en="by whoever opened the round, or added the signer; never the last one, nor one who has answered",
    ),
    "send_back": Rule(
        "退回到走过的步骤",
        "send back to a step walked before",
        "task",
        _ACTIVE,
        _BACK,
        own=True,
        remark_zh="会签中退回,全体会签作废,再次到达时每人重新各签一次;步骤声明 back=straight 时,已签的有效,只请未签的人签",
        remark_en=(
            "out of a round, the whole round is withdrawn and everyone signs anew when it comes again;"
            " with back=straight the answers given stay, and only the others sign"
        ),
    ),
    "send_back_to_previous": _task("退回上一步", "send back to the previous step", _ACTIVE, _BACK),
    "send_back_to_start": _task("退回发起人", "send back to whoever began", _ACTIVE, _BACK),
    "recall": Rule(
        "撤回",
        "recall",
        "step",
        {"held": "touched", "claimed": "touched", **_STOPPED},
        _ADDED,
        {("round_parallel", "held"): "", ("round_parallel", "claimed"): ""},
        remark_zh="种类是所办步骤的,状态是后续任务的;会签进行中可撤回自己的意见,与他人无关",
        remark_en=(
            "the kind is that of the step that was finished, the state that of what followed;"
            " in a parallel round one's answer is taken back whatever the others do"
        ),
    ),
    "urge": Rule("催办", "urge", "instance", _OVER, _NO_TASK),
    "supervise": Rule(
        "督办",
        "supervise",
        "instance",
        _OVER,
        _NO_TASK,
        remark_zh="办理人须答复;办结时填写的意见即为答复",
        remark_en="whoever has the task must answer; a note given on finishing is an answer",
    ),
    "answer_supervision": _task("答复督办", "answer a supervision", _OVER, _NO_TASK),
    "copy": Rule("抄送", "send a copy", "instance"),
    "ask_extension": _task("申请延期", "ask for an extension", _OVER, _NO_TASK),
    "answer_extension": Rule(
        "批复延期",
        "answer an extension",
        "task",
        _OVER,
        _NO_TASK,
        remark_zh="由有 task:extend 权限的人或申请人的上级负责人批复;任务结束,申请失效",
        remark_en="by a grant task:extend or a leader over whoever asked; it lapses when the task ends",
    ),
    "extend": Rule("延期", "extend", "task", _OVER, _NO_TASK),
    "suspend": Rule("挂账", "suspend", "instance", _STOPPED),
    "resume": Rule(
        "恢复",
        "resume",
        "instance",
        {**dict.fromkeys(("open", "claimed", "personal", "held"), "not_suspended"), "ended": "ended"},
    ),
    "jump": Rule("跳转", "jump", "instance", _STOPPED),
    "cancel": Rule("作废", "cancel", "instance", _OVER),
    "reopen": Rule("重新打开", "reopen", "instance", dict.fromkeys(STATES[:-1], "not_ended")),
    "overtime_remind": Rule("超时提醒", "overtime: remind", "engine", _STOPPED, _OWN_RULE),
    "overtime_escalate": Rule(
        "超时升级",
        "overtime: escalate",
        "engine",
        _STOPPED,
        _OWN_RULE,
        remark_zh="超时规则管的是步骤本身:加签、委派出去的随之撤回",
        remark_en="the rule is about the step itself: what was added to it is withdrawn",
    ),
    "overtime_pass": Rule("超时通过", "overtime: pass", "engine", _STOPPED, _OWN_RULE),
    "overtime_return": Rule("超时退回", "overtime: return", "engine", _STOPPED, _OWN_RULE),
}


def cells() -> Iterator[tuple[Operation, Kind, State]]:
    """Every cell of the table. A place without a task is open, suspended or ended."""
    for operation in OPERATIONS:
        for kind in (*TASK_KINDS, *WAITING_KINDS):
            for state in WAITING_STATES if kind in WAITING_KINDS else STATES:
                yield operation, kind, state


def reason_at(operation: Operation, kind: Kind, state: State) -> Reason | None:
    """The cell: why not, or None where it is legal."""
    rule = RULES[operation]
    found = rule.exceptions.get((kind, state))
    if found is None:
        of_state = rule.states.get(state, "")
        found = of_state if state in ("suspended", "ended") and of_state else rule.kinds.get(kind) or of_state
    return REASONS[found] if found else None


def reason_in(operation: Operation, kind: Kind, states: Sequence[State]) -> Reason | None:
    """Why not, at a place that is in several states at once (suspended, and with a person)."""
    return next((found for state in states if (found := reason_at(operation, kind, state)) is not None), None)


def kind_of(standing: Standing, task: TaskRow) -> Kind:
    """The kind of place that a task is."""
    if task.kind != "step":
        return task.kind
    graph = standing.graph_of(task)
    scope = next((scope for scope in standing.scopes if scope.id == task.scope_id), None)
    if scope is not None and scope.kind == "multi" and scope.node == task.node:
        return round_kind(graph, task.node)
    return kind_of_step(graph, task.node, called=task.definition_id is not None)


def round_kind(graph: Graph, node: str) -> Kind:
    multi = graph.task(node).multi
    return "round_sequential" if multi is not None and multi.sequential else "round_parallel"


def kind_of_step(graph: Graph, node: str, *, called: bool) -> Kind:
    """The kind of place that a single step is."""
    task = graph.task(node)
    if called:
        return "call"
    if task.container:
        return "sub"
    return "branch" if task.scope else "plain"


def kind_of_token(token: TokenRow) -> Kind:
    """The kind of place at which a token waits; a branch at its join waits for events elsewhere."""
    match token.kind:
        case "receive" | "gateway" | "work":
            return token.kind
        case _:
            return "event"


def states_of(instance: InstanceRow, task: TaskRow | None) -> tuple[State, ...]:
    """The states of a task, or of an instance where it waits without one; the graver first."""
    if instance.ended_at is not None:
        return ("ended",)
    of_task: State = "open" if task is None else state_of(task)
    return (of_task,) if instance.suspended_at is None else ("suspended", of_task)


def state_of(task: TaskRow) -> State:
    """The state of a task for itself."""
    if task.held:
        return "held"
    if task.assignee_id is None:
        return "open"
    return "personal" if task.home_post_id is None else "claimed"


def owns(actor: Actor, task: TaskRow) -> bool:
    """Whether the task is the actor's: with them, or in the queue of a post that they hold; also while it is held."""
    queue = queue_of_task(task)
    if queue.assignee_id is not None:
        return actor.account_id == queue.assignee_id
    return queue.post_id in actor.posts


def may(actor: Actor, task: TaskRow, grant: str) -> bool:
    """Whether the actor may act on the task: it is theirs, or by a grant task:``grant``."""
    return owns(actor, task) or actor.reaches(
        "task", grant, area=task.area, organisation=task.organisation_id, grid=task.grid
    )


def allowed(standing: Standing, task: TaskRow, actor: Actor) -> dict[Operation, Reason | None]:
    """Every operation on an open task or its instance: None where the actor may do it now, else why not.

    Left out are recalling (it is about a finished step) and what the engine does by itself. Rights on the instance
    (suspend, jump, cancel, copy …) are for the engine that owns its subject to ask.
    """
    kind, states = kind_of(standing, task), states_of(standing.instance, task)
    found: dict[Operation, Reason | None] = {}
    for operation, rule in RULES.items():
        if rule.of in ("step", "engine"):
            continue
        reason = reason_in(operation, kind, states) or special(operation, standing, task)
        if reason is None and rule.own and not may(actor, task, rule.grant):
            reason = REASONS["not_yours"]
        found[operation] = reason
    return found


def special(operation: Operation, standing: Standing, task: TaskRow) -> Reason | None:
    """What refuses an operation beyond kind and state."""
    match operation:
        case "delegate" if depth_of(standing, task) >= deepest_delegation:
            return REASONS["too_deep"]
        case "extend" | "ask_extension" | "answer_extension" if not ({"limit", "clock"} & task.clock.keys()):
            return REASONS["no_deadline"]
        case "answer_supervision" if not open_supervisions(task):
            return REASONS["not_supervised"]
        case "remove_signer":
            return _cannot_remove(standing, task)
        case _:
            return None


def _cannot_remove(standing: Standing, task: TaskRow) -> Reason | None:
    if task.held and task.origin is not None and "after" in task.origin:
        return REASONS["answered"]
    if task.kind == "step":
        scope = next((scope for scope in standing.scopes if scope.id == task.scope_id), None)
        return REASONS["last_signer"] if scope is not None and scope.total <= 1 else None
    others = [row for row in standing.tasks.values() if row.of_task == task.of_task and row.id != task.id]
    return None if others else REASONS["last_signer"]


def depth_of(standing: Standing, task: TaskRow) -> int:
    """How many delegations in a row have led to a task."""
    depth = 0
    while task.kind == "delegated" and task.of_task is not None:
        depth, task = depth + 1, standing.tasks[task.of_task]
    return depth


def open_supervisions(task: TaskRow) -> list[dict[str, object]]:
    """The supervisions (督办) of a task that nobody has answered."""
    given = task.origin.get("supervised") if task.origin else None
    return [
        dict(item) for item in (given if isinstance(given, list) else ()) if isinstance(item, dict) and not item.get("answer")
    ]
