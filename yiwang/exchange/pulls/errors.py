"""What pulls refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class PullUnknown(Problem):
    code = "pull.unknown"
    status = 404
    zh = "没有编号为“{id}”的汇聚任务,或不是您单位的;请核对编号。"
    en = "There is no pull “{id}”, or it is not your office's; check the number."


class PullNameTaken(Problem):
    code = "pull.name_taken"
    status = 409
    zh = "已有名为“{name}”的汇聚任务;请换一个名称。"
    en = "There is a pull called “{name}” already; choose another name."


class PullInvalid(Problem):
    code = "pull.invalid"
    status = 422
    zh = "汇聚任务不能这样设置:{reason_zh}。"
    en = "A pull cannot be so: {reason_en}."


class SourceFailed(Problem):
    code = "pull.source_failed"
    status = 422
    zh = "不能从对方系统取数:{reason};请核对地址、账号和设置。"
    en = "The other system could not be read: {reason}; check address, account and settings."


class QuarantineUnknown(Problem):
    code = "pull.quarantine_unknown"
    status = 404
    zh = "没有编号为“{id}”的待更正行,或已处理;请刷新列表。"
    en = "There is no row “{id}” that waits, or it is settled; refresh the list."


class StillRefused(Problem):
    code = "pull.still_refused"
    status = 422
    zh = "更正后仍有 {count} 处问题,请按提示修改后再提交。"
    en = "The corrected row is still refused for {count} reasons; correct it as listed and send it again."
