"""The format of ``packs/*/matches/*.yaml``: how needs and offers find each other (供需匹配). Unknown keys are refused.

Needs are cases that wait at a step, or things of the registry; offers are things of the registry. Hard conditions leave out,
terms score what is left, the best are asked one after the other.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=1000)]

TermKind = Literal["overlap", "times", "distance", "load", "satisfaction"]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class Needs(Declaration):
    """What asks: cases at a step, or things."""

    case: Key | None = Field(None, description="Case type; what it needs stands in its fields.")
    node: Name | None = Field(None, description="The step at which such a case waits for an offer.")
    matched: Name | None = Field(None, description="The outcome by which that step ends when an offer accepts.")
    unmatched: Name | None = Field(
        None, description="The outcome when nobody is left to ask; left out: it waits, and is looked at again."
    )
    offer: Key | None = Field(None, description="Field of the step that takes the id of the offer.")
    amount: Key | None = Field(None, description="Field of the case with what was rendered, e.g. hours of service.")
    type: Key | None = Field(None, description="Instead of cases: a type of the registry.")
    where: dict[Name, str] = Field(
        default_factory=dict, max_length=10, description="Of things: values of attributes with `filter`."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.case is None) == (self.type is None):
            raise ValueError("case 与 type 须写且只写一个 | exactly one of case and type is given")
        if self.case is not None and (self.node is None or self.matched is None):
            raise ValueError("写了 case 就要写 node 和 matched | with case, give node and matched")
        if self.case is not None and self.where:
            raise ValueError("where 只用于 type | where belongs to type")
        if self.type is not None and (self.node or self.matched or self.unmatched or self.offer or self.amount):
            raise ValueError(
                "node、matched、unmatched、offer、amount 只用于 case | node, matched, unmatched, offer and amount belong to case"
            )
        return self


class Offers(Declaration):
    """What is offered: things of the registry."""

    type: Key = Field(description="The registry's type.")
    where: dict[Name, str] = Field(
        default_factory=dict, max_length=10, description="Values of attributes with `filter`: {state: active}."
    )
    account: Name | None = Field(
        None, description="Attribute with the login of the person, who may then answer for themselves."
    )


class Capacity(Declaration):
    """How much an offer can take."""

    count: int = Field(1, ge=1, le=1000, description="How many needs, asked and accepted together.")
    of: Name | None = Field(None, description="Attribute of the offer that says so instead, where it is given.")
    every: Literal["always", "day", "week", "month"] = Field(
        "always", description="In which time they are counted; always: as long as they have not ended."
    )


class Term(Declaration):
    """One reason to prefer an offer, worth 0 to 1; ``weight`` says how much it counts."""

    id: Name
    names: Words
    kind: TermKind = Field(
        description="overlap: share of the words needed that are offered (skills) · times: whether the time is offered ·"
        " distance: nearer is better · load: less to do is better · satisfaction: marks of earlier needs."
    )
    weight: float = Field(
        ge=0, le=1000, description="How much it counts; 0: shown, and asked for by `must`, but not counted."
    )
    need: Key | None = Field(
        None, description="overlap: field or attribute with words; times: with a date or a moment."
    )
    part: Key | None = Field(
        None,
        description="times: field or attribute with morning, afternoon, evening (上午…); left out: from the moment.",
    )
    offer: Name | None = Field(
        None, description="overlap: attribute with words; times: with words such as mon-morning or 周一上午."
    )
    must: float = Field(0, ge=0, le=1, description="The least that it must be worth: 1 for all skills, the very time.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        two_sided = self.kind in ("overlap", "times")
        if two_sided != (self.need is not None and self.offer is not None):
            raise ValueError(
                "overlap、times 要写 need 和 offer,其他不写 | overlap and times need `need` and `offer`, the others take neither"
            )
        if self.part is not None and self.kind != "times":
            raise ValueError("part 只用于 times | part belongs to times")
        return self


class MatchDeclaration(Declaration):
    """``matches/*.yaml``: how needs and offers find each other (供需匹配)."""

    id: Key
    names: Words
    needs: Needs = Field(description="What asks.")
    offers: Offers = Field(description="What is offered.")
    when: Expression | None = Field(
        None, description="Hard condition: CEL over `need` and `offer`, e.g. !need.lifting || offer.strong."
    )
    radius: int | None = Field(
        None, ge=50, le=100_000, description="Metres; farther offers, and those without a place, are left out."
    )
    capacity: Capacity = Field(Capacity(), description="How much an offer can take.")
    ask: int = Field(1, ge=1, le=10, description="How many are asked at the same time; the first that accepts has it.")
    answer_within: str = Field(description="Until when an answer is awaited, in the deadline grammar: 4工作时.")
    terms: list[Term] = Field(min_length=1, max_length=12, description="What is scored.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [term.id for term in self.terms]
        if len(set(names)) != len(names):
            raise ValueError("terms 中有相同的 id | two terms have the same id")
        if not sum(term.weight for term in self.terms):
            raise ValueError("权重合计为零,无从排序 | the weights come to nothing, nothing can be ranked")
        if self.radius is None and any(term.kind == "distance" for term in self.terms):
            raise ValueError("有 distance 项时要写 radius | with a term distance, give radius")
        return self
