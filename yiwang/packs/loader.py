"""Reads the folders of packs and cities into typed records that remember where everything stands.

Promises: reading never fails half-way; what cannot be read becomes a finding with file, line and column, and the rest is
still returned. Nothing outside the given folders is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from yiwang.casework.declarations import CaseTypeDeclaration, ClassTree, DispatchTable
from yiwang.documents.declarations import DocumentDeclaration
from yiwang.exchange.catalogue.declarations import ResourceDeclaration
from yiwang.flow.decisions.declared import DecisionTable
from yiwang.insight.indicators.declared import Board, IndicatorFile
from yiwang.matching.declarations import MatchDeclaration
from yiwang.packs.findings import Findings, Place, shown, suggestion
from yiwang.packs.flows import FlowFile, read_flow
from yiwang.packs.held import content_of, held, hold
from yiwang.packs.loaded import City, ComputeFile, Loaded, Model, Pack, TemplateFile
from yiwang.packs.model.city import AreasFile, CityFile, OrganisationsFile, OverrideFile
from yiwang.packs.model.pack import PackFile, ProofFile, RolesFile, StringsFile
from yiwang.packs.model.scenario import ScenarioFile
from yiwang.packs.overrides import apply_overrides
from yiwang.packs.schema import fit
from yiwang.packs.source import Source, read_source, read_text
from yiwang.plans.declarations import BreakdownDeclaration, PlanDeclaration, SheetDeclaration
from yiwang.publicity.declarations import AnomalyDeclaration, PublicationDeclaration
from yiwang.registry.declarations import ThingType
from yiwang.sensing.devices.declarations import DevicesFile, SignalsFile
from yiwang.voting.declarations import VoteDeclaration

ROOMS = frozenset(
    {
        "cases",
        "classes",
        "rules",
        "flows",
        "scenarios",
        "strings",
        "indicators",
        "boards",
        "signals",
        "types",
        "resources",
        "plans",
        "breakdowns",
        "sheets",
        "matches",
        "publications",
        "anomalies",
        "votes",
        "compute",
        "documents",
    }
)
"""Folders of a pack that this version runs."""
_SUFFIXES = {"flows": ".bpmn", "compute": ".py"}
"""How files of a room end that is not YAML."""
ROOMS_TO_COME = frozenset({"pages"})
"""Folders of the pack format whose engines stand on floors that are not built yet."""
PACK_FILES = frozenset({"pack.yaml", "roles.yaml", "proof.yaml", "README.md"})
CITY_FILES = frozenset(
    {"city.yaml", "organisations.yaml", "devices.yaml", "README.md", "areas", "overrides", "calendars", "scenarios"}
)


def pack_folders(packs: Path) -> list[Path]:
    """The folders of all packs, by name; hidden ones and files are passed over."""
    if not packs.is_dir():
        return []
    return sorted(path for path in packs.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))


def load_pack(
    folder: Path,
    findings: Findings,
    overrides: Sequence[Loaded[OverrideFile]] = (),
    flow_overrides: dict[str, Path] | None = None,
) -> Pack | None:
    """Read a pack; None when pack.yaml itself cannot be read. ``overrides`` are applied before the shape is checked.

    ``flow_overrides`` are files by name that stand in place of the pack's own flows. What somebody holds that was read of
    the same content is returned as it is (:mod:`yiwang.packs.held`).
    """
    if overrides or flow_overrides:
        return _read_pack(folder, findings, overrides, flow_overrides or {})
    content = content_of(folder)
    known = held(content)
    if known is not None:
        return known
    mine = Findings()
    pack = _read_pack(folder, mine, (), {})
    findings.extend(mine.items)
    if pack is not None and not mine.items:
        hold(content, pack)
    return pack


def _read_pack(
    folder: Path, findings: Findings, overrides: Sequence[Loaded[OverrideFile]], flow_overrides: dict[str, Path]
) -> Pack | None:
    if not (folder / "pack.yaml").is_file():
        findings.add(Place(shown(folder)), "file.missing", name="pack.yaml")
        return None
    file = _load(folder / "pack.yaml", PackFile, findings)
    _tell_strangers(folder, findings)
    cases = _load_room(folder, "cases", CaseTypeDeclaration, findings, overrides)
    classes = _load_room(folder, "classes", ClassTree, findings, overrides)
    rules, decisions = _load_rules(folder, findings, overrides)
    scenarios = _load_room(folder, "scenarios", ScenarioFile, findings, ())
    strings = _load_room(folder, "strings", StringsFile, findings, overrides)
    indicators = _load_room(folder, "indicators", IndicatorFile, findings, overrides)
    boards = _load_room(folder, "boards", Board, findings, overrides)
    signals = _load_room(folder, "signals", SignalsFile, findings, overrides)
    types = _load_room(folder, "types", ThingType, findings, overrides)
    resources = _load_room(folder, "resources", ResourceDeclaration, findings, overrides)
    plans = _load_room(folder, "plans", PlanDeclaration, findings, overrides)
    breakdowns = _load_room(folder, "breakdowns", BreakdownDeclaration, findings, overrides)
    sheets = _load_room(folder, "sheets", SheetDeclaration, findings, overrides)
    papers = _load_room(folder, "documents", DocumentDeclaration, findings, overrides)
    flows = _load_flows(folder, findings, flow_overrides)
    roles = _load(folder / "roles.yaml", RolesFile, findings) if (folder / "roles.yaml").is_file() else None
    proof = _load(folder / "proof.yaml", ProofFile, findings) if (folder / "proof.yaml").is_file() else None
    if file is None:
        return None
    if file.value.id != folder.name:
        place = file.source.place(("id",))
        findings.add(place, "pack.folder_name", id=file.value.id, folder=folder.name)
    return Pack(
        folder,
        file,
        _distinct(cases, findings, "case", lambda item: item.id),
        _distinct(classes, findings, "tree", lambda item: item.id),
        _distinct(rules, findings, "table", lambda item: item.id),
        _distinct(decisions, findings, "decision", lambda item: item.id),
        flows,
        roles,
        tuple(scenarios),
        {item.source.path.stem: item for item in strings},
        proof,
        tuple(indicators),
        _distinct(boards, findings, "board", lambda item: item.id),
        tuple(signals),
        _distinct(types, findings, "type", lambda item: item.id),
        _load_compute(folder, findings),
        _distinct(resources, findings, "resource", lambda item: item.id),
        _distinct(papers, findings, "document", lambda item: item.id),
        _load_templates(folder, findings),
        plans=_distinct(plans, findings, "plan", lambda item: item.id),
        breakdowns=_distinct(breakdowns, findings, "breakdown", lambda item: item.id),
        sheets=_distinct(sheets, findings, "sheet", lambda item: item.id),
        votes=_distinct(
            _load_room(folder, "votes", VoteDeclaration, findings, overrides), findings, "vote", lambda item: item.id
        ),
        publications=_distinct(
            _load_room(folder, "publications", PublicationDeclaration, findings, overrides),
            findings,
            "publication",
            lambda item: item.id,
        ),
        anomalies=_distinct(
            _load_room(folder, "anomalies", AnomalyDeclaration, findings, overrides),
            findings,
            "anomaly",
            lambda item: item.id,
        ),
        matches=_distinct(
            _load_room(folder, "matches", MatchDeclaration, findings, overrides),
            findings,
            "match",
            lambda item: item.id,
        ),
    )


def load_city(folder: Path, packs: Path, findings: Findings) -> City | None:
    """Read a city and its packs from the folder ``packs``; None when city.yaml cannot be read."""
    if not (folder / "city.yaml").is_file():
        findings.add(Place(shown(folder)), "file.missing", name="city.yaml")
        return None
    file = _load(folder / "city.yaml", CityFile, findings)
    organisations = _load_needed(folder, "organisations.yaml", OrganisationsFile, findings)
    areas = _load_needed(folder / "areas", "areas.yaml", AreasFile, findings)
    devices = _load(folder / "devices.yaml", DevicesFile, findings) if (folder / "devices.yaml").is_file() else None
    overrides = [
        item
        for path in sorted((folder / "overrides").glob("*.yaml"))
        if (item := _load(path, OverrideFile, findings)) is not None
    ]
    for path in sorted(folder.iterdir()):
        if path.name not in CITY_FILES and not path.name.startswith("."):
            _tell_stranger(path, CITY_FILES, findings)
    if file is None:
        return None
    if file.value.id != folder.name:
        findings.add(file.source.place(("id",)), "pack.folder_name", id=file.value.id, folder=folder.name)
    loaded = tuple(_packs_of(folder, file, overrides, packs, findings))
    return City(folder, file, organisations, areas, tuple(overrides), loaded, devices)


def listed_packs(folder: Path) -> list[str] | None:
    """Names of the packs of a city, those that it gives up too; None when city.yaml cannot be read."""
    file = _load(folder / "city.yaml", CityFile, Findings())
    return None if file is None else [*file.value.packs, *file.value.retired]


def _packs_of(
    folder: Path,
    file: Loaded[CityFile],
    overrides: Sequence[Loaded[OverrideFile]],
    packs: Path,
    findings: Findings,
) -> Iterator[Pack]:
    known = [path.name for path in pack_folders(packs)]
    listed = [*file.value.packs, *file.value.retired]
    for index, name in enumerate(listed):
        at = index - len(file.value.packs)
        place = file.source.place(("packs", index) if at < 0 else ("retired", at))
        if name not in known:
            zh, en = suggestion(name, known)
            findings.add(place, "reference.unknown", what_zh="应用包", what_en="pack", id=name, hint_zh=zh, hint_en=en)
            continue
        if name in listed[:index]:
            findings.twice(place, "pack", name, file.file)
            continue
        mine = [item for item in overrides if item.value.pack == name]
        flows = {path.name: path for path in sorted((folder / "overrides" / name / "flows").glob("*.bpmn"))}
        pack = load_pack(packs / name, findings, mine, flows)
        if pack is not None:
            yield pack
    for item in overrides:
        if item.value.pack not in listed:
            zh, en = suggestion(item.value.pack, listed)
            findings.add(
                item.source.place(("pack",)),
                "reference.unknown", what_zh="应用包", what_en="pack", id=item.value.pack, hint_zh=zh, hint_en=en,
            )  # fmt: skip


def _load(path: Path, model: type[Model], findings: Findings) -> Loaded[Model] | None:
    source = read_source(path, findings)
    value = fit(source, model, findings) if source is not None else None
    return None if source is None or value is None else Loaded(source, value)


def _load_needed(folder: Path, name: str, model: type[Model], findings: Findings) -> Loaded[Model] | None:
    if not (folder / name).is_file():
        findings.add(Place(shown(folder)), "file.missing", name=name)
        return None
    return _load(folder / name, model, findings)


def _load_room(
    folder: Path, room: str, model: type[Model], findings: Findings, overrides: Sequence[Loaded[OverrideFile]]
) -> list[Loaded[Model]]:
    found = ((source, fit(source, model, findings)) for source in _sources(folder, room, findings, overrides))
    return [Loaded(source, value) for source, value in found if value is not None]


def _load_rules(
    folder: Path, findings: Findings, overrides: Sequence[Loaded[OverrideFile]]
) -> tuple[list[Loaded[DispatchTable]], list[Loaded[DecisionTable]]]:
    """Both forms of a table stand in one room; a dispatch table is the one that has rows."""
    dispatch: list[Loaded[DispatchTable]] = []
    decisions: list[Loaded[DecisionTable]] = []
    for source in _sources(folder, "rules", findings, overrides):
        if isinstance(source.value, dict) and source.value.keys() & {"hit", "inputs", "outputs", "rules"}:
            decision = fit(source, DecisionTable, findings)
            decisions += [] if decision is None else [Loaded(source, decision)]
        else:
            table = fit(source, DispatchTable, findings)
            dispatch += [] if table is None else [Loaded(source, table)]
    return dispatch, decisions


def _sources(
    folder: Path, room: str, findings: Findings, overrides: Sequence[Loaded[OverrideFile]]
) -> Iterator[Source]:
    """The files of a room that can be read, as the overrides word them."""
    names = set()
    for path in sorted((folder / room).glob("*.yaml")):
        names.add(f"{room}/{path.stem}")
        mine = [(item.source, item.value) for item in overrides if item.value.target == f"{room}/{path.stem}"]
        source = read_source(path, findings)
        if source is not None:
            yield apply_overrides(source, mine, findings) if mine else source
    for override in overrides:
        target = override.value.target
        if target.startswith(f"{room}/") and target not in names:
            zh, en = suggestion(target, names)
            findings.add(
                override.source.place(("target",)),
                "reference.unknown", what_zh="文件", what_en="file", id=target, hint_zh=zh, hint_en=en,
            )  # fmt: skip


def _load_flows(folder: Path, findings: Findings, overrides: dict[str, Path]) -> tuple[FlowFile, ...]:
    paths = {path.name: path for path in sorted((folder / "flows").glob("*.bpmn"))}
    for name, path in overrides.items():
        if name not in paths:
            zh, en = suggestion(name, paths)
            findings.add(
                Place(shown(path)),
                "reference.unknown", what_zh="流程文件", what_en="flow file", id=name, hint_zh=zh, hint_en=en,
            )  # fmt: skip
    chosen = [overrides.get(name, path) for name, path in paths.items()]
    flows = [flow for path in chosen if (flow := read_flow(path, findings)) is not None]
    first: dict[str, FlowFile] = {}
    for flow in flows:
        if flow.key in first:
            findings.twice(Place(flow.file), "flow", flow.key, first[flow.key].file)
        first.setdefault(flow.key, flow)
    return tuple(first.values())


def _load_compute(folder: Path, findings: Findings) -> tuple[ComputeFile, ...]:
    """The files as text: reading a pack runs nothing."""
    texts = ((path, read_text(path, findings)) for path in sorted((folder / "compute").glob("*.py")))
    return tuple(ComputeFile(path, text) for path, text in texts if text is not None)


def _load_templates(folder: Path, findings: Findings) -> tuple[TemplateFile, ...]:
    texts = ((path, read_text(path, findings)) for path in sorted((folder / "documents").glob("*.md")))
    return tuple(TemplateFile(path, text) for path, text in texts if text is not None)


def _distinct(
    items: Iterable[Loaded[Model]], findings: Findings, what: str, id_of: Callable[[Model], str]
) -> tuple[Loaded[Model], ...]:
    first: dict[str, Loaded[Model]] = {}
    for item in items:
        name = id_of(item.value)
        place = item.source.place(("id",))
        if name in first:
            findings.twice(place, what, name, first[name].file)
        first.setdefault(name, item)
    return tuple(first.values())


def _tell_strangers(folder: Path, findings: Findings) -> None:
    known = PACK_FILES | ROOMS
    for path in sorted(folder.iterdir()):
        if path.name in known or path.name.startswith(".") or (path.suffix == ".md" and path.is_file()):
            continue
        if path.is_dir() and path.name in ROOMS_TO_COME:
            findings.add(Place(shown(path)), "pack.room_not_yet", name=path.name + "/")
        else:
            _tell_stranger(path, known, findings)
    for room, suffix in [(room, _SUFFIXES.get(room, ".yaml")) for room in sorted(ROOMS)]:
        for path in sorted((folder / room).glob("*")):
            if path.suffix != suffix and not path.name.startswith((".", "__pycache__")) and not _is_beside(path):
                wanted = path.with_suffix(suffix).name
                zh, en = f"文件应以 {suffix} 结尾,例如 {wanted}。", f"name it {wanted}."
                findings.add(Place(shown(path)), "file.unknown", name=path.name, hint_zh=zh, hint_en=en)
    for path in sorted((folder / "strings").glob("*.yaml")):
        if path.stem not in ("zh", "en"):
            zh, en = suggestion(path.name, ["zh.yaml", "en.yaml"])
            findings.add(Place(shown(path)), "file.unknown", name=path.name, hint_zh=zh, hint_en=en)


def _is_beside(path: Path) -> bool:
    """Whether it is a walk file (演练脚本) beside its flow, or a template beside its document."""
    if path.parent.name == "documents":
        return path.suffix == ".md"
    return path.parent.name == "flows" and path.name.endswith(".walk.yaml")


def _tell_stranger(path: Path, known: Iterable[str], findings: Findings) -> None:
    zh, en = suggestion(path.name, known)
    findings.add(Place(shown(path)), "file.unknown", name=path.name, hint_zh=zh, hint_en=en)
