"""Where the cluster's files stand and whose they are, with and without root.

Promises a data folder that PostgreSQL accepts: mode 0700, of the account that runs the server, reachable for it, on a
file system that knows modes and sockets.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import stat
from pathlib import Path

from yiwang.kernel.cluster.problems import DataOfSomebodyElse, FolderTaken, HomeUnusable, ParentClosed
from yiwang.kernel.cluster.system import Account, Say, account_of, is_root, reachable, run, unprivileged_account

longest_socket_path = 103  # bytes: Linux takes 107, macOS 103
_SOCKET_NAME = ".s.PGSQL.5432.lock"


def make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(folder=str(home), reason=str(error.strerror)) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise HomeUnusable(folder=str(home), reason=os.strerror(errno.EACCES))


def prepare(home: Path, say: Say) -> Account | None:
    """Choose and make the folder behind ``<home>/pg`` for a cluster that is yet to be created.

    Returns:
        The account that will run the server; None means ourselves.
    """
    account = unprivileged_account() if is_root() else None
    link = home / "pg"
    folder = link.resolve()
    if link.is_symlink() or _accepts(home, account):
        _make_folder(folder)
        return account
    folder = (Path("/var/lib") if is_root() else Path.home() / ".local/share") / "yiwang" / _hash(home)
    _make_folder(folder)
    if not _accepts(folder, account):
        raise HomeUnusable(folder=f"{home}, {folder}", reason=os.strerror(errno.EPERM))
    if link.is_dir():
        link.rmdir()
    link.symlink_to(folder, target_is_directory=True)
    say(f"{home} 不便存放数据库文件,改放在 {folder}", f"{home} cannot hold the database's files; they go to {folder}")
    return account


def account_for(data: Path) -> Account | None:
    """The account that must run the server of existing data: their owner.

    Raises:
        DataOfSomebodyElse: we are not root and the data are not ours.
    """
    owner = data.stat().st_uid
    if owner == os.geteuid() and not is_root():
        return None
    account = account_of(owner)
    if is_root() and account is not None and owner != 0:
        return account
    raise DataOfSomebodyElse(data=str(data), owner=account.name if account else owner)


def check_reachable(data: Path, account: Account | None) -> None:
    if account is not None and not reachable(data, account):
        raise ParentClosed(data=str(data), account=account.name)


def make_private(folder: Path, account: Account | None) -> None:
    """Make ``folder`` 0700 and of ``account``; refuses one in a public place that somebody else made."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        expected = {os.geteuid(), *([account.uid] if account else [])}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in expected:
            owner = account_of(found.st_uid)
            raise FolderTaken(folder=str(folder), owner=owner.name if owner else found.st_uid) from None
    folder.chmod(0o700)
    give(folder, account)


def give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def fits_a_socket(folder: Path) -> bool:
    return len(os.fsencode(folder / _SOCKET_NAME)) <= longest_socket_path


def short_socket_folder(folder: Path) -> Path:
    """A folder of few letters that stands for ``folder``, the same in every process."""
    return Path("/tmp") / f"yiwang-{_hash(folder)}"  # noqa: S108 - made 0700 and its owner checked by make_private


def locale_options() -> list[str]:
    """initdb's options for sorting by code point with Unicode letters, as trigrams of Chinese need."""
    known = {name.lower().replace("-", "") for name in run(["locale", "-a"]).stdout.split()}
    if "c.utf8" in known or not known:
        return ["--locale=C.UTF-8"]
    return ["--lc-collate=C", "--lc-ctype=en_US.UTF-8", "--lc-messages=C"]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(folder=str(folder), reason=str(error.strerror)) from error


def _accepts(folder: Path, account: Account | None) -> bool:
    """Try it: a private folder of the account, reachable for it, in which a socket can be made."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        make_private(probe, account)
        found = probe.stat()
        owned = found.st_uid == (account.uid if account else os.geteuid())
        private = stat.S_IMODE(found.st_mode) == 0o700
        passable = account is None or reachable(probe, account)
        return owned and private and passable and _takes_sockets(probe)
    except OSError:
        return False
    finally:
        shutil.rmtree(probe, ignore_errors=True)


def _takes_sockets(folder: Path) -> bool:
    path = folder / "s"
    if not fits_a_socket(path):
        return True  # the socket will stand elsewhere
    with socket.socket(socket.AF_UNIX) as probe:
        probe.bind(str(path))
    return True


def _hash(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
