"""Getting PostgreSQL with PostGIS onto a machine that has none. Owns the packages' choice and ``<home>/pg-root``.

As root on Debian or Ubuntu the distribution's packages are installed, without the cluster that they would start.
Without root the same packages are downloaded and unpacked into ``<home>/pg-root``; nothing outside it changes.
The sources, mirrors and proxies are those that apt is configured with.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from yiwang.kernel.cluster.problems import DiskFull, InstallFailed, ReleaseTooOld
from yiwang.kernel.cluster.system import Completed, Say, is_root, run, run_with_progress

complete_marker = ".complete"
oldest_major = 15
disk_needed_mb = 900
lock_patience_seconds = 900.0

_CREATECLUSTER = Path("/etc/postgresql-common/createcluster.d/zz-yiwang-install.conf")
_NOT_NEEDED = re.compile(
    r"^(libllvm\d|libgdal\d|libsfcgal\d|perl|postgresql-common|postgresql-client-common|ssl-cert|"
    r"debconf|locales|sysstat|proj-bin|postgresql-common-dev)"
)
"""Dependencies of the packages that the server and postgis-3.so do not load: just-in-time compilation (off here),
rasters, SFCGAL, and Debian's cluster scripts. The private copy leaves them out (56 MB instead of 540 MB)."""

_NOT_KEPT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/lib/postgresql/*/lib/bitcode")


def possible() -> bool:
    """Whether this system has Debian's package tools."""
    return sys.platform == "linux" and all(shutil.which(tool) for tool in ("apt-get", "apt-cache", "dpkg"))


def install(home: Path, *, major: int | None, say: Say) -> None:
    """Install PostgreSQL ``major`` (the newest offered when None) with PostGIS: system-wide as root, else privately.

    Raises:
        InstallFailed: naming the step, apt's words and the commands to run by hand.
        DiskFull: there is no room for the packages.
    """
    began = time.monotonic()
    if is_root():
        _install_packages(major, say)
    else:
        _unpack_private(home, major, say)
    seconds = round(time.monotonic() - began)
    say(f"PostgreSQL 已就绪,用时 {seconds} 秒", f"PostgreSQL is ready after {seconds} s")


def commands_of_this_system() -> str:
    """The two commands that bring PostgreSQL and PostGIS here, then Yiwang, as one line of text."""
    if sys.platform == "darwin":
        return "brew install postgresql@17 postgis; make run"
    if sys.platform == "win32":
        return "wsl --install -d Debian; wsl make run"
    for tool, command in (
        ("apt-get", "sudo apt-get install -y postgresql postgresql-postgis"),
        ("dnf", "sudo dnf install -y postgresql-server postgresql-contrib postgis"),
        ("zypper", "sudo zypper install -y postgresql-server postgresql-contrib postgis"),
        ("pacman", "sudo pacman -S --needed postgresql postgis"),
        ("apk", "sudo apk add postgresql postgresql-contrib postgis"),
    ):
        if shutil.which(tool):
            return f"{command}; make run"
    return "install PostgreSQL and PostGIS by your system's means; YIWANG_PG_BIN=/folder/of/postgres make run"


def private_environment(root: Path) -> dict[str, str]:
    """Variables for processes started from the private copy: where its libraries and PROJ's data are."""
    libraries = [
        folder
        for top in (root / "usr/lib", root / "lib")
        for folder in (*top.glob("*-linux-gnu*"), *top.glob("*-linux-gnu*/blas"), *top.glob("*-linux-gnu*/lapack"))
    ]
    environment = {"LD_LIBRARY_PATH": ":".join(str(folder) for folder in libraries)}
    if (root / "usr/share/proj").is_dir():
        environment["PROJ_DATA"] = environment["PROJ_LIB"] = str(root / "usr/share/proj")
    return environment


def newest_major(listing: str) -> int | None:
    """The highest usable version among package names such as ``postgresql-15-postgis-3`` in apt-cache's output."""
    majors = [int(found) for found in re.findall(r"^postgresql-(\d+)-postgis-3\b", listing, re.MULTILINE)]
    return max((major for major in majors if major >= oldest_major), default=None)


def status_for_private_copy(status: str, pretended: Mapping[str, str]) -> str:
    """dpkg's status as the solver shall see it: the system's libraries are there, PostgreSQL and PostGIS are not,
    and each package of ``pretended`` (name → version) is taken as installed, so that it is not downloaded."""
    stanzas = [stanza for stanza in status.split("\n\n") if stanza.strip()]
    kept = [stanza.strip("\n") for stanza in stanzas if not _is_server_package(_name_of(stanza))]
    installed = {_name_of(stanza) for stanza in kept if "Status: install ok installed" in stanza}
    pretence = [
        f"Package: {name}\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: foreign\nVersion: {version}\n"
        "Maintainer: none\nDescription: left out of the private copy"
        for name, version in sorted(pretended.items())
        if name not in installed
    ]
    kept = [stanza for stanza in kept if _name_of(stanza) in installed or _name_of(stanza) not in pretended]
    return "\n\n".join([*kept, *pretence]) + "\n"


def _name_of(stanza: str) -> str:
    found = re.search(r"^Package: (\S+)", stanza, re.MULTILINE)
    return found.group(1) if found else ""


def _is_server_package(name: str) -> bool:
    return re.match(r"postgresql(-client)?-\d+", name) is not None


def _by_hand(major: int | None) -> str:
    packages = f"postgresql-{major} postgresql-{major}-postgis-3" if major else "postgresql postgresql-postgis"
    return f"sudo apt-get update; sudo apt-get install -y {packages}"


def _failed(step: str, answer: Completed, major: int | None) -> InstallFailed:
    words = [line for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]
    errors = [line for line in words if line.startswith("E:")] or words[-3:]
    return InstallFailed(
        step=step, reason=" ".join(errors)[-500:] or f"exit {answer.returncode}", commands=_by_hand(major)
    )


def _apt(
    words: Sequence[str | Path], say: Say, environment: Mapping[str, str] | None = None, folder: Path = Path("/")
) -> Completed:
    """Run an apt command, waiting while somebody else holds apt's locks."""
    deadline = time.monotonic() + lock_patience_seconds
    told = False
    while True:
        answer = run_with_progress(words, say, environment=environment, folder=folder)
        locked = re.search(r"(Could not get lock|Unable to (acquire|lock)|is another process using it)", answer.stdout)
        if answer.returncode == 0 or locked is None or time.monotonic() > deadline:
            return answer
        if not told:
            told = True
            say("系统正在安装别的软件(apt 被占用),等待中…", "another installation holds apt's lock; waiting …")
        time.sleep(3)


def _room_for(folder: Path) -> None:
    free_mb = shutil.disk_usage(folder).free // 2**20
    if free_mb < disk_needed_mb:
        raise DiskFull(folder=str(folder), free_mb=free_mb, need_mb=disk_needed_mb)


def _install_packages(major: int | None, say: Say) -> None:
    _room_for(Path("/var"))
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
    say("更新软件包目录(apt-get update)…", "refreshing the package lists (apt-get update) …")
    updated = _apt(["apt-get", "update", "-q"], say, quiet)
    major = major or newest_major(run(["apt-cache", "search", "--names-only", "^postgresql-[0-9]+-postgis-3$"]).stdout)
    if major is None:
        if updated.returncode != 0:
            raise _failed("apt-get update", updated, None)
        raise _too_old_release()
    say(
        f"安装 PostgreSQL {major} 与 PostGIS(约 130 MB,通常 20–60 秒)…",
        f"installing PostgreSQL {major} with PostGIS (about 130 MB, usually 20-60 s) …",
    )
    made_folder = not _CREATECLUSTER.parent.exists()
    _CREATECLUSTER.parent.mkdir(parents=True, exist_ok=True)
    _CREATECLUSTER.write_text(
        "# while Yiwang installs PostgreSQL: it runs a cluster of its own\ncreate_main_cluster = false\n"
    )
    try:
        packages = [f"postgresql-{major}", f"postgresql-{major}-postgis-3"]
        answer = _apt(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], say, quiet)
    finally:
        _CREATECLUSTER.unlink(missing_ok=True)
        if made_folder and not any(_CREATECLUSTER.parent.iterdir()):
            _CREATECLUSTER.parent.rmdir()
    if answer.returncode != 0:
        raise _failed("apt-get install", answer, major)


def _too_old_release() -> ReleaseTooOld:
    return ReleaseTooOld(
        commands="sudo apt-get install -y postgresql-common && sudo sh /usr/share/postgresql-common/pgdg/*.sh -y; "
        "sudo apt-get install -y postgresql-17 postgresql-17-postgis-3"
    )


def _unpack_private(home: Path, major: int | None, say: Say) -> None:
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    _room_for(home)
    work = home / "pg-root.partial"
    shutil.rmtree(work, ignore_errors=True)
    try:
        _fill(work, major, say)
        target = home / "pg-root"
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _fill(root: Path, major: int | None, say: Say) -> None:
    """Download the packages and unpack them under ``root``, then check that every library is found."""
    apt = root / "apt"
    debs = root / "debs"
    for folder in (apt / "lists" / "partial", apt / "cache" / "archives" / "partial", debs):
        folder.mkdir(parents=True)
    options = _private_apt_options(apt)
    status = Path("/var/lib/dpkg/status").read_text(errors="replace")
    (apt / "status").write_text(status)
    say(
        "没有管理员权限:把 PostgreSQL 下载到项目自己的目录(约 60 MB)…",
        "no root: fetching PostgreSQL into the project's own folder (about 60 MB) …",
    )
    updated = _apt(["apt-get", *options, "-q", "update"], say)
    if updated.returncode != 0:
        raise _failed("apt-get update", updated, major)
    search = run(["apt-cache", *options, "search", "--names-only", "^postgresql-[0-9]+-postgis-3$"])
    major = major or newest_major(search.stdout)
    if major is None:
        raise _too_old_release()
    wanted = [f"postgresql-{major}", f"postgresql-{major}-postgis-3"]
    missing: list[str] = []
    for pretended in (_left_out(options, [*wanted, f"postgresql-client-{major}"]), {}):
        (apt / "status").write_text(status_for_private_copy(status, pretended))
        _download_and_unpack(root, options, wanted, pretended.keys(), say)
        missing = missing_libraries(root)
        if not missing:
            break
        say("补齐其余依赖…", "fetching the remaining dependencies …")
    if missing:
        raise InstallFailed(step="ldd", reason="libraries not found: " + ", ".join(missing), commands=_by_hand(major))
    for folder in (apt, debs, *(part for pattern in _NOT_KEPT for part in root.glob(pattern))):
        shutil.rmtree(folder)
    (root / complete_marker).write_text(f"{major}\n")


def _private_apt_options(apt: Path) -> list[str]:
    settings = {
        "Dir::State": apt,
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _left_out(options: Sequence[str], packages: Iterable[str]) -> dict[str, str]:
    """Name and offered version of the dependencies of ``packages`` that the private copy does not need."""
    depends = run(["apt-cache", *options, "depends", "--no-recommends", "--no-suggests", *packages]).stdout
    names = sorted(
        name for name in set(re.findall(r"Depends: ([a-z0-9][a-z0-9+.-]+)", depends)) if _NOT_NEEDED.match(name)
    )
    policies = run(["apt-cache", *options, "policy", *names]).stdout if names else ""
    return {
        name: version
        for name, version in re.findall(r"^(\S+):\n(?:  .*\n)*?  Candidate: (\S+)", policies, re.MULTILINE)
        if version != "(none)"
    }


def _download_and_unpack(
    root: Path, options: Sequence[str], wanted: Sequence[str], left_out: Collection[str], say: Say
) -> None:
    plan = run(["apt-get", *options, "-s", "--no-install-recommends", "install", *wanted])
    packages = [name for name in re.findall(r"^Inst (\S+)", plan.stdout, re.MULTILINE) if name not in left_out]
    if plan.returncode != 0 or not packages:
        raise _failed("apt-get -s install", plan, None)
    debs = root / "debs"
    present = {deb.name.split("_")[0] for deb in debs.glob("*.deb")}
    fetch = [package for package in packages if package.split(":")[0] not in present]
    say(f"下载 {len(fetch)} 个软件包…", f"downloading {len(fetch)} packages …")
    fetched = _apt(["apt-get", *options, "-q", "download", *fetch], say, folder=debs)
    if fetched.returncode != 0:
        raise _failed("apt-get download", fetched, None)
    new = [deb for deb in debs.glob("*.deb") if deb.name.split("_")[0] not in present]
    say(f"解包 {len(new)} 个软件包…", f"unpacking {len(new)} packages …")
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for answer in pool.map(lambda deb: run(["dpkg", "-x", deb, root]), new):
            if answer.returncode != 0:
                raise _failed("dpkg -x", answer, None)
    for control in root.glob("usr/share/postgresql/*/extension/*-3.control"):
        # what update-alternatives would have linked
        plain = control.with_name(control.name.replace("-3.control", ".control"))
        if not plain.exists():
            plain.symlink_to(control.name)


def missing_libraries(root: Path) -> list[str]:
    """Shared libraries that the programs and extensions of the private copy ask for and that nothing provides."""
    checked = [
        path
        for pattern in ("bin/postgres", "bin/initdb", "bin/pg_ctl", "bin/psql", "bin/pg_dump", "lib/postgis-3.so")
        for path in root.glob(f"usr/lib/postgresql/*/{pattern}")
    ]
    answer = run(["ldd", *checked], environment=private_environment(root))
    return sorted(set(re.findall(r"^\s*(\S+) => not found", answer.stdout, re.MULTILINE)))
