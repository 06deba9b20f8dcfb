"""What alarms refuse, with a stable code and words that say what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class AlarmUnknown(Problem):
    code = "alarm.unknown"
    status = 404
    zh = "没有这条报警,或您无权查看。"
    en = "There is no such alarm, or you may not see it."


class AlarmNotOpen(Problem):
    code = "alarm.not_open"
    status = 409
    zh = "这条报警已{state_zh},不能再{verb_zh}。请刷新列表。"
    en = "This alarm is {state_en} and can no longer be {verb_en}; refresh the list."


class ShelfNotUsable(Problem):
    code = "alarm.shelf_not_usable"
    status = 422
    zh = "搁置须有截止时间:晚于现在,且不超过 {days} 天。"
    en = "A shelf needs an end that lies in the future, at most {days} days ahead."


class AlarmNotShelved(Problem):
    code = "alarm.not_shelved"
    status = 409
    zh = "这条报警没有被搁置。"
    en = "This alarm is not shelved."
