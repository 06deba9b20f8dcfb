"""What classification refuses, and what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class TooFewExamples(Problem):
    code = "judgement.too_few_examples"
    status = 422
    zh = "样本不足以训练:{why}。请补充已办结并核定分类的案件后再试。"
    en = "Not enough examples to learn from: {why}. Close and classify more cases, then try again."


class ClassesUnknown(Problem):
    code = "judgement.classes_unknown"
    status = 422
    zh = "样本里有分类树中没有的分类:{labels}(共 {count} 行)。请改正这些行,或先在分类树中增加它们。"
    en = "The examples have classes that the class tree lacks: {labels} ({count} rows). Correct the rows or add the classes."


class ExamplesUnreadable(Problem):
    code = "judgement.examples_unreadable"
    status = 422
    zh = "样本文件读不了:{why}。"
    en = "The file of examples cannot be read: {why}."


class ModelUnreadable(Problem):
    code = "judgement.model_unreadable"
    status = 422
    zh = "模型文件读不了:{why}。请重新训练,或换一个完好的文件。"
    en = "The model file cannot be read: {why}. Train it anew, or use an undamaged file."


class ModelUnknown(Problem):
    code = "judgement.model_unknown"
    status = 404
    zh = "没有第 {version} 版模型;`yiwang learn list` 可以看到有哪些版本。"
    en = "There is no model version {version}; `yiwang learn list` shows those that there are."


class ModelWorse(Problem):
    code = "judgement.model_worse"
    status = 409
    zh = "第 {version} 版不发布:在同一批留出案件({texts} 件)上,它的宏平均 F1 为 {new},现用的第 {current} 版为 {old}。"
    en = (
        "Version {version} is not published: on the same {texts} held-out cases its macro-F1 is {new}, that of version"
        " {current} in service {old}."
    )


class NothingToRollBack(Problem):
    code = "judgement.nothing_to_roll_back"
    status = 409
    zh = "没有更早发布过的模型可以退回。"
    en = "No model was published before the one in service."
