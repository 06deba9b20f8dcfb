"""Features: what of a wording is counted, as numbers, many texts at once.

Four blocks, each counted apart so that a long letter and a short report weigh alike:
``word`` words · ``pair`` pairs of neighbouring characters · ``head`` one to three characters of the title or beginning ·
``circumstance`` where, how and when it was reported. A feature is the 64-bit hash of its characters with its block's
number; a hash is looked up in the model's vocabulary, so what a model has not learned counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from yiwang.judgement.classification.model import Circumstances
from yiwang.judgement.classification.wording import Wording

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Floats = NDArray[np.float32]

BLOCKS: Final = ("word", "pair", "head", "circumstance")
WEIGHTS: Final = np.array([1.0, 0.7, 1.0, 0.4], dtype=np.float32)
"""What a block weighs against the others in a text."""
HEAD_GRAMS: Final = (1, 2, 3)

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_INVERSE = np.uint64(pow(int(_BASE), -1, 2**64))
_SHIFT = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Features:
    """Occurrences of features in texts: four columns of equal length, ordered by nothing in particular.

    ``text`` is the text's place in the batch, ``block`` the block's number, ``hash`` the feature; ``start`` and ``end`` are
    where it stands in the text's joined words (-1 for circumstances).
    """

    text: Places
    block: NDArray[np.int8]
    hash: Hashes
    start: Places
    end: Places

    def of(self, texts: NDArray[np.bool_]) -> Features:
        """Those of some texts only."""
        kept = texts[self.text]
        return Features(self.text[kept], self.block[kept], self.hash[kept], self.start[kept], self.end[kept])


def features(wordings: Sequence[Wording], circumstances: Sequence[Circumstances]) -> Features:
    """Every occurrence of every feature of the texts. O(characters), without a loop over them in Python."""
    joined = ["".join(item.words) for item in wordings]
    lengths = np.fromiter(map(len, joined), dtype=np.int64, count=len(joined))
    begins = np.concatenate(([0], np.cumsum(lengths)))
    codes = np.frombuffer("".join(joined).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    owner = np.repeat(np.arange(len(joined), dtype=np.int64), lengths)
    spans = _Spans(codes)

    word_lengths = np.fromiter((len(word) for item in wordings for word in item.words), dtype=np.int64)
    word_ends = np.cumsum(word_lengths)
    word_starts = word_ends - word_lengths
    parts = [(0, word_starts, word_ends)]
    starts = np.arange(len(codes), dtype=np.int64)
    text_end = begins[owner + 1] if len(codes) else starts
    pairs = starts[starts + 2 <= text_end]
    parts.append((1, pairs, pairs + 2))
    heads = np.fromiter((sum(map(len, item.words[: item.head])) for item in wordings), dtype=np.int64)
    head_end = (begins[:-1] + heads)[owner] if len(codes) else starts
    for size in HEAD_GRAMS:
        grams = starts[starts + size <= head_end]
        parts.append((2, grams, grams + size))

    rows = [
        (owner[first], np.full(len(first), block, dtype=np.int8), spans.hashes(first, last, block), first, last)
        for block, first, last in parts
    ]
    around = [(place, word) for place, item in enumerate(circumstances) for word in item.words()]
    if around:
        nowhere = np.full(len(around), -1, dtype=np.int64)
        hashes = np.array([_hash_of(word) for _, word in around], dtype=np.uint64)
        owners = np.array([place for place, _ in around], dtype=np.int64)
        rows.append((owners, np.full(len(around), 3, dtype=np.int8), hashes, nowhere, nowhere))
    text, block, hashes, start, end = (np.concatenate(column) for column in zip(*rows, strict=True))
    offset = np.where(start < 0, 0, begins[text])
    return Features(text, block, hashes, start - offset, end - offset)


class _Spans:
    """Hashes of any stretch of characters in constant time: a polynomial over the ring of 64-bit numbers."""

    def __init__(self, codes: NDArray[np.uint32]) -> None:
        count = len(codes)
        powers = np.full(count + 1, _BASE, dtype=np.uint64)
        powers[0] = 1
        np.cumprod(powers, out=powers)
        inverse = np.full(count + 1, _INVERSE, dtype=np.uint64)
        inverse[0] = 1
        self._inverse = np.cumprod(inverse)
        self._sums = np.zeros(count + 1, dtype=np.uint64)
        np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers[:-1], out=self._sums[1:])

    def hashes(self, start: Places, end: Places, block: int) -> Hashes:
        value = (self._sums[end] - self._sums[start]) * self._inverse[start]
        return _mixed(value + np.uint64((block * int(_MIX)) % 2**64))


def _mixed(value: Hashes) -> Hashes:
    """Spread the bits; a bijection, so that it makes no two values alike."""
    value = (value ^ (value >> _SHIFT)) * _MIX
    value = (value ^ (value >> _SHIFT)) * _MIX
    return value ^ (value >> _SHIFT)


def _hash_of(word: str) -> np.uint64:
    codes = np.frombuffer(word.encode("utf-32-le"), dtype=np.uint32)
    whole = np.array([0]), np.array([len(codes)])
    return np.uint64(_Spans(codes).hashes(whole[0], whole[1], 3)[0])


@dataclass(frozen=True)
class Vocabulary:
    """The features that a model knows: ``hashes`` ascending, each with its block and its weight for being rare (idf)."""

    hashes: Hashes
    blocks: NDArray[np.int8]
    rarity: Floats

    @cached_property
    def _starts(self) -> tuple[np.uint64, NDArray[np.int64], int]:
        """(shift, first place of each bucket, most hashes in one): hashes are spread evenly, so their first bits tell about
        where they stand; a bucket holds one or two of them."""
        bits = max(1, len(self.hashes).bit_length())
        shift = np.uint64(64 - bits)
        buckets = np.bincount((self.hashes >> shift).astype(np.int64), minlength=1 << bits)
        return shift, np.concatenate(([0], np.cumsum(buckets))), int(buckets.max(initial=0))

    def known(self, found: Features) -> tuple[Places, Places]:
        """(which occurrences are known, their places in the vocabulary)."""
        shift, starts, widest = self._starts
        bucket = (found.hash >> shift).astype(np.int64)
        place, end = starts[bucket], starts[bucket + 1]
        open_ = np.flatnonzero(place < end)
        which, places = [], []
        for _ in range(widest):
            same = self.hashes[place[open_]] == found.hash[open_]
            which.append(open_[same])
            places.append(place[open_[same]])
            open_ = open_[~same]
            place[open_] += 1
            open_ = open_[place[open_] < end[open_]]
            if not len(open_):
                break
        if not which:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return np.concatenate(which), np.concatenate(places)

    def counted(self, found: Features, texts: int) -> Rows:
        """The known features of each text with their weights: sublinear counts times rarity, each block of length WEIGHTS."""
        which, place = self.known(found)
        size = max(len(self.hashes), 1)
        keys, counts = np.unique(found.text[which] * size + place, return_counts=True)
        text, feature = np.divmod(keys, size)
        value = (1 + np.log(counts, dtype=np.float32)) * self.rarity[feature]
        group = text * len(BLOCKS) + self.blocks[feature]
        norms = np.sqrt(np.bincount(group, weights=value * value, minlength=texts * len(BLOCKS)))
        value *= (WEIGHTS[self.blocks[feature]] / norms[group]).astype(np.float32)
        return Rows(text, feature, value.astype(np.float32), texts)


@dataclass(frozen=True, slots=True)
class Rows:
    """Weighted features of texts, ordered by text: a sparse matrix of ``texts`` rows."""

    text: Places
    feature: Places
    value: Floats
    texts: int


def learn_vocabulary(found: Features, texts: int, at_most: int) -> Vocabulary:
    """The features that at least two texts have; when there are more than ``at_most``, the most frequent of them.

    A single text's circumstances and words cannot be told from chance.
    """
    order = np.lexsort((found.text, found.hash))
    hashes, text, block = found.hash[order], found.text[order], found.block[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (text[1:] != text[:-1])
    hashes, block = hashes[new], block[new]
    known, first, frequency = np.unique(hashes, return_index=True, return_counts=True)
    kept = np.flatnonzero(frequency >= min(2, texts))
    if len(kept) > at_most:
        kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:at_most]])
    rarity = (np.log((1 + texts) / (1 + frequency[kept])) + 1).astype(np.float32)
    return Vocabulary(known[kept], block[first[kept]], rarity)
