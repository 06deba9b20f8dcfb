"""What insight refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class BoardUnknown(Problem):
    code = "insight.board_unknown"
    status = 404
    zh = "没有考核方案“{board}”;可用的有:{known}。"
    en = "There is no board “{board}”; known are: {known}."


class IndicatorUnknown(Problem):
    code = "insight.indicator_unknown"
    status = 404
    zh = "没有指标“{indicator}”;可用的有:{known}。"
    en = "There is no indicator “{indicator}”; known are: {known}."


class ObjectUnknown(Problem):
    code = "insight.object_unknown"
    status = 404
    zh = "没有评价对象“{object}”,或您无权查看。"
    en = "There is no object of evaluation “{object}”, or you may not see it."


class RankingOff(Problem):
    code = "insight.ranking_off"
    status = 403
    zh = "个人排名默认关闭;如确需排名,请在本市考核方案“{board}”中写明 ranking: true。"
    en = "Persons are not ranked; a city that wants it writes ranking: true in its board “{board}”."


class DayImpossible(Problem):
    code = "insight.day_impossible"
    status = 422
    zh = "日期 {day} 不合理:应在 1990 年到 2100 年之间。"
    en = "The day {day} is impossible: it must lie between 1990 and 2100."


class AppealNotNow(Problem):
    code = "insight.appeal_not_now"
    status = 409
    zh = "现在不能{act}:{why_zh}。"
    en = "Cannot {act_en} now: {why_en}."


class RecomputationUnderWay(Problem):
    code = "insight.recomputation_under_way"
    status = 409
    zh = "已有一次重算正在进行({done} / {of}),完成后再试。"
    en = "A recomputation is under way already ({done} of {of}); try again when it is done."


class TooManySlices(Problem):
    code = "insight.too_many_scopes"
    status = 422
    zh = "指标口径(scope)超过 {limit} 种,请合并相同的口径。"
    en = "More than {limit} different scopes of indicators; let indicators share scopes."
