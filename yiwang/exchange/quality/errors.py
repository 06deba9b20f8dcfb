"""What quality refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class QualityNotJudged(Problem):
    code = "quality.not_judged"
    status = 404
    zh = "“{type}”还没有质量检查结果,或您无权查看;请先运行一次检查。"
    en = "There is no finished check of “{type}” yet, or you may not see it; run one first."


class QualityRuleUnknown(Problem):
    code = "quality.rule_unknown"
    status = 422
    zh = "“{type}”没有规则“{rule}”;可用的有:{known}。"
    en = "“{type}” has no rule “{rule}”; known are: {known}."


class NothingToDispatch(Problem):
    code = "quality.nothing_to_dispatch"
    status = 409
    zh = "该来源在这些规则下没有问题数据,不必派发。"
    en = "This source has no defects under these rules; there is nothing to send."


class DefectTypeMissing(Problem):
    code = "quality.case_type_missing"
    status = 409
    zh = "本市没有启用案件类型“{type}”,问题不能派发;请在城市的应用包中加入 data-exchange。"
    en = "This city does not run the case type “{type}”, so defects cannot be sent; add the pack data-exchange."


class SourceUnknown(Problem):
    code = "quality.source_unknown"
    status = 422
    zh = "没有编号为“{organisation}”的来源单位;请从检查结果中选择。"
    en = "There is no organisation “{organisation}”; choose one from the result of the check."
