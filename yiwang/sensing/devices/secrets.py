"""Device secrets at rest: sealed (:mod:`yiwang.kernel.sealing`) or hashed where nobody need read them.

HJ 212 sends the password itself in every frame, in both directions, and so it must be readable; an API key is only
compared, so its SM3 digest is kept (a key is 160 random bits: nothing is gained by hashing it slowly).
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from yiwang.kernel.identifiers import new_code
from yiwang.kernel.sealing import Key, KeyRing, sm3, written
from yiwang.sensing.devices.errors import KeyFileUnreadable, KeyMissing

key_file_name = "device-keys"
api_key_prefix = "yd_"
_SEALED, _DIGEST = "sm4", "sm3"


class DeviceSecrets:
    """Seals, opens and compares device secrets. Safe to share between tasks; reads the key file when it first needs it."""

    def __init__(self, path: Path) -> None:
        self._ring = KeyRing(path, missing=KeyMissing, unreadable=KeyFileUnreadable)

    @property
    def path(self) -> Path:
        return self._ring.path

    # -- what can be read again -----------------------------------------------------------------------------------

    def seal(self, plain: str) -> str:
        """``plain`` encrypted under the newest key: ``sm4:<key>:<nonce, tag and text>``.

        Raises:
            KeyFileUnreadable: the key file is there but cannot be used.
        """
        key_id, body = self._ring.seal(plain.encode())
        return f"{_SEALED}:{key_id}:{body}"

    def open(self, sealed: str) -> str | None:
        """What was sealed; None for a digest, which nobody can read.

        Raises:
            KeyMissing: sealed under a key that the file does not hold. KeyFileUnreadable: the file or the text was altered.
        """
        kind, key_id, body = _parts(sealed)
        return self._ring.open(key_id, body).decode() if kind == _SEALED else None

    # -- what is only compared ------------------------------------------------------------------------------------

    @staticmethod
    def digest(plain: str) -> str:
        """``sm3:<digest>`` of a random key of ours."""
        return f"{_DIGEST}::{written(sm3(plain.encode()))}"

    @staticmethod
    def new_api_key() -> str:
        """A fresh key for a program or an HTTP device: 160 random bits, told once."""
        return api_key_prefix + written(secrets.token_bytes(20))

    def kept(self, protocol: str, plain: str) -> str:
        """A secret as the register keeps it: an HTTP device's key is only compared, the others must be readable.

        Raises:
            KeyFileUnreadable: the key file is there but cannot be used.
        """
        return self.digest(plain) if protocol == "http" else self.seal(plain)

    def new_secret(self, protocol: str) -> str:
        """A fresh random secret of the form that the protocol can carry: six characters for HJ 212 (PW is C6)."""
        if protocol == "hj212":
            return new_code(6)
        return self.new_api_key()

    def matches(self, kept: str | None, given: str) -> bool:
        """Whether ``given`` is the secret, in time that does not depend on where they differ; nothing matches None."""
        if kept is None:
            return False
        if _parts(kept)[0] == _DIGEST:
            return hmac.compare_digest(kept, self.digest(given))
        return hmac.compare_digest((self.open(kept) or "").encode(), given.encode())

    # -- keys -----------------------------------------------------------------------------------------------------

    def rotate(self) -> Key:
        """Put a new key at the head of the file; old secrets stay readable. Seal them anew to be done with the old key.

        Raises:
            KeyFileUnreadable: the file cannot be read or written.
        """
        return self._ring.rotate()

    def sealed_by_newest(self, kept: str) -> bool:
        """Whether a rotation need not touch it."""
        kind, key_id, _ = _parts(kept)
        return kind != _SEALED or key_id == self._ring.newest().id


def _parts(kept: str) -> tuple[str, str, str]:
    kind, _, rest = kept.partition(":")
    key_id, _, body = rest.partition(":")
    return kind, key_id, body
