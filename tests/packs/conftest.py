"""Fixtures of the packs tests: a sound pack and city to spoil, and real cities on a real database."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.templates import MIGRATED

from yiwang.http.trial import Trial, open_trial, publish, trial_settings
from yiwang.kernel.cluster import EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
SOUND = Path(__file__).parent / "sound"

OpenTrial = Callable[[Path, datetime], AbstractAsyncContextManager[Trial]]


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sound packs and city, which is the working folder, so that findings show short paths."""
    shutil.copytree(SOUND, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def trials(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], OpenTrial]:
    """``trials(packs)`` opens cities with these packs: one template database per city, a copy per opening."""
    home = tmp_path_factory.mktemp("home")
    templates: dict[tuple[Path, Path], str] = {}

    async def template(packs: Path, folder: Path) -> str:
        key = (packs, folder)
        if key not in templates:
            name = "city_" + hashlib.sha256(f"{packs}{folder}".encode()).hexdigest()[:12]

            async def build(url: str) -> None:
                await publish(trial_settings(home, folder, packs), url, datetime(2020, 1, 1, tzinfo=UTC))

            await server.ensure_template(name, build, like=MIGRATED)
            templates[key] = name
        return templates[key]

    def opener(packs: Path) -> OpenTrial:
        @asynccontextmanager
        async def open_city(folder: Path, at: datetime) -> AsyncIterator[Trial]:
            name = f"trial_{secrets.token_hex(6)}"
            url = await server.create_database(name, template=await template(packs, folder))
            async with open_trial(trial_settings(home, folder, packs), url, at) as trial:
                yield trial
            await server.drop_database(name)

        return open_city

    return opener
