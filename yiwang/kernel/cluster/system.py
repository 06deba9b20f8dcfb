"""The operating system as the cluster needs it: commands, accounts, memory, processes, locks; nothing of PostgreSQL.

Everything here is blocking. Commands are argument lists, never a shell line.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from yiwang.kernel.cluster.problems import AccountMissing, HomeUnusable, LockedByOther

Say: TypeAlias = Callable[[str, str], None]
"""Receives one progress line, in Chinese and in English."""

Completed: TypeAlias = "subprocess.CompletedProcess[str]"

progress_seconds = 3.0


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int


def speaks_chinese() -> bool:
    """Whether the terminal's language is Chinese."""
    chosen = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((name for name in chosen if name), "").startswith("zh")


def say_on_stderr(zh: str, en: str) -> None:
    """Print a progress line on stderr in the language of the terminal."""
    print("yiwang:", zh if speaks_chinese() else en, file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path = Path("/"),
    inherit: Sequence[int] = (),
) -> Completed:
    """Run ``command`` to its end, as ``account`` when given, and return its code and output; never raises on the code.
    A program that is not there is code 127. ``inherit`` are file descriptors that the program keeps.

    The environment is only PATH, the C locale, UTC and ``environment``, so that no PG* variable of the caller leaks in.
    """
    words = [str(word) for word in command]
    if shutil.which(words[0], path=clean_environment(environment)["PATH"]) is None:
        return subprocess.CompletedProcess(words, 127, "", f"{words[0]}: not found")
    return subprocess.run(  # noqa: S603 - argument lists built in this package, no shell
        words,
        check=False,
        text=True,
        errors="replace",
        capture_output=True,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=clean_environment(environment),
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        umask=0o077 if account is not None else -1,
        pass_fds=inherit,
    )


def run_with_progress(
    command: Sequence[str | Path], say: Say, *, environment: Mapping[str, str] | None = None, folder: Path = Path("/")
) -> Completed:
    """As :func:`run` (stderr joined to stdout), passing on the newest line of output every few seconds."""
    words = [str(word) for word in command]
    lines: list[str] = []
    last = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - as in run
        words,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=clean_environment(environment),
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if time.monotonic() - last > progress_seconds and line.strip():
                last = time.monotonic()
                say(f"  … {line.strip()}", f"  … {line.strip()}")
    return subprocess.CompletedProcess(words, process.returncode, "".join(lines), "")


def clean_environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """PATH, the C locale and UTC, the proxies that package managers need, and ``extra``."""
    path = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    kept = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return {**kept, "PATH": f"{path}:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC", **(extra or {})}


def is_root() -> bool:
    return os.geteuid() == 0


def account_of(uid: int) -> Account | None:
    """The account with this number, None where the system knows none."""
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def account_named(name: str) -> Account | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def unprivileged_account() -> Account:
    """The account that runs the server when we are root: postgres where it exists, else our own system user.

    Raises:
        AccountMissing: neither exists and none can be made.
    """
    for name in ("postgres", "yiwang"):
        if (account := account_named(name)) is not None and account.uid != 0:
            return account
    if shutil.which("useradd", path=clean_environment(None)["PATH"]):
        made = run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "yiwang"]
        )
        if made.returncode == 0 and (account := account_named("yiwang")) is not None:
            return account
    raise AccountMissing()


def reachable(folder: Path, account: Account) -> bool:
    """Whether ``account`` may pass through every parent of ``folder`` and enter it."""
    return run(["/bin/sh", "-c", 'test -x "$1"', "sh", folder], account=account).returncode == 0


def memory_bytes() -> int:
    """Memory of the machine, or of the container that we are in, whichever is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            text = limit.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def arguments_of(pid: int) -> list[str]:
    """The command line of a living process; empty for one that is gone, a zombie, or hidden from us."""
    if sys.platform == "linux":
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [os.fsdecode(word) for word in raw.split(b"\0") if word]
    listed = run(["ps", "-o", "command=", "-p", str(pid)])
    return listed.stdout.split() if listed.returncode == 0 else []


@contextmanager
def exclusive(path: Path, say: Say, *, seconds: float = 900) -> Iterator[None]:
    """Hold the lock file ``path`` against every other process; it is freed even if we are killed.

    Raises:
        LockedByOther: somebody else held it for ``seconds``.
        HomeUnusable: the file cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise HomeUnusable(folder=str(path.parent), reason=str(error.strerror)) from error
    try:
        began = time.monotonic()
        told = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                waited = time.monotonic() - began
                if waited > seconds:
                    raise LockedByOther(folder=str(path.parent), seconds=int(seconds)) from error
                if waited > 2 and not told:
                    told = True
                    say("另一个进程正在启动数据库,等待中…", "another process is starting the database; waiting …")
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def try_lock(path: Path) -> int | None:
    """An open descriptor that holds the lock of ``path``, or None when somebody else holds it; close it to let go."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def share_lock(path: Path) -> int:
    """An open descriptor that holds the lock of ``path`` together with others; waits while one holds it alone."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def alone_with_lock(descriptor: int) -> bool:
    """Whether nobody shares the lock any more; then it is ours alone until the descriptor is closed. Of several who ask,
    each gives up its share, so that the last one is told yes."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
