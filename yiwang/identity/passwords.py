"""Passwords and secrets: the rules a password must meet, argon2id hashing off the event loop, random tokens.

Promises: a hash is never computed on the event loop, at most two at a time in a process (each takes 19 MiB); verifying
against no account costs the same as against one; only SHA-256 of session and API tokens is ever stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from yiwang.identity.errors import PasswordWeak
from yiwang.kernel.identifiers import new_code

longest_password = 128
token_prefix = "yw_"  # noqa: S105 - the public beginning of every API token, not a secret

_CLASSES = (str.islower, str.isupper, str.isdigit)

_COMMON_WORDS = """
password passwort passw0rd admin administrator root user guest test demo default changeme letmein welcome login
master secret qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc iloveyou sunshine
princess dragon monkey football baseball superman batman trustno hello abc abcd abcdef abcabc aaa
woaini woaiwojia wodemima mima mimamima nihao zhongguo china beijing tianjin shanghai guangzhou chengdu
yiwang yiwangtongguan yiwangtongban chengguan chengshiguanli zhengfu wangge wanggeyuan shuzichengguan
government system manager operator supervisor dispatcher huawei tencent alibaba baidu taobao
"""

_COMMON = frozenset(_COMMON_WORDS.split())
"""Words that, with digits or signs around them, are the passwords tried first."""

_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_LOOKALIKE = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s", "!": "i"})


def normal(password: str) -> str:
    """The password as it is hashed: NFKC, so that full-width input methods give the same password."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, login: str) -> None:
    """Refuse a password that the rules forbid: at least 10 characters, or 8 with three of small letters, capitals,
    digits and signs; at most 128; not built on the login; not a common one.

    Raises:
        PasswordWeak: says which rule.
    """
    text = normal(password)
    if len(text) > longest_password:
        raise PasswordWeak(
            reason_zh=f"最多 {longest_password} 个字符", reason_en=f"at most {longest_password} characters"
        )
    classes = sum(any(test(char) for char in text) for test in _CLASSES)
    classes += any(not char.isalnum() or (char.isalpha() and not char.isascii()) for char in text)
    if len(text) < 8 or (len(text) < 10 and classes < 3):
        raise PasswordWeak(
            reason_zh="至少 10 个字符,或至少 8 个字符并含小写字母、大写字母、数字、符号中的三种",
            reason_en="use 10 characters, or 8 with three of small letters, capitals, digits and signs",
        )
    folded = text.casefold()
    name = login.casefold()
    if len(name) >= 3 and (name in folded or name[::-1] in folded):
        raise PasswordWeak(reason_zh="不能包含登录名", reason_en="it must not contain the login")
    if _is_common(folded):
        raise PasswordWeak(
            reason_zh="这是常见密码,容易被猜中,请换一个", reason_en="it is a common password; choose another"
        )


def _is_common(folded: str) -> bool:
    if len(set(folded)) < 5:
        return True
    letters = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)  # what stands between leading and trailing digits and signs
    spelt = re.sub(r"[\W_]", "", folded).translate(_LOOKALIKE)
    if letters in _COMMON or letters.translate(_LOOKALIKE) in _COMMON or spelt in _COMMON:
        return True
    halves = folded[: len(folded) // 2], folded[(len(folded) + 1) // 2 :]
    return (halves[0] == halves[1] and len(folded) < 16) or _is_row(folded) or _is_date(folded)


def _is_row(folded: str) -> bool:
    """Runs of the keyboard or alphabet, one or two of them and little else: 1234567890, abcd1234, qwerty123456."""
    rest = folded
    for _ in range(2):
        run = max(
            (part for row in _ROWS for line in (row * 2, row[::-1] * 2) for part in _common_parts(rest, line)),
            key=len,
            default="",
        )
        rest = rest.replace(run, "", 1) if len(run) >= 3 else rest
    return len(rest) <= 2


def _common_parts(text: str, line: str) -> list[str]:
    parts: list[str] = []
    for start in range(len(text)):
        end = start + 3
        while end <= len(text) and text[start:end] in line:
            end += 1
        if end > start + 3:
            parts.append(text[start : end - 1])
    return parts


def _is_date(folded: str) -> bool:
    """Digits only, and no more than two dates or a telephone number of them."""
    return folded.isdigit() and len(folded) <= 11


def temporary_password() -> str:
    """A one-time password that can be read over the phone: three groups of four, 59 bits."""
    return "-".join(new_code(4) for _ in range(3))


def new_session_token() -> str:
    """32 random bytes, base64url."""
    return secrets.token_urlsafe(32)


def new_api_token() -> str:
    """``yw_`` and 32 random bytes, base64url."""
    return token_prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token: the tokens are random, so no salt and no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


class Passwords:
    """Hashes and verifies in threads. Parameters follow RFC 9106 and OWASP's least memory: 19 MiB, 2 passes, 1 lane."""

    def __init__(self, *, memory_kib: int = 19_456, passes: int = 2, at_once: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._room = asyncio.Semaphore(at_once)
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """The argon2id hash to store."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, normal(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` is the one hashed; with ``stored`` None false, after the same work."""
        async with self._room:
            good = await asyncio.to_thread(
                self._verify, stored or self._nobody, normal(password[: 4 * longest_password])
            )
        return good and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters and should be made anew at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
