"""口令规则与散列:password rules and hashing."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.identity.errors import PasswordWeak
from yiwang.identity.passwords import (
    Passwords,
    check_password,
    new_api_token,
    new_session_token,
    temporary_password,
    token_hash,
)


@pytest.mark.parametrize(
    "password",
    [
        "K3-river-blue",
        "correct horse battery",
        "Xq7!mmzk",
        "白云山下有人家喝茶呀",
        "nuodfhxcpw",
        "Zz9kTr4w",
    ],
)
def test_合格的密码(password: str) -> None:
    check_password(password, "zhangsan")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Xq7!mmz", "10 characters"),
        ("nuodfhxc", "10 characters"),
        ("nuodfhx7c", "10 characters"),
        ("zhangsan-8899X", "login"),
        ("nasgnahz-8899X", "login"),
        ("ZHANGSAN-8899x", "login"),
        ("password123", "common"),
        ("P@ssw0rd2026", "common"),
        ("Admin@123456", "common"),
        ("woaini1314520", "common"),
        ("Tianjin2026!", "common"),
        ("1234567890", "common"),
        ("13812345678", "common"),
        ("qwertyuiop", "common"),
        ("1qaz2wsx3edc", "common"),
        ("Abcd!1234", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("abc!1abc!1", "common"),
        ("x" * 129, "128"),
    ],
)
def test_不合格的密码_说明原因(password: str, reason: str) -> None:
    with pytest.raises(PasswordWeak) as refusal:
        check_password(password, "zhangsan")
    assert reason in refusal.value.message("en")


@given(st.text(max_size=140), st.text(max_size=20))
def test_任何文字_要么合格要么被拒绝(password: str, login: str) -> None:
    with suppress(PasswordWeak):
        check_password(password, login)


def test_一次性密码_总是合格且各不相同() -> None:
    passwords = {temporary_password() for _ in range(200)}
    assert len(passwords) == 200
    for password in passwords:
        check_password(password, "zhangsan")


async def test_散列与核对_全角半角同一密码() -> None:
    passwords = Passwords()
    stored = await passwords.hash("K3-river-blue")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(stored, "K3-river-blue")
    assert await passwords.verify(stored, "Ｋ3-river-blue")
    assert not await passwords.verify(stored, "K3-river-blu")
    assert not await passwords.verify("not a hash", "K3-river-blue")
    assert not passwords.outdated(stored)
    assert Passwords(passes=3).outdated(stored)


async def test_没有账号_做同样的核对工作(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown login costs a whole hash of the same parameters; how long that takes is not a matter for a test."""
    passwords = Passwords()
    stored = await passwords.hash("K3-river-blue")
    worked: list[str] = []
    verify = Passwords._verify

    def counted(self: Passwords, against: str, password: str) -> bool:
        worked.append(against.rsplit("$", 2)[0])
        return verify(self, against, password)

    monkeypatch.setattr(Passwords, "_verify", counted)
    assert not await passwords.verify(stored, "wrong-password")
    assert not await passwords.verify(None, "wrong-password")
    assert len(worked) == 2
    assert worked[0] == worked[1], "the same algorithm, memory and passes"


def test_令牌形状_只存散列() -> None:
    token = new_api_token()
    assert token.startswith("yw_")
    assert len(token) == 46
    assert len(new_session_token()) == 43
    assert len(token_hash(token)) == 32
    assert token.encode() not in token_hash(token)
