"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of real data and plan texts beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("YIWANG_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference data at {folder}; set YIWANG_SHARED to its folder")
    return folder
