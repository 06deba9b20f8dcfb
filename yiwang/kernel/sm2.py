"""SM2 signatures (GB/T 32918.2-2016, SM3 digest) over the curve sm2p256v1: keys, signing, verifying, and their written forms.

A signature is hex ``r‖s``; :func:`der` and :func:`public_pem` write signature and public key as OpenSSL and other programs
read them. Verification sees public values only. Signing walks a ladder of one length over randomised coordinates; Python's
numbers still take time by their value, so whoever could measure this process closely belongs to those who may read its key.
Vectors of the standard are in the tests.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass
from typing import TypeAlias

from yiwang.kernel.sealing import keyed_sm3, sm3

_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
_GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

DEFAULT_ID = b"1234567812345678"
"""The signer's identity where none was agreed (GM/T 0009)."""
_public_key_hex = 130
_signature_hex = 128
_spki_head = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
"""SubjectPublicKeyInfo of a key on this curve, all but the point (GM/T 0010, RFC 5480)."""

Point: TypeAlias = tuple[int, int, int]
"""Jacobian coordinates; Z = 0 is the point at infinity."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """``private``: 32 bytes as hex; ``public``: hex ``04‖X‖Y``."""

    private: str
    public: str


def new_key_pair() -> KeyPair:
    """A fresh pair."""
    private = 1 + secrets.randbelow(_N - 2)
    return KeyPair(f"{private:064x}", public_of(f"{private:064x}"))


def public_of(private: str) -> str:
    """The public key of a private one."""
    x, y = _affine(_ladder(int(private, 16)))
    return f"04{x:064x}{y:064x}"


def sign(private: str, message: bytes, identity: bytes = DEFAULT_ID) -> str:
    """The signature of ``message``, hex ``r‖s``.

    The number that must never repeat is drawn from key, message and fresh random bits together.
    """
    point = public_point(public_of(private))
    if point is None:
        raise ValueError("no private key of this curve")
    digest = sm3(_za(point, identity) + message)
    e, d = int.from_bytes(digest, "big"), int(private, 16)
    while True:
        key = bytes.fromhex(private)
        drawn = keyed_sm3(key, b"\0" + digest + secrets.token_bytes(32)) + secrets.token_bytes(16)
        k = int.from_bytes(drawn, "big") % (_N - 1) + 1
        r = (e + _affine(_ladder(k))[0]) % _N
        if r == 0 or r + k == _N:
            continue
        s = pow(1 + d, -1, _N) * (k - r * d) % _N
        if s != 0:
            return f"{r:064x}{s:064x}"


def der(signature: str) -> bytes:
    """A signature as ``SEQUENCE { INTEGER r, INTEGER s }``."""
    body = b"".join(_integer(int(part, 16)) for part in (signature[:64], signature[64:]))
    return b"\x30" + bytes([len(body)]) + body


def _integer(number: int) -> bytes:
    raw = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(raw)]) + raw


def public_pem(public_key: str) -> str:
    """A public key as PEM (SubjectPublicKeyInfo)."""
    text = b64encode(_spki_head + bytes.fromhex(public_key)).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(("-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""))


def _ladder(number: int) -> Point:
    """``number·G`` by a Montgomery ladder whose length does not depend on the number."""
    blind = 1 + secrets.randbelow(_P - 1)
    squared = blind * blind % _P
    base: Point = (_GX * squared % _P, _GY * squared * blind % _P, blind)
    long = number + _N
    long = long if long.bit_length() > _N.bit_length() else long + _N
    low, high = base, _double(base)
    for bit in range(long.bit_length() - 2, -1, -1):
        if (long >> bit) & 1:
            low, high = _add(low, high), _double(high)
        else:
            low, high = _double(low), _add(low, high)
    return low


def _affine(point: Point) -> tuple[int, int]:
    inverse = pow(point[2], -1, _P)
    squared = inverse * inverse % _P
    return point[0] * squared % _P, point[1] * squared * inverse % _P


def public_point(public_key: str) -> tuple[int, int] | None:
    """The point that hex ``04‖X‖Y`` names, or None when it is no point of the curve."""
    if len(public_key) != _public_key_hex or not public_key.startswith("04"):
        return None
    try:
        x, y = int(public_key[2:66], 16), int(public_key[66:], 16)
    except ValueError:
        return None
    on_curve = x < _P and y < _P and (y * y - (x * x * x + _A * x + _B)) % _P == 0
    return (x, y) if on_curve else None


def verify(public_key: str, message: bytes, signature: str, identity: bytes = DEFAULT_ID) -> bool:
    """Whether ``signature`` (hex ``r‖s``) of ``message`` is the key owner's."""
    point = public_point(public_key)
    if point is None or len(signature) != _signature_hex:
        return False
    try:
        r, s = int(signature[:64], 16), int(signature[64:], 16)
    except ValueError:
        return False
    if not (1 <= r < _N and 1 <= s < _N):
        return False
    t = (r + s) % _N
    if t == 0:
        return False
    e = int.from_bytes(sm3(_za(point, identity) + message), "big")
    found = _both(s, t, point)
    if found[2] == 0:
        return False
    inverse = pow(found[2], -1, _P)
    return (e + found[0] * inverse * inverse % _P) % _N == r


def _za(point: tuple[int, int], identity: bytes) -> bytes:
    """The digest of the signer: ``SM3(ENTL ‖ ID ‖ a ‖ b ‖ G ‖ P)``."""
    numbers = (_A, _B, _GX, _GY, *point)
    length = (len(identity) * 8).to_bytes(2, "big")
    return sm3(length + identity + b"".join(number.to_bytes(32, "big") for number in numbers))


def _both(s: int, t: int, point: tuple[int, int]) -> Point:
    """``s·G + t·P`` in one walk over the bits of both (Shamir's trick)."""
    base: Point = (_GX, _GY, 1)
    other: Point = (*point, 1)
    together = _add(base, other)
    found: Point = (0, 1, 0)
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        found = _double(found)
        match (s >> bit) & 1, (t >> bit) & 1:
            case 1, 1:
                found = _add(found, together)
            case 1, 0:
                found = _add(found, base)
            case 0, 1:
                found = _add(found, other)
    return found


def _double(point: Point) -> Point:
    x, y, z = point
    if z == 0 or y == 0:
        return (0, 1, 0)
    delta, gamma = z * z % _P, y * y % _P
    beta = x * gamma % _P
    alpha = 3 * (x - delta) * (x + delta) % _P
    x3 = (alpha * alpha - 8 * beta) % _P
    z3 = ((y + z) * (y + z) - gamma - delta) % _P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % _P, z3


def _add(one: Point, other: Point) -> Point:
    if one[2] == 0:
        return other
    if other[2] == 0:
        return one
    z1, z2 = one[2] * one[2] % _P, other[2] * other[2] % _P
    u1, u2 = one[0] * z2 % _P, other[0] * z1 % _P
    s1, s2 = one[1] * other[2] * z2 % _P, other[1] * one[2] * z1 % _P
    if u1 == u2:
        return _double(one) if s1 == s2 else (0, 1, 0)
    h, r = (u2 - u1) % _P, (s2 - s1) % _P
    h2 = h * h % _P
    h3, v = h * h2 % _P, u1 * h2 % _P
    x3 = (r * r - h3 - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * h3) % _P, one[2] * other[2] * h % _P
