"""Where PostgreSQL's programs are. Owns the search order; promises a version of 15 or later that carries PostGIS.

Order: ``YIWANG_PG_BIN`` · the distribution's folders · the private copy in ``<home>/pg-root`` · installing one
(:mod:`yiwang.kernel.cluster.install`).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yiwang.kernel.cluster import install
from yiwang.kernel.cluster.problems import BinariesMissing, BinariesUnusable, DataOfOtherVersion
from yiwang.kernel.cluster.system import Say, run, say_on_stderr

oldest_major = 15
_SYSTEM_PATTERNS = (
    ("/", "usr/lib/postgresql/*/bin"),  # Debian, Ubuntu
    ("/", "usr/pgsql-*/bin"),  # PostgreSQL's own packages for Fedora and kin
    ("/", "opt/homebrew/opt/postgresql@*/bin"),
    ("/", "usr/local/opt/postgresql@*/bin"),
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """PostgreSQL's programs: their folder, major version, and the variables that their processes need."""

    folder: Path
    major: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def program(self, name: str) -> Path:
        return self.folder / name

    def has_lz4(self) -> bool:
        """Whether this build can compress with LZ4, as Debian's and most others can."""
        if not self.program("pg_config").exists():
            return False
        return "--with-lz4" in run([self.program("pg_config"), "--configure"], environment=self.environment).stdout


def find_binaries(home: Path, *, major: int | None = None) -> Binaries | None:
    """The newest usable PostgreSQL of this machine, or the one of version ``major``; installs nothing.

    Raises:
        BinariesUnusable: ``YIWANG_PG_BIN`` is set and is not one.
    """
    chosen = os.environ.get("YIWANG_PG_BIN")
    if chosen:
        found = _chosen(Path(chosen))
        return found if major in (None, found.major) else None
    usable = [usual for folder in _system_folders() if isinstance(usual := examine(folder), Binaries)]
    usable.sort(key=lambda one: one.major, reverse=True)
    private = private_binaries(home)
    if private is not None:
        usable.append(private)
    return next((one for one in usable if major in (None, one.major)), None)


def ensure_binaries(home: Path, *, major: int | None = None, say: Say = say_on_stderr) -> Binaries:
    """As :func:`find_binaries`, but installs PostgreSQL where this system allows it: as root by the package manager of
    Debian or Ubuntu, else by unpacking the same packages into ``<home>/pg-root``.

    Raises:
        BinariesMissing: not found and not installable here; names the two commands of this system.
        BinariesUnusable, InstallFailed, DataOfOtherVersion.
    """
    found = find_binaries(home, major=major)
    if found is None and major is not None and (other := find_binaries(home)) is not None:
        raise DataOfOtherVersion(data=str(home / "pg" / "data"), need=major, have=other.major)
    if found is None and not os.environ.get("YIWANG_PG_BIN"):
        if not install.possible():
            raise BinariesMissing(seen=_seen(), commands=install.commands_of_this_system())
        install.install(home, major=major, say=say)
        found = find_binaries(home, major=major)
    if found is None:
        raise BinariesMissing(seen=_seen(), commands=install.commands_of_this_system())
    return found


def examine(folder: Path, environment: Mapping[str, str] | None = None) -> Binaries | str:
    """The programs in ``folder``, or the reason (English) why they are of no use."""
    for name in ("postgres", "initdb", "pg_ctl"):
        if not os.access(folder / name, os.X_OK):
            return f"{name} is not in {folder}"
    answer = run([folder / "postgres", "--version"], environment=environment)
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if version is None:
        return f"{folder}/postgres does not run: {(answer.stderr or answer.stdout).strip()[:200]}"
    major = int(version.group(1))
    if major < oldest_major:
        return f"PostgreSQL {major} in {folder} is older than {oldest_major}"
    if not any(library.exists() for library in _postgis_libraries(folder, environment)):
        return f"PostgreSQL {major} in {folder} has no PostGIS"
    return Binaries(folder, major, dict(environment or {}))


def private_binaries(home: Path) -> Binaries | None:
    """The private copy under ``home``, if it is complete and still runs on this system."""
    root = home.absolute() / "pg-root"
    if not (root / install.complete_marker).exists():
        return None
    environment = install.private_environment(root)
    for folder in root.glob("usr/lib/postgresql/*/bin"):
        if isinstance(found := examine(folder, environment), Binaries):
            return found
    return None


def _chosen(folder: Path) -> Binaries:
    folder = folder.absolute()
    root = next((parent for parent in folder.parents if (parent / install.complete_marker).exists()), None)
    found = examine(folder, install.private_environment(root) if root else None)
    if isinstance(found, str):
        raise BinariesUnusable(folder=str(folder), reason=found)
    return found


def _system_folders() -> Iterator[Path]:
    for top, pattern in _SYSTEM_PATTERNS:
        yield from Path(top).glob(pattern)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).parent  # Fedora, Arch, openSUSE: /usr/bin


def _postgis_libraries(folder: Path, environment: Mapping[str, str] | None) -> Iterator[Path]:
    suffix = "dylib" if sys.platform == "darwin" else "so"
    yield folder.parent / "lib" / f"postgis-3.{suffix}"
    configured = folder / "pg_config"
    if configured.exists():
        yield Path(run([configured, "--pkglibdir"], environment=environment).stdout.strip()) / f"postgis-3.{suffix}"


def _seen() -> str:
    """What the search came upon, for the message."""
    reasons = [found for folder in _system_folders() if isinstance(found := examine(folder), str)]
    return "; ".join(reasons) or "-"
