"""The city's folder as its administrators word it: a copy in which everything set in the browser stands in files.

Promises: the folder that it comes from is not touched; the copy passes the same check and publishes the same; comments stay
in files that need no change. Roles of the city's own stay in the database: only packs declare roles in files.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import yaml

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.packs.administration.documents import (
    AnyDocument,
    SetBoard,
    SetHours,
    SetIndicator,
    SetLimit,
    SetYear,
)
from yiwang.packs.administration.overlay import Name, hours_document, overlaid
from yiwang.packs.loaded import City, Pack
from yiwang.packs.model.city import OrganisationEntry

_WHY = {"zh": "管理员在网页上设定", "en": "Set by administrators in the browser"}
_CALENDAR = "calendars/administration.yaml"


class _Change(Protocol):
    """Notes a change over a file of a pack."""

    def __call__(self, pack: Pack, stem: str, at: str, to: object) -> None: ...


def write_folder(city: City, calendar: WorkingCalendar, found: Mapping[Name, AnyDocument], target: Path) -> list[str]:
    """Write the folder ``target``, which must not exist; returns the files that differ from the city's own.

    Raises:
        FileExistsError: ``target`` is there already.
    """
    shutil.copytree(city.folder, target, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    written: list[str] = []

    def write(name: str, text: str) -> None:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(name)

    for name, document in _overrides(city, found).items():
        write(f"overrides/{name}.yaml", _yaml(document))
    if any(kind == "organisation" for kind, _ in found):
        new = overlaid(city, found).city
        roots = new.organisations.value.organisations if new.organisations else []
        write("organisations.yaml", _yaml({"organisations": [_office(root) for root in roots]}))
    lines = (city.folder / "city.yaml").read_text(encoding="utf-8")
    text = lines
    years = [
        wanted for (kind, _), wanted in sorted(found.items()) if isinstance(wanted, SetYear) and kind == "calendar"
    ]
    if any(year.days for year in years):
        write(_CALENDAR, _yaml(_calendar(years)))
        files = city.file.value.calendar if isinstance(city.file.value.calendar, list) else []
        text = _replaced(text, "calendar", [*files, _CALENDAR])
    hours = found.get(("hours", "hours"))
    if isinstance(hours, SetHours):
        text = _replaced(text, "hours", hours_document(hours, calendar.hours.timezone.key))
    if text != lines:
        write("city.yaml", text)
    return sorted(written)


def _yaml(document: object) -> str:
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)
    return f"# {_WHY['en']} ({_WHY['zh']}).\n{text}"


def _replaced(text: str, key: str, value: object) -> str:
    """``city.yaml`` with another value of one key at its top; everything else as it stands."""
    new = yaml.safe_dump({key: value}, allow_unicode=True, sort_keys=False, width=120)
    pattern = re.compile(rf"^{key}:.*\n(?:[ \t]+.*\n|\n(?=[ \t]))*", re.MULTILINE)
    if pattern.search(text) is None:
        return text.rstrip("\n") + "\n" + new
    return pattern.sub(lambda _: new, text, count=1)


def _calendar(years: Sequence[SetYear]) -> dict[str, object]:
    days = sorted((item for year in years for item in year.days), key=lambda item: item.day)
    return {
        "calendar": "CITY",
        "changes": {
            "holidays": [{"name": item.name, "days": item.day.isoformat()} for item in days if not item.working],
            "working_days": [item.day.isoformat() for item in days if item.working],
        },
    }


def _overrides(city: City, found: Mapping[Name, AnyDocument]) -> dict[str, dict[str, object]]:
    """Override files by name: one for each file of a pack that is worded otherwise."""
    changes: dict[tuple[str, str], list[dict[str, object]]] = {}

    def change(pack: Pack, stem: str, at: str, to: object) -> None:
        changes.setdefault((pack.id, stem), []).append({"at": at, "to": to})

    for (kind, key), wanted in sorted(found.items()):
        for pack in city.packs:
            if kind == "limit" and isinstance(wanted, SetLimit):
                tree, code, standard = key.split("/")
                for item in pack.classes:
                    known = item.value.id == tree and any(
                        one.code == code and any(each.id == standard for each in one.standards)
                        for one in item.value.classes
                    )
                    if known:
                        at = f"classes[{code}].standards[{standard}].limit"
                        change(pack, f"classes/{item.source.path.stem}", at, wanted.limit)
            elif kind == "indicator" and isinstance(wanted, SetIndicator):
                for file in pack.indicators:
                    if any(one.id == key for one in file.value.indicators):
                        change(pack, f"indicators/{file.source.path.stem}", f"indicators[{key}].weight", wanted.weight)
            elif kind == "board" and isinstance(wanted, SetBoard):
                for board in pack.boards:
                    if board.value.id == key:
                        _board(
                            pack,
                            board.source.path.stem,
                            [one.indicator for one in board.value.measures],
                            wanted,
                            change,
                        )
    return {
        f"administration-{pack}-{stem.replace('/', '-')}": {
            "pack": pack, "target": stem, "why": _WHY, "change": items,
        }
        for (pack, stem), items in changes.items()
    }  # fmt: skip


def _board(pack: Pack, stem: str, measures: Sequence[str], wanted: SetBoard, change: _Change) -> None:
    for item in wanted.measures:
        if item.indicator in measures:
            place = measures.index(item.indicator) + 1
            for name in ("weight", "full_at"):
                change(pack, f"boards/{stem}", f"measures[{place}].{name}", getattr(item, name))
    if wanted.grades is not None:
        change(pack, f"boards/{stem}", "grades", [grade.model_dump(mode="json") for grade in wanted.grades])
    if "target" in wanted.model_fields_set:
        change(pack, f"boards/{stem}", "target", wanted.target)
    if wanted.least_weight is not None:
        change(pack, f"boards/{stem}", "least_weight", wanted.least_weight)


def _office(entry: OrganisationEntry) -> dict[str, object]:
    found: dict[str, object] = {"code": entry.code, "names": entry.names.model_dump(), "kind": entry.kind}
    if entry.area is not None:
        found["area"] = entry.area
    if entry.serves:
        found["serves"] = list(entry.serves)
    if entry.posts:
        found["posts"] = [
            post if isinstance(post, str) else post.model_dump(mode="json", exclude_none=True) for post in entry.posts
        ]
    if entry.children:
        found["children"] = [_office(child) for child in entry.children]
    return found
