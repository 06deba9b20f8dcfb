"""Commands run in this process against a real database of their own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from tests.http.conftest import city_url, small_city_settings, small_city_template
from yiwang.cli import environment
from yiwang.cli.main import app

__all__ = ["city_url", "small_city_settings", "small_city_template"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    error: str

    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def yiwang(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Command]:
    """``yiwang("journal", "verify", "--json")`` in an installation of its own; give it a database by environment."""
    monkeypatch.setenv("YIWANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YIWANG_CITY", str(ROOT / "tests" / "cities" / "small"))
    monkeypatch.setenv("YIWANG_PACKS", str(ROOT / "packs"))
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    environment.settings.cache_clear()

    def run(*arguments: str) -> Answer:
        environment.settings.cache_clear()
        result = CliRunner().invoke(app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    yield run
    environment.settings.cache_clear()
    root.handlers[:], root.level = before
    structlog.reset_defaults()
