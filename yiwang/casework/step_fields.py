"""Fields that a step asks for, judged when it is finished: what was given must fit, what is needed must be there.

What is given stands in the case's fields and, under the same name, in the variables of its flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import jsonschema_rs

from yiwang.casework.declarations import CaseField, Words
from yiwang.casework.field_conditions import FieldConditions
from yiwang.flow.model import Graph, UserTask
from yiwang.flow.model.fields import FormField
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput


def declared(fields: Iterable[FormField]) -> dict[str, CaseField]:
    """The fields in the words of case types, so that forms and conditions are one thing everywhere."""
    return {
        item.id: CaseField(
            names=Words(zh=item.names.zh, en=item.names.en),
            schema=item.schema,
            required=item.required,
            show_if={key: dict(schema) for key, schema in item.show_if.items()},
            require_if={key: dict(schema) for key, schema in item.require_if.items()},
        )
        for item in fields
    }


def as_json(fields: Mapping[str, CaseField]) -> JsonObject:
    """The fields as the API tells them, in their order."""
    found: JsonObject = {}
    for key, item in fields.items():
        one: JsonObject = {
            "names": {"zh": item.names.zh, "en": item.names.en},
            "schema": item.json_schema,
            "required": item.required,
            "show_if": {**item.show_if},
            "require_if": {**item.require_if},
        }
        found[key] = one
    return found


def asked(task: UserTask, outcome: str) -> dict[str, CaseField]:
    """What a step asks for where it ends so."""
    return declared(item for item in task.fields if item.asked_on(outcome))


def every(graph: Graph) -> dict[str, CaseField]:
    """The fields of all steps of a flow, to name what stands in a case."""
    return declared(item for task in graph.tasks for item in task.fields)


def judged(task: UserTask, outcome: str, given: JsonObject) -> JsonObject:
    """What was given, without what is empty.

    Raises:
        InvalidInput: every fault by JSON pointer: a field that is not asked for, does not fit or is missing.
    """
    fields = asked(task, outcome)
    values: JsonObject = {key: value for key, value in given.items() if value is not None and value != ""}
    errors = [
        FieldError(
            where=f"/fields/{key}",
            code="input.field",
            zh="这一步不填这一项,请去掉",
            en="this step does not ask for it: leave it out",
        )
        for key in values
        if key not in fields
    ]
    for key, item in fields.items():
        if key in values:
            errors += _faults(key, item, values[key])
        elif item.required and not item.show_if:
            errors.append(
                FieldError(
                    where=f"/fields/{key}",
                    code="input.missing",
                    zh=f"请填写“{item.names.zh}”",
                    en=f"give “{item.names.en}”",
                )
            )
    missing = {error.where for error in errors}
    errors += [error for error in FieldConditions(fields).errors(values) if error.where not in missing]
    if errors:
        raise InvalidInput(errors=errors, count=len(errors))
    return values


def _faults(key: str, item: CaseField, value: Json) -> list[FieldError]:
    validator = jsonschema_rs.Draft202012Validator(item.json_schema, validate_formats=True)
    return [
        FieldError(
            where=f"/fields/{key}",
            code="input.field",
            zh=f"“{item.names.zh}”不符合要求:{error.message}",
            en=f"“{item.names.en}”: {error.message}",
        )
        for error in validator.iter_errors(value)
    ]
