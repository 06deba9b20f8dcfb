"""The walks that stand beside the flows of a pack are played; what fails is told where the story says it."""

from __future__ import annotations

from functools import lru_cache

from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Pack
from yiwang.packs.walks import WalkResult, read_script, run_script, suffix


def check_walks(pack: Pack, findings: Findings) -> None:
    """Every ``flows/*.walk.yaml`` of a pack whose files could all be read."""
    for path in sorted((pack.folder / "flows").glob(f"*{suffix}")):
        script = read_script(path, findings)
        if script is None:
            continue
        report = run_script(script, _calendar())
        for result in report.results:
            _tell(result, findings)
        for left in report.left:
            findings.add(left.place, "walk.left_out", element=left.element, name=path.name)


def _tell(result: WalkResult, findings: Findings) -> None:
    failure = result.failure
    if failure is None:
        return
    zh, en = failure.words()
    findings.add(failure.place, "walk.failed", id=result.id, step=failure.step, verb=failure.verb, zh=zh, en=en)


@lru_cache(maxsize=1)
def _calendar() -> WorkingCalendar:
    """The national one; a walk's times are its own and not a city's."""
    return load_calendar(calendar_files())
