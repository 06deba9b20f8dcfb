"""What identity resolution refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class NotResolved(Problem):
    code = "thing.resolution_undeclared"
    status = 422
    zh = "“{type}”没有声明同一识别规则;请在类型文件中写 resolution。"
    en = "“{type}” declares no rules of identity; write resolution in the file of the type."


class PairUnknown(Problem):
    code = "thing.pair_unknown"
    status = 404
    zh = "没有编号为“{id}”的疑似重复,或您无权处理;请回到列表刷新。"
    en = "There is no pair “{id}”, or you may not decide it; go back to the list and renew it."


class PairDecided(Problem):
    code = "thing.pair_decided"
    status = 409
    zh = "{who} 已处理这一对记录({state});请看下一对。"
    en = "{who} has decided this pair already ({state}); go on to the next."


class MergeUnknown(Problem):
    code = "thing.merge_unknown"
    status = 404
    zh = "没有编号为“{id}”的合并,或您无权处理;请核对编号。"
    en = "There is no merge “{id}”, or you may not take it back; check the number."


class MergeRefused(Problem):
    code = "thing.merge_refused"
    status = 409
    zh = "不能合并:{reason_zh}。"
    en = "They cannot be merged: {reason_en}."


class UndoRefused(Problem):
    code = "thing.merge_undo_refused"
    status = 409
    zh = "不能撤销合并:{reason_zh}。"
    en = "The merge cannot be taken back: {reason_en}."
