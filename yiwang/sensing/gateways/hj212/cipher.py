"""Encrypted data areas of HJ 212-2025: SM4 with a key of 128 bits, electronic code book, no padding (GB/T 32907).

Whole blocks of sixteen bytes are encrypted; the standard says "no padding", so a rest shorter than a block is left
as it is and zero bytes or blanks that a sender filled up with are cut off. Ciphertext is taken as raw bytes, as
hexadecimal digits, or as base64, since senders do all three. Code book mode hides little and proves nothing of the
sender: it is what the standard asks for, not a reason to do without a tunnel.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

BLOCK = 16
Form = Literal["raw", "hex", "base64"]
_PLAIN = frozenset(range(0x20, 0x7F))


class DataAreaCipher:
    """Encrypts and decrypts data areas with one device's key."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        """
        Raises:
            ValueError: the key is not sixteen bytes long.
        """
        if len(key) != BLOCK:
            raise ValueError("an SM4 key has 16 bytes (32 hexadecimal digits)")
        self._cipher = Cipher(SM4(key), modes.ECB())  # noqa: S305 - the mode that HJ 212-2025 prescribes

    def encrypt(self, plain: bytes, form: Form = "hex") -> bytes:
        """A data area encrypted; filled up with zero bytes to whole blocks."""
        padded = plain + b"\0" * (-len(plain) % BLOCK)
        work = self._cipher.encryptor()
        raw = work.update(padded) + work.finalize()
        if form == "hex":
            return raw.hex().upper().encode()
        return base64.b64encode(raw) if form == "base64" else raw

    def decrypt(self, data: bytes) -> bytes | None:
        """The data area in clear; None where the bytes are no ciphertext of this key."""
        for raw in _readings(data):
            whole = len(raw) - len(raw) % BLOCK
            work = self._cipher.decryptor()
            plain = (work.update(raw[:whole]) + work.finalize() + raw[whole:]).rstrip(b"\0 ")
            if plain and plain[-1] <= BLOCK and plain.endswith(plain[-1:] * plain[-1]):
                plain = plain[: -plain[-1]]  # filled up as PKCS #7 although the standard says not to
            if looks_plain(plain):
                return plain
        return None


def _readings(data: bytes) -> list[bytes]:
    """What the bytes may be the ciphertext of, most likely first."""
    found: list[bytes] = []
    text = data.strip()
    if len(text) >= 2 * BLOCK and len(text) % 2 == 0:
        with contextlib.suppress(ValueError):
            found.append(bytes.fromhex(text.decode("ascii")))
    if len(text) % 4 == 0 and text:
        with contextlib.suppress(binascii.Error):
            found.append(base64.b64decode(text, validate=True))
    found.append(data)
    return [raw for raw in found if len(raw) >= BLOCK]


def looks_plain(data: bytes) -> bool:
    """Whether bytes can be a data area in clear: fields with names, no control characters."""
    name, mark, _ = data.partition(b"=")
    return bool(mark) and 0 < len(name) <= 40 and _PLAIN.issuperset(name) and not any(byte < 0x20 for byte in data)
