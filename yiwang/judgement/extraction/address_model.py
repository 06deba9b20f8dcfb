"""The learned reader of addresses: trained on labelled texts, kept in one file without code in it.

File: a NumPy archive (no pickles) of ``head`` (JSON: format, labels, counts), ``features`` and ``names`` (UTF-8 lines),
``weights`` (half floats), ``moves``, ``begin``, ``end``, and ``digest`` (SHA-256 over all of them), which is checked on loading.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from yiwang.judgement.extraction.errors import AddressModelUnreadable, NothingToLearn
from yiwang.judgement.extraction.features import KnownName, collect_names, features, tokens
from yiwang.judgement.extraction.labelled import LabelledText, Score, Span, marks_of, spans_of
from yiwang.judgement.extraction.sequence_model import Options, SequenceModel, learn

_format = "yiwang-addresses-1"
_least_texts = 20
_parts = 5
_parts_of_file = ("head", "features", "names", "weights", "moves", "begin", "end")
_most_bytes = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AddressModel:
    """A model ready for use; it may be shared by threads."""

    sequence: SequenceModel
    names: dict[str, KnownName]
    learned_from: int

    def spans(self, parts: Sequence[str]) -> list[Span]:
        """Labelled spans of a sequence of tokens."""
        return spans_of(self.sequence.label(features(parts, self.names)))

    def read(self, text: str) -> list[tuple[int, int, str]]:
        """Labelled stretches of a text: (start, end, label), in characters."""
        places = tokens(text)
        found = self.spans([text[start:end] for start, end in places])
        return [(places[start][0], places[end - 1][1], label) for start, end, label in found]


def train(
    texts: Sequence[LabelledText],
    options: Options | None = None,
    progress: Callable[[int, float], None] = lambda round_, loss: None,
    source: str = "–",
) -> AddressModel:
    """Learn a model. Names of one fifth of the texts are collected from the other four, so that the model learns how far
    a known name can be trusted.

    Raises:
        NothingToLearn: too few texts, or no two labels.
    """
    kinds = {kind for text in texts for *_, kind in text.spans}
    if len(texts) < _least_texts or len(kinds) < 2:
        raise NothingToLearn(file=source, count=len(texts), least=_least_texts)
    rows, labels = [], []
    for part in range(_parts):
        names = collect_names((text.tokens, text.spans) for at, text in enumerate(texts) if at % _parts != part)
        for text in texts[part::_parts]:
            rows.append(features(text.tokens, names))
            labels.append(marks_of(len(text.tokens), text.spans))
    model = learn(rows, labels, options or Options(), progress)
    return AddressModel(model, collect_names((text.tokens, text.spans) for text in texts), len(texts))


def evaluate(model: AddressModel, texts: Sequence[LabelledText]) -> Score:
    """How well the model finds the spans of these texts."""
    score = Score()
    for text in texts:
        score.add(text.spans, model.spans(text.tokens))
    return score


def save(model: AddressModel, path: Path) -> int:
    """Write the model in one step; returns its size in bytes."""
    sequence = model.sequence
    head = {"format": _format, "labels": sequence.labels, "learned_from": model.learned_from}
    ordered = sorted(sequence.places, key=sequence.places.__getitem__)
    names = [f"{name}\t{known.label}\t{known.often}" for name, known in sorted(model.names.items())]
    arrays: dict[str, NDArray[np.generic]] = {
        "head": _bytes(orjson.dumps(head)),
        "features": _bytes("\n".join(ordered).encode()),
        "names": _bytes("\n".join(names).encode()),
        "weights": sequence.weights.astype(np.float16),
        "moves": sequence.moves,
        "begin": sequence.begin,
        "end": sequence.end,
    }
    arrays["digest"] = _bytes(_digest(arrays))
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(path.name + ".part")
    with waiting.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # its stub takes the names for options
    waiting.replace(path)
    return path.stat().st_size


def load(path: Path) -> AddressModel:
    """Read a model.

    Raises:
        AddressModelUnreadable: no such file, another format, or changed since it was written.
    """
    try:
        if path.stat().st_size > _most_bytes:
            raise AddressModelUnreadable(file=path.name, reason="too large")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in (*_parts_of_file, "digest")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise AddressModelUnreadable(file=path.name, reason=type(error).__name__) from error
    if arrays["digest"].tobytes() != _digest(arrays):
        raise AddressModelUnreadable(file=path.name, reason="digest")
    head = orjson.loads(arrays["head"].tobytes())
    if head.get("format") != _format:
        raise AddressModelUnreadable(file=path.name, reason=str(head.get("format")))
    ordered = arrays["features"].tobytes().decode().split("\n")
    names: dict[str, KnownName] = {}
    for line in filter(None, arrays["names"].tobytes().decode().split("\n")):
        name, label, often = line.split("\t")
        names[name] = KnownName(label, often)
    sequence = SequenceModel(
        tuple(head["labels"]),
        {name: place for place, name in enumerate(ordered)},
        arrays["weights"].astype(np.float32),
        arrays["moves"],
        arrays["begin"],
        arrays["end"],
    )
    return AddressModel(sequence, names, int(head["learned_from"]))


def _bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def _digest(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    found = hashlib.sha256()
    for name in _parts_of_file:
        found.update(f"{name}:{arrays[name].shape}:{arrays[name].dtype}\n".encode())
        found.update(arrays[name].tobytes())
    return found.digest()
