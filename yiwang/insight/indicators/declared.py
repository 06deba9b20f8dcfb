"""The format of ``packs/*/indicators/*.yaml`` and ``boards/*.yaml``: indicators (指标) and the boards that score by them.

An indicator is a numerator over a denominator of base counts, optionally taken from one ("1 − 返工率" is the direction
``lower``). A board names what is evaluated, weights indicators, and gives grades. A city changes either by its
overrides. Unknown keys are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
CountKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$", max_length=40)]

ObjectKind = Literal["area", "department", "post", "person"]
Period = Literal["day", "week", "month", "quarter", "year"]
Direction = Literal["higher", "lower"]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class Scope(Declaration):
    """Which cases are counted. What is left out stands for all."""

    types: list[Key] = Field(default_factory=list, max_length=50, description="Case types (`cases/*.yaml`).")
    channels: list[Key] = Field(
        default_factory=list, max_length=50, description="Channels by which they were reported."
    )


class Sum(Declaration):
    """A sum of counts, some of them taken away: `plus: [filed], minus: [voided]`."""

    plus: list[CountKey] = Field(min_length=1, max_length=10, description="Counts that are added.")
    minus: list[CountKey] = Field(default_factory=list, max_length=10, description="Counts that are taken away.")


Amount = CountKey | Sum


class Indicator(Declaration):
    """One indicator. Its rate is null where the denominator is nothing; then it ranks nobody."""

    id: Key = Field(description="Code, unique in the city.")
    names: Words = Field(description="What people call it.")
    numerator: Amount = Field(description="A base count, or a sum of them.")
    denominator: Amount | None = Field(
        None,
        description="A base count, or a sum of them; left out: the indicator is a plain number and weighs nothing.",
    )
    direction: Direction = Field("higher", description="higher: more is better; lower: less is better (返工率).")
    unit: Literal["percent", "ratio", "number"] = Field("percent", description="How it is shown.")
    weight: float = Field(0, ge=0, le=1000, description="Points in a board that names no weight of its own.")
    scope: Scope = Field(default_factory=Scope, description="Which cases are counted.")
    objects: list[ObjectKind] = Field(
        default=["area", "department"], min_length=1, description="For which objects it makes sense."
    )
    periods: list[Period] = Field(
        default=["day", "week", "month", "quarter", "year"],
        min_length=1,
        description="For which periods it is reckoned.",
    )
    source: str = Field("", max_length=300, description="Where the formula comes from.")


class IndicatorFile(Declaration):
    """``indicators/*.yaml``: indicators of one subject."""

    id: Key
    names: Words
    indicators: list[Indicator] = Field(min_length=1, max_length=200)


class Measure(Declaration):
    """An indicator on a board. Points: weight × rate (or 1 − rate), at most the weight."""

    indicator: Key
    weight: float | None = Field(None, ge=0, le=1000, description="Points at best; left out: the indicator's own.")
    full_at: float | None = Field(
        None,
        gt=0,
        le=1,
        description="The rate that earns all points (for lower: at or below it); below it in proportion.",
    )


class Grade(Declaration):
    """A grade and the score from which it is given."""

    id: str = Field(pattern=r"^[^\s]{1,10}$")
    names: Words
    at_least: float = Field(ge=0, le=1000)


class Board(Declaration):
    """``boards/*.yaml``: who is evaluated by what (考核方案)."""

    id: Key
    names: Words
    object: ObjectKind = Field(description="What is evaluated.")
    level: Literal["district", "street", "community"] | None = Field(
        None, description="For areas: on which level of the division tree."
    )
    posts: list[Key] = Field(
        default_factory=list, max_length=20, description="For posts and persons: only these kinds of post."
    )
    departments: list[Key] = Field(
        default_factory=list, max_length=50, description="For departments: only those that serve one of these kinds."
    )
    scope: Scope | None = Field(None, description="Instead of the indicators' own scopes.")
    period: Period = Field("month", description="The period that is shown first.")
    measures: list[Measure] = Field(min_length=1, max_length=50)
    least_weight: float = Field(
        50,
        ge=0,
        le=100,
        description="Percent of all points whose indicators must have a rate; with less there is no score.",
    )
    grades: list[Grade] = Field(default_factory=list, max_length=20)
    target: float | None = Field(
        None, ge=0, description="The score for which the board tells what would have to change."
    )
    ranking: bool = Field(
        True, description="Whether objects are ranked. Persons are ranked only where a city writes true."
    )
    source: str = Field("", max_length=300, description="Whose published formula it is.")

    @model_validator(mode="before")
    @classmethod
    def _persons_unranked(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if isinstance(value, dict) and value.get("object") == "person" and "ranking" not in value:
            return {**value, "ranking": False}
        return value

    @model_validator(mode="after")
    def _level_of_areas(self) -> Self:
        if self.level is not None and self.object != "area":
            raise ValueError("level belongs to areas only")
        return self


def counts_of(amount: Amount | None) -> tuple[tuple[str, int], ...]:
    """(count, sign) of an amount."""
    if amount is None:
        return ()
    if isinstance(amount, str):
        return ((amount, 1),)
    return (*((key, 1) for key in amount.plus), *((key, -1) for key in amount.minus))
