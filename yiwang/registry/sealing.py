"""Attributes sealed at rest (字段加密存储): SM4-GCM in the record, found again by exact value through a keyed digest.

A sealed value stands in the record as ``{"$sealed": "<key>:<text>"}``. Beside it, wherever the plain value would be compared
(natural keys, exact filters, the digest of a record), stands its *blind*: a keyed SM3 digest of type and value. The key of
blinds is derived from the first key of the file and does not change with a rotation, so that keys and filters go on to work
while values are sealed anew one by one; a rotation may be interrupted, and imports go on meanwhile.

An attribute that is ``joined`` (参与比对) keeps beside its sealed value a blind that is the same in every type with the same
format, so that rules can find the same person in two registers without opening either.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.sealing import Key, KeyRing, keyed_sm3, written

key_file_name = "registry-keys"
MARK = "$sealed"
SAME = "$same"
"""Member beside the sealed value of a joined attribute: its blind, equal in every type with that format."""
_blind_bytes = 16
_purpose = b"yiwang registry: blind index"


class Sealer:
    """Seals and opens values of attributes. One per process; a forked process may use its copy."""

    def __init__(self, path: Path) -> None:
        self._ring = KeyRing(path)
        self._index_key: bytes | None = None

    @property
    def path(self) -> Path:
        return self._ring.path

    def hidden(self, type_id: str, attributes: JsonObject, sealed: frozenset[str]) -> JsonObject:
        """The attributes with the blinds of sealed ones in their place: what is compared and searched."""
        return {name: self.blind(type_id, value) if name in sealed else value for name, value in attributes.items()}

    def blind(self, type_id: str, value: Json) -> str:
        """What stands for a sealed value where equal values must be found; tells nothing to one without the key."""
        if self._index_key is None:
            self._index_key = keyed_sm3(self._ring.oldest().value, _purpose)
        text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        return "~" + written(keyed_sm3(self._index_key, f"{type_id}\x1f{text}".encode())[:_blind_bytes])

    def sealed(
        self, attributes: JsonObject, sealed: frozenset[str], joined: Mapping[str, str] | None = None
    ) -> JsonObject:
        """The attributes as they are stored. ``joined``: those found again across types, and what they have in common."""
        stored: JsonObject = {}
        for name, value in attributes.items():
            if name not in sealed:
                stored[name] = value
                continue
            kept = self._seal(value)
            if joined and name in joined:
                kept[SAME] = self.blind(joined[name], value)
            stored[name] = kept
        return stored

    def opened(self, attributes: Mapping[str, Json]) -> JsonObject:
        """The attributes as they were recorded.

        Raises:
            KeyMissing, KeyFileUnreadable.
        """
        return {
            name: self._open(value) if isinstance(value, dict) and is_sealed(value) else value
            for name, value in attributes.items()
        }

    def resealed(self, attributes: JsonObject) -> JsonObject | None:
        """The attributes under the newest key; None when they are already."""
        newest = self._ring.newest().id
        old = {
            name
            for name, value in attributes.items()
            if isinstance(value, dict) and is_sealed(value) and _key_of(value) != newest
        }
        if not old:
            return None
        plain = self.opened({name: attributes[name] for name in old})
        return {
            name: {**value, **self._seal(plain[name])} if name in old and isinstance(value, dict) else value
            for name, value in attributes.items()
        }

    def refresh(self) -> None:
        """Seal under the newest key from now on, whoever made it."""
        self._ring.refresh()

    def newest(self) -> str:
        """The public number of the key that seals."""
        self._ring.refresh()
        return self._ring.newest().id

    def rotate(self) -> Key:
        """A new key seals from now on; see :func:`yiwang.registry.resealing.reseal`."""
        return self._ring.rotate()

    def _seal(self, value: Json) -> JsonObject:
        key_id, text = self._ring.seal(orjson.dumps(value))
        return {MARK: f"{key_id}:{text}"}

    def _open(self, value: JsonObject) -> Json:
        key_id, _, text = str(value[MARK]).partition(":")
        found: Json = orjson.loads(self._ring.open(key_id, text))
        return found


def is_sealed(value: Mapping[str, Json]) -> bool:
    return MARK in value and value.keys() <= {MARK, SAME}


def _key_of(value: Mapping[str, Json]) -> str:
    return str(value[MARK]).partition(":")[0]
