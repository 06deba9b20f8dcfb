"""What is within reach of a pack, its own and what the packs hold that it needs, and how a wrong reference to it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.flow.conditions import ConditionInvalid, compile_condition
from yiwang.flow.model import UserTask
from yiwang.packs.check.references import BUILT_IN_DEPARTMENTS, needed, unknown
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Pack
from yiwang.packs.source import Source, Trail
from yiwang.registry.declarations import ThingType

What = tuple[str, str]
"""What a name names, in Chinese and English."""
CASE_TYPE, CHANNEL, CLASS = ("案件类型", "case type"), ("渠道", "channel"), ("分类", "class")
DEPARTMENT, TYPE = ("部门类别", "kind of department"), ("登记类型", "type")


class Reach:
    """Case types, types of things, kinds of departments, posts and drawings by their names."""

    def __init__(self, pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
        reach = [pack, *(packs[name] for name in needed(pack, packs))]
        self.findings = findings
        self.cases = {item.value.id: item.value for one in reach for item in one.cases}
        self.types = {item.value.id: item.value for one in reach for item in one.types}
        self.departments = {kind for one in reach for kind in one.file.value.departments} | BUILT_IN_DEPARTMENTS
        self.posts = {kind.code for one in reach if one.roles for kind in one.roles.value.posts}
        self.flows = {flow.key: flow.graph for one in reach for flow in one.flows if flow.graph is not None}
        self._trees = {
            tree.value.id: {each.code for each in tree.value.classes} for one in reach for tree in one.classes
        }

    def known(self, source: Source, trail: Trail, what: What, name: str, names: Iterable[str]) -> bool:
        """Whether ``name`` is one of ``names``; told if not."""
        if name in names:
            return True
        unknown(self.findings, source.place(trail), what, name, names)
        return False

    def wrong(self, source: Source, trail: Trail, zh: str, en: str) -> None:
        """A value that cannot be: why, in both languages."""
        key = next(part for part in reversed(trail) if isinstance(part, str))
        self.findings.add(source.place(trail), "schema.value", key=key, zh=zh, en=en)

    def case(self, source: Source, trail: Trail, name: str) -> CaseTypeDeclaration | None:
        self.known(source, trail, CASE_TYPE, name, self.cases)
        return self.cases.get(name)

    def channel_and_class(
        self, source: Source, trail: Trail, case: CaseTypeDeclaration, channel: str, code: str
    ) -> None:
        """How a case of this type would be opened; the place is ``channel`` and ``class`` below ``trail``."""
        self.known(source, (*trail, "channel"), CHANNEL, channel, case.channels)
        if codes := self._trees.get(case.classes, set()):
            self.known(source, (*trail, "class"), CLASS, code, codes)

    def type(self, source: Source, trail: Trail, name: str) -> ThingType | None:
        self.known(source, trail, TYPE, name, self.types)
        return self.types.get(name)

    def step(self, source: Source, trail: Trail, case: CaseTypeDeclaration, node: str) -> UserTask | None:
        graph = self.flows.get(case.flow)
        if graph is None:
            return None  # told where the flow is named
        tasks = {task.id: task for task in graph.tasks}
        self.known(source, trail, ("步骤", "step"), node, tasks)
        return tasks.get(node)

    def outcome(self, source: Source, trail: Trail, task: UserTask | None, outcome: str) -> None:
        if task is not None:
            self.known(source, trail, ("办理结果", "outcome"), outcome, task.outcomes)

    def step_fields(self, case: CaseTypeDeclaration) -> list[str]:
        """Fields that steps of the case's flow ask for; they stand in the case, too."""
        graph = self.flows.get(case.flow)
        return [field.id for task in graph.tasks for field in task.fields] if graph is not None else []

    def expression(self, source: Source, trail: Trail, text: str, variables: Iterable[str]) -> None:
        """Whether a condition can be asked with these variables."""
        try:
            condition = compile_condition(text)
        except ConditionInvalid as invalid:
            self.wrong(source, trail, invalid.zh, invalid.en)
            return
        for name in condition.variables:
            if name not in variables:
                known = sorted(variables)
                zh = f"没有变量 {name},可用的有:{'、'.join(known)}"
                self.wrong(source, trail, zh, f"there is no variable {name}; known here: {', '.join(known)}")
