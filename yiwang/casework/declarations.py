"""What a pack declares about cases: case types, class trees with their standards, channels, dispatch tables, rules.

These models are the format of ``packs/*/cases/*.yaml``, ``classes/*.yaml`` and ``rules/*.yaml``; unknown keys are refused.
A published case type is stored with all that it needs, so that a running case keeps the version it was opened under.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Phrase = Annotated[str, StringConstraints(min_length=2, max_length=40)]
Example = Annotated[str, StringConstraints(min_length=2, max_length=500)]
StatusText = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class Standard(Declaration):
    """One filing standard (立案条件) of a class with its closing standard (结案条件) and handling limit (处置时限)."""

    id: Key
    filing: Words
    closing: Words
    limit: str = Field(description="Deadline in the plain grammar: 3工作日, 4工作时, 2紧急工作时, 24小时.")
    urgency: Literal["normal", "urgent"] = "normal"


class CaseClass(Declaration):
    """A class of the standard's tree: ``code`` is big + small class (GB/T 47678.5: 2 + 3 digits)."""

    code: str = Field(pattern=r"^[0-9A-Z]{2,12}$")
    names: Words
    kind: Literal["component", "event", "matter"]
    group: Words
    older: dict[str, str] = Field(
        default_factory=dict, description="The same class in older code systems, by system name."
    )
    words: list[str] = Field(default_factory=list, description="Words in a report that speak for this class.")
    phrases: list[Phrase] = Field(
        default_factory=list,
        max_length=200,
        description="Turns of everyday speech that speak for it, too; … stands for up to eight characters: 路…坑.",
    )
    examples: list[Example] = Field(
        default_factory=list,
        max_length=200,
        description="Reports as people write them that belong to this class; the first model learns from them.",
    )
    department: Key | None = Field(
        None,
        description="Kind of department that usually handles it, e.g. sanitation; its from the first moment where no step of "
        "the flow asks for a department.",
    )
    standards: list[Standard] = Field(min_length=1)


class ClassTree(Declaration):
    """``classes/*.yaml``: a code system and its classes."""

    id: Key
    names: Words
    system: str = Field(description="Name and edition of the code system, stored beside every code: GB/T 47678.5-2026.")
    classes: list[CaseClass] = Field(min_length=1)


Need = Literal["text", "place", "class", "photo", "phone", "address"]


class Channel(Declaration):
    """How one channel may report, with its own acceptance rule."""

    names: Words
    who: Literal["public", "signed-in"] = "public"
    post: Key | None = Field(None, description="Post that a signed-in reporter must hold, e.g. grid-worker.")
    needs: list[Need] = ["text"]
    asks: list[Key] | None = Field(
        None,
        description="Fields of the case that the form of this channel asks for; left out: all of them. What the handling "
        "office fills in, nobody who reports is asked.",
    )
    accept: Expression | None = Field(None, description="CEL over the report; false refuses it with `refusal`.")
    refusal: Words | None = None
    variables: dict[str, Any] = Field(
        default_factory=dict, description="Flow variables that this channel sets, e.g. verify: true."
    )


class Fold(Declaration):
    """Reports of the same class this near and this recent are folded under the head case."""

    metres: float = Field(30, ge=0, le=1000)
    days: float = Field(7, ge=0, le=365)


Conditions = dict[Key, dict[str, Any]]
"""Other fields of the case, each with the JSON Schema of its value; all of them must be given and fit."""


class CaseField(Declaration):
    """A field of a case beyond the common ones; ``schema`` is JSON Schema 2020-12."""

    names: Words
    json_schema: dict[str, Any] = Field(alias="schema")
    personal: bool = False
    required: bool = Field(False, description="Whether it must be given, wherever it is asked for.")
    show_if: Conditions = Field(
        default_factory=dict,
        description="Asked for only where these other fields have such values: {kind: {enum: [fallen, leaning]}}.",
    )
    require_if: Conditions = Field(
        default_factory=dict,
        description="Must be given where these other fields have such values: {people: {minimum: 1}}.",
    )
    calculated: str = Field(
        "",
        max_length=1000,
        description="Calculated (计算字段): CEL over the case's other fields and those of its steps, as `fields`; nobody writes "
        "it, it follows its inputs, and the flow has it as a variable.",
    )

    @model_validator(mode="after")
    def _calculated_is_not_asked(self) -> Self:
        if self.calculated and (self.required or self.show_if or self.require_if):
            raise ValueError(
                "计算字段不能写 required、show_if、require_if | a calculated field has no required, show_if, require_if"
            )
        return self


class Learning(Declaration):
    """How the classes of a case type are learned from its cases (学习)."""

    rules: Literal["first", "last"] = Field(
        "first", description="Words of the class tree go before the model (first), or only where it is unsure (last)."
    )
    threshold: float = Field(
        0.5, ge=0, le=1, description="Below this probability the model leaves the class to a person."
    )
    begin: bool = Field(
        False, description="Learn a first model from the tree's words and examples when the city has none yet."
    )


class CaseTypeDeclaration(Declaration):
    """``cases/*.yaml``: the life and shape of one kind of case."""

    id: Key
    names: Words
    rank: int = Field(
        50,
        ge=0,
        le=1000,
        description="Place in lists of case types, smallest first, then by id: the first that a reporter may use is offered.",
    )
    number: str = Field(
        max_length=60,
        description="Pattern of the case number: literal text, {date:%Y%m%d}, {division} and {serial:6} (restarts daily).",
    )
    flow: Key = Field(description="Id of the process in flows/*.bpmn that is this case's life.")
    classes: Key = Field(description="Id of the class tree in classes/*.yaml.")
    channels: dict[Key, Channel] = Field(min_length=1)
    fields: dict[Key, CaseField] = Field(default_factory=dict)
    fold: Fold | None = None
    dispatch: Key | None = Field(
        None, description="Id of the decision table in rules/*.yaml that advises the department."
    )
    default_class: str | None = Field(
        None, description="Class for reports that no rule recognises; a person then chooses."
    )
    learning: Learning = Field(default_factory=Learning, description="How classes are learned from cases.")
    rework: Literal["continue", "restart"] = Field("restart", description="Whether 返工 goes on with the same clock.")
    warn: float = Field(0.8, gt=0, lt=1, description="Share of the limit after which the clock turns yellow.")
    reopen_days: float = Field(30, ge=0, le=365, description="Days after closing in which the reporter may reopen.")
    return_visit: bool = False
    statuses: dict[StatusText, StatusText] = Field(
        default_factory=dict,
        max_length=200,
        description="English words of the flow's statuses, by the status as the flow writes it: {待受理: Awaiting intake}.",
    )


class DispatchRow(Declaration):
    """A row of a dispatch table: all given conditions must hold; the first row that fits is taken."""

    classes: list[str] = Field(default_factory=list, description="Class codes or prefixes ending in *; empty: any.")
    areas: list[str] = Field(default_factory=list, description="Area code prefixes; empty: the whole city.")
    when: Expression | None = Field(None, description="CEL over text, channel, urgency, class, area.")
    department: Key = Field(
        description="Kind of department (organisations declare which kinds they serve) or its code."
    )
    limit: str | None = Field(None, description="Overrides the standard's limit.")
    reason: Words


Fact = Literal["class", "area", "text", "channel", "urgency"]


class DispatchAnswer(Declaration):
    """What a dispatch table should advise."""

    department: Key | None = Field(None, description="The kind of department; any when left out.")
    limit: str | None = Field(None, description="The limit that the row sets; any when left out.")


class DispatchExample(Declaration):
    """A case whose advice is known (样例)."""

    given: dict[Fact, str] = Field(description="What is known of the case; what is left out is empty, urgency normal.")
    expect: DispatchAnswer | None = Field(description="The advice, or null: the table is silent.")


class DispatchTable(Declaration):
    """``rules/*.yaml``: class + place → department + limit, hit policy FIRST (DMN)."""

    id: Key
    names: Words
    rows: list[DispatchRow] = Field(min_length=1)
    examples: list[DispatchExample] = Field(
        default_factory=list, max_length=500, description="Cases whose advice is known; the check tries them."
    )
