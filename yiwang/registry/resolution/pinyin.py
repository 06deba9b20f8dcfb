"""How Chinese characters sound (拼音), without tones; read once, when something is first compared by sound."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache


@cache
def _table() -> dict[int, str]:
    from pypinyin.pinyin_dict import pinyin_dict  # some megabytes: not for processes that compare nothing

    return pinyin_dict


@lru_cache(maxsize=1 << 15)
def readings(character: str) -> tuple[str, ...]:
    """The syllables that a character stands for, the commonest first; other signs stand for themselves."""
    found = _table().get(ord(character))
    if found is None:
        return (character.lower(),)
    return tuple(dict.fromkeys(_plain(each) for each in found.split(",")))


@lru_cache(maxsize=1 << 16)
def sound(text: str) -> str:
    """The commonest reading of each character, with blanks between: 王小明 → ``wang xiao ming``."""
    return " ".join([_first(character) for character in text if not character.isspace() and character != "·"])


@lru_cache(maxsize=1 << 15)
def _first(character: str) -> str:
    return readings(character)[0]


def _plain(syllable: str) -> str:
    parts = unicodedata.normalize("NFD", syllable.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v"))
    return "".join(each for each in parts.replace("u\u0308", "v") if not unicodedata.combining(each))
