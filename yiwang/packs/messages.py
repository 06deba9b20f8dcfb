"""Every sentence that a check can say, by code: its level and its words in both languages (``data/messages.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import yaml

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Message:
    """``zh`` and ``en`` are templates; the check that speaks fills the braces."""

    zh: str
    en: str
    level: Level = "error"


def _read() -> dict[str, Message]:
    text = (Path(__file__).parent / "data" / "messages.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, str]] = yaml.safe_load(text)
    return {
        code: Message(entry["zh"], entry["en"], cast(Level, entry.get("level", "error")))
        for code, entry in table.items()
    }


MESSAGES: dict[str, Message] = _read()
