"""Model files: a learned model as bytes, to be kept in a file or a database row and trusted only when undamaged.

Form: the line ``yiwang-model 1 <SHA-256 of the rest>``, then a NumPy archive (npz, compressed) without pickled objects:
``meta`` holds JSON (labels, threshold, card), the others plain arrays. Reading executes nothing; a file that was changed,
cut short or made too large is refused.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from yiwang.judgement.classification.calibration import Calibration
from yiwang.judgement.classification.errors import ModelUnreadable
from yiwang.judgement.classification.features import Vocabulary
from yiwang.judgement.classification.learned import LearnedModel

largest = 50_000_000
"""Bytes of a model file at most, and of its arrays four times that."""
_MARK = b"yiwang-model 1 "
_ARRAYS = {
    "hashes": "uint64",
    "blocks": "int8",
    "rarity": "float32",
    "weights": "float16",
    "bias": "float32",
    "slopes": "float64",
    "shifts": "float64",
    "meta": "uint8",
}


class _Meta(BaseModel):
    model_config = ConfigDict(extra="forbid")

    labels: list[str] = Field(min_length=2, max_length=10_000)
    threshold: float = Field(ge=0, le=1)
    card: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Packed:
    """A model as bytes; ``digest`` is the SHA-256 of its content, hexadecimal."""

    content: bytes
    digest: str


def pack(model: LearnedModel) -> Packed:
    """The model as bytes.

    Raises:
        ModelUnreadable: it is larger than a model may be.
    """
    meta = orjson.dumps({"labels": model.labels, "threshold": model.threshold, "card": model.card})
    written = io.BytesIO()
    np.savez_compressed(
        written,
        hashes=model.vocabulary.hashes,
        blocks=model.vocabulary.blocks,
        rarity=model.vocabulary.rarity,
        weights=model.weights,
        bias=model.bias,
        slopes=model.calibration.slopes,
        shifts=model.calibration.shifts,
        meta=np.frombuffer(meta, dtype=np.uint8),
    )
    body = written.getvalue()
    digest = hashlib.sha256(body).hexdigest()
    content = _MARK + digest.encode() + b"\n" + body
    if len(content) > largest:
        raise ModelUnreadable(why=f"{len(content):,} > {largest:,} bytes")
    return Packed(content, digest)


def unpack(content: bytes) -> LearnedModel:
    """The model of these bytes.

    Raises:
        ModelUnreadable: it is no model file, damaged, or does not hold together.
    """
    if len(content) > largest:
        raise ModelUnreadable(why=f"{len(content):,} > {largest:,} bytes")
    head, _, body = content.partition(b"\n")
    if not head.startswith(_MARK):
        raise ModelUnreadable(why="不是一网的模型文件 it is not a model file of Yiwang")
    if hashlib.sha256(body).hexdigest().encode() != head.removeprefix(_MARK):
        raise ModelUnreadable(why="校验值不符,文件已损坏或被改动 its digest does not fit: it was damaged or changed")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(item.file_size for item in archive.infolist()) > 4 * largest:
                raise ModelUnreadable(why="too large when unpacked")
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in _ARRAYS}
        meta = _Meta.model_validate_json(found["meta"].tobytes())
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, ValidationError) as error:
        raise ModelUnreadable(why=f"{type(error).__name__}: {error}"[:300]) from error
    wrong = [name for name, kind in _ARRAYS.items() if found[name].dtype != np.dtype(kind)]
    features, labels = len(found["hashes"]), len(meta.labels)
    shapes = {
        "hashes": (features,),
        "blocks": (features,),
        "rarity": (features,),
        "weights": (features, labels),
        "bias": (labels,),
        "shifts": (labels,),
    }
    wrong += [name for name, shape in shapes.items() if found[name].shape != shape]
    if wrong or found["slopes"].shape not in ((), (labels, labels)):
        raise ModelUnreadable(why=f"parts do not fit each other: {', '.join(wrong) or 'slopes'}")
    return LearnedModel(
        tuple(meta.labels),
        Vocabulary(found["hashes"], found["blocks"], found["rarity"]),
        found["weights"],
        found["bias"],
        Calibration(found["slopes"], found["shifts"]),
        meta.threshold,
        dict(meta.card),
    )


def read_model(path: Path) -> LearnedModel:
    """The model in a file.

    Raises:
        ModelUnreadable: as :func:`unpack`, or the file cannot be opened.
    """
    try:
        if path.stat().st_size > largest:
            raise ModelUnreadable(why=f"{path}: {path.stat().st_size:,} > {largest:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnreadable(why=f"{path}: {error.strerror or error}") from error
    return unpack(content)


def write_model(path: Path, model: LearnedModel) -> Packed:
    """Write the model; a file of this name is replaced in one step.

    Raises:
        ModelUnreadable: it is too large, or the file cannot be written.
    """
    packed = pack(model)
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(packed.content)
        draft.replace(path)
    except OSError as error:
        raise ModelUnreadable(why=f"{path}: {error.strerror or error}") from error
    return packed
