"""Every text of the application stands in both languages, and every key that is used exists once (the compiler sees that)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.small_city import ROOT

SOURCES = ROOT / "web" / "src"
DICTIONARIES = sorted(path for path in SOURCES.rglob("*texts.ts") if path.parent.name != "i18n")
PAIR = re.compile(r'^\s*"([^"]+)":\s*\[\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\s*,?\s*\],?', re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BLANK = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("path", DICTIONARIES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_每条文字都有中文和英文_占位符一致(path: Path) -> None:
    text = path.read_text("utf-8")
    pairs = PAIR.findall(text)
    assert pairs, f'{path}: no text is written as "key": ["中文", "English"]'
    for key, zh, en in pairs:
        assert zh.strip(), key
        assert en.strip(), key
        assert set(BLANK.findall(zh)) == set(BLANK.findall(en)), key
        assert en != zh or not CHINESE.search(en), f"{key}: not translated"


def test_每条文字都有人用() -> None:
    used = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.ts*") if not path.name.endswith("texts.ts"))
    starts = tuple(re.findall(r"`([a-z0-9.]+)\$\{", used))
    ends = tuple(re.findall(r"\}(\.[a-z0-9.]+)`", used))
    idle = []
    for path in DICTIONARIES:
        for key, _, _ in PAIR.findall(path.read_text("utf-8")):
            named = f'"{key}"' in used or f".{key}" in used
            if not named and not key.startswith(starts) and not key.endswith(ends):
                idle.append(f"{path.relative_to(SOURCES)}: {key}")
    assert idle == []
