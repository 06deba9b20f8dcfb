"""What an import refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class MappingUnfit(Problem):
    code = "thing.import_mapping_unfit"
    status = 422
    zh = "列与字段的对应关系不能使用:{reason_zh};文件有这些列:{columns}。"
    en = "The mapping of columns cannot be used: {reason_en}; the file has the columns {columns}."


class ImportUnknown(Problem):
    code = "thing.import_unknown"
    status = 404
    zh = "没有编号为“{id}”的导入,或不是您发起的;请核对编号。"
    en = "There is no import “{id}”, or it is not yours; check the number."


class ImportBusy(Problem):
    code = "thing.import_busy"
    status = 409
    zh = "同一文件正在由另一进程导入(已完成 {done} 行);请等它结束。"
    en = "The same file is being imported by another process ({done} rows done); wait until it has ended."


class ImportFileGone(Problem):
    code = "thing.import_file_gone"
    status = 409
    zh = "服务器上已没有这次导入的文件;请再次选择同一文件并导入,会从中断处(第 {done} 行之后)继续。"
    en = "The file of this import is no longer kept; choose the same file and import it again: it goes on after row {done}."


class ImportLost(Problem):
    code = "thing.import_judge_lost"
    status = 500
    zh = "读取文件的进程意外结束(退出码 {exit_code}),可能是内存不足。已导入的行都在;请再次提交同一文件,从中断处继续。"
    en = (
        "The process that reads the file ended unexpectedly (exit code {exit_code}), perhaps for want of memory. What was"
        " imported stays; send the same file again to go on from there."
    )


class PullFailed(Problem):
    code = "thing.pull_failed"
    status = 422
    zh = "不能从对方数据库取数:{reason};请核对地址、只读账号和查询。"
    en = "The other database could not be read: {reason}; check the address, the read-only account and the query."
