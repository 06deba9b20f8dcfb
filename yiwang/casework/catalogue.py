"""The published case types of this process, compiled: classes by code, words, dispatch table, validators.

A case keeps the version it was opened under; versions are loaded when first needed and never change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import jsonschema_rs
import orjson

from yiwang.casework import step_fields, store
from yiwang.casework.classify import WordIndex
from yiwang.casework.declarations import CaseClass, CaseTypeDeclaration, ClassTree, DispatchTable, Standard
from yiwang.casework.dispatch import CompiledTable
from yiwang.casework.errors import CaseTypeInvalid, CaseTypeUnknown, ClassUnknown, StandardUnknown
from yiwang.casework.field_conditions import FieldConditions
from yiwang.casework.model import COMMON_STATUSES
from yiwang.casework.numbers import NumberRule, parse_number_rule
from yiwang.flow.model import Definition
from yiwang.flow.service import FlowService
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import FieldError
from yiwang.kernel.expressions import cel
from yiwang.kernel.formulas import FormulaInvalid, Formulas


@dataclass(frozen=True)
class CaseType:
    """A published version of a case type, ready to judge reports. ``retired``: it takes no new cases; running ones go on."""

    declaration: CaseTypeDeclaration
    tree: ClassTree
    table: DispatchTable | None
    version: int
    definition: Definition
    retired: bool = False

    @cached_property
    def classes(self) -> dict[str, CaseClass]:
        return {item.code: item for item in self.tree.classes}

    @cached_property
    def words(self) -> WordIndex:
        return WordIndex(self.tree.classes)

    @cached_property
    def dispatch(self) -> CompiledTable | None:
        return CompiledTable(self.table) if self.table else None

    @cached_property
    def dispatched(self) -> bool:
        """Whether a step of its flow asks for the department; else the class's own has it from its first moment."""
        tasks = self.definition.graph.tasks
        return any("department" in outcome.needs for task in tasks for outcome in task.outcomes.values())

    @cached_property
    def number(self) -> NumberRule:
        return parse_number_rule(self.declaration.number)

    @cached_property
    def acceptance(self) -> dict[str, cel.Program]:
        return {
            name: cel.compile(channel.accept) for name, channel in self.declaration.channels.items() if channel.accept
        }

    @cached_property
    def _fields(self) -> jsonschema_rs.Draft202012Validator:
        fields = self.declaration.fields
        return jsonschema_rs.Draft202012Validator(
            {
                "type": "object",
                "properties": {key: item.json_schema for key, item in fields.items()},
                "required": [key for key, item in fields.items() if item.required and not item.show_if],
                "additionalProperties": False,
            }
        )

    @cached_property
    def _conditions(self) -> FieldConditions:
        return FieldConditions(self.declaration.fields)

    @cached_property
    def formulas(self) -> Formulas:
        """The calculated fields; they see the case's own fields and those that steps of its flow ask for."""
        own = self.declaration.fields
        asked = step_fields.every(self.definition.graph)
        schemas = {key: item.json_schema for key, item in [*asked.items(), *own.items()]}
        return Formulas({key: item.calculated for key, item in own.items() if item.calculated}, schemas, "fields")

    def calculated(self, fields: JsonObject) -> JsonObject:
        """The fields with what is calculated from them; whatever was brought in its place is dropped."""
        return self.formulas.filled(fields) if self.formulas else fields

    def case_class(self, code: str) -> CaseClass:
        found = self.classes.get(code)
        if found is None:
            raise ClassUnknown(class_code=code[:20], system=self.tree.system)
        return found

    def class_name(self, code: str | None, language: str = "zh") -> str:
        found = self.classes.get(code or "")
        if found is None:
            return "未分类" if language == "zh" else "Unclassified"
        return found.names.zh if language == "zh" else found.names.en

    def status_word(self, status: str) -> str:
        """The English words of a status; the status itself where nobody has translated it."""
        return self.declaration.statuses.get(status) or COMMON_STATUSES.get(status, status)

    def standard(self, class_code: str, standard_id: str | None) -> Standard:
        """The standard named, or the class's first when none is."""
        found = self.case_class(class_code)
        if standard_id is None:
            return found.standards[0]
        for item in found.standards:
            if item.id == standard_id:
                return item
        raise StandardUnknown(
            class_code=class_code, standard=standard_id[:60], known=", ".join(item.id for item in found.standards)
        )

    def field_errors(self, fields: JsonObject) -> list[FieldError]:
        """Every fault of the declared fields, by JSON pointer."""
        if not fields and not any(item.required for item in self.declaration.fields.values()):
            return []
        return [
            FieldError(
                where="/fields" + "".join(f"/{part}" for part in error.instance_path),
                code="input.field",
                zh=f"不符合字段要求:{error.message}",
                en=error.message,
            )
            for error in self._fields.iter_errors(fields)
        ] + list(self._conditions.errors(fields))


class Catalogue:
    """Case types by key and version. One per process; :meth:`refresh` after a publication."""

    def __init__(self, flow: FlowService) -> None:
        self._flow = flow
        self._versions: dict[tuple[str, int], CaseType] = {}
        self._latest: dict[str, CaseType] = {}

    async def refresh(self, connection: Connection) -> None:
        """Load newest versions that this process does not have yet."""
        latest: dict[str, CaseType] = {}
        for key, version in await store.newest_case_types(connection):
            latest[key] = await self.version(connection, key, version)
        self._latest = latest

    def latest(self, key: str) -> CaseType:
        found = self._latest.get(key)
        if found is None:
            raise CaseTypeUnknown(type=key[:60], known=", ".join(sorted(self._latest)) or "—")
        return found

    def all(self) -> list[CaseType]:
        """The newest version of each, as the city ranks them: by (rank, id)."""
        return sorted(self._latest.values(), key=lambda item: (item.declaration.rank, item.declaration.id))

    def offered(self) -> list[CaseType]:
        """Those that take new cases, in the order of :meth:`all`."""
        return [item for item in self.all() if not item.retired]

    async def version(self, connection: Connection, key: str, version: int) -> CaseType:
        found = self._versions.get((key, version))
        if found is None:
            body, definition_id = await store.case_type_version(connection, key, version)
            found = _compile(body, version, await self._flow.definition(connection, definition_id))
            self._versions[(key, version)] = found
        return found

    def loaded(self, key: str, version: int) -> CaseType | None:
        """The version if this process has it already; for rendering lists without a query."""
        return self._versions.get((key, version)) or self._latest.get(key)

    def status_word(self, key: str, status: str) -> str:
        """The English words of a status of the case type, as its newest version has them; without a query."""
        case_type = self._latest.get(key)
        return case_type.status_word(status) if case_type else COMMON_STATUSES.get(status, status)


def _compile(body: JsonObject, version: int, definition: Definition) -> CaseType:
    table = body.get("dispatch")
    return CaseType(
        CaseTypeDeclaration.model_validate(_in_order(body["declaration"], body.get("order"))),
        ClassTree.model_validate(body["classes"]),
        DispatchTable.model_validate(table) if table else None,
        version,
        definition,
        body.get("retired") is True,
    )


def _in_order(declaration: Json, order: Json) -> Json:
    """The declaration with its fields and channels as declared: the store keeps the members of an object in an order of
    its own."""
    if not isinstance(declaration, dict) or not isinstance(order, dict):
        return declaration
    found = dict(declaration)
    for member, keys in order.items():
        held = found.get(member)
        if isinstance(held, dict) and isinstance(keys, list):
            found[member] = {str(key): held[str(key)] for key in keys if str(key) in held}
    return found


async def publish_case_type(
    connection: Connection,
    declaration: CaseTypeDeclaration,
    tree: ClassTree,
    dispatch: DispatchTable | None,
    definition: Definition,
    at: datetime,
    *,
    retired: bool = False,
) -> tuple[int, bool]:
    """Store a new version of a case type unless the newest is the same; returns (version, whether it is new). ``retired``:
    it takes no new cases.

    Raises:
        CaseTypeInvalid: a part of it does not hold together; `yiwang check` names file and line.
    """
    body: JsonObject = {
        "declaration": declaration.model_dump(mode="json", by_alias=True),
        "classes": tree.model_dump(mode="json", by_alias=True),
        # Examples are for those who write the table; a running city does not need them.
        "dispatch": dispatch.model_dump(mode="json", by_alias=True, exclude={"examples"}) if dispatch else None,
    }
    if retired:
        body["retired"] = True
    body["order"] = {"channels": [*declaration.channels], "fields": [*declaration.fields]}
    candidate = _compile(body, 0, definition)
    try:
        _ = candidate.number, candidate.acceptance, candidate.dispatch, candidate.field_errors({"-": None})
        _ = candidate.formulas
    except (FormulaInvalid, ValueError, jsonschema_rs.ValidationError) as error:
        raise CaseTypeInvalid(type=declaration.id, why=str(error)) from error
    if declaration.default_class is not None:
        candidate.case_class(declaration.default_class)
    if len(candidate.classes) != len(tree.classes):
        raise CaseTypeInvalid(type=declaration.id, why="a class code stands twice in the tree")
    digest = hashlib.sha256(orjson.dumps([body, str(definition.id)], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return await store.add_case_type(connection, declaration.id, digest, body, definition.id, at)


async def retire_case_types(connection: Connection, kept: Collection[str], at: datetime) -> list[str]:
    """A new version, which takes no new cases, of every case type that is not ``kept`` and has none yet; returns which."""
    gone: list[str] = []
    for key, version in await store.newest_case_types(connection):
        if key in kept:
            continue
        body, definition_id = await store.case_type_version(connection, key, version)
        if body.get("retired") is not True:
            new: JsonObject = {**body, "retired": True}
            digest = hashlib.sha256(orjson.dumps([new, str(definition_id)], option=orjson.OPT_SORT_KEYS)).hexdigest()
            await store.add_case_type(connection, key, digest, new, definition_id, at)
            gone.append(key)
    return gone
