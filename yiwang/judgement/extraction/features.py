"""What a sequence model sees of each token of an address (地址): characters around it, the words that end names near it,
known names that cover it, and whether the text repeats itself.

A token is one Chinese character, one punctuation mark, or a run of Latin letters and digits. Figures are seen by their
length and single letters as such, so that a house number never seen before is like all others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"[0-9]+|[A-Za-z]+|\S")
_ENDINGS = frozenset(
    "省市区县镇乡村路街道巷弄号楼栋幢座室层单元苑园城厦场店里组社庄小司院校厂桥大口旗州盟开发-" + "0"
) | {"00", "000", "0000"}
_FIGURES = frozenset("零一二三四五六七八九十")
_reach = 9
_longest_name = 10
_CHARACTERS = tuple(range(-4, 5))


@dataclass(frozen=True, slots=True)
class KnownName:
    """What a name was labelled in training, most often, and how often it was seen at all: "1", "2" to four, "5" or more."""

    label: str
    often: str


Names = Mapping[str, KnownName]


def tokens(text: str) -> list[tuple[int, int]]:
    """Start and end of each token; white space is none."""
    return [found.span() for found in _TOKEN.finditer(text)]


def shape(token: str) -> str:
    """The token as features see it."""
    if token.isdigit():
        return "0" * min(len(token), 5)
    if token.isascii() and token.isalpha():
        return "a" if len(token) == 1 else "aa"
    return "0a" if any(character.isdigit() for character in token) else token


def _sort(token: str) -> str:
    if token[0].isdigit():
        return "d"
    if token.isascii() and token.isalpha():
        return "l"
    if token in _FIGURES:
        return "n"
    return "c" if "\u3400" <= token[0] <= "\u9fff" else "p"


def collect_names(labelled: Iterable[tuple[Sequence[str], Sequence[tuple[int, int, str]]]]) -> dict[str, KnownName]:
    """Names of two to ten tokens from labelled sequences: (tokens, spans)."""
    seen: dict[str, Counter[str]] = {}
    for parts, spans in labelled:
        for start, end, label in spans:
            if 2 <= end - start <= _longest_name:
                seen.setdefault("".join(map(shape, parts[start:end])), Counter())[label] += 1
    return {name: _known(counts) for name, counts in seen.items()}


def _known(counts: Counter[str]) -> KnownName:
    total = counts.total()
    label = min(counts, key=lambda found: (-counts[found], found))
    return KnownName(label, "1" if total == 1 else "2" if total < 5 else "5")


def features(parts: Sequence[str], names: Names) -> list[list[str]]:
    """For each token the names of its features."""
    shapes = [shape(part) for part in parts]
    sorts = [_sort(part) for part in parts]
    padded = ["^"] * 4 + shapes + ["$"] * 5
    rows = [_around(padded, sorts, place) for place in range(len(parts))]
    for place, row in enumerate(rows):
        if parts[place] != shapes[place]:
            row.append(f"raw={parts[place]}")
        row.extend(_endings(shapes, place))
    _repeats(shapes, rows)
    _names(shapes, rows, names)
    return rows


def _around(padded: Sequence[str], sorts: Sequence[str], place: int) -> list[str]:
    at = place + 4
    row = ["b"]
    row += [f"u{shift}={padded[at + shift]}" for shift in _CHARACTERS]
    row += [f"v{shift}={padded[at + shift]}{padded[at + shift + 1]}" for shift in range(-3, 3)]
    row += [f"w{shift}={''.join(padded[at + shift : at + shift + 3])}" for shift in range(-3, 2)]
    row += [f"x{shift}={''.join(padded[at + shift : at + shift + 4])}" for shift in range(-3, 1)]
    row.append(f"s={padded[at - 1]}{padded[at + 1]}")
    kinds = ["_", "_", *sorts, "_", "_"]
    row.append(f"t={''.join(kinds[place : place + 5])}")
    row.append(f"t3={''.join(kinds[place + 1 : place + 4])}")
    row.append(f"tu={kinds[place + 1]}{kinds[place + 3]}{padded[at]}")
    if place < 4:
        row.append(f"pos{place}")
    if len(sorts) - place <= 3:
        row.append(f"end{len(sorts) - place}")
    return row


def _endings(shapes: Sequence[str], place: int) -> list[str]:
    """The nearest tokens that can end a name, two ahead (this one included) and two behind, with their distance."""
    ahead = [at for at in range(place, min(len(shapes), place + _reach)) if shapes[at] in _ENDINGS][:2]
    behind = [at for at in range(place - 1, max(-1, place - _reach), -1) if shapes[at] in _ENDINGS][:2]
    row: list[str] = []
    if ahead:
        row += [f"nx={shapes[ahead[0]]}{min(ahead[0] - place, 4)}", f"nxs={shapes[ahead[0]]}"]
    if len(ahead) > 1:
        row.append(f"nx2={shapes[ahead[0]]}{shapes[ahead[1]]}")
    if behind:
        row += [f"pv={shapes[behind[0]]}{min(place - behind[0], 4)}", f"pvs={shapes[behind[0]]}"]
    if len(behind) > 1:
        row.append(f"pv2={shapes[behind[0]]}{shapes[behind[1]]}")
    if ahead and behind:
        row.append(f"pn={shapes[behind[0]]}{shapes[ahead[0]]}")
    return row


def _repeats(shapes: Sequence[str], rows: list[list[str]]) -> None:
    """Marks tokens of a pair that stood earlier: addresses that name their city twice."""
    earlier: set[tuple[str, str]] = set()
    for place in range(len(shapes) - 1):
        pair = shapes[place], shapes[place + 1]
        if pair in earlier:
            rows[place] += ["rep", f"rep{shapes[place]}"]
        if place:
            earlier.add((shapes[place - 1], shapes[place]))


def _names(shapes: Sequence[str], rows: list[list[str]], names: Names) -> None:
    for start in range(len(shapes)):
        text = shapes[start]
        for end in range(start + 2, min(len(shapes), start + _longest_name) + 1):
            text += shapes[end - 1]
            known = names.get(text)
            if known is None:
                continue
            word, length = f"{known.label}{known.often}", min(end - start, 4)
            rows[start] += [f"dB={word}", f"dBL={known.label}{length}"]
            for inner in range(start + 1, end - 1):
                rows[inner].append(f"dI={word}")
            rows[end - 1] += [f"dE={word}", f"dEL={known.label}{length}"]
            if end < len(shapes):
                rows[end].append(f"dA={word}")
