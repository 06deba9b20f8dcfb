"""Why an instance cannot go over to another version, and what is to be known of one that can: codes with words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yiwang.flow.model import Names
from yiwang.kernel.database import JsonObject

OBSTACLES: Mapping[str, Names] = MappingProxyType(
    {
        "step_gone": Names(
            "停在{name},新版本没有它;请在映射里写明对应的元素",
            "it stands at {name}, which the new version does not have; map it",
        ),
        "kind_differs": Names(
            "停在{name},它在新版本里变成了{other};请映射到同类元素",
            "it stands at {name}, which is a {other} now; map it to an element of its kind",
        ),
        "container_differs": Names(
            "停在{name},它在新版本里在{other},子流程的层次不同",
            "it stands at {name}, which lies in {other} now: the sub-processes differ",
        ),
        "round_differs": Names(
            "停在{name}的多实例中,新版本里它不是多实例",
            "it is in the round of {name}, which is done once in the new version",
        ),
        "becomes_round": Names(
            "停在{name},新版本里它是多实例,不知道应有哪些人(项)",
            "it stands at {name}, which is a round in the new version: for whom is not known",
        ),
        "answers_unknown": Names(
            "{name}已有人给出“{other}”,新版本没有这个结果",
            "in the round of {name} somebody answered “{other}”, which is no outcome in the new version",
        ),
        "outcome_gone": Names(
            "{name}已办理为“{other}”,正等后加签,新版本没有这个结果",
            "{name} was finished with “{other}” and waits for signers; the new version has no such outcome",
        ),
        "join_gone": Names(
            "有分支在{name}等待汇合,新版本没有这个汇合",
            "a branch waits at the join {name}, which the new version does not have",
        ),
        "connection_gone": Names(
            "有分支已到达{name},它来的连线在新版本里没有了",
            "a branch has arrived at {name} over a connection that the new version does not have",
        ),
        "join_would_wait": Names(
            "新版本的{name}还要等“{other}”这条分支,而本件不会再走它,会一直等下去",
            "in the new version {name} also waits for the branch “{other}”, which this instance will never walk",
        ),
        "branches_differ": Names(
            "同时停在多处,新版本的并行分支与它对不上",
            "it stands at several places, and the new version's branches do not fit",
        ),
        "event_gone": Names(
            "正在等{name},新版本没有它;请在映射里对应到别的事件,或写明 drop",
            "it waits for {name}, which the new version does not have there; map it, or declare drop",
        ),
        "event_differs": Names(
            "正在等{name},新版本里它等的是{other};请在映射里写明 reset 或 drop",
            "it waits for {name}, which waits for a {other} in the new version; declare reset or drop",
        ),
        "nothing_awaited": Names(
            "停在{name},按映射去掉事件后就没有什么可等了",
            "without the events dropped it would wait at {name} for nothing",
        ),
        "call_differs": Names(
            "正在{name}调用“{other}”,新版本在此调用另一个流程",
            "it is calling “{other}” at {name}, where the new version calls another definition",
        ),
        "limit_unknown": Names("{name}:{other}", "{name}: {other}"),
        "nobody": Names("{name}按新规则无人可办:{other}", "the new rule finds nobody for {name}: {other}"),
        "subject_refuses": Names("{other}", "{other}"),
        "subject_away": Names(
            "业务主体不存在或正在处理,请稍后重试", "its subject is not there, or busy; try again later"
        ),
        "too_large": Names("迁移后变量超过上限", "its variables would be too large"),
    }
)

NOTES: Mapping[str, Names] = MappingProxyType(
    {
        "fires_at_once": Names(
            "{name}按任务开始时间算已经到期,迁移后随即触发", "{name} is due already and fires at once"
        ),
        "event_dropped": Names("不再等{name}", "it no longer waits for {name}"),
        "overtime_dropped": Names("取消超时处理 {other}", "the overtime rule {other} is gone"),
        "back_dropped": Names("办结后不再直送“{other}”", "it no longer goes straight back to “{other}”"),
        "undo_dropped": Names("{name}不再能补偿", "{name} can no longer be undone"),
        "clock_gone": Names(
            "计时 {other} 在新版本里没有,走到办结为止", "the clock {other} is unknown now and runs to the end"
        ),
        "clock_missing": Names("计时 {other} 没有启动过", "the clock {other} was never started"),
        "starter_unknown": Names(
            "新版本要问发起人,本件没有记录", "the new version asks who started it, which is not known"
        ),
        "enters_block": Names(
            "停在{name}的一条分支里,其他分支不会再走", "it stands in one branch of {name}; the others are not walked"
        ),
        "sign_differs": Names(
            "{name}的会签规则从下一个答复起按新版本", "{name} is decided by the new rule from the next answer"
        ),
        "would_be_skipped": Names(
            "{name}按新规则会跳过,仍留在原处", "the new rule would pass over {name}; it stays as it is"
        ),
        "variable_missing": Names("新版本要用变量 {other},本件没有", "the new version reads {other}, which is not set"),
    }
)


@dataclass(frozen=True, slots=True)
class Remark:
    """An obstacle or a note: its code, the element of the old version that it is about ("" for none), and words."""

    code: str
    element: str
    words: Names

    def json(self) -> JsonObject:
        return {"code": self.code, "element": self.element, "zh": self.words.zh, "en": self.words.en}


def obstacle(code: str, element: str = "", name: Names | None = None, other: Names | str = "") -> Remark:
    """The obstacle of that code; ``name`` is the element's, ``other`` what else its words speak of."""
    return _remark(OBSTACLES[code], code, element, name, other)


def note(code: str, element: str = "", name: Names | None = None, other: Names | str = "") -> Remark:
    """The note of that code."""
    return _remark(NOTES[code], code, element, name, other)


def _remark(words: Names, code: str, element: str, name: Names | None, other: Names | str) -> Remark:
    known, more = name or Names(element, element), Names(other, other) if isinstance(other, str) else other
    zh = words.zh.format(name=known.zh, other=more.zh)
    return Remark(code, element, Names(zh, words.en.format(name=known.en, other=more.en)))
