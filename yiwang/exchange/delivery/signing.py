"""Signed requests (接口签名): who calls, when, once. The consumer signs what it asks with its key; nothing secret travels.

The text that is signed, lines joined by ``\\n``::

    GET
    /api/v1/exchange/data/0198…            the path
    limit=100                              the query as sent, "" without one
    1781770000                             X-Yiwang-Timestamp: seconds since 1970, real time
    7f3a9c…                                X-Yiwang-Nonce: 8 to 64 letters, digits, - or _
    e3b0c44298fc…                          the body's digest in hex, SHA-256 (SM3 with the two SM algorithms)

``HMAC-SHA256`` and ``HMAC-SM3`` (GB/T 15852.2) with the shared secret; ``SM2-SM3`` with the consumer's own key pair.
Signatures are hex. A timestamp counts for five minutes, a nonce once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from yiwang.exchange.errors import SignatureWrong
from yiwang.kernel import sm2
from yiwang.kernel.sealing import keyed_sm3, sm3

WINDOW = timedelta(minutes=5)
ALGORITHMS = ("HMAC-SHA256", "HMAC-SM3", "SM2-SM3")
key_prefix = "yx_"
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_KEY = re.compile(key_prefix + "[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as its consumer signed it. ``query``: as sent, without the question mark."""

    method: str
    path: str
    query: str
    key_id: str
    timestamp: str
    nonce: str
    algorithm: str
    signature: str
    body: bytes = b""


def new_key_id() -> str:
    """The public number of a key."""
    return key_prefix + secrets.token_hex(8)


def new_secret() -> str:
    """256 random bits, as hex."""
    return secrets.token_hex(32)


def text_of(signed: Signed) -> bytes:
    """What is signed; see the module."""
    digest = hashlib.sha256(signed.body) if signed.algorithm == "HMAC-SHA256" else None
    body = digest.hexdigest() if digest is not None else sm3(signed.body).hex()
    return "\n".join((signed.method, signed.path, signed.query, signed.timestamp, signed.nonce, body)).encode()


def _hmac_sha256(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _hmac_sm3(secret: str, text: bytes) -> str:
    return keyed_sm3(secret.encode(), text).hex()


_HMACS: Mapping[str, Callable[[str, bytes], str]] = {"HMAC-SHA256": _hmac_sha256, "HMAC-SM3": _hmac_sm3}


def sign(signed: Signed, secret: str) -> str:
    """The signature with a shared secret, as a consumer computes it."""
    return _HMACS[signed.algorithm](secret, text_of(signed))


def check_form(signed: Signed, now: datetime) -> None:
    """Raises SignatureWrong for what is missing, misshapen or of another time. ``now``: machine time."""
    if not signed.key_id or not signed.signature:
        raise _wrong("缺少 X-Yiwang-Key 或 X-Yiwang-Signature", "X-Yiwang-Key or X-Yiwang-Signature is missing")
    if signed.algorithm not in ALGORITHMS:
        raise _wrong(f"算法应为 {'、'.join(ALGORITHMS)} 之一", f"the algorithm is one of {', '.join(ALGORITHMS)}")
    if not _NONCE.fullmatch(signed.nonce):
        raise _wrong("nonce 应为 8 至 64 位字母、数字", "the nonce has 8 to 64 letters and digits")
    if not _KEY.fullmatch(signed.key_id):
        raise unknown_key()
    digits = signed.timestamp if re.fullmatch(r"[0-9]{1,12}", signed.timestamp) else ""
    if not digits or abs(now.timestamp() - int(digits)) > WINDOW.total_seconds():
        raise _wrong(
            "时间戳与服务器时间相差超过五分钟", "the timestamp is more than five minutes away from the server's"
        )


def check_signature(signed: Signed, secret: str, public_key: str) -> None:
    """Raises SignatureWrong unless the holder of the key signed exactly this request."""
    text = text_of(signed)
    if public_key:
        good = signed.algorithm == "SM2-SM3" and sm2.verify(public_key, text, signed.signature)
    elif signed.algorithm in _HMACS:
        good = hmac.compare_digest(_HMACS[signed.algorithm](secret, text).encode(), signed.signature.lower().encode())
    else:
        good = False
    if not good:
        raise unknown_key()


def unknown_key() -> SignatureWrong:
    """The same words for a key that there is not and a signature that does not fit."""
    return _wrong("密钥编号、签名或算法不符", "key, signature or algorithm do not fit together")


def _wrong(zh: str, en: str) -> SignatureWrong:
    return SignatureWrong(reason_zh=zh, reason_en=en)
