"""Fields that a step asks for (步骤表单): declared in the drawing, published with it, given by whoever finishes the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from yiwang.flow.model.settings import Names
from yiwang.kernel.database import Json, JsonObject

FieldKind = Literal["text", "number", "integer", "choice", "yesno", "date"]
longest_text = 1000

Conditions = Mapping[str, JsonObject]
"""Other fields of the same step, each with the JSON Schema of its value; all of them must be given and fit."""
NEVER: Conditions = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. ``on``: the outcomes for which it is asked, empty for all; ``required`` there. ``options_en``: the options in
    English, one for each or none."""

    id: str
    names: Names
    kind: FieldKind
    required: bool = False
    options: tuple[str, ...] = ()
    options_en: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    on: frozenset[str] = frozenset()
    show_if: Conditions = field(default_factory=lambda: NEVER)
    require_if: Conditions = field(default_factory=lambda: NEVER)

    @property
    def schema(self) -> JsonObject:
        """JSON Schema of its value."""
        match self.kind:
            case "choice":
                options: list[Json] = [*self.options]
                words: JsonObject = dict(zip(self.options, self.options_en, strict=False))
                return {"type": "string", "enum": options, **({"x-en": words} if words else {})}
            case "yesno":
                return {"type": "boolean"}
            case "date":
                return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
            case "text":
                return {"type": "string", "minLength": 1, "maxLength": longest_text}
            case _:
                found: JsonObject = {"type": self.kind}
                if self.minimum is not None:
                    found["minimum"] = self.minimum
                if self.maximum is not None:
                    found["maximum"] = self.maximum
                return found

    def asked_on(self, outcome: str) -> bool:
        """Whether it is asked where the step ends so."""
        return not self.on or outcome in self.on
