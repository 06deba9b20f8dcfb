"""What the registry refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class TypeUnknown(Problem):
    code = "thing.type_unknown"
    status = 404
    zh = "没有名为“{type}”的登记类型;可用的有:{known}。"
    en = "There is no type of thing “{type}”; known are: {known}."


class ThingUnknown(Problem):
    code = "thing.unknown"
    status = 404
    zh = "没有编号为“{id}”的记录,或您无权查看;请核对编号。"
    en = "There is no record “{id}”, or you may not see it; check the number."


class SummaryUnknown(Problem):
    code = "thing.summary_unknown"
    status = 404
    zh = "“{type}”没有名为“{name}”的汇总;可用的有:{known}。"
    en = "“{type}” has no summary “{name}”; known are: {known}."


class AttributesInvalid(Problem):
    code = "thing.attributes_invalid"
    status = 422
    zh = "“{type}”的内容有 {count} 处不符合要求,请按各项说明改正后重新提交。"
    en = "{count} parts of the “{type}” do not fit; correct them as each says and send it again."


class KeyTaken(Problem):
    code = "thing.key_taken"
    status = 409
    zh = "{key} “{value}”已属于另一条记录 {thing};请更新那一条,或核对后更正。"
    en = "The {key} “{value}” belongs to another record already, {thing}; change that one, or check the value."


class ChangedMeanwhile(Problem):
    code = "thing.changed_meanwhile"
    status = 409
    zh = "{who} 已于 {when} 修改了这条记录;请对照最新内容后再保存,您填写的内容没有丢失。"
    en = "{who} changed this record at {when}; compare with what stands there now and save again. What you wrote is not lost."


class PeriodImpossible(Problem):
    code = "thing.period_impossible"
    status = 422
    zh = "时间段不合理:{reason_zh}。"
    en = "The period is impossible: {reason_en}."


class GeometryInvalid(Problem):
    code = "thing.geometry_invalid"
    status = 422
    zh = "几何图形不能使用:{reason_zh}。"
    en = "The geometry cannot be used: {reason_en}."


class FilterUnknown(Problem):
    code = "thing.filter_unknown"
    status = 422
    zh = "“{type}”不能按“{name}”筛选;可用的有:{known}。"
    en = "“{type}” cannot be filtered by “{name}”; possible are: {known}."


class RelationUnknown(Problem):
    code = "thing.relation_unknown"
    status = 422
    zh = "“{type}”没有名为“{relation}”的关系;可用的有:{known}。"
    en = "“{type}” has no relation “{relation}”; known are: {known}."


class RelationRefused(Problem):
    code = "thing.relation_refused"
    status = 409
    zh = "不能建立这个关系:{reason_zh}。"
    en = "This relation cannot be made: {reason_en}."


class PurposeNeeded(Problem):
    code = "thing.purpose_needed"
    status = 422
    zh = "查看个人信息原文须写明用途(不少于四个字)。"
    en = "Say (in at least four characters) what the personal data are read for."


class ExportTooLarge(Problem):
    code = "thing.export_too_large"
    status = 422
    zh = "超过一个工作表的 {limit} 行;请改用 CSV,或按区划、条件分次导出。"
    en = "More than the {limit} rows of a worksheet; take CSV, or export by area or condition."


class TypeVersionUnreadable(Problem):
    code = "thing.type_version_unreadable"
    status = 422
    zh = "“{type}”第 {old} 版的记录不能按第 {new} 版读取:{reason_zh}。"
    en = "Records of version {old} of “{type}” cannot be read as version {new}: {reason_en}."


class ThingMerged(Problem):
    code = "thing.merged"
    status = 410
    zh = "这条记录已并入 {into};请使用那一条,如合并有误可在那里撤销。"
    en = "This record was merged into {into}; use that one. Were they not the same, the merge can be taken back there."


class SamePerson(Problem):
    code = "thing.same_person"
    status = 403
    zh = "须由另一人核准:这条记录是您登记的。请由另一位有核准权限的人办理。"
    en = "You recorded this yourself: another person who may approve it decides."


class NothingWaiting(Problem):
    code = "thing.nothing_waiting"
    status = 409
    zh = "这条记录没有待核准的内容:已经核准、不予核准或已到期。请刷新后查看。"
    en = "Nothing of this record waits for approval: it was approved, refused, or its time is over. Look at it again."


class OneByOne(Problem):
    code = "thing.one_by_one"
    status = 409
    zh = "“{type}”须逐条登记并由另一人核准,不能成批导入。请逐条登记。"
    en = "“{type}” is recorded entry by entry, each approved by a second person; record them one by one."


class CodeWrong(Problem):
    code = "thing.code_wrong"
    status = 404
    zh = "查询码不对,或已停用。请核对字母和数字,或向登记单位另要一个。"
    en = "This code is wrong or no longer valid; check letters and digits, or ask the office that keeps the record for another."


class NothingTold(Problem):
    code = "thing.nothing_told"
    status = 409
    zh = "“{type}”没有声明可由本人查询的内容(told)。请在登记类型中声明后再发查询码。"
    en = "“{type}” declares nothing that the person concerned is told; declare it under told first."
