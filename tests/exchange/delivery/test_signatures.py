"""Signatures against the vectors of the standards; what a signature covers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yiwang.exchange.delivery import signing
from yiwang.exchange.delivery.signing import Signed
from yiwang.exchange.errors import SignatureWrong
from yiwang.kernel import sm2

# GM/T 0003.5-2012, annex: key pair, identity and signature of “message digest” on sm2p256v1.
PUBLIC = (
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
SIGNATURE = (
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_sm2_标准中的签名成立() -> None:
    assert sm2.verify(PUBLIC, b"message digest", SIGNATURE)


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (PUBLIC, b"message digesT", SIGNATURE),
        (PUBLIC, b"message digest", SIGNATURE[:-1] + "B"),
        (PUBLIC, b"message digest", "0" * 128),
        (PUBLIC, b"message digest", "F" * 128),
        (PUBLIC, b"message digest", SIGNATURE[:64]),
        (PUBLIC, b"message digest", "签" * 128),
        (PUBLIC[:-1] + "4", b"message digest", SIGNATURE),
        ("", b"message digest", SIGNATURE),
        ("04" + "0" * 128, b"message digest", SIGNATURE),
        ("04" + "F" * 128, b"message digest", SIGNATURE),
    ],
)
def test_sm2_任何改动都不成立(public: str, message: bytes, signature: str) -> None:
    assert not sm2.verify(public, message, signature)


def test_sm2_另一个身份的签名不成立() -> None:
    assert not sm2.verify(PUBLIC, b"message digest", SIGNATURE, b"ALICE123@YAHOO.COM")


def test_签名文本_每一行都算数() -> None:
    signed = Signed("GET", "/api/v1/exchange/data/1", "limit=5", "yx_1", "1781770000", "abcdefgh", "HMAC-SHA256", "")
    text = signing.text_of(signed)
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert text == f"GET\n/api/v1/exchange/data/1\nlimit=5\n1781770000\nabcdefgh\n{empty}".encode()
    sm3_of_nothing = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"
    assert signing.text_of(replace(signed, algorithm="HMAC-SM3")).endswith(sm3_of_nothing.encode())
    good = replace(signed, signature=signing.sign(signed, "secret"))
    signing.check_signature(good, "secret", "")
    signing.check_signature(replace(good, signature=good.signature.upper()), "secret", "")
    for wrong in (replace(good, body=b"x"), replace(good, nonce="abcdefgi"), replace(good, timestamp="1781770001")):
        with pytest.raises(SignatureWrong):
            signing.check_signature(wrong, "secret", "")


def test_登记了公钥的使用方不能改用共享密钥() -> None:
    signed = Signed("GET", "/", "", "yx_1", "1781770000", "abcdefgh", "HMAC-SHA256", "")
    good = replace(signed, signature=signing.sign(signed, ""))
    with pytest.raises(SignatureWrong):
        signing.check_signature(good, "", PUBLIC)
