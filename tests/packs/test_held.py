"""A pack that somebody holds is not read twice; one that has changed, or of which there is something to tell, is."""

from __future__ import annotations

import gc
from pathlib import Path

from yiwang.packs.findings import Findings
from yiwang.packs.held import _held
from yiwang.packs.loader import load_pack


def test_same_content_is_the_same_pack_while_it_is_held(sound: Path) -> None:
    folder = Path("packs/lamps")
    first = load_pack(folder, Findings())
    assert first is not None
    assert load_pack(folder, Findings()) is first
    (folder / "README.md").write_text("Another text.\n", "utf-8")
    assert load_pack(folder, Findings()) is not first


def test_what_nobody_holds_is_not_kept(sound: Path) -> None:
    gc.collect()
    before = len(_held)
    pack = load_pack(Path("packs/lamps"), Findings())
    assert pack is not None
    assert len(_held) == before + 1
    del pack
    gc.collect()
    assert len(_held) == before


def test_a_pack_with_findings_is_read_each_time_and_tells_them_each_time(sound: Path) -> None:
    folder = Path("packs/lamps")
    (folder / "stranger.txt").write_text("?", "utf-8")
    told = []
    for _ in range(2):
        findings = Findings()
        assert load_pack(folder, findings) is not None
        told.append([item.code for item in findings.items])
    assert told[0] == told[1] != []
