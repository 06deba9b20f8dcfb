"""Refusals of hot issues."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class LettersUnreadable(Problem):
    code = "hot_issue.file_unreadable"
    status = 422
    zh = "文件 {file} 无法作为来信表读取({reason});请另存为 UTF-8 编码的 CSV 再试。"
    en = "{file} cannot be read as a table of letters ({reason}); save it as CSV in UTF-8 and try again."


class LetterColumnsUnknown(Problem):
    code = "hot_issue.columns_unknown"
    status = 422
    zh = "文件 {file} 缺少这些列:{missing};请在首行写上列名。"
    en = "{file} has no column for: {missing}; name the columns in its first line."


class HotIssueUnknown(Problem):
    code = "hot_issue.unknown"
    status = 404
    zh = "没有这个热点问题,或您无权查看。"
    en = "There is no such hot issue, or you may not see it."
