"""Every refusal of flow, with words that say what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class FlowRefused(Problem):
    code = "flow.refused"
    status = 422
    zh = "流程“{key}”有 {count} 处问题,不能发布;请按列出的元素和行号修改。"
    en = "The flow “{key}” has {count} faults and cannot be published; correct the elements and lines listed."


class FlowUnreadable(Problem):
    code = "flow.unreadable"
    status = 422
    zh = "流程文件无法读取:{reason_zh}。请用 BPMN 2.0 建模工具重新导出(UTF-8)。"
    en = "The flow file cannot be read: {reason_en}. Export it again from a BPMN 2.0 modeler (UTF-8)."


class DraftMissing(Problem):
    code = "flow.draft_missing"
    status = 404
    zh = "流程“{key}”没有草稿,请先保存草稿再发布。"
    en = "The flow “{key}” has no draft; save one before publishing."


class ConditionFailed(Problem):
    code = "flow.condition_failed"
    status = 422
    zh = "流程走到连线“{flow}”时,条件 {text} 无法判断:{reason_zh}。请补全办理信息,或请流程管理员修改条件。"
    en = (
        "At the sequence flow “{flow}” the condition {text} cannot be decided: {reason_en}. "
        "Complete the data, or have the condition corrected."
    )


class NobodyForStep(Problem):
    code = "flow.nobody_for_step"
    status = 409
    zh = "“{name}”({node})没有可办理的人:{who_zh}。请系统管理员为该岗位配置人员后重试。"
    en = "Nobody can take “{name}” ({node}): {who_en}. Ask the system administrator to appoint somebody and try again."


class LimitUnknown(Problem):
    code = "flow.limit_unknown"
    status = 422
    zh = "“{name}”({node})的期限取自变量 {variable},它现在是 {value},不是期限。请填写如 3工作日、4工作时。"
    en = (
        "The limit of “{name}” ({node}) comes from the variable {variable}, which is {value}, no deadline. "
        "Give one such as 3工作日."
    )


class ClockUnknown(Problem):
    code = "flow.clock_unknown"
    status = 409
    zh = "该流程没有正在计时的“{clock}”,请刷新后再看。"
    en = "This instance has no clock “{clock}” that is running; refresh and look again."


class NoDeadline(Problem):
    code = "flow.no_deadline"
    status = 409
    zh = "该任务没有期限,无需延期。"
    en = "This task has no deadline, so there is nothing to extend."


class TaskAlreadyDone(Problem):
    code = "flow.task_already_done"
    status = 409
    zh = "该任务已由{who}于 {when} 办理,请刷新任务列表。"
    en = "This task was already finished by {who} at {when}; refresh the list."


class TaskNotYours(Problem):
    code = "flow.task_not_yours"
    status = 403
    zh = "该任务现由他人或其他岗位办理,您不能操作;请刷新任务列表。"
    en = "This task is with another person or post and not yours to act on; refresh the list."


class StepKeptApart(Problem):
    code = "flow.step_kept_apart"
    status = 403
    zh = "“{name}”须由他人办理:您办理过不得由同一人办理的步骤,或应当回避。请转给其他人。"
    en = "“{name}” is for somebody else: you did a step that must be another person's, or you have withdrawn. Hand it on."


class TaskTaken(Problem):
    code = "flow.task_taken"
    status = 409
    zh = "该任务已被签收,不能再次签收;请刷新任务列表。"
    en = "This task has been claimed already; refresh the list."


class TaskNotClaimed(Problem):
    code = "flow.task_not_claimed"
    status = 409
    zh = "该任务不是从岗位签收的,没有可退回的岗位;可以转办给他人。"
    en = "This task was not claimed from a post, so it cannot go back to one; assign it to somebody instead."


class OutcomeUnknown(Problem):
    code = "flow.outcome_unknown"
    status = 422
    zh = "“{name}”没有办理结果“{outcome}”,可选:{allowed}。"
    en = "“{name}” has no outcome “{outcome}”; choose one of {allowed}."


class VariablesInvalid(Problem):
    code = "flow.variables_invalid"
    status = 422
    zh = "流程变量不符合要求:{reason_zh}。"
    en = "The flow variables are not acceptable: {reason_en}."


class InstanceSuspended(Problem):
    code = "flow.instance_suspended"
    status = 409
    zh = "已于 {since} 挂账,恢复后才能办理。"
    en = "Suspended since {since}; resume it before going on."


class InstanceNotSuspended(Problem):
    code = "flow.instance_not_suspended"
    status = 409
    zh = "没有挂账,无需恢复;请刷新后再看。"
    en = "It is not suspended, so there is nothing to resume; refresh and look again."


class InstanceEnded(Problem):
    code = "flow.instance_ended"
    status = 409
    zh = "流程已于 {when} 结束,不能再办理;如需继续请重新打开。"
    en = "It ended at {when} and cannot go on; reopen it if work remains."


class InstanceNotEnded(Problem):
    code = "flow.instance_not_ended"
    status = 409
    zh = "流程仍在办理中,不能重新打开。"
    en = "It is still being worked on and cannot be reopened."


class StepNotReachable(Problem):
    code = "flow.step_not_reachable"
    status = 409
    zh = "不能到“{node}”:{reason_zh}。"
    en = "“{node}” cannot be chosen: {reason_en}."


class WalkTooLong(Problem):
    code = "flow.walk_too_long"
    status = 409
    zh = "流程“{flow}”一次流转经过了 {most} 个以上的节点仍未停下,可能在循环;请流程管理员检查条件和自动步骤。"
    en = (
        "The flow “{flow}” passed more than {most} nodes in one go without coming to rest; have its conditions checked."
    )


class RoundTooLarge(Problem):
    code = "flow.round_too_large"
    status = 422
    zh = "“{name}”要同时交给 {count} 人(项)办理,上限 {most};请分批。"
    en = "“{name}” would go to {count} people or items at once, at most {most}; split it."


class MessageUnexpected(Problem):
    code = "flow.message_unexpected"
    status = 409
    zh = "没有流程在等待消息“{name}”(关联键“{key}”):可能已经收到过、流程已结束或被退回。请核对消息名和关联键。"
    en = (
        "No flow waits for the message “{name}” (key “{key}”): it was received before, or the flow is over. Check both."
    )


class MessageAmbiguous(Problem):
    code = "flow.message_ambiguous"
    status = 409
    zh = "有多件流程都在等待消息“{name}”(关联键“{key}”),无法判断发给哪一件;请给出唯一的关联键。"
    en = "Several flows wait for the message “{name}” (key “{key}”); give a key that only one of them has."


class WorkNotLeased(Problem):
    code = "flow.work_not_leased"
    status = 409
    zh = "这项工作不在“{worker}”名下:租约已过期、已由他人领取或已完成。请重新领取。"
    en = "This work is not leased to “{worker}”: the lease ran out, or somebody else has done it. Fetch work again."


class SubjectElsewhere(Problem):
    code = "flow.subject_elsewhere"
    status = 409
    zh = "该任务属于“{kind}”,请在该业务中办理(案件:/api/v1/tasks)。"
    en = "This task belongs to a {kind}; work on it there (cases: /api/v1/tasks)."
