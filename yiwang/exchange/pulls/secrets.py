"""Secrets of the exchange at rest: passwords of other systems, keys of signatures, rows in quarantine.

Sealed as :mod:`yiwang.kernel.sealing` does, under a key file of their own.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from yiwang.kernel.sealing import KeyRing, keyed_sm3, written

key_file_name = "exchange-keys"


class ExchangeSecrets:
    """Seals and opens. Safe to share between tasks; reads the key file when it first needs it."""

    def __init__(self, home: Path) -> None:
        self._ring = KeyRing(home / key_file_name)

    def seal(self, plain: str) -> str:
        """``<key>:<nonce, tag and text>``; nothing stays nothing.

        Raises:
            KeyFileUnreadable.
        """
        if not plain:
            return ""
        key_id, body = self._ring.seal(plain.encode())
        return f"{key_id}:{body}"

    def open(self, sealed: str) -> str:
        """Raises KeyMissing, KeyFileUnreadable."""
        if not sealed:
            return ""
        key_id, _, body = sealed.partition(":")
        return self._ring.open(key_id, body).decode()

    def blind(self, text: str) -> str:
        """What is equal for equal texts and tells nothing to one without the key; the first key of the file makes it."""
        return written(keyed_sm3(self._ring.oldest().value, b"yiwang exchange: rows\x1f" + text.encode()))


def new_secret() -> str:
    """A fresh key for signatures: 256 random bits, told once."""
    return "ys_" + written(secrets.token_bytes(32))
