"""What plans refuse, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class PlanUnknown(Problem):
    code = "plan.unknown"
    status = 404
    zh = "没有计划“{plan}”,或您无权查看;请从计划列表中选择。"
    en = "There is no plan “{plan}”, or you may not see it; choose one from the list of plans."


class BreakdownUnknown(Problem):
    code = "plan.breakdown_unknown"
    status = 404
    zh = "本案没有分解任务,或您无权查看。"
    en = "This case was not broken down, or you may not see it."


class BreakdownNotNow(Problem):
    code = "plan.breakdown_not_now"
    status = 409
    zh = "本案现在不能分解:{reason_zh}。"
    en = "This case cannot be broken down now: {reason_en}."


class BreakdownGivesOutcome(Problem):
    code = "plan.breakdown_gives_outcome"
    status = 409
    zh = (
        "这一结果由任务分解给出,不能手工办结:请在本案中分解任务,各项任务都办结后自动进入下一步;"
        "确需提前结束的,由有权人员强制结案并写明原因。"
    )
    en = (
        "The tasks of this case give this outcome, nobody by hand: break the case down; when the last one has ended it goes"
        " on by itself. To end it earlier, close it by force with the reason."
    )


class OfficeUnknown(Problem):
    code = "plan.office_unknown"
    status = 422
    zh = "没有代码为“{office}”的机构;请从机构列表中选择。"
    en = "There is no office with the code “{office}”; choose one from the list of offices."


class PartEnded(Problem):
    code = "plan.part_ended"
    status = 409
    zh = "该任务已经办结,不再报送进展。"
    en = "This task has ended; no progress is reported any more."


class SheetUnknown(Problem):
    code = "plan.sheet_unknown"
    status = 404
    zh = "没有评分表“{sheet}”;请从评分表列表中选择。"
    en = "There is no sheet “{sheet}”; choose one from the list of sheets."


class SheetElsewhere(Problem):
    code = "plan.sheet_elsewhere"
    status = 409
    zh = "评分表“{sheet}”不用于这一步;请在“{node}”这一步填写。"
    en = "The sheet “{sheet}” does not belong to this step; fill it in at “{node}”."
