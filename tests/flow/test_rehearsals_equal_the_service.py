"""What a rehearsal plays in memory is what the service does on the database: every walk of the repository, step by step."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.flow.mirrors import Mirror
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.database import Database
from yiwang.packs.findings import Findings
from yiwang.packs.walks import read_script, run_script, runner, walk_files

ROOT = Path(__file__).resolve().parents[2]
WALKS = walk_files([ROOT / "examples" / "flows", *sorted(ROOT.glob("packs/*/flows"))])
CALENDAR = load_calendar(calendar_files())


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.name.split(".")[0])
async def test_演练与数据库里办理的结果完全一致(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = read_script(path, Findings())
    assert script is not None
    loop = asyncio.get_running_loop()
    xml = {flow.key: flow.xml for flow in script.flows}
    mirrors: list[Mirror] = []

    def mirrored(*given: Any, **named: Any) -> Mirror:
        mirrors.append(Mirror(loop, database, xml, *given, **named))
        return mirrors[-1]

    monkeypatch.setattr(runner, "Rehearsal", mirrored)
    report = await asyncio.to_thread(run_script, script, CALENDAR)
    assert report.passed, "\n".join(report.text("zh", steps=False))
    assert sum(mirror.checked for mirror in mirrors) >= len(script.value.walks)
