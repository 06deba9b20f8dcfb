"""Copies of packs under other names: many applications in one city, made of those that there are.

Everything that must be unique in a city gets a suffix wherever its pack writes it: case types, flows, class trees, tables, types,
roles, indicators, boards, documents, plans … Posts and kinds of department stay shared, as they are between real packs.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Pack
from yiwang.packs.loader import load_pack

EIGHT = (
    "air-pollution-grid",
    "integrated-law-enforcement",
    "food-drug-complaint",
    "food-drug-supervision",
    "supervision-inspection-office",
    "volunteer-management",
    "elder-care-platform",
    "property-management",
    "livelihood-supervision",
)
"""The eight applications (one of them is two packs)."""
_TEXTS = frozenset({".yaml", ".bpmn", ".md", ".py"})
_NAMED_BY = r"\b(?:classes|code_of|from_type|id|keeps|of|record|thing|to|type): |\broles: \[|^ *- code: "
_LEFT_OUT = frozenset({"proof.yaml"})


def many_packs(packs: Path, target: Path, here: Sequence[str], count: int, beside: Iterable[str] = ()) -> list[str]:
    """Write a folder ``target`` of packs: those of ``here`` as they are, and copies until there are ``count``; their ids.
    ``beside``: packs that must lie there too, because a city in which scenarios act names them.

    Copies are made of the eight as far as ``here`` names them, else of all of ``here`` that have a case type of their own.
    """
    for name in dict.fromkeys([*here, *beside]):
        shutil.copytree(packs / name, target / name, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        _not_proved(target / name / "pack.yaml")
    loaded = {name: pack for name in here if (pack := load_pack(packs / name, Findings())) is not None}
    models = [name for name in EIGHT if name in loaded] or [name for name, pack in loaded.items() if pack.cases]
    found = list(here)
    turn = 0
    while len(found) < count:
        name, nth = models[turn % len(models)], turn // len(models) + 2
        found.append(copy_pack(loaded[name], target, f"k{nth}"))
        turn += 1
    return found


def copy_pack(pack: Pack, target: Path, suffix: str) -> str:
    """One copy, with all that the pack brings; its id."""
    names = _own_names(pack)
    posts = {post.code for post in pack.roles.value.posts} if pack.roles else set()
    single = {name for name in names if "-" not in name or name in posts}
    joined = names - single
    whole = re.compile(rf"(?<![\w.-])(?<!department: ){_any_of(joined)}(?!/[0-9]|\.[a-z]|[\w-])")
    # A single word may also be an attribute, a channel, or stand in a sentence, and a post may have the name of a type: it is
    # the name only where a name is asked for.
    word = re.compile(rf"({_NAMED_BY}){_any_of(single)}(?=\s*(?:$|[,}}\]#]))", re.MULTILINE)

    def renamed(text: str) -> str:
        text = whole.sub(lambda match: f"{match[1]}-{suffix}", text)
        return word.sub(lambda match: f"{match[1]}{match[2]}-{suffix}", text)

    folder = target / f"{pack.id}-{suffix}"
    for path in sorted(pack.folder.rglob("*")):
        inside = path.relative_to(pack.folder)
        if not path.is_file() or path.suffix not in _TEXTS or _LEFT_OUT & set(inside.parts):
            continue
        # Rules are asked for by the name of their file.
        own = inside.parts[0] == "rules" and path.stem in names
        copy = folder / (inside.with_stem(f"{path.stem}-{suffix}") if own else inside)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text("utf-8")
        if path.name == "pack.yaml":  # what it answers and needs stays
            text = re.sub(rf"^id: {pack.id}$", f"id: {folder.name}", text, count=1, flags=re.MULTILINE)
        elif path.suffix in (".yaml", ".bpmn"):
            text = renamed(text)
        if inside.parts[0] == "cases":
            text = re.sub(r'^(number: "?)([^{"\n]*)', rf"\g<1>\g<2>{suffix.upper()}", text, count=1, flags=re.MULTILINE)
        copy.write_text(text, encoding="utf-8")
    _not_proved(folder / "pack.yaml")
    return folder.name


def _any_of(names: Iterable[str]) -> str:
    """A group that matches one of these, the longest first; of none, nothing."""
    return "(" + ("|".join(sorted(map(re.escape, names), key=len, reverse=True)) or r"(?!)") + ")"


def _not_proved(path: Path) -> None:
    """The tests that prove a pack do not lie beside copies."""
    text = re.sub(r"^level: proved", "level: working", path.read_text("utf-8"), count=1, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")


def _own_names(pack: Pack) -> set[str]:
    """What is unique in a city and declared by this pack."""
    found: set[str] = {pack.id, *(flow.key for flow in pack.flows)}
    found.update(item.value.id for item in pack.rules)
    found.update(item.value.id for item in pack.decisions)
    found.update(name for item in pack.types for name in (item.value.id, f"thing-{item.value.id}"))
    found.update(one.id for item in pack.indicators for one in item.value.indicators)
    found.update(role.code for role in (pack.roles.value.roles if pack.roles else []))
    for item in pack.signals:
        found.update([*item.value.profiles, *item.value.rules])
    found.update(_ids_of_files(pack.folder))
    return {name for name in found if "-" in name or name == pack.id or len(name) > 4}


def _ids_of_files(folder: Path) -> Iterable[str]:
    """The files of every room name themselves by ``id``."""
    for path in folder.glob("*/*.yaml"):
        if path.parent.name not in ("strings", "scenarios", "signals", "flows"):
            value = yaml.safe_load(path.read_text("utf-8"))
            if isinstance(value, dict) and isinstance(value.get("id"), str):
                yield value["id"]
