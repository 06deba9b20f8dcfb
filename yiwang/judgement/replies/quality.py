"""Completeness, relevance and delay of an office's answer (答复), each from 0 to 100 with what speaks for it.

Advice to the people who ring back, never a verdict: nothing is decided by it. It reads the report and the answer only; who
wrote them enters nowhere.

Completeness: the share of the parts that a good answer has (``SIGNS``, with weights).
Relevance: how much the answer speaks of what the report speaks of: the angle between their words (cosine of tf-idf, each
word once), rare words and the names of areas weighing more, and the share of the title's words that the answer takes up.
Delay: 100 within the limit, falling to 0 at three times the limit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from yiwang.judgement.extraction.names import find_names
from yiwang.judgement.hot_issues.words import Rarity, count_words

usual_limit = timedelta(days=15)
"""Days for an answer where a city states none; many hotlines promise fifteen."""

_AREA = re.compile("[A-Z][0-9]*[市区县]|[\u4e00-\u9fff]{2}[市区县镇乡]")
_text_read = 20_000
_much_alike = 0.09
_title_counts = 0.25
_no_subject = 50.0
_weight_of_completeness, _weight_of_relevance, _weight_of_delay = 0.4, 0.45, 0.15


@dataclass(frozen=True, slots=True)
class Sign:
    """A part of a good answer, with the words by which it shows and its weight."""

    key: str
    zh: str
    en: str
    zh_not: str
    en_not: str
    weight: int
    pattern: re.Pattern[str]


SIGNS: tuple[Sign, ...] = tuple(
    Sign(key, zh, en, zh_not, en_not, weight, re.compile(pattern))
    for key, zh, en, zh_not, en_not, weight, pattern in (
        (
            "facts",
            "查明了事实",
            "says what was found",
            "没有说明查明的事实",
            "does not say what was found",
            25,
            r"经(?:查|核实|调查|核查|现场|了解|落实|与.{1,20}核实)|调查核实|现场(?:查看|核实|勘查|核查|检查)|情况(?:如下|属实|说明)|核实情况",
        ),
        (
            "measures",
            "说明了措施或结论",
            "says what was or will be done",
            "没有说明措施或结论",
            "does not say what was or will be done",
            25,
            r"已(?:经)?(?:责令|要求|完成|安排|督促|督办|整改|处理|拆除|清理|修复|停止|立案|组织|协调|启动|下达|纳入|对)|责令|将(?:于|在|会|继续|进一步|加大|加强|督促|安排|组织|尽快|按|结合|根据)|下一步|予以|不予|无法|不属于|不符合|暂(?:不|未|无)|可以|应当|建议您",
        ),
        (
            "basis",
            "引用了依据",
            "names its basis",
            "没有引用依据",
            "names no basis",
            15,
            r"《[^》]{2,60}》|根据|依据|按照.{0,20}(?:规定|要求|办法|条例|通知|标准)|第[一二三四五六七八九十百0-9]+条",
        ),
        (
            "time",
            "有时间或期限",
            "gives a time",
            "没有时间或期限",
            "gives no time",
            10,
            r"\d{1,2}月(?:\d{1,2}日|底|份)|\d{4}年|(?:月|年|季度)底|[0-9一二三四五六七八九十]+个?(?:工作日|日内|天内|月内)|近期|目前",
        ),
        (
            "contact",
            "留下了联系方式",
            "leaves a contact",
            "没有留下联系方式",
            "leaves no contact",
            10,
            r"(?:电话|热线|咨询|联系|致电|拨打).{0,20}[0-9]{5,}|[0-9]{3,4}-[0-9]{7,8}",
        ),
        (
            "addressed",
            "直接回答来信人",
            "speaks to the writer",
            "没有对来信人说话",
            "does not speak to the writer",
            10,
            r"您(?:好|反映|的|提出|所)|网友|感谢您|来信人|您",
        ),
        (
            "questions",
            "篇幅与问题相称",
            "long enough for what was asked",
            "篇幅过短",
            "too short for what was asked",
            5,
            r"",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a score is what it is: a sentence in both languages, whether it speaks for the answer, and the words that show it."""

    part: str
    good: bool
    zh: str
    en: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """Scores 0…100; ``delay`` is None where a time is missing, and the total then counts the other two."""

    completeness: float
    relevance: float
    delay: float | None
    reasons: tuple[Reason, ...]

    @property
    def total(self) -> float:
        """The weighted mean."""
        parts = [(self.completeness, _weight_of_completeness), (self.relevance, _weight_of_relevance)]
        if self.delay is not None:
            parts.append((self.delay, _weight_of_delay))
        return sum(value * weight for value, weight in parts) / sum(weight for _, weight in parts)


def judge(
    title: str,
    report: str,
    reply: str,
    rarity: Rarity,
    *,
    asked_at: datetime | None = None,
    answered_at: datetime | None = None,
    limit: timedelta = usual_limit,
) -> Quality:
    """The quality of one answer; ``rarity`` knows the usual words of answers and reports of this city."""
    title, report, reply = title[:200], report.strip()[:_text_read], reply.strip()[:_text_read]
    complete, reasons = _completeness(report, reply)
    relevant, more = _relevance(title, report, reply, rarity)
    delay, last = _delay(asked_at, answered_at, limit)
    return Quality(complete, relevant, delay, (*reasons, *more, *last))


def _completeness(report: str, reply: str) -> tuple[float, list[Reason]]:
    points, reasons = 0, []
    for sign in SIGNS:
        if sign.key == "questions":
            asked = max(1, len(re.findall("[?？]", report)))
            shown = "" if len(reply) < 40 + 20 * min(asked, 5) else f"{len(reply)}"
        else:
            found = sign.pattern.search(reply)
            shown = found.group()[:20] if found else ""
        points += sign.weight if shown else 0
        reasons.append(
            Reason(
                "completeness", bool(shown), sign.zh if shown else sign.zh_not, sign.en if shown else sign.en_not, shown
            )
        )
    return 100.0 * points / sum(sign.weight for sign in SIGNS), reasons


def words_of(text: str) -> set[str]:
    """The words of a text with the names of areas in it, each once."""
    return {*count_words(text), *_AREA.findall(text)}


def alikeness(title: str, report: str, reply: str, rarity: Rarity) -> float:
    """How much an answer is about a report, from 0; unbounded by a scale, for comparing answers."""
    asked, answered, titled = words_of(f"{title}\n{report}"), words_of(reply), words_of(title)
    shared = sum(rarity.information(word) ** 2 for word in asked & answered)
    lengths = [math.sqrt(sum(rarity.information(word) ** 2 for word in words)) for words in (asked, answered)]
    cosine = shared / (lengths[0] * lengths[1]) if all(lengths) else 0.0
    whole = sum(map(rarity.information, titled))
    return cosine + _title_counts * _much_alike * (
        sum(map(rarity.information, titled & answered)) / whole if whole else 0
    )


def _relevance(title: str, report: str, reply: str, rarity: Rarity) -> tuple[float, list[Reason]]:
    whole = f"{title}\n{report}"
    asked, answered = words_of(whole), words_of(reply)
    if not asked:
        return _no_subject, [Reason("relevance", True, "来信太短,无法比较", "the report is too short to compare")]
    score = 1 - math.exp(-alikeness(title, report, reply, rarity) / _much_alike)
    best = _readable(sorted(asked & answered, key=lambda word: (-rarity.information(word) * len(word), word)))
    zh = "回应了来信中的:" if best else "没有提到来信所说的事"
    en = "takes up: " if best else "mentions nothing of the report"
    reasons = [Reason("relevance", score >= 0.4, zh, en, "、".join(best))]
    missing = sorted({name.stem for name in find_names(whole) if name.stem not in reply})[:3]
    if missing:
        reasons.append(Reason("relevance", False, "没有提到的地点:", "places not mentioned: ", "、".join(missing)))
    return 100.0 * score, reasons


def _readable(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for word in words:
        if not any(
            word in other or other in word or word[1:] == other[:-1] or word[:-1] == other[1:] for other in kept
        ):
            kept.append(word)
        if len(kept) == 5:
            break
    return kept


def _delay(
    asked_at: datetime | None, answered_at: datetime | None, limit: timedelta
) -> tuple[float | None, list[Reason]]:
    if asked_at is None or answered_at is None or answered_at < asked_at:
        return None, []
    share = (answered_at - asked_at) / limit
    days = (answered_at - asked_at).total_seconds() / 86400
    score = 100.0 if share <= 1 else max(0.0, 100 * (3 - share) / 2)
    return score, [
        Reason(
            "delay",
            share <= 1,
            f"{days:.1f} 天后答复(期限 {limit.days} 天)",
            f"answered after {days:.1f} days (limit {limit.days})",
        )
    ]
