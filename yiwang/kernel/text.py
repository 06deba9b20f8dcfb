"""Text as people write it: cleaned for storage, cut into search terms, masked for readers who may not see all of it.

Owns the rules for Chinese and Latin text; knows no table. Every length of a text in this system counts Unicode
characters after NFC (UAX #15), never bytes. Emoji are text like any other.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from operator import add
from typing import Annotated

from pydantic import BeforeValidator

# Everything invisible that can hide or reorder what a person reads: C0/C1 controls, lone surrogates, noncharacters,
# zero-width space, bidirectional overrides, byte order mark, interlinear and tag characters outside emoji.
# U+200D and the variation selectors stay: emoji are built with them.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u00ad\u200b\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]"
)
_BLANKS = re.compile(r"[^\S\n]+")

_HALF_WIDTH = {
    **{code: code - 0xFEE0 for code in range(0xFF10, 0xFF1A)},  # digits
    **{code: code - 0xFEE0 for code in range(0xFF21, 0xFF3B)},  # capitals
    **{code: code - 0xFEE0 for code in range(0xFF41, 0xFF5B)},  # small letters
}

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA_HANGUL = "\u3040-\u30ff\uac00-\ud7af"
_RUN = re.compile(f"([{_HAN}{_KANA_HANGUL}]+)|([^\\W_{_HAN}{_KANA_HANGUL}]+)")
_FULL_WIDTH = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_longest_word = 40


def clean(text: str) -> str:
    """The text as it is stored: NFC, line ends as ``\\n``, tabs as blanks, nothing invisible, no blanks around it."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return unicodedata.normalize("NFC", text).strip()


def clean_line(text: str) -> str:
    """As :func:`clean`, on one line: any run of blanks and line ends becomes one blank."""
    text = clean(text)
    return (
        text
        if text.isascii() and text.isprintable() and "  " not in text
        else _BLANKS.sub(" ", text.replace("\n", " "))
    )


def _if_text(cleaner: object, value: object) -> object:
    return cleaner(value) if isinstance(value, str) and callable(cleaner) else value


CleanText = Annotated[str, BeforeValidator(lambda value: _if_text(clean, value))]
"""Field of a request model: cleaned before its length is checked; may hold line ends."""

CleanLine = Annotated[str, BeforeValidator(lambda value: _if_text(clean_line, value))]
"""Field of a request model: cleaned to one line before its length is checked."""


def half_width(text: str) -> str:
    """Full-width digits and Latin letters (全角) as ASCII; Chinese punctuation stays."""
    return text.translate(_HALF_WIDTH) if _FULL_WIDTH.search(text) else text


def _runs(text: str) -> list[tuple[str, str]]:
    """Unbroken stretches of Chinese characters, and words, folded for comparison: (stretch, "") or ("", word)."""
    found: list[tuple[str, str]] = _RUN.findall(half_width(unicodedata.normalize("NFC", text)).casefold())
    return found


def search_terms(text: str) -> list[str]:
    """The terms under which a text is found, each once, in order of appearance.

    A stretch of Chinese characters gives its overlapping pairs and its last character, so that every character of the
    text begins a term (:func:`search_query` relies on it); a Latin word or number gives itself, in small letters,
    at most 40 characters of it.
    """
    terms: list[str] = []
    for stretch, word in _runs(text):
        if stretch:
            terms += map(add, stretch, stretch[1:])
            terms.append(stretch[-1])
        else:
            terms.append(word[:_longest_word])
    return list(dict.fromkeys(terms))


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a text must hold to be found: all ``terms``, and for each of ``prefixes`` a term that begins with it.

    Stored as a ``tsvector`` by ``array_to_tsvector(search_terms)`` the condition is ``search @@ $1::tsquery`` with
    :attr:`tsquery`; stored as ``text[]`` it is ``search @> terms``, which cannot answer prefixes.
    """

    terms: tuple[str, ...]
    prefixes: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Nothing in the query can be searched for (only punctuation)."""
        return not self.terms and not self.prefixes

    @property
    def tsquery(self) -> str:
        """The query in PostgreSQL's words, for a bound parameter that is cast to ``tsquery``."""
        return " & ".join([f"'{term}'" for term in self.terms] + [f"'{prefix}':*" for prefix in self.prefixes])


def search_query(text: str) -> SearchQuery:
    """The query a person typed. A single Chinese character finds it anywhere; a word of Latin letters or digits also
    finds longer words that begin with it (``2026`` finds ``20260618``); at most 24 terms are used.

    Pairs must all occur, not necessarily side by side: 路灯不亮 also finds a text with 路灯, 灯不 and 不亮 apart.
    """
    terms: dict[str, None] = {}
    prefixes: dict[str, None] = {}
    for stretch, word in _runs(text):
        if len(stretch) > 1:
            terms.update(dict.fromkeys(map(add, stretch, stretch[1:])))
        else:
            prefixes[(stretch or word)[:_longest_word]] = None
    kept = list(terms)[:24]
    return SearchQuery(tuple(kept), tuple(prefixes)[: 24 - len(kept)])


def mask_name(name: str) -> str:
    """A personal name with only its first character shown: 张三丰 → 张**; a Latin name shows its first letter: J***."""
    name = clean_line(name)
    if not name:
        return ""
    stars = 3 if name[0].isascii() else min(max(len(name) - 1, 1), 3)
    return name[0] + "*" * stars


def mask_phone(number: str) -> str:
    """A telephone number: 13812341234 → 138****1234; shorter numbers keep three last digits, very short ones none."""
    digits = re.sub(r"\D", "", half_width(number))
    if len(digits) >= 11:
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-3:]}" if len(digits) >= 7 else "*" * len(digits)


def mask_identity_number(number: str) -> str:
    """A citizen identity number (公民身份号码, GB 11643): only the six digits of the place and the last two stay."""
    number = clean_line(half_width(number))
    return f"{number[:6]}{'*' * (len(number) - 8)}{number[-2:]}" if len(number) >= 15 else "*" * len(number)


def mask_value(value: object) -> str | None:
    """A personal value of any kind: telephone and identity numbers as such, other text as a name, all else nothing."""
    if not isinstance(value, str):
        return None
    plain = clean_line(half_width(value))
    if re.fullmatch(r"[0-9]{14,17}[0-9Xx]", plain):
        return mask_identity_number(plain)
    return mask_phone(plain) if re.fullmatch(r"[0-9 +()-]{7,20}", plain) else mask_name(plain)


def shorten(text: str, length: int) -> str:
    """At most ``length`` characters on one line, the last an ellipsis when something was left out."""
    line = clean_line(text)
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
