"""The format of ``packs/*/types/*.yaml``: a kind of thing (登记类型) from which screens, API, import, export and map follow.

Attributes are JSON Schema 2020-12 with the formats of :mod:`yiwang.registry.identifiers`; who a thing *is* are its natural keys.
Unknown keys of a declaration are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]

GeometryKind = Literal["none", "point", "line", "polygon", "any"]
Masking = Literal["name", "phone", "identity-number", "address", "account", "hidden"]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class CountDeclaration(Declaration):
    """A count of related things, or the sum of a number of theirs (关联统计): always of what is so at the moment of reading."""

    relation: Key = Field(description="A relation of this type, or, with `of`, of the other type to this one.")
    of: Key | None = Field(None, description="The type whose relation comes in; left out: the relation goes out.")
    total: Attribute | None = Field(
        None, alias="sum", description="The number of the other things that is added up; left out: they are counted."
    )
    where: dict[Attribute, str | int | float | bool] = Field(
        default_factory=dict, max_length=5, description="Only things whose attributes have these values."
    )

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AttributeDeclaration(Declaration):
    """One attribute: its words, its JSON Schema, and how it is treated."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    names: Words
    json_schema: dict[str, JsonValue] = Field(alias="schema", description="JSON Schema 2020-12 of the value.")
    required: bool = False
    words: dict[str, Words] = Field(default_factory=dict, description="What the values of an `enum` mean.")
    unit: str = Field("", max_length=30, description="Unit of a number, as people write it.")
    personal: Masking | None = Field(None, description="Personal: shown masked unless a purpose and a grant allow.")
    sealed: bool = Field(False, description="Encrypted at rest (SM4); found again by its exact value only.")
    joined: bool = Field(
        False,
        description="Sealed, yet compared with sealed attributes of the same format in other types (参与比对): by anomaly rules.",
    )
    filter: bool = Field(False, description="Lists can be filtered by its exact value.")
    search: bool = Field(False, description="Found by full-text search.")
    headers: list[str] = Field(
        default_factory=list, max_length=40, description="Headers by which spreadsheets call it."
    )
    code_of: Key | None = Field(None, description="The value is the natural key of a thing of this type.")
    calculated: str = Field(
        "",
        max_length=1000,
        description="Calculated (计算字段): CEL over the other attributes as `it`; nobody writes it, it follows its inputs.",
    )
    counted: CountDeclaration | None = Field(None, description="Calculated: a count or sum over a relation.")

    @model_validator(mode="after")
    def _calculated_is_not_asked(self) -> Self:
        if not self.calculated and self.counted is None:
            return self
        if self.calculated and self.counted is not None:
            raise ValueError("calculated 与 counted 只能写一个 | only one of calculated and counted is given")
        if self.required or self.sealed or self.headers or self.code_of:
            raise ValueError(
                "计算字段不能写 required、sealed、headers、code_of | a calculated attribute has none of required, sealed, headers"
            )
        return self

    @model_validator(mode="after")
    def _sealed_is_not_searched(self) -> Self:
        if self.sealed and self.search:
            raise ValueError("加密保存的字段不能全文检索 | a sealed attribute cannot be searched by words")
        if self.joined and not self.sealed:
            raise ValueError("joined 只用于加密保存(sealed)的字段 | joined is for sealed attributes")
        return self


class RelationDeclaration(Declaration):
    """A relation to things of another type, with its own dates."""

    names: Words
    inverse: Words = Field(description="What it is called from the other side.")
    to: Key = Field(description="Type of the other thing.")
    many: bool = Field(True, description="Whether one thing may have several at the same time.")
    acyclic: bool = Field(False, description="Whether a thing may never reach itself by it (parent and child).")


class Presentation(Declaration):
    """What is shown where; what is left out follows from the attributes in their order."""

    title: list[Attribute] = Field(min_length=1, max_length=3, description="Attributes that name a thing.")
    list_columns: list[Attribute] = Field(
        default_factory=list, max_length=20, alias="list", description="Columns of the list."
    )
    detail: list[list[Attribute]] = Field(default_factory=list, max_length=20, description="Groups, in order.")
    colour: Attribute | None = Field(None, description="The attribute by whose value the map colours.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Less(Declaration):
    """Things that count negative in sums: what left a store, what was paid back."""

    attribute: Attribute = Field(description="The attribute that tells them.")
    values: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        min_length=1, max_length=50, description="Its values that count negative."
    )


class SummaryDeclaration(Declaration):
    """A report over the things of a type (汇总): how many and how much by some attributes; a balance where some count less."""

    names: Words
    by: list[Attribute] = Field(min_length=1, max_length=4, description="Attributes by which things are put together.")
    sums: list[Attribute] = Field(
        default_factory=list, alias="sum", max_length=5, description="Numbers that are added up."
    )
    less: Less | None = Field(None, description="Things whose numbers are taken away instead.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class OlderVersion(Declaration):
    """How records of an older version read: attributes renamed, dropped, or given a value that was not asked for then."""

    version: int = Field(ge=1, description="The older version.")
    renamed: dict[Attribute, Attribute] = Field(default_factory=dict, description="Old name to new name.")
    dropped: list[Attribute] = Field(default_factory=list, description="Attributes that are no more.")
    given: dict[Attribute, JsonValue] = Field(
        default_factory=dict, description="Values of attributes that were not asked for then."
    )


Likeness = Literal["exact", "name", "pinyin", "date", "phone", "address", "text", "number"]
View = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(:(pinyin|year|door))?$", max_length=70)]


class Comparison(Declaration):
    """How one attribute of two records is compared, and what that says of their being the same."""

    how: Likeness = Field(alias="as", description="How values are compared; a sealed attribute only as `exact`.")
    agree: float = Field(gt=0, le=100, description="Points for the same value; part of them for a similar one.")
    differ: float = Field(0, ge=-100, le=0, description="Points for different values. A missing value says nothing.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ResolutionDeclaration(Declaration):
    """When two records are of the same thing (同一识别): which pairs are looked at, how they are compared, who decides."""

    exact: list[Annotated[list[Attribute], Field(min_length=1, max_length=6)]] = Field(
        default_factory=list,
        max_length=10,
        description="Records that agree in all attributes of one line are the same, unless the rest stays below `review`.",
    )
    block: list[Annotated[list[View], Field(min_length=1, max_length=6)]] = Field(
        default_factory=list,
        max_length=10,
        description="Records that agree in all of one line are compared; `name:pinyin`, `born:year`, `address:door` agree"
        " where sound, year, or house and room do.",
    )
    compare: dict[Attribute, Comparison] = Field(
        default_factory=dict, max_length=20, description="What is compared of such a pair, by attribute."
    )
    same: float = Field(gt=0, description="From so many points on they are taken for the same.")
    review: float = Field(gt=0, description="From so many points on a person looks.")
    automatic: bool = Field(False, description="Whether the same are merged at once; otherwise a person does it.")
    most: int = Field(60, ge=2, le=1000, description="Larger groups of one line of `block` are passed over, and told.")

    @model_validator(mode="after")
    def _thresholds_can_be_reached(self) -> Self:
        if self.review >= self.same:
            raise ValueError("review 应小于 same | review lies below same")
        if not self.exact and not self.block:
            raise ValueError("请写明 exact 或 block | say exact or block")
        most = sum(each.agree for each in self.compare.values())
        if self.block and most < self.same:
            raise ValueError(
                f"各项 agree 之和 {most:g} 达不到 same {self.same:g} | all agree together ({most:g}) do not reach same"
                f" ({self.same:g})"
            )
        return self


class QualityRule(Declaration):
    """A rule of data quality (数据质量规则): a CEL condition that a good record fulfils."""

    names: Words
    dimension: Literal["complete", "unique", "valid", "consistent", "timely", "referential"] = Field(
        description="What it is counted for."
    )
    holds: str = Field(
        "", max_length=2000, description="CEL over the attributes as `it`, and `age_days` of the record."
    )
    same: list[Attribute] = Field(
        default_factory=list, max_length=5, description="Instead: no other record has the same values of all of these."
    )
    weight: float = Field(1, gt=0, le=100, description="How much it counts among the rules of the type.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.holds) == bool(self.same):
            raise ValueError("holds 与 same 须写且只写一个 | exactly one of holds and same is given")
        return self


class AuthorityDeclaration(Declaration):
    """Entries of a list with a legal basis, an end date and a second approver; read for a stated purpose only (关爱名单)."""

    basis: Attribute = Field(description="The attribute that names the legal basis; it must be required.")
    until: Attribute = Field(description="The attribute that holds the last day; a required date.")
    longest_days: int = Field(366, ge=1, le=1830, description="How far ahead the last day may lie.")


class GatheredDeclaration(Declaration):
    """What an attribute takes from the cases of a part: the newest value of a field, a count, or a sum. Exactly one."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    latest: str | None = Field(None, max_length=60, description="Field of the newest case that has it.")
    count: str | None = Field(
        None,
        max_length=1000,
        description="Cases are counted for which this CEL holds: over fields, state, status, class_code.",
    )
    total: str | None = Field(None, alias="sum", max_length=60, description="Field of the cases that is added up.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(each is not None for each in (self.latest, self.count, self.total)) != 1:
            raise ValueError("latest、count、sum 只写一项 | give exactly one of latest, count, sum")
        return self


class DossierPart(Declaration):
    """Cases that belong to a thing's file: those of a type whose field holds the thing's key."""

    id: Key
    names: Words
    case: Key = Field(description="Case type.")
    field: str = Field(max_length=60, description="Field of the case that holds the key.")
    months: int = Field(
        24, ge=1, le=240, description="Cases reported in so many months are gathered from; all are shown."
    )
    gives: dict[Attribute, GatheredDeclaration] = Field(
        default_factory=dict, max_length=30, description="Attributes that follow from these cases; nobody writes them."
    )


class DossierDeclaration(Declaration):
    """The file of a thing (一户一档): its cases by part, and the attributes that follow from them."""

    key: Key = Field(description="The natural key, of one attribute, by which cases name the thing.")
    parts: list[DossierPart] = Field(min_length=1, max_length=20, description="What the file holds, in this order.")

    @model_validator(mode="after")
    def _parts_differ(self) -> Self:
        if len({part.id for part in self.parts}) != len(self.parts):
            raise ValueError("parts 中有相同的 id | two parts have the same id")
        return self


class ThingType(Declaration):
    """One kind of thing."""

    id: Key
    names: Words
    version: int = Field(1, ge=1, le=10_000, description="Raise it with a change of the attributes.")
    about: Words | None = Field(None, description="What it is for, in both languages.")
    standard: str = Field("", max_length=200, description="The standard that it follows: “GB/T 30428.2-2013”.")
    geometry: GeometryKind = Field("none", description="What stands on the map.")
    area: Literal["place", "none"] | Attribute = Field(
        "place",
        description="How its area is known: from its place, from an attribute that holds a division code, or not at all.",
    )
    attributes: dict[Attribute, AttributeDeclaration] = Field(
        min_length=1, max_length=200, description="What is recorded of a thing, by name."
    )
    keys: dict[Key, list[Attribute]] = Field(default_factory=dict, max_length=10, description="Natural keys by name.")
    relations: dict[Key, RelationDeclaration] = Field(
        default_factory=dict, max_length=40, description="How it belongs to other things, by name."
    )
    presentation: Presentation = Field(description="What is shown where.")
    older: list[OlderVersion] = Field(
        default_factory=list, max_length=100, description="How records of versions before this one read."
    )
    quality: dict[Key, QualityRule] = Field(
        default_factory=dict, max_length=60, description="Rules of data quality (数据质量规则), by name."
    )
    summaries: dict[Key, SummaryDeclaration] = Field(
        default_factory=dict, max_length=20, description="Reports and balances over all things of the type."
    )
    resolution: ResolutionDeclaration | None = Field(None, description="When two records are of the same thing.")
    authority: AuthorityDeclaration | None = Field(
        None, description="In force only with a legal basis, until an end date, approved by a second person (二人核准)."
    )
    dossier: DossierDeclaration | None = Field(None, description="Cases that belong to such a thing (一户一档).")
    told: list[Attribute] = Field(
        default_factory=list,
        max_length=60,
        description="What the person concerned, or the family, is shown who holds a code for the record (本人查询).",
    )
    keep_years: int | None = Field(
        None, ge=1, le=200, description="Ended records of persons are erased after so many years."
    )

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        known = set(self.attributes)
        shown = [
            *self.presentation.title,
            *self.presentation.list_columns,
            *(name for group in self.presentation.detail for name in group),
        ]
        named = [(f"keys.{name}", each) for name, parts in self.keys.items() for each in parts]
        named += [("presentation", each) for each in shown]
        named += [("presentation.colour", self.presentation.colour)] if self.presentation.colour else []
        named += [("told", each) for each in self.told]
        named += [("area", self.area)] if self.area not in ("place", "none") else []
        for key, summary in self.summaries.items():
            less = [summary.less.attribute] if summary.less else []
            named += [(f"summaries.{key}", each) for each in [*summary.by, *summary.sums, *less]]
        named += [(f"quality.{key}.same", each) for key, rule in self.quality.items() for each in rule.same]
        for where, name in named:
            if name not in known:
                raise ValueError(f"{where}:没有字段“{name}” | {where}: there is no attribute “{name}”")
        if self.authority is not None:
            self._authorised(self.authority)
        if self.dossier is not None:
            self._filed(self.dossier)
        for key, summary in self.summaries.items():
            self._countable(key, summary)
        for key, rule in self.quality.items():
            for name in rule.same:
                if self.attributes[name].sealed:
                    raise ValueError(
                        f"quality.{key}:加密保存的字段“{name}”不能比较 | quality.{key}: “{name}” is sealed and cannot be compared"
                    )
        for name in self.presentation.title:
            if self.attributes[name].sealed:
                raise ValueError(f"标题字段“{name}”不能加密保存 | the title cannot be the sealed attribute “{name}”")
        if self.area == "place" and self.geometry == "none":
            raise ValueError(
                "没有几何图形的类型请写明 area: none 或存放区划代码的字段 | a type without geometry says area: none or names the"
                " attribute that holds the division code"
            )
        versions = [older.version for older in self.older]
        if len(set(versions)) < len(versions) or any(version >= self.version for version in versions):
            raise ValueError(
                "older 中的版本须各不相同且小于 version | versions under older differ and lie below version"
            )
        return self

    def _filed(self, declared: DossierDeclaration) -> None:
        key = self.keys.get(declared.key)
        if key is None or len(key) != 1 or self.attributes[key[0]].sealed:
            raise ValueError(
                f"dossier.key:“{declared.key}”应是由一个不加密字段构成的键 | dossier.key: “{declared.key}” must be a key of one"
                " attribute that is not sealed"
            )
        given = [name for part in declared.parts for name in part.gives]
        for name in given:
            found = self.attributes.get(name)
            if (
                found is None
                or found.required
                or found.sealed
                or found.calculated
                or found.counted
                or given.count(name) > 1
            ):
                raise ValueError(
                    f"dossier:“{name}”应是本类型的非必填、非计算字段,且只由一处给出 | dossier: “{name}” must be an attribute that"
                    " is not required, sealed or calculated, given once"
                )

    def _authorised(self, declared: AuthorityDeclaration) -> None:
        for key, name in (("basis", declared.basis), ("until", declared.until)):
            if name not in self.attributes or not self.attributes[name].required:
                raise ValueError(
                    f"authority.{key}:“{name}”应是必填字段 | authority.{key}: “{name}” must be a required attribute"
                )
            if self.attributes[name].sealed:
                raise ValueError(f"authority.{key}:“{name}”不能加密保存 | authority.{key}: “{name}” cannot be sealed")
        schema = self.attributes[declared.until].json_schema
        if schema.get("format") != "date":
            raise ValueError(
                f"authority.until:“{declared.until}”应是日期 | authority.until: “{declared.until}” must be a date"
            )
        if self.geometry != "none":
            raise ValueError(
                "有 authority 的名单不上图,geometry 应为 none | a list with authority is on no map: geometry none"
            )

    def _countable(self, key: str, summary: SummaryDeclaration) -> None:
        for name in summary.by:
            if self.attributes[name].personal or self.attributes[name].sealed:
                raise ValueError(
                    f"summaries.{key}:不能按个人信息或加密字段“{name}”汇总 | summaries.{key}: “{name}” is personal or sealed"
                )
        for name in summary.sums:
            if self.attributes[name].json_schema.get("type") not in ("number", "integer"):
                raise ValueError(f"summaries.{key}:“{name}”不是数值 | summaries.{key}: “{name}” is no number")

    @property
    def personal(self) -> dict[str, Masking]:
        """The personal attributes and how each is masked."""
        return {name: each.personal for name, each in self.attributes.items() if each.personal is not None}
