"""What rules refuse, with a stable code and words that say what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class AlarmRuleUnknown(Problem):
    code = "alarm_rule.unknown"
    status = 404
    zh = "没有报警规则“{rule}”。请从 /api/v1/alarm-rules 列出的规则中选择。"
    en = "There is no alarm rule “{rule}”; choose one that /api/v1/alarm-rules lists."


class MetricOfRuleUnknown(Problem):
    code = "alarm_rule.metric_unknown"
    status = 422
    zh = "规则“{rule}”所用的监测项“{metric}”本市没有。请改用已声明的监测项,或先在应用包的 signals/ 中声明它。"
    en = "Rule “{rule}” uses the metric “{metric}”, which this city does not have; use a declared one, or declare it in signals/."


class AlarmRuleInvalid(Problem):
    code = "alarm_rule.invalid"
    status = 422
    zh = "规则“{rule}”不能使用:{why_zh}。"
    en = "Rule “{rule}” cannot be used: {why_en}."


class AlarmRuleNotDraft(Problem):
    code = "alarm_rule.not_a_draft"
    status = 409
    zh = "规则“{rule}”的第 {version} 版不是草稿,不能再改或发布。请新建草稿。"
    en = "Version {version} of rule “{rule}” is no draft and cannot be changed or published; make a new draft."


class RehearsalTooLong(Problem):
    code = "alarm_rule.rehearsal_too_long"
    status = 422
    zh = "试算最长 {days} 天,且起始时间应早于结束时间、结束时间不晚于现在。请缩短时段。"
    en = "A rehearsal covers at most {days} days, begins before it ends and ends by now; take a shorter span."


class NotRehearsable(Problem):
    code = "alarm_rule.not_rehearsable"
    status = 422
    zh = "“{kind}”类规则依据{source_zh},不能用历史读数试算。"
    en = "Rules of kind “{kind}” follow {source_en}; they cannot be tried on past readings."


class SeriesUnreadable(Problem):
    code = "alarm_rule.series_unreadable"
    status = 422
    zh = "评测数据 {file} 无法读取({reason})。目录中应有 windows.json 和带 timestamp,value 两列的 CSV。"
    en = (
        "The series {file} cannot be read ({reason}); the folder holds windows.json and CSV files with timestamp,value."
    )
