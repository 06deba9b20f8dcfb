"""Wording: a report's text made alike for the classifier, whoever typed it and however.

Owns the rules that make raw and word-segmented texts, traditional and simplified characters, full-width and half-width
letters equal, and that take out what says who the reporter is: telephone and identity numbers, plate numbers, and the
name after 我叫 or 联系人. Nothing here is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import rjieba

from yiwang.kernel.text import half_width

longest_head = 40
"""Characters of a title at most; a first line longer than this is no title."""
head_without_title = 24
"""Characters that count as the head of a text without a title."""
longest_text = 4000
"""Characters looked at; what stands behind them adds nothing to a judgement."""

_TITLE_END = re.compile(r"[\u3000\n\r]|\s{8,}")
_NOT_WORD = re.compile(r"[\W_]+")
_PERSONAL = re.compile(
    r"(?:(?:我|本人|名字?)叫|姓名|联系人|户籍|籍贯|民族)\s*(?:[::是为]\s*)?[\u4e00-\u9fff·]{2,4}"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z][·• ]?"  # plate numbers, here and below
    r"[A-Za-z0-9]{5,6}(?![A-Za-z0-9])"
    r"|\d[\d\-]{5,}[\dXx]"  # telephones, identity cards, account numbers
)
_SEGMENTED = re.compile(r"[\u4e00-\u9fff] [\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Wording:
    """A text ready to be counted: its words, empty ones left out; the first ``head`` of them are its title or beginning."""

    words: tuple[str, ...]
    head: int


@cache
def _empty() -> frozenset[str]:
    """Words that say nothing about the matter: particles, pronouns, connectives. Segmented collections lack them already."""
    return frozenset([" ", *(files(__package__) / "data" / "empty_words.txt").read_text("utf-8").split()])


@cache
def _simplified() -> dict[int, str]:
    """Traditional characters (繁体) to simplified ones, those of Big5 that GB 2312 lacks."""
    old, new = (files(__package__) / "data" / "traditional.txt").read_text("utf-8").split()
    return dict(zip(map(ord, old), new, strict=True))


@cache
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(chr, _simplified()))}]")


def alike(text: str) -> str:
    """Half width, small letters, simplified characters, without what identifies a person."""
    text = half_width(text[: longest_text * 4])
    if _traditional().search(text):
        text = text.translate(_simplified())
    return _PERSONAL.sub(" ", text).casefold()


def wording(text: str) -> Wording:
    """The wording of a text; a title stands before the first line end or wide blank (U+3000), where there is one."""
    text = alike(text).lstrip()
    segmented = _SEGMENTED.search(text[:200]) is not None
    end = _TITLE_END.search(text)
    if end and len(_NOT_WORD.sub("", text[: end.start()])) <= longest_head:
        title = _cut(text[: end.start()], segmented)
        return Wording((*title, *_cut(text[end.end() :], segmented)), len(title))
    words = _cut(text, segmented)
    head = room = 0
    while head < len(words) and room < head_without_title:
        room += len(words[head])
        head += 1
    return Wording(tuple(words), head)


def _cut(text: str, segmented: bool) -> list[str]:
    """The words of a text in order, without punctuation and without empty words. A text that came in words is joined
    first, so that both kinds are cut alike."""
    if segmented:
        text = text.replace(" ", "")
    found = rjieba.cut(_NOT_WORD.sub(" ", text[: 2 * longest_text])[:longest_text], True)
    empty = _empty()
    return [word for word in found if word not in empty]
