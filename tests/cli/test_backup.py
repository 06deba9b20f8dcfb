"""Backup and restore: everything comes back, and a restore says so only when it is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def in_city(city_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_DATABASE_URL", city_url)


def test_backup_and_restore_bring_everything_back(yiwang: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    photo = home / "attachments" / "ab" / "cd" / "abcd"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a photo")
    folder = tmp_path / "backup"
    made = yiwang("backup", str(folder), "--json").json()
    assert made["journal"] > 0
    assert yiwang("backup", str(folder)).code == 3  # never over another backup
    photo.unlink()
    restored = yiwang("restore", str(folder), "--replace", "--json")
    assert (restored.code, restored.json()["wrong"]) == (0, [])
    assert photo.read_bytes() == b"a photo"
    assert yiwang("up", "--json").json()["changed"] is False


def test_a_folder_that_is_no_backup_is_refused(yiwang: Command, tmp_path: Path) -> None:
    answer = yiwang("restore", str(tmp_path))
    assert (answer.code, "backup.unreadable" in answer.error) == (3, True)
