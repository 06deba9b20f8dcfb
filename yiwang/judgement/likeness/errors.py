"""What reading a list of reports refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class TableUnreadable(Problem):
    code = "likeness.table_unreadable"
    status = 422
    zh = "无法读取 {file}:{why_zh}。"
    en = "{file} cannot be read: {why_en}."


class ColumnUnknown(Problem):
    code = "likeness.column_unknown"
    status = 422
    zh = "{file} 里没有列“{column}”;它有:{known}。"
    en = "{file} has no column “{column}”; it has: {known}."


class ColumnNeeded(Problem):
    code = "likeness.column_needed"
    status = 422
    zh = "看不出 {file} 的哪一列是{what_zh},请用 --column {name}=列名 指明;它有:{known}。"
    en = "Which column of {file} is the {what_en} cannot be told; name it: --column {name}=NAME. It has: {known}."
