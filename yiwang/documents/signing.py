"""Keys of offices, and their signatures over documents (SM2 with SM3). Private parts stand sealed under HOME/document-keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from yiwang.documents import store
from yiwang.documents.model import SigningKey
from yiwang.kernel import sm2
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.sealing import KeyRing

key_file_name = "document-keys"


class Signatures:
    """One per process."""

    def __init__(self, home: Path) -> None:
        self._ring = KeyRing(home / key_file_name)

    async def key_of(self, connection: Connection, organisation_id: int, name: str, at: datetime) -> SigningKey:
        """The office's key, made when it first signs. In the caller's transaction.

        Raises:
            KeyFileUnreadable: the key file of this installation cannot be used.
        """
        found = await store.current_key(connection, organisation_id)
        if found is None:
            await store.add_key(connection, self._new_key(organisation_id, name, at))
            found = await store.current_key(connection, organisation_id)
        if found is None:
            raise LookupError("the key that was just made is gone")
        return found

    def _new_key(self, organisation_id: int, name: str, at: datetime) -> SigningKey:
        pair = sm2.new_key_pair()
        ring_key, sealed = self._ring.seal(bytes.fromhex(pair.private))
        since = at.astimezone(UTC)
        made = SigningKey(new_id(), organisation_id, name, pair.public, f"{ring_key}:{sealed}", since, None, "")
        return replace(made, proof=sm2.sign(pair.private, made.statement))

    def sign(self, key: SigningKey, message: bytes) -> str:
        """The signature, hex ``r‖s``.

        Raises:
            KeyMissing, KeyFileUnreadable.
        """
        ring_key, _, sealed = key.sealed.partition(":")
        return sm2.sign(self._ring.open(ring_key, sealed).hex(), message)


def holds(key: SigningKey, message: bytes, signature: str) -> bool:
    """Whether the signature over the message is the key's."""
    return sm2.verify(key.public_key, message, signature)
