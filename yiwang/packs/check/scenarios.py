"""Scenario files judged before they run: actors exist, verbs have what they need, cases are named before they are used."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path

from yiwang.casework.declarations import CaseClass, CaseTypeDeclaration
from yiwang.casework.notes import VERBS
from yiwang.flow.model import Graph
from yiwang.packs.check.references import needed, post_kinds, unknown
from yiwang.packs.check.scores import Evaluation, check_scores
from yiwang.packs.check.signals import profiles_of
from yiwang.packs.check.values import check_deadline
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.loaded import City, Loaded, Pack
from yiwang.packs.model.scenario import (
    COMMON,
    FIELDS,
    NODES,
    RESULTS,
    SCORE_VERBS,
    SENSE_VERBS,
    THING_VERBS,
    Scenario,
    ScenarioFile,
    ScenarioStep,
    moment,
)
from yiwang.packs.source import Source, Trail

PUBLIC_VERBS = frozenset({"report", "urge", "reopen", "rate", "track", "look", "view", "send"})
"""What somebody can do who is not signed in: with the receipt, or through doors that are open to everybody."""


def check_scenarios(
    pack: Pack,
    packs: Mapping[str, Pack],
    cities: Mapping[str, City],
    findings: Findings,
    *,
    unsound: Container[str] = (),
) -> None:
    """Every scenario file of the pack. ``cities`` are by folder name, with ``small`` among them where it is there.

    What happens in cities that could not be read whole (``unsound``) is not judged.
    """
    first: dict[str, Place] = {}
    for file in pack.scenarios:
        for number, scenario in enumerate(file.value.scenarios):
            place = file.source.place((number, "id"))
            if scenario.id in first:
                where = f"{first[scenario.id].file}:{first[scenario.id].line}"
                findings.twice(place, "scenario", scenario.id, where)
            first.setdefault(scenario.id, place)
            if scenario.given.city in unsound:
                continue
            city = cities.get(scenario.given.city)
            if city is None:
                trail = (number, "given", "city")
                unknown(findings, file.source.place(trail), ("城市", "city"), scenario.given.city, cities)
                continue
            _Check(pack, packs, city, file, number, findings).run(scenario)


def scenario_cities(cities: Path, tests: Path) -> dict[str, Path]:
    """The folders of cities that scenarios may name: those in ``cities`` and the tests' city ``small``."""
    found = {path.name: path for path in sorted(cities.glob("*")) if (path / "city.yaml").is_file()}
    for path in sorted(tests.glob("cities/*")):
        if (path / "city.yaml").is_file():
            found.setdefault(path.name, path)
    return found


class _Check:
    """One scenario."""

    def __init__(
        self,
        pack: Pack,
        packs: Mapping[str, Pack],
        city: City,
        file: Loaded[ScenarioFile],
        number: int,
        findings: Findings,
    ) -> None:
        self.city, self.number, self.findings = city, number, findings
        self.source: Source = file.source
        reach = [pack, *(packs[name] for name in needed(pack, packs))]
        self.cases: dict[str, CaseTypeDeclaration] = {case.value.id: case.value for one in reach for case in one.cases}
        self.graphs: dict[str, Graph] = {flow.key: flow.graph for one in reach for flow in one.flows if flow.graph}
        self.classes: dict[str, list[CaseClass]] = {
            tree.value.id: tree.value.classes for one in reach for tree in one.classes
        }
        everywhere = [*city.packs, *reach]
        self.profiles = {key: one for pack in everywhere for key, one in profiles_of([pack]).items()}
        self.rules = {
            code: rule for one in everywhere for item in one.signals for code, rule in item.value.rules.items()
        }
        own = file.value.scenarios[number].given.devices
        self.devices = {one.code: one for one in [*(city.devices.value.devices if city.devices else []), *own]}
        self.evaluation = Evaluation(everywhere, city)
        self.things = {item.value.id: item.value for one in reach for item in one.types}
        self.posts = post_kinds([*city.packs, *reach])
        demo = city.file.value.demo
        self.accounts = {account.login: account for account in demo.accounts} if demo else {}
        self.held = {
            held if isinstance(held, str) else held.code for account in self.accounts.values() for held in account.posts
        }
        self.default_type = next((case.value.id for case in pack.cases), "")
        self.types: dict[str, str] = {}

    def run(self, scenario: Scenario) -> None:
        wanted = scenario.given.type
        if wanted is not None and wanted not in self.cases:
            self._unknown(("given", "type"), ("案件类型", "case type"), wanted, self.cases)
        self.default_type = wanted or self.default_type
        for index, step in enumerate(scenario.steps):
            self._step(("steps", index), step)

    def _place(self, trail: Trail) -> Place:
        return self.source.place((self.number, *trail))

    def _unknown(self, trail: Trail, what: tuple[str, str], name: str, known: object) -> None:
        names = list(known) if isinstance(known, dict | list | set | frozenset | tuple) else []
        unknown(self.findings, self._place(trail), what, name, names)

    def _step(self, trail: Trail, step: ScenarioStep) -> None:
        self._actor(trail, step)
        self._fields(trail, step)
        if step.do == "report":
            name = step.name or "case"
            self.types[name] = step.type or self.default_type
            self._report(trail, step)
        elif step.do in THING_VERBS:
            self._thing(trail, step)
        elif step.do in SENSE_VERBS:
            self._sense(trail, step)
        elif step.do in SCORE_VERBS:
            check_scores(step, self._place, trail, self.evaluation, self.findings)
        elif step.do not in ("advance_clock", "tasks"):
            self._case(trail, step.name, "name")
            self._case(trail, step.into, "into")
        elif step.expect is not None:
            for key in ("has", "lacks"):
                for at, name in enumerate(getattr(step.expect, key) or []):
                    self._case((*trail, "expect", key, at), name, "")
        self._node(trail, step)
        self._expected(trail, step)
        for key in ("limit",):
            if step.limit is not None:
                check_deadline(step.limit, self._place((*trail, key)), self.findings)
        if step.do == "advance_clock" and step.to is not None:
            try:
                moment(step.to)
            except ValueError as error:
                zh, _, en = str(error).partition(" | ")
                self.findings.add(self._place((*trail, "to")), "schema.value", key="to", zh=zh, en=en or zh)

    def _sense(self, trail: Trail, step: ScenarioStep) -> None:
        """Devices, metrics and rules are known; an alarm makes its case known to the steps that follow."""
        code = step.as_.partition(":")[2] if step.do == "measure" else step.device
        device = self.devices.get(code or "")
        if code is not None and device is None and step.do != "measure":  # of who measures the actor has been told
            self._unknown((*trail, "device"), ("设备", "device"), code, self.devices)
        profile = self.profiles.get(device.profile) if device is not None else None
        for metric in step.values if profile is not None else ():
            if profile is not None and metric not in profile.measures:
                self._unknown((*trail, "values", metric), ("指标", "metric"), metric, dict(profile.measures))
        if step.rule is not None and step.rule not in self.rules:
            self._unknown((*trail, "rule"), ("告警规则", "alarm rule"), step.rule, self.rules)
        opens = self.rules[step.rule].opens if step.rule in self.rules else None
        if opens is not None:
            self.types[step.name or "case"] = opens.case

    def _actor(self, trail: Trail, step: ScenarioStep) -> None:
        actor, place = step.as_, self._place((*trail, "as"))
        if actor.startswith("device:") or step.do == "measure":
            if actor.partition(":")[2] not in self.devices:
                self._unknown((*trail, "as"), ("设备", "device"), actor.partition(":")[2], self.devices)
            elif step.do != "measure":
                self.findings.add(place, "scenario.actor_verb", actor=actor, verb=step.do)
            return
        if actor == "clock" or actor.split(":")[0] == "resident":
            allowed = {"advance_clock"} if actor == "clock" else PUBLIC_VERBS
            if step.do not in allowed and step.refused is None:
                self.findings.add(place, "scenario.actor_verb", actor=actor, verb=step.do)
            return
        if actor in self.accounts:
            return
        if actor in self.posts:
            if actor not in self.held:
                self.findings.add(place, "scenario.no_holder", city=self.city.id, post=actor)
            return
        zh, en = suggestion(actor, [*self.accounts, *self.posts, "resident", "clock"])
        self.findings.add(place, "scenario.actor", actor=actor, city=self.city.id, hint_zh=zh, hint_en=en)

    def _fields(self, trail: Trail, step: ScenarioStep) -> None:
        takes = FIELDS.get(step.do, frozenset())
        for field in step.model_fields_set:
            key = field.rstrip("_")
            if key not in COMMON | takes:
                zh, en = suggestion(key, takes | COMMON)
                place = self.source.key_place((self.number, *trail, key))
                self.findings.add(place, "scenario.field", verb=step.do, field=key, hint_zh=zh, hint_en=en)
        needs: dict[str, tuple[object, str]] = {
            "report": (step.channel, "channel"),
            "step": (step.node, "node"),
            "fold": (step.into, "into"),
            "reassign": (step.to, "to"),
            "rate": (step.satisfaction, "satisfaction"),
            "advance_clock": (step.by or step.to, "by / to"),
            "measure": (step.values or None, "values"),
            "read": (step.device, "device"),
            "alarm": (step.rule, "rule"),
            "acknowledge": (step.rule, "rule"),
            "record": (step.thing, "thing"),
            "fence": (step.fence or None, "fence"),
            "view": (step.path, "path"),
            "send": (step.path, "path"),
            "take": (step.path if step.key else None, "path, key"),
            "score": (step.board, "board"),
            "count": (step.indicator, "indicator"),
        }
        value, key = needs.get(step.do, (True, ""))
        if value is None:
            self.findings.add(self._place(trail), "scenario.needs", verb=step.do, field=key)

    def _report(self, trail: Trail, step: ScenarioStep) -> None:
        if step.type is not None and step.type not in self.cases:
            self._unknown((*trail, "type"), ("案件类型", "case type"), step.type, self.cases)
        case = self.cases.get(step.type or self.default_type)
        if case is not None and step.refused is None:
            if step.channel is not None and step.channel not in case.channels:
                self._unknown((*trail, "channel"), ("渠道", "channel"), step.channel, case.channels)
            self._class((*trail, "class"), step.class_, case)
            for key in step.fields:
                if key not in case.fields:
                    self._unknown((*trail, "fields", key), ("字段", "field"), key, case.fields)
        places = self.city.file.value.places
        if isinstance(step.at, str) and step.at not in places:
            self._unknown((*trail, "at"), ("地点", "place"), step.at, places)

    def _thing(self, trail: Trail, step: ScenarioStep) -> None:
        """Types and their attributes are known; the values are judged where they are recorded."""
        places = self.city.file.value.places
        if isinstance(step.at, str) and step.at not in places:
            self._unknown((*trail, "at"), ("地点", "place"), step.at, places)
        if step.thing is None:
            return
        kind = self.things.get(step.thing)
        if kind is None:
            self._unknown((*trail, "thing"), ("登记类型", "type"), step.thing, self.things)
            return
        for name in step.attributes if step.refused is None else ():
            if name not in kind.attributes:
                self._unknown((*trail, "attributes", name), ("字段", "attribute"), name, dict(kind.attributes))

    def _class(self, trail: Trail, code: str | None, case: CaseTypeDeclaration) -> None:
        classes = self.classes.get(case.classes, [])
        known = {item.code for item in classes} | {item.names.zh for item in classes}
        if code is not None and classes and code not in known:
            self._unknown(trail, ("分类", "class"), code, known)

    def _case(self, trail: Trail, name: str | None, key: str) -> None:
        wanted = name or ("case" if key == "name" and not self.types else None)
        if wanted is not None and wanted not in self.types:
            zh, en = suggestion(wanted, self.types)
            place = self._place((*trail, key) if key else trail)
            self.findings.add(place, "scenario.case_unknown", name=wanted, hint_zh=zh, hint_en=en)

    def _node(self, trail: Trail, step: ScenarioStep) -> None:
        nodes = (step.node,) if step.do == "step" and step.node else NODES.get(step.do, ())
        name = step.name or (list(self.types)[-1] if self.types else "")
        case = self.cases.get(self.types.get(name, ""))
        graph = self.graphs.get(case.flow) if case else None
        if not nodes or graph is None:
            results = RESULTS.get(step.do)
            if step.do == "approve_extension" and step.result and results and step.result not in results:
                self._result(trail, step, results)
            return
        tasks = [task for task in graph.tasks if task.id in nodes]
        asked = {field.id for task in tasks for field in task.fields}
        for key in step.fields if tasks and step.do == "step" and step.refused is None else ():
            if key not in asked:
                self._unknown((*trail, "fields", key), ("字段", "field"), key, sorted(asked))
        if not tasks:
            zh, en = suggestion(nodes[0], [task.id for task in graph.tasks])
            self.findings.add(
                self._place((*trail, "node") if step.do == "step" else (*trail, "do")),
                "scenario.no_node", flow=graph.key, verb=step.do, nodes=", ".join(nodes), hint_zh=zh, hint_en=en,
            )  # fmt: skip
            return
        outcomes = [outcome for task in tasks for outcome in task.outcomes]
        if step.result is not None and step.refused is None and step.result not in outcomes:
            self._result(trail, step, outcomes)
        if case is not None and step.refused is None:
            self._class((*trail, "class"), step.class_, case)

    def _result(self, trail: Trail, step: ScenarioStep, known: object) -> None:
        names = [str(item) for item in known] if isinstance(known, list | tuple) else []
        zh, en = suggestion(step.result or "", names)
        place = self._place((*trail, "result"))
        self.findings.add(place, "scenario.result", verb=step.do, result=step.result, hint_zh=zh, hint_en=en)

    def _expected(self, trail: Trail, step: ScenarioStep) -> None:
        if step.expect is None:
            return
        for index, verb in enumerate(step.expect.journal or []):
            if verb.startswith("case.") and verb not in VERBS:
                self._unknown((*trail, "expect", "journal", index), ("日志动词", "journal verb"), verb, VERBS)
        if step.expect.folded_into is not None:
            self._case((*trail, "expect", "folded_into"), step.expect.folded_into, "")
        if step.expect.class_ is not None:
            name = step.name or (list(self.types)[-1] if self.types else "")
            case = self.cases.get(self.types.get(name, ""))
            if case is not None:
                self._class((*trail, "expect", "class"), step.expect.class_.rpartition("/")[2], case)
