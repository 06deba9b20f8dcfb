"""What administration refuses, and what to do about it."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class ChangedMeanwhile(Problem):
    code = "administration.changed_meanwhile"
    status = 409
    zh = "{name} 已于 {at} 改过这一项(第 {version} 版,理由:{why})。请先看现在的内容,再决定是否还要改。"
    en = "{name} changed this at {at} (version {version}; reason: {why}). Look at how it stands now, then decide."


class NothingChanged(Problem):
    code = "administration.nothing_changed"
    status = 409
    zh = "内容与现在的一样,没有保存新版本。"
    en = "This is how it stands already; no new version was kept."


class TargetUnknown(Problem):
    code = "administration.target_unknown"
    status = 422
    zh = "没有“{key}”这一项可改:{reason_zh}。请从列表里选。"
    en = "There is no “{key}” to be set: {reason_en}; choose from the list."


class SettingInvalid(Problem):
    code = "administration.invalid"
    status = 422
    zh = "这样设置不成立:{reason_zh}"
    en = "It cannot be set so: {reason_en}"


class NotUndoable(Problem):
    code = "administration.not_undoable"
    status = 409
    zh = "这次更改之后 {name} 又于 {at} 改过,不能单独撤销;请从最近一次更改开始撤销,或直接改成需要的内容。"
    en = (
        "{name} changed it again at {at}, so this alone cannot be undone; undo the latest first, or set what is wanted."
    )


class OfficeInUse(Problem):
    code = "administration.office_in_use"
    status = 409
    zh = "机构“{name}”还不能停用:{reason_zh}。"
    en = "The office “{name}” cannot be closed yet: {reason_en}."
