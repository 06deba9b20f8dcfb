"""What forecasting refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class TooFewDays(Problem):
    code = "trends.too_few_days"
    status = 422
    zh = "只有 {days} 天的数据,至少需要 {least} 天才能预测;请放宽时间范围或改用更大的区域、分类。"
    en = "There are only {days} days; a forecast needs at least {least}: widen the period, the area or the class."


class TimesMissing(Problem):
    code = "trends.times_missing"
    status = 422
    zh = "{file} 里读不出上报时间;请用 --column at=列名 指明时间列。"
    en = "No times of reports can be read in {file}; name their column: --column at=NAME."


class GroupMissing(Problem):
    code = "trends.group_missing"
    status = 422
    zh = "看不出 {file} 的哪一列是 {group};请用 --column {group}=列名 指明。它有:{known}。"
    en = "Which column of {file} is the {group} cannot be told; name it: --column {group}=NAME. It has: {known}."


class WeatherUnreadable(Problem):
    code = "trends.weather_unreadable"
    status = 422
    zh = "天气文件 {file} 读不懂:第一行要有日期列,其余为数值列,每天一行。"
    en = "The weather file {file} cannot be read: it needs a column of dates, then columns of figures, a row a day."


class PeriodTooLong(Problem):
    code = "trends.period_too_long"
    status = 422
    zh = "数据跨越 {days} 天,最多支持 {most} 天;请检查是否有错误的日期。"
    en = "The times span {days} days; at most {most} are taken: look for wrong dates."
