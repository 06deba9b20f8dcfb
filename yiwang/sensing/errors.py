"""What readings refuse, with a stable code and words that say what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class SensingUnavailable(Problem):
    """Nothing of the batch may be acknowledged: whether it was stored is not known; sent again, it is stored once."""

    code = "sensing.unavailable"
    status = 503
    zh = "读数暂时无法入库({reason}),尚未确认;请稍后重发,重复数据只存一次。"
    en = (
        "Readings cannot be stored just now ({reason}) and are not acknowledged; send them again, they are stored once."
    )


class UnknownDevice(Problem):
    code = "sensing.unknown_device"
    status = 404
    zh = "没有找到设备“{device}”,或您无权查看。请检查编号。"
    en = "There is no device “{device}”, or you may not see it; check its code."


class UnknownMetric(Problem):
    code = "sensing.unknown_metric"
    status = 404
    zh = "没有名为“{metric}”的监测项。请从 /api/v1/readings/metrics 列出的监测项中选择。"
    en = "There is no metric “{metric}”; choose one that /api/v1/readings/metrics lists."


class SpanNotUsable(Problem):
    code = "sensing.span_not_usable"
    status = 422
    zh = "起止时间不合要求:{reason_zh}。"
    en = "The span of time cannot be used: {reason_en}."


class TooManyReadings(Problem):
    code = "sensing.too_many_readings"
    status = 422
    zh = "所选范围超过 {limit} 条读数。请缩短时间、减少设备,或取小时/日汇总。"
    en = (
        "The selection holds more than {limit} readings; take a shorter span, fewer devices, or hourly or daily values."
    )


class LakeDamaged(Problem):
    code = "sensing.lake_damaged"
    status = 500
    zh = "归档文件 {path} 与登记不符({reason})。请从备份恢复该文件;在此之前这一天的原始读数查不到。"
    en = (
        "The archive file {path} is not what was recorded ({reason}); restore it from a backup. Until then the raw "
        "readings of that day are missing."
    )


class DayStillWarm(Problem):
    code = "sensing.day_still_warm"
    status = 409
    zh = "{day} 距今不足 {days} 天,仍可能有新数据,不能归档。请归档更早的日期。"
    en = "{day} is less than {days} days past and may still receive data; archive earlier days."


class FollowerUnknown(Problem):
    code = "sensing.follower_unknown"
    status = 404
    zh = "没有名为“{follower}”的读数后续环节;现有:{known}。请用 yiwang readings status 查看。"
    en = "No follower of readings is called “{follower}”; there are: {known}. See yiwang readings status."
