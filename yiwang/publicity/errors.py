"""What publicity refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class PublicationUnknown(Problem):
    code = "publicity.unknown"
    status = 404
    zh = "没有公示事项“{publication}”;请从公示事项列表中选择。"
    en = "There is no publication “{publication}”; choose one from the list."


class IssueUnknown(Problem):
    code = "publicity.issue_unknown"
    status = 404
    zh = "没有这一期公示,或公示期已满。"
    en = "There is no such issue, or its time is over."


class RowUnknown(Problem):
    code = "publicity.row_unknown"
    status = 404
    zh = "没有这一条公示内容,或公示期已满。"
    en = "There is no such published row, or its time is over."


class IssueEmpty(Problem):
    code = "publicity.nothing_to_publish"
    status = 422
    zh = "所选区域和时段内没有可公示的记录;请核对区域、时段和筛选条件。"
    en = "There is nothing to publish in this area and span; look at area, dates and filter again."


class IssueTooLarge(Problem):
    code = "publicity.too_much"
    status = 422
    zh = "超过 {most} 条,一期公示不下;请按区域或时段分期。"
    en = "More than {most} rows do not fit one issue; divide it by area or span."


class SpanNotDated(Problem):
    code = "publicity.not_dated"
    status = 422
    zh = "“{publication}”的记录没有日期(dated),不能按时段公示;请留空起止日期。"
    en = "Records of “{publication}” have no date (dated) and cannot be chosen by a span; leave the dates empty."


class IssueNotNow(Problem):
    code = "publicity.not_now"
    status = 409
    zh = "这一期公示已是“{state_zh}”,不能{verb_zh};请刷新后再看。"
    en = "This issue is {state_en} and cannot be {verb_en}; refresh and look again."


class OwnProposal(Problem):
    code = "publicity.own_proposal"
    status = 403
    zh = "公示由拟制人以外的{post}审批;请交他人审批。"
    en = "An issue is approved by a {post} other than who proposed it; let somebody else approve it."


class NotApprover(Problem):
    code = "publicity.not_approver"
    status = 403
    zh = "这项公示由岗位“{post}”审批;请交该岗位的人审批。"
    en = "Issues of this publication are approved by the post “{post}”; let its holder do it."


class NoQuestions(Problem):
    code = "publicity.no_questions"
    status = 409
    zh = "这项公示不设在线提问;如有疑问,请拨打便民热线。"
    en = "No questions can be asked about this publication online; call the hotline."


class RuleUnknown(Problem):
    code = "anomaly.unknown"
    status = 404
    zh = "没有异常规则“{rule}”;请从规则列表中选择。"
    en = "There is no anomaly rule “{rule}”; choose one from the list."


class FindingUnknown(Problem):
    code = "anomaly.finding_unknown"
    status = 404
    zh = "没有这条异常,或您无权查看。"
    en = "There is no such finding, or you may not see it."


class FindingNotOpen(Problem):
    code = "anomaly.not_open"
    status = 409
    zh = "这条异常已不是待核状态;请刷新后再看。"
    en = "This finding is no longer open; refresh and look again."


class RuleTooSlow(Problem):
    code = "anomaly.too_slow"
    status = 503
    zh = "规则“{rule}”运行超过 {seconds} 秒,已停下;请缩小规则的范围。"
    en = "The rule “{rule}” ran longer than {seconds} s and was stopped; narrow it."
