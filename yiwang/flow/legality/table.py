"""What may be done where: one table of operation × kind of place × state, legal or refused with the reason.

The verbs ask this table, the pages ask it for "why not", ``docs/reference/office-operations.md`` is printed from it, and a
test walks every cell. A cell is found in this order: the exceptions of the operation, ended, no task, suspended, then the
kind, then the other states. Who may do it is a question besides (``places``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

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
    Reason(
        "not_signer", "不是会签参与人,也不是加签出去的任务", "it is neither one of a round nor a task added to another"
    ),
    Reason("last_signer", "只剩这一人,减掉就无人签了", "nobody would be left to sign"),
    Reason("answered", "该人员已经给出意见", "that person has answered already"),
    Reason("too_deep", f"已连续委派 {deepest_delegation} 次", f"it was delegated {deepest_delegation} times in a row"),
    Reason("no_deadline", "任务没有期限", "the task has no deadline"),
    Reason("not_supervised", "没有待答复的督办", "no supervision waits for an answer"),
    Reason(
        "unanswered",
        "督办须答复:请填写办理意见,或先答复督办",
        "a supervision wants an answer: give a note, or answer it first",
    ),
    Reason("self", "不能加签或委派给自己", "one cannot add oneself or delegate to oneself"),
    Reason("in_round", "该人员已在会签中", "that person is in the round already"),
    Reason("round_of_items", "这一步按事项分办,不按人员", "this step is done once for each item, not for each person"),
    Reason(
        "not_done",
        "这一步不是办理完成的,没有可撤回的",
        "this step was not finished by a person, so nothing can be recalled",
    ),
    Reason("not_yours_done", "只有办理人本人可以撤回", "only whoever finished it may recall it"),
    Reason("recalled", "已经撤回过", "it was recalled already"),
    Reason("decided", "会签已有结果", "the round has been decided"),
    Reason("left", "所在的子流程已经结束", "its sub-process is over"),
    Reason("over", "办理后分支即已结束", "its branch ended with it"),
    Reason("joined", "分支已经汇合", "its branch has been joined with the others"),
    Reason("thrown", "办理时已发出消息", "finishing it sent a message"),
    Reason("followed", "后续已有处理", "something has followed from it"),
    Reason("nobody_before", "前面没有可退回的步骤", "there is no step before to which it could go back"),
    Reason("asked", "已有一份延期申请待批", "an extension has been asked for already"),
    Reason("answered_before", "该申请已批复", "the request was answered already"),
    Reason("own_request", "不能批复自己的申请", "nobody answers their own request"),
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


def _task(
    zh: str, en: str, states: Mapping[State, str], kinds: Mapping[Kind, str], grant: str = "complete_any"
) -> Rule:
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
    "answer_supervision": _task("答复督办", "answer a supervision", _OVER, {**_NO_TASK, **_ADDED}),
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
        of_state, of_kind = rule.states.get(state, ""), rule.kinds.get(kind, "")
        state_first = state == "ended" or (state == "suspended" and of_kind != "no_task")
        found = (of_state or of_kind) if state_first else (of_kind or of_state)
    return REASONS[found] if found else None


def reason_in(operation: Operation, kind: Kind, states: Sequence[State]) -> Reason | None:
    """Why not, at a task that is in several states at once (suspended, and with a person); the graver comes first.

    What is done to a whole instance asks for the first only.
    """
    if RULES[operation].of != "task":
        states = states[:1]
    return next((found for state in states if (found := reason_at(operation, kind, state)) is not None), None)
