"""Sealing at rest: SM4-GCM (GB/T 32907) under the keys of a file of this installation, and keyed SM3 (GB/T 32905) digests.

A key file lies beside the database's folder with mode 0600 and is made at first use; it holds every key since the first, the
newest first, so that a rotation never leaves anything that cannot be opened. Whoever restores the database needs the file
too. One who holds the database alone reads nothing that was sealed.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from yiwang.kernel.errors import Problem

_key_bytes, _nonce_bytes, _tag_bytes = 16, 12, 16


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file: its public number and 16 bytes."""

    id: str
    value: bytes


class KeyMissing(Problem):
    code = "sealing.key_missing"
    status = 500
    zh = "密钥文件 {path} 中没有编号 {key} 的密钥,加密保存的内容无法解开;请从备份恢复该文件。"
    en = "The key file {path} has no key {key}, so what was sealed cannot be opened; restore the file from the backup."


class KeyFileUnreadable(Problem):
    code = "sealing.key_file_unreadable"
    status = 500
    zh = "密钥文件 {path} 无法使用:{reason};请从备份恢复,权限应为 0600。"
    en = "The key file {path} cannot be used: {reason}; restore it from the backup, mode 0600."


class KeyRing:
    """The keys of one file. Safe to share between tasks; reads the file when it first needs it, and when another process
    has rotated.

    ``missing`` and ``unreadable`` are what it raises, with ``path`` and ``key`` or ``reason``.
    """

    def __init__(
        self,
        path: Path,
        *,
        missing: type[Problem] = KeyMissing,
        unreadable: type[Problem] = KeyFileUnreadable,
    ) -> None:
        self.path = path
        self._missing, self._unreadable = missing, unreadable
        self._keys: dict[str, Key] = {}
        self._newest: Key | None = None
        self._read_at: int | None = None

    def seal(self, plain: bytes) -> tuple[str, str]:
        """(key, sealed) under the newest key: nonce, tag and text in base64url.

        Raises:
            KeyFileUnreadable: the key file is there but cannot be used.
        """
        key = self.newest()
        nonce = os.urandom(_nonce_bytes)
        encryptor = Cipher(algorithms.SM4(key.value), modes.GCM(nonce)).encryptor()
        text = encryptor.update(plain) + encryptor.finalize()
        return key.id, written(nonce + encryptor.tag + text)

    def open(self, key_id: str, sealed: str) -> bytes:
        """What was sealed.

        Raises:
            KeyMissing: sealed under a key that the file does not hold. KeyFileUnreadable: file or text were altered.
        """
        raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        nonce, rest = raw[:_nonce_bytes], raw[_nonce_bytes:]
        tag, text = rest[:_tag_bytes], rest[_tag_bytes:]
        key = self.key(key_id)
        try:
            decryptor = Cipher(algorithms.SM4(key.value), modes.GCM(nonce, tag)).decryptor()
            return decryptor.update(text) + decryptor.finalize()
        except (InvalidTag, ValueError) as error:
            raise self._unreadable(path=str(self.path), reason=f"SM4-GCM: {key_id}") from error

    def newest(self) -> Key:
        """The key that seals; the file is made where there is none."""
        if self._newest is None:
            self._load()
        if self._newest is None:
            self._create()
        if self._newest is None:
            raise self._unreadable(path=str(self.path), reason="empty")
        return self._newest

    def oldest(self) -> Key:
        """The first key that the file ever had."""
        newest = self.newest()
        return next(reversed(self._keys.values()), newest)

    def key(self, key_id: str) -> Key:
        """Raises KeyMissing."""
        if key_id not in self._keys:
            self._load()  # another process may have rotated
        if key_id not in self._keys:
            raise self._missing(path=str(self.path), key=key_id)
        return self._keys[key_id]

    def refresh(self) -> None:
        """Take over a rotation by another process; costs a look at the file's time."""
        try:
            changed = self.path.stat().st_mtime_ns
        except OSError:
            return
        if changed != self._read_at:
            self._load()

    def rotate(self) -> Key:
        """Put a new key at the head of the file; what was sealed stays readable. Seal it anew to be done with the old key.

        Raises:
            KeyFileUnreadable: the file cannot be read or written.
        """
        self.newest()
        self._load()
        key = _new_key()
        self._replace([key, *self._keys.values()])
        self._load()
        return key

    def _load(self) -> None:
        try:
            text = self.path.read_text("ascii")
            self._read_at = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise self._unreadable(path=str(self.path), reason=type(error).__name__) from error
        keys = {}
        for line in text.split("\n"):
            if line.strip():
                key_id, _, value = line.strip().partition(" ")
                try:
                    keys[key_id] = Key(key_id, bytes.fromhex(value))
                except ValueError as error:
                    raise self._unreadable(path=str(self.path), reason=f"key {key_id}") from error
                if len(keys[key_id].value) != _key_bytes:
                    raise self._unreadable(path=str(self.path), reason=f"key {key_id}")
        self._keys = keys
        self._newest = next(iter(keys.values()), None)

    def _create(self) -> None:
        """The first key; of processes that start together one makes the file and the others read it."""
        fresh = self.path.with_name(f"{self.path.name}.{secrets.token_hex(6)}.new")
        self._put(fresh, [_new_key()])
        try:
            os.link(fresh, self.path)  # never over a file that is there
        except FileExistsError:
            pass
        except OSError as error:
            raise self._unreadable(path=str(self.path), reason=type(error).__name__) from error
        finally:
            fresh.unlink(missing_ok=True)
        self._load()

    def _replace(self, keys: list[Key]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.{secrets.token_hex(6)}.new")
        self._put(fresh, keys)
        fresh.replace(self.path)

    def _put(self, path: Path, keys: list[Key]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write("".join(f"{key.id} {key.value.hex()}\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unreadable(path=str(self.path), reason=type(error).__name__) from error


def sm3(content: bytes) -> bytes:
    """The SM3 digest, 32 bytes."""
    found = hashes.Hash(hashes.SM3())
    found.update(content)
    return found.finalize()


def keyed_sm3(key: bytes, content: bytes) -> bytes:
    """HMAC with SM3, 32 bytes."""
    found = hmac.HMAC(key, hashes.SM3())
    found.update(content)
    return found.finalize()


def written(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _new_key() -> Key:
    return Key(secrets.token_hex(4), secrets.token_bytes(_key_bytes))
