"""A walk file with everything that plays in it: flow files, called flows, decision tables, the cast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from yiwang.flow.decisions.declared import DecisionTable, document_of
from yiwang.flow.decisions.model import Table
from yiwang.flow.model import Definition, Graph
from yiwang.kernel.identifiers import new_id
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.flows import FlowFile, read_flow
from yiwang.packs.loaded import Loaded
from yiwang.packs.schema import fit
from yiwang.packs.source import Source, Trail, read_source
from yiwang.packs.walks.declared import Cast, WalkFile

suffix = ".walk.yaml"


@dataclass(frozen=True, slots=True)
class Script:
    """A walk file ready to be played. ``main`` is the flow that it is about; ``flows`` are all that take part, it first."""

    source: Source
    value: WalkFile
    cast: Cast
    main: Graph
    flows: tuple[FlowFile, ...]
    tables: tuple[Table, ...]

    @property
    def file(self) -> str:
        return self.source.file

    def definitions(self, at: datetime) -> list[Definition]:
        """The flows as if they had just been published."""
        graphs = [flow.graph for flow in self.flows if flow.graph is not None]
        return [Definition(new_id(), graph.key, 1, "published", graph.names, "", graph, at) for graph in graphs]


def walk_files(paths: Iterable[Path]) -> list[Path]:
    """The walk files that are meant: themselves, those of flow files, all below folders."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(sorted(path.rglob(f"*{suffix}"))))
        elif path.suffix == ".bpmn":
            found[path.with_suffix(suffix)] = None
        else:
            found[path] = None
    return list(found)


def read_script(path: Path, findings: Findings) -> Script | None:
    """Read a walk file and what it needs; None after adding every fault to ``findings``."""
    before = findings.errors
    source = read_source(path, findings)
    value = fit(source, WalkFile, findings) if source is not None else None
    if source is None or value is None:
        return None
    cast = _cast(source, value, findings)
    flows = _Flows(source, value, findings).read()
    main = flows[0].graph if flows else None
    if cast is None or main is None or findings.errors > before:
        return None
    tables = list(_tables(source, flows, findings))
    script = Script(source, value, cast, main, tuple(flows), tuple(tables))
    _check_names(script, findings)
    return None if findings.errors > before else script


def _cast(source: Source, value: WalkFile, findings: Findings) -> Cast | None:
    if isinstance(value.cast, Cast):
        _check_cast(source, ("cast",), value.cast, findings)
        return value.cast
    path = source.path.parent / value.cast
    if not path.is_file():
        findings.add(source.place(("cast",)), "file.missing", name=value.cast)
        return None
    found = read_source(path, findings)
    cast = fit(found, Cast, findings) if found is not None else None
    if found is not None and cast is not None:
        _check_cast(found, (), cast, findings)
    return cast


def _check_cast(source: Source, trail: Trail, cast: Cast, findings: Findings) -> None:
    known = cast.organisations
    for code, organisation in known.items():
        if organisation.within is not None and organisation.within not in known:
            place = (*trail, "organisations", code, "within")
            _unknown(findings, source, place, ORGANISATION, organisation.within, known)
    for number, post in enumerate(cast.posts):
        if post.at not in known:
            _unknown(findings, source, (*trail, "posts", number, "at"), ORGANISATION, post.at, known)
    for name, home in cast.people.items():
        if home is not None and home not in known:
            _unknown(findings, source, (*trail, "people", name), ORGANISATION, home, known)
    people = people_of(cast)
    for number, item in enumerate(cast.away):
        for key, name in (("person", item.person), ("deputy", item.deputy)):
            if name not in people:
                _unknown(findings, source, (*trail, "away", number, key), PERSON, name, people)


ORGANISATION = ("机构", "organisation")
PERSON = ("人员", "person")
STEP = ("步骤", "step")


def people_of(cast: Cast) -> set[str]:
    return {*cast.people, *(name for post in cast.posts for name in post.people)}


def _unknown(
    findings: Findings, source: Source, trail: Trail, what: tuple[str, str], name: str, known: Iterable[str]
) -> None:
    zh, en = suggestion(name, known)
    findings.add(
        source.place(trail), "reference.unknown", what_zh=what[0], what_en=what[1], id=name, hint_zh=zh, hint_en=en
    )


class _Flows:
    """The flow files of a script: its own, those that it names, and, by their key, those that these call."""

    def __init__(self, source: Source, value: WalkFile, findings: Findings) -> None:
        self.source, self.value, self.findings = source, value, findings
        self.folder = source.path.parent
        self.read_files: dict[Path, FlowFile] = {}

    def read(self) -> list[FlowFile]:
        own = self.value.flow or self.source.path.name.removesuffix(suffix) + ".bpmn"
        named: list[tuple[str, Trail]] = [(own, ("flow",) if self.value.flow else ())]
        named += [(name, ("flows", number)) for number, name in enumerate(self.value.flows)]
        for name, trail in named:
            self._one(self.folder / name, name, trail)
        pending = list(self.read_files.values())
        while pending:
            flow = pending.pop()
            known = {other.key for other in self.read_files.values()}
            for key in sorted((flow.graph.calls if flow.graph else frozenset()) - known):
                called = self._one(self.folder / f"{key}.bpmn", f"{key}.bpmn", ())
                if called is not None:
                    pending.append(called)
        return list(self.read_files.values())

    def _one(self, path: Path, name: str, trail: Trail) -> FlowFile | None:
        if path in self.read_files:
            return None
        if not path.is_file():
            self.findings.add(self.source.place(trail), "file.missing", name=name)
            return None
        flow = read_flow(path, self.findings)
        if flow is not None:
            self.read_files[path] = flow
        return flow


def _tables(source: Source, flows: Sequence[FlowFile], findings: Findings) -> Iterator[Table]:
    """The decision tables that the flows ask, from ``rules/`` beside the flows or beside their folder."""
    from yiwang.packs.check.rules import check_decision  # which, with all checks, reads walks in turn

    asked = {key for flow in flows if flow.graph is not None for key in flow.graph.decisions}
    folder = source.path.parent
    for key in sorted(asked):
        path = next((rules / f"{key}.yaml" for rules in (folder / "rules", folder.parent / "rules")
                     if (rules / f"{key}.yaml").is_file()), None)  # fmt: skip
        if path is None:
            findings.add(source.place(), "file.missing", name=f"rules/{key}.yaml")
            continue
        found = read_source(path, findings)
        declared = fit(found, DecisionTable, findings) if found is not None else None
        if found is None or declared is None:
            continue
        before = findings.errors
        check_decision(Loaded(found, declared), findings)
        if findings.errors == before:
            yield document_of(declared).table


def _check_names(script: Script, findings: Findings) -> None:
    """People and steps that stories name are there."""
    people = people_of(script.cast)
    elements = {name for flow in script.flows if flow.graph is not None for name in flow.graph.nodes}
    seen: dict[str, Place] = {}
    for number, walk in enumerate(script.value.walks):
        trail: Trail = ("walks", number)
        place = script.source.place((*trail, "id"))
        if walk.id in seen:
            findings.twice(place, "scenario", walk.id, f"{seen[walk.id].file}:{seen[walk.id].line}")
        seen.setdefault(walk.id, place)
        begins = [((*trail, "start"), walk.start)]
        for index, step in enumerate(walk.steps):
            at: Trail = (*trail, "steps", index)
            begins.append(((*at, "start"), step.start))
            if step.as_ is not None and step.as_ not in people:
                _unknown(findings, script.source, (*at, "as"), PERSON, step.as_, people)
            for key, name in (("do", step.do), ("back", step.back), ("jump", step.jump)):
                if name is not None and name not in elements:
                    _unknown(findings, script.source, (*at, key), STEP, name, elements)
            _check_strings(script, (*at, "set"), step.set_, people, findings)
        for at, begin in begins:
            if begin is None:
                continue
            if begin.as_ is not None and begin.as_ not in people:
                _unknown(findings, script.source, (*at, "as"), PERSON, begin.as_, people)
            _check_strings(script, (*at, "set"), begin.set_, people, findings)


def _check_strings(script: Script, trail: Trail, value: object, people: set[str], findings: Findings) -> None:
    """Whoever is written ``@NAME`` in a value is of the cast."""
    if isinstance(value, str) and value.startswith("@") and value[1:] not in people:
        _unknown(findings, script.source, trail, PERSON, value[1:], people)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(script, (*trail, key), item, people, findings)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_strings(script, (*trail, number), item, people, findings)
