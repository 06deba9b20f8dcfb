"""Refusals of extraction."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class LabelledTextUnreadable(Problem):
    code = "extraction.labels_unreadable"
    status = 422
    zh = "标注文件 {file} 第 {line} 行无法读取:{reason}。每行应为“字 标签”,标签如 B-road、I-road,空行分隔。"
    en = "{file} line {line} cannot be read: {reason}. A line is “token label” (B-road, I-road …); a blank line ends a text."


class NothingToLearn(Problem):
    code = "extraction.nothing_to_learn"
    status = 422
    zh = "{file} 只有 {count} 条标注,至少需要 {least} 条,且至少两种标签。"
    en = "{file} holds {count} labelled texts; at least {least} are needed, with two labels or more."


class AddressModelUnreadable(Problem):
    code = "extraction.model_unreadable"
    status = 422
    zh = "模型文件 {file} 无法使用({reason});请用 yiwang extract train 重新训练。"
    en = "The model file {file} cannot be used ({reason}); train it again: yiwang extract train."


class TextEmpty(Problem):
    code = "extraction.text_empty"
    status = 422
    zh = "没有可供识别的文字,请填写内容。"
    en = "There is no text to read; write something."
