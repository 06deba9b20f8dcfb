"""``yiwang check``: all packs and cities against everything that must hold, without a database.

Every remark names file, line and column; one run tells everything that can be told.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from yiwang.kernel.database import JsonObject
from yiwang.packs.check.alarm_rules import check_alarm_rules
from yiwang.packs.check.calculated import check_calculated
from yiwang.packs.check.cities import check_city
from yiwang.packs.check.compute import check_compute
from yiwang.packs.check.documents import check_documents, check_shared_documents
from yiwang.packs.check.flows import check_flows
from yiwang.packs.check.indicators import check_indicators, check_shared_indicators
from yiwang.packs.check.matches import check_matches
from yiwang.packs.check.plan import check_plan
from yiwang.packs.check.plans import check_plans
from yiwang.packs.check.publicity import check_publicity
from yiwang.packs.check.references import check_needs_circle, check_references, check_shared_words, needed
from yiwang.packs.check.resources import check_resources
from yiwang.packs.check.rules import check_rules
from yiwang.packs.check.scenarios import check_scenarios, scenario_cities
from yiwang.packs.check.signals import check_devices, check_shared_signals, check_signals
from yiwang.packs.check.types import check_shared_types, check_types
from yiwang.packs.check.values import check_values
from yiwang.packs.check.votes import check_votes
from yiwang.packs.check.walks import check_walks
from yiwang.packs.findings import Finding, Findings
from yiwang.packs.loaded import City, Pack
from yiwang.packs.loader import load_city, load_pack, pack_folders

__all__ = ["CheckResult", "check_packs", "run_check"]

_Read: TypeAlias = dict[str, tuple[Pack | None, Findings]]
"""Packs by folder name, each with what was found while it was read."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found, and what it looked at."""

    findings: tuple[Finding, ...]
    packs: tuple[Pack, ...]
    cities: tuple[City, ...]

    @property
    def errors(self) -> int:
        return sum(item.level == "error" for item in self.findings)

    @property
    def warnings(self) -> int:
        return len(self.findings) - self.errors

    @property
    def good(self) -> bool:
        """Whether nothing keeps the packs from being published."""
        return self.errors == 0

    def text(self, language: str = "zh") -> str:
        """One line a finding, then the counts."""
        counts = self.counts()
        if language.startswith("zh"):
            total = (
                f"{counts['packs']} 个应用包、{counts['cities']} 个城市、{counts['flows']} 个流程、{counts['classes']} 个分类、"
                f"{counts['scenarios']} 个场景:{self.errors} 处错误,{self.warnings} 处提醒。"
            )
        else:
            total = (
                f"{counts['packs']} packs, {counts['cities']} cities, {counts['flows']} flows, {counts['classes']} classes, "
                f"{counts['scenarios']} scenarios: {self.errors} errors, {self.warnings} warnings."
            )
        return "\n".join([*(item.line_of_text(language) for item in self.findings), total])

    def counts(self) -> dict[str, int]:
        """How much was looked at."""
        return {
            "packs": len(self.packs),
            "cities": len(self.cities),
            "flows": sum(len(pack.flows) for pack in self.packs),
            "classes": sum(len(tree.value.classes) for pack in self.packs for tree in pack.classes),
            "scenarios": sum(len(file.value.scenarios) for pack in self.packs for file in pack.scenarios),
        }

    def json(self) -> JsonObject:
        return {
            "errors": self.errors,
            "warnings": self.warnings,
            "checked": dict(self.counts()),
            "findings": [item.json() for item in self.findings],
        }


def run_check(
    packs: Path, cities: Path | None = None, *, only_cities: Sequence[Path] = (), tests: Path | None = None
) -> CheckResult:
    """Check every pack in the folder ``packs`` and every city in ``cities`` (or exactly ``only_cities``).

    ``tests`` is the folder that holds the tests' city (``tests/cities/small``), which scenarios may name; by default it is
    sought beside ``packs``.
    """
    findings = Findings()
    tests = tests or packs.parent / "tests"
    loaded = {folder.name: (load_pack(folder, mine := Findings()), mine) for folder in pack_folders(packs)}
    by_id, sound = _judge(loaded, packs.parent, findings)
    folders = scenario_cities(cities or packs.parent / "cities", tests)
    if only_cities:
        chosen = {path.name: path for path in only_cities}
        folders = {**chosen, **{name: path for name, path in folders.items() if name == "small" and name not in chosen}}
    found: dict[str, City] = {}
    unsound: set[str] = set()
    for name, path in folders.items():
        own = Findings()
        city = load_city(path, packs, own)
        findings.extend(own.items)
        if city is None or own.errors:
            unsound.add(name)
        if city is not None:
            found[name] = city
            if not own.errors:
                check_city(city, findings)
                check_devices(city, findings)
                _check_reworded(city, by_id, packs.parent, findings)
    for name in sorted(sound):
        if sound.issuperset(_reach(name, by_id, loaded)):
            check_scenarios(by_id[name], by_id, found, findings, unsound=unsound)
    return CheckResult(tuple(findings.sorted()), tuple(by_id.values()), tuple(found.values()))


def check_packs(packs: Path, names: Container[str]) -> CheckResult:
    """Check these packs of the folder ``packs``, and those that they need, by themselves: no city, no scenario."""
    findings = Findings()
    folders = {folder.name: folder for folder in pack_folders(packs)}
    loaded: _Read = {}
    waiting = [name for name in folders if name in names]
    while waiting:
        name = waiting.pop()
        if name in folders and name not in loaded:
            loaded[name] = (pack := load_pack(folders[name], mine := Findings()), mine)
            waiting += [] if pack is None else pack.file.value.needed_ids
    by_id, _ = _judge(loaded, packs.parent, findings)
    return CheckResult(tuple(findings.sorted()), tuple(by_id.values()), ())


def _judge(loaded: _Read, root: Path, findings: Findings) -> tuple[dict[str, Pack], set[str]]:
    """Judge packs one by one and beside each other. Those that could be read, by name; names of those read without errors."""
    sound = {name for name, (pack, mine) in loaded.items() if pack is not None and not mine.errors}
    by_id = {name: pack for name, (pack, _) in loaded.items() if pack is not None}
    for name, (_, mine) in loaded.items():
        findings.extend(mine.items)
        if name in by_id:
            check_values(by_id[name], findings)
            check_calculated(by_id[name], by_id, findings)
            if sound.issuperset(_reach(name, by_id, loaded)):
                _check_meaning(by_id[name], by_id, root, findings)
                check_walks(by_id[name], findings)
    check_needs_circle(by_id, findings)
    check_shared_words(list(by_id.values()), findings)
    check_shared_indicators(list(by_id.values()), findings)
    check_shared_signals(list(by_id.values()), findings)
    check_shared_types(list(by_id.values()), findings)
    check_shared_documents(list(by_id.values()), findings)
    return by_id, sound


def _reach(name: str, packs: dict[str, Pack], folders: Container[str]) -> set[str]:
    """The pack and all that it needs, as far as there are folders of that name."""
    reach = {name, *needed(packs[name], packs)}
    needs = {need for one in reach if one in packs for need in packs[one].file.value.needed_ids}
    return reach | {need for need in needs if need in folders}


def _check_meaning(pack: Pack, packs: dict[str, Pack], root: Path, findings: Findings) -> None:
    """What can be judged only of files that could all be read; otherwise each would be blamed for what another lacks."""
    check_references(pack, packs, findings)
    check_rules(pack, packs, findings)
    check_indicators(pack, packs, findings)
    check_signals(pack, packs, findings)
    check_compute(pack, packs, findings)
    check_alarm_rules(pack, packs, findings)
    check_types(pack, packs, findings)
    check_resources(pack, packs, findings)
    check_plans(pack, packs, findings)
    check_publicity(pack, packs, findings)
    check_votes(pack, packs, findings)
    check_matches(pack, packs, findings)
    check_documents(pack, packs, findings)
    check_flows(pack, packs, findings)
    check_plan(pack, root, findings)


def _check_reworded(city: City, packs: dict[str, Pack], root: Path, findings: Findings) -> None:
    """Packs that this city words differently are checked again as it words them."""
    overridden = {item.value.pack for item in city.overrides}
    overridden |= {path.name for path in (city.folder / "overrides").glob("*") if path.is_dir()}
    theirs = {**packs, **{pack.id: pack for pack in city.packs}}
    for pack in city.packs:
        if pack.id in overridden:
            reworded = replace(pack, scenarios=packs[pack.id].scenarios) if pack.id in packs else pack
            check_values(reworded, findings)
            _check_meaning(reworded, theirs, root, findings)
