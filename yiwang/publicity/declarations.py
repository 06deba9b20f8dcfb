"""The formats of ``packs/*/publications/*.yaml`` and ``anomalies/*.yaml``. Unknown keys are refused.

A publication says what of which records is shown to everybody, masked how, approved by whom and for how long; an anomaly rule
says, in CEL over a type and what it is compared with, which records should not be as they are.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import Problem
from yiwang.registry.declarations import Masking

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
ClassCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,12}$")]

CASE_COLUMNS = ("number", "class", "status", "channel", "reported_at", "closed_at", "satisfaction")
"""What a case offers to a publication beside its own fields; never its text, its address or its reporter."""


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class PublicationSource(Declaration):
    """What is published: things of one type of the registry, or cases of one type."""

    type: Key | None = Field(None, description="The registry's type.")
    case: Key | None = Field(None, description="The case type, instead.")
    where: dict[Name, str] = Field(
        default_factory=dict,
        max_length=10,
        description="Values of attributes with `filter`; of cases `state` or `class`: {state: closed}.",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.type is None) == (self.case is None):
            raise ValueError("type 与 case 须写且只写一项 | give exactly one of type and case")
        strange = [name for name in self.where if self.case is not None and name not in ("state", "class")]
        if strange:
            raise ValueError(
                f"案件只能按 state、class 筛选,没有 {strange[0]} | cases are filtered by state and class only"
            )
        return self


class PublishedField(Declaration):
    """A column. What is personal in its type must be masked."""

    name: Name = Field(description="The attribute; of cases also number, class, status, reported_at, closed_at.")
    mask: Masking | None = Field(
        None, description="How it is masked: name, phone, identity-number, address, account, hidden."
    )
    names: Words | None = Field(None, description="The heading; the attribute's own name when left out.")


class RowOrder(Declaration):
    """In what order rows stand."""

    by: Name = Field(description="An attribute of the source.")
    descending: bool = Field(False, description="The largest, newest first.")


class OwnRows(Declaration):
    """How a resident finds what concerns them: by own name and the last digits of the identity number, both exact."""

    name: Name = Field(description="The attribute that holds the person's name.")
    number: Name = Field(description="The attribute that holds the identity number.")
    last: int = Field(6, ge=4, le=18, description="How many of its last characters are asked for.")


class RowQuestion(Declaration):
    """The case that a question about a row becomes."""

    case: Key = Field(description="Case type.")
    channel: Key = Field(description="A channel that everybody may use.")
    class_code: ClassCode = Field(alias="class", description="Class of the case.")
    department: Key | None = Field(
        None, description="Kind of department that answers, by the row's area; left out: who proposed the issue."
    )
    field: Name | None = Field(None, description="Field of the case that takes the row in words.")


class PublicationDeclaration(Declaration):
    """``publications/*.yaml``: what is made public of which records (公示公开)."""

    id: Key
    names: Words
    about: Words | None = Field(None, description="What it is and on what legal basis it is public.")
    source: PublicationSource = Field(alias="of", description="Which records.")
    fields: list[PublishedField] = Field(min_length=1, max_length=30, description="Columns, in order.")
    order: RowOrder | None = Field(None, description="Order of the rows; left out: as recorded.")
    dated: Name | None = Field(None, description="The date of a row, by which issues and readers choose a span.")
    approver: Key = Field(description="Kind of post that approves an issue; never who proposed it.")
    stands: str | None = Field(
        None,
        description="How long an issue is public (公示期): 7工作日; left out: until the next one of the same area.",
    )
    own: OwnRows | None = Field(None, description="How residents find their own rows; left out: they cannot.")
    asks: RowQuestion | None = Field(
        None, description="What a question about a row becomes; left out: none can be asked."
    )

    @field_validator("stands")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                parse_deadline(text)
            except Problem as problem:
                raise ValueError(f"{problem.message('zh')} | {problem.message('en')}") from problem
        return text

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("fields 中有相同的 name | two fields have the same name")
        if self.own is not None and self.source.case is not None:
            raise ValueError("own 只用于登记类型 | own is for types of the registry")
        return self


class ComparedWith(Declaration):
    """What a record is compared with: records of a type (the same one, too) whose attributes have the same values."""

    type: Key = Field(description="The other type; in `when` and `reason` its record is called `other`.")
    on: dict[Name, Name] = Field(
        min_length=1, max_length=6, description="Attribute of the record to attribute of the other: equal in all."
    )
    absent: bool = Field(False, description="Instead: there is no such record that also fulfils `when`.")


class ComparedBefore(Declaration):
    """What a record is compared with: the one before it in its series."""

    same: list[Name] = Field(min_length=1, max_length=6, description="Attributes that are equal within a series.")
    by: Name = Field(description="The attribute that orders it; the one before is called `before`.")


class FindingCase(Declaration):
    """The case that each finding opens, once."""

    case: Key = Field(description="Case type.")
    channel: Key = Field(description="Channel of the case type; system-opened, so its post is not asked for.")
    class_code: ClassCode = Field(alias="class", description="Class of the case.")
    department: Key | None = Field(
        None, description="Kind of department that handles it, by the record's area; left out: who owns the record."
    )


class AnomalyDeclaration(Declaration):
    """``anomalies/*.yaml``: what should not be (异常规则)."""

    id: Key
    names: Words
    about: Words | None = Field(None, description="Why it should not be, and by what rule.")
    type: Key = Field(description="The type whose records are looked at; in `when` and `reason` called `it`.")
    twice: list[Name] = Field(
        default_factory=list, max_length=6, description="Found are records that agree with another in all of these."
    )
    joined: ComparedWith | None = Field(
        None, alias="with", description="What each is compared with in another register."
    )
    before: ComparedBefore | None = Field(None, description="Each is compared with the one before it.")
    when: str = Field("", max_length=1000, description="CEL over `it`, `other`, `before`; what it holds of is found.")
    severity: Literal["hint", "warning", "grave"] = Field("warning", description="How grave it is.")
    reason: Words = Field(description="What a finding says; {it.name} stands for a value, masked where it is personal.")
    opens: FindingCase | None = Field(
        None, description="The case that each finding opens; left out: findings are only listed."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [bool(self.twice), self.joined is not None, self.before is not None]
        if sum(ways) > 1:
            raise ValueError("twice、with、before 只写一项 | give one of twice, with and before")
        if not self.when and not self.twice and self.joined is None:
            raise ValueError("请写 when | say when")
        return self
