"""Reads vector tiles (Mapbox Vector Tile 2.1), independently of what wrote them, for the tests."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = str | int | float | bool


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(data, at)
            yield key >> 3, number
        elif kind == 2:
            size, at = _varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        else:
            size = 8 if kind == 1 else 4
            yield key >> 3, data[at : at + size]
            at += size


def _value(data: bytes) -> Value:
    for number, content in _fields(data):
        if isinstance(content, bytes):
            if number == 1:
                return content.decode()
            return float(struct.unpack("<f" if number == 2 else "<d", content)[0])
        if number == 7:
            return bool(content)
        return (content >> 1) ^ -(content & 1) if number == 6 else content
    raise ValueError("empty value")


def decode(tile: bytes) -> dict[str, list[dict[str, Value]]]:
    """Layer name → properties of its features."""
    layers: dict[str, list[dict[str, Value]]] = {}
    for _, layer in _fields(tile):
        assert isinstance(layer, bytes)
        name, keys, values, features = "", [], [], []
        for number, content in _fields(layer):
            if isinstance(content, int):
                continue
            match number:
                case 1:
                    name = content.decode()
                case 2:
                    features.append(content)
                case 3:
                    keys.append(content.decode())
                case 4:
                    values.append(_value(content))
        found = layers.setdefault(name, [])
        for feature in features:
            tags: list[int] = []
            for number, content in _fields(feature):
                if number == 2 and isinstance(content, bytes):
                    at = 0
                    while at < len(content):
                        tag, at = _varint(content, at)
                        tags.append(tag)
            found.append({keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2], strict=True)})
    return layers
