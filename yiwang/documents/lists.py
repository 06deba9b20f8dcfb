"""What a document can list (清单): the evidence, the documents and the steps of its case, a line for each.

A template repeats the lines between ``{{#evidence}}`` and ``{{/evidence}}``; ``{{each.name}}`` is of the one at hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from yiwang.casework.catalogue import CaseType
from yiwang.casework.model import Attachment
from yiwang.documents.model import Document
from yiwang.flow.model import StepRow

LISTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "evidence": {
        "each.nth": ("序号", "place in the list"),
        "each.name": ("文件名", "name of the file"),
        "each.taken_at": ("拍摄时间", "when it was taken, by the camera"),
        "each.place": ("拍摄位置", "longitude and latitude, by the camera"),
        "each.uploaded_at": ("提交时间", "when it was handed in"),
        "each.by": ("提交人", "who handed it in"),
        "each.digest": ("校验值", "SHA-256 of the file"),
    },
    "documents": {
        "each.nth": ("序号", "place in the list"),
        "each.title": ("文书名称", "title"),
        "each.number": ("文号", "number"),
        "each.office": ("出具机关", "issuing office"),
        "each.date": ("出具日期", "day of issue"),
    },
    "steps": {
        "each.nth": ("序号", "place in the list"),
        "each.name": ("环节", "step"),
        "each.by": ("办理人", "who did it"),
        "each.at": ("办理时间", "when"),
        "each.outcome": ("办理结果", "how it ended"),
        "each.note": ("意见", "the note given with it"),
    },
}
"""Lists by name, each with what is known of one thing in it, in Chinese and English."""

Line: TypeAlias = Mapping[str, str]


def evidence(files: Sequence[Attachment], zone: ZoneInfo) -> list[Line]:
    """Photos and files of the case in the order in which they came."""
    return [
        {
            "each.nth": str(nth),
            "each.name": item.name,
            "each.taken_at": moment(item.taken_at, zone),
            "each.place": "" if item.lon is None or item.lat is None else f"{item.lon:.6f}, {item.lat:.6f}",
            "each.uploaded_at": moment(item.uploaded_at, zone),
            "each.by": item.uploaded_name,
            "each.digest": item.sha256,
        }
        for nth, item in enumerate(files, 1)
    ]


def documents(issued: Sequence[Document], zone: ZoneInfo) -> list[Line]:
    """Documents of the case that hold, the first issued first; ``issued`` comes newest first."""
    valid = [item for item in reversed(issued) if item.state == "issued"]
    return [
        {
            "each.nth": str(nth),
            "each.title": item.title,
            "each.number": item.number,
            "each.office": item.office,
            "each.date": _day(item.issued_at, zone),
        }
        for nth, item in enumerate(valid, 1)
    ]


def steps(done: Sequence[StepRow], case_type: CaseType, zone: ZoneInfo) -> list[Line]:
    """What was done in the case, the first first."""
    tasks = {task.id: task for task in case_type.definition.graph.tasks}
    found: list[Line] = []
    for nth, step in enumerate(done, 1):
        task = tasks.get(step.node)
        outcome = task.outcomes.get(step.outcome or "") if task is not None else None
        found.append(
            {
                "each.nth": str(nth),
                "each.name": task.names.zh if task is not None else step.node,
                "each.by": step.actor_name,
                "each.at": moment(step.done_at, zone),
                "each.outcome": outcome.names.zh if outcome is not None else step.outcome or "",
                "each.note": step.note,
            }
        )
    return found


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """2026年7月1日 9:05; "" for what is not known."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{_day(at, zone)} {local.hour}:{local.minute:02}"


def _day(at: datetime, zone: ZoneInfo) -> str:
    day = at.astimezone(zone)
    return f"{day.year}年{day.month}月{day.day}日"
