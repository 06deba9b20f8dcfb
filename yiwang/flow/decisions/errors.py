"""Every refusal of decision tables, with words that say what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class DecisionRefused(Problem):
    code = "decision.refused"
    status = 422
    zh = "决策表“{key}”有 {count} 处问题,不能使用;请按列出的规则和列修改。"
    en = "The decision table “{key}” has {count} faults and cannot be used; correct the rules and columns listed."


class DecisionUnreadable(Problem):
    code = "decision.unreadable"
    status = 422
    zh = "决策表文件无法读取:{reason_zh}。"
    en = "The decision table cannot be read: {reason_en}."


class DecisionDraftMissing(Problem):
    code = "decision.draft_missing"
    status = 404
    zh = "决策表“{key}”没有草稿,请先保存草稿再发布。"
    en = "The decision table “{key}” has no draft; save one before publishing."


class UnmatchedTable(Problem):
    code = "decision.unmatched"
    status = 422
    zh = "决策表“{key}”没有规则适用于 {given};请补一条规则,或给输出列写默认值。"
    en = "No rule of the decision table “{key}” fits {given}; add a rule, or give the outputs a default."


class SeveralHits(Problem):
    code = "decision.several_hits"
    status = 422
    zh = "决策表“{key}”的命中策略是唯一(U),但规则 {rules} 都适用于 {given};请改写规则,或换一种命中策略。"
    en = "The decision table “{key}” allows one hit (U), but the rules {rules} all fit {given}; reword them or the policy."


class AnswersDiffer(Problem):
    code = "decision.answers_differ"
    status = 422
    zh = "决策表“{key}”的命中策略是任一(A),但规则 {rules} 对 {given} 的输出不同;请统一输出,或换一种命中策略。"
    en = "The rules {rules} of the decision table “{key}” (policy A) answer differently for {given}; make them agree."


class InputMissing(Problem):
    code = "decision.input_missing"
    status = 422
    zh = "决策表“{key}”需要“{name}”,但没有给出;请补上后重试(没有值时写 null)。"
    en = "The decision table “{key}” needs “{name}”, which is not given; add it (null where there is none)."


class InputWrong(Problem):
    code = "decision.input_wrong"
    status = 422
    zh = "决策表“{key}”的“{name}”是 {value},应为{wanted_zh}。"
    en = "“{name}” of the decision table “{key}” is {value}; it must be {wanted_en}."


class CellFailed(Problem):
    code = "decision.cell_failed"
    status = 422
    zh = "决策表“{key}”的“{where}”({text})无法计算:{reason_zh};请修改这一格。"
    en = "“{where}” of the decision table “{key}” ({text}) cannot be worked out: {reason_en}; correct that cell."
