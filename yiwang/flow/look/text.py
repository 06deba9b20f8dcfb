"""Words on paper: how wide they are, about, and how they break into lines. No font is read: SVG has none to ask.

A Chinese character is as wide as the type is high, Latin ones about half of it; the estimate errs on the wide side, so
that a name stays within its shape.
"""

from __future__ import annotations

import unicodedata

_NARROW = frozenset("iljtfrI.,:;'|!()[]{}` ")
_WIDE = frozenset("mwMW@%")
_NOT_FIRST = frozenset(",。、;:!?)】》”’,.;:!?)]}·%")


def width_of(text: str, size: float) -> float:
    """The width of one line of type of that size."""
    return sum(map(_share, text)) * size


def _share(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.34
    if character in _WIDE or character.isupper():
        return 0.78
    return 0.57


def wrapped(text: str, width: float, size: float, most: int) -> list[str]:
    """At most ``most`` lines no wider than ``width``; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if not line or width_of(line + piece.rstrip(), size) <= width:
            line += piece if line else piece.lstrip()
            continue
        lines.append(line.rstrip())
        line = piece.lstrip()
    if line.strip():
        lines.append(line.rstrip())
    broken = [part for whole in lines for part in _broken(whole, width, size)]
    if len(broken) <= most:
        return broken
    kept = broken[:most]
    kept[-1] = shortened(
        kept[-1] + "…" if width_of(kept[-1] + "…", size) <= width else kept[-1][:-1] + "…", width, size
    )
    return kept


def shortened(text: str, width: float, size: float) -> str:
    """One line of at most that width."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _pieces(text: str) -> list[str]:
    """Where a line may break: after a blank, around a Chinese character, never before closing punctuation."""
    found: list[str] = []
    for character in text:
        alone = unicodedata.east_asian_width(character) in "WF"
        before = found[-1][-1] if found else ""
        glued = bool(before) and (
            character in _NOT_FIRST
            or (not alone and not before.isspace() and unicodedata.east_asian_width(before) not in "WF")
            or character.isspace()
        )
        if glued:
            found[-1] += character
        else:
            found.append(character)
    return found


def _broken(line: str, width: float, size: float) -> list[str]:
    """A word that is wider than the line, in parts."""
    parts: list[str] = []
    while width_of(line, size) > width and len(line) > 1:
        end = len(line) - 1
        while end > 1 and width_of(line[:end], size) > width:
            end -= 1
        parts.append(line[:end])
        line = line[end:]
    return [*parts, line]
