"""Hatchling's hook: a wheel contains the web application, built here where it is missing or old.

An editable installation needs none: ``make run`` builds it, and a checkout without Node.js can still be worked on.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildWebHook(BuildHookInterface[Any]):
    """Runs ``scripts/build_web.py`` before the files of a wheel are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls it; ``version`` is "editable" or "standard"."""
        script = Path(self.root) / "scripts" / "build_web.py"
        if version != "editable" and (Path(self.root) / "web" / "package.json").exists():
            runpy.run_path(str(script))["build"]()
