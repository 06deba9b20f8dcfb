"""Finding PostgreSQL and choosing its packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from yiwang.kernel.cluster import configuration, install
from yiwang.kernel.cluster.binaries import Binaries, examine, find_binaries

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36

Package: postgresql-15
Status: install ok installed
Architecture: amd64
Version: 15.1

Package: postgresql-15-postgis-3
Status: install ok installed
Version: 3.3

Package: postgresql-common
Status: deinstall ok config-files
Version: 248

Package: perl
Status: install ok installed
Version: 5.36
"""


def program(folder: Path, name: str, says: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def installation(folder: Path, version: str, *, postgis: bool = True) -> Path:
    for name in ("initdb", "pg_ctl"):
        program(folder / "bin", name)
    program(folder / "bin", "postgres", f"postgres (PostgreSQL) {version}")
    (folder / "lib").mkdir()
    if postgis:
        (folder / "lib" / "postgis-3.so").touch()
    return folder / "bin"


def test_complete_installation_is_taken(tmp_path: Path) -> None:
    found = examine(installation(tmp_path, "16.4 (Ubuntu 16.4-1)"))
    assert isinstance(found, Binaries)
    assert found.major == 16


@pytest.mark.parametrize(
    ("version", "postgis", "reason"),
    [("14.9", True, "older than 15"), ("17.0", False, "has no PostGIS"), ("??", True, "does not run")],
)
def test_useless_installation_is_passed_over_with_the_reason(
    tmp_path: Path, version: str, postgis: bool, reason: str
) -> None:
    found = examine(installation(tmp_path, version, postgis=postgis))
    assert isinstance(found, str)
    assert reason in found


def test_folder_without_the_programs_is_named(tmp_path: Path) -> None:
    assert examine(tmp_path) == f"postgres is not in {tmp_path}"


def test_YIWANG_PG_BIN_goes_before_everything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = installation(tmp_path, "18.1")
    monkeypatch.setenv("YIWANG_PG_BIN", str(chosen))
    assert find_binaries(tmp_path) == Binaries(chosen, 18)


def test_newest_offered_version_from_15_on_is_chosen() -> None:
    listing = (
        "postgresql-14-postgis-3 - Geographic objects support for PostgreSQL 14\n"
        "postgresql-15-postgis-3 - Geographic objects support for PostgreSQL 15\n"
        "postgresql-15-postgis-3-scripts - Geographic objects support for PostgreSQL 15\n"
        "postgresql-17-postgis-3-dbgsym - debug symbols\n"
    )
    assert install.newest_major(listing) == 17
    assert install.newest_major("postgresql-14-postgis-3 - old\n") is None
    assert install.newest_major("") is None


def test_private_copy_counts_the_systems_libraries_and_downloads_the_server_anew() -> None:
    seen = install.status_for_private_copy(STATUS, {"libllvm14": "1:14", "perl": "5.36", "postgresql-common": "248"})
    assert "Package: libc6\n" in seen
    assert "Package: postgresql-15\n" not in seen
    assert "Package: postgresql-15-postgis-3\n" not in seen
    assert seen.count("Package: perl\n") == 1, "installed already: not pretended"
    assert "Package: libllvm14\nStatus: install ok installed\n" in seen
    assert "Package: postgresql-common\nStatus: install ok installed\n" in seen, (
        "configuration left behind is no install"
    )
    assert "\n\n\n" not in seen


def test_settings_fit_small_machines_and_never_give_up_durability(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for gigabytes, buffers in ((0.5, "128MB"), (4, "1024MB"), (64, "8192MB")):
        memory = int(gigabytes * 2**30)
        monkeypatch.setattr(configuration, "memory_bytes", lambda memory=memory: memory)
        values = configuration.server_settings(
            socket_folder=tmp_path, log_folder=tmp_path, free_disk=2**40, lz4=False, overrides={}
        )
        assert values["shared_buffers"] == buffers
        assert {values[name] for name in ("fsync", "full_page_writes", "synchronous_commit")} == {"on"}


def test_values_with_quotes_survive_the_settings_file() -> None:
    text = configuration.settings_text({"log_directory": r"/tmp/o'neil\x"})
    assert text.endswith("log_directory = '/tmp/o''neil\\\\x'\n")
