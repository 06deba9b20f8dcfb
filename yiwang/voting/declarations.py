"""The format of ``packs/*/votes/*.yaml``: who is called upon, how ballots come in, how much must agree. Unknown keys are refused.

A vote is called at a step of a case; the case waits at another step until the vote has ended, and goes on by itself.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Share = Annotated[str, StringConstraints(pattern=r"^>?[0-9]{1,3}/[1-9][0-9]{0,2}$")]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)


class Threshold(Declaration):
    """How much it takes, by number and by area: "2/3" at least so much (以上), ">1/2" more than that (过半数)."""

    number: Share
    area: Share

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        for text in (self.number, self.area):
            bound, more = share(text)
            if bound > 1 or (bound == 1 and more):
                raise ValueError(f"{text} 永远达不到 | {text} can never be reached")
        return self


class VotingRule(Declaration):
    """How many must take part, and how many of those must agree."""

    names: Words
    take_part: Threshold = Field(description="Of all voices, for the vote to count at all.")
    agree: Threshold = Field(description="Of those that took part, for an option to be carried.")


class Matter(Declaration):
    """What may be voted on, by which rule."""

    names: Words
    rule: Name = Field(description="One of `rules`.")


class Owners(Declaration):
    """Whose the houses are."""

    type: Key = Field(description="Type of persons.")
    relation: Key = Field(description="Relation from the person to the house.")
    name: Name = Field(description="Attribute that holds the name.")
    number: Name = Field(description="Attribute whose last four signs the voter gives beside the code.")


class Electorate(Declaration):
    """Who is called upon: houses of the registry within a thing, each with its owners."""

    type: Key = Field(description="Type of the houses.")
    weight: Name = Field(description="Attribute of the house: its area in square metres.")
    within: list[Key] = Field(
        min_length=1,
        max_length=4,
        description="Relations from a house upwards; the last leads to what the vote is held in.",
    )
    where: dict[Name, str] = Field(default_factory=dict, max_length=10, description="Houses with these values only.")
    owners: Owners
    heads: Literal["house", "owner"] = Field(
        "owner",
        description="By number, house: each house is one voice; owner: houses of the same owners are one voice together.",
    )


class Fields(Declaration):
    """Fields of the waiting step that take the result, and with it the case, its flow, and documents that are printed."""

    result: Key = Field(description="A text: the result in words.")
    carried: Key = Field(description="yesno: whether every question was carried.")
    took_part: Key | None = Field(None, description="A number: percent of the voices that took part.")


class CalledAt(Declaration):
    """The case of a vote."""

    type: Key = Field(description="Case type.")
    node: Name = Field(description="The step at which a vote is called.")
    outcome: Name = Field(description="The outcome by which that step ends.")
    wait: Name = Field(description="The step at which the case waits for the end of the vote.")
    ended: Name = Field(description="The outcome by which waiting ends when the ballots are counted.")
    withdrawn: Name = Field(description="The outcome by which waiting ends when the vote is withdrawn.")
    fields: Fields


class VoteDeclaration(Declaration):
    """``votes/*.yaml``: a kind of vote (表决)."""

    id: Key
    names: Words
    case: CalledAt
    electorate: Electorate
    ballots: Literal["secret", "open", "either"] = Field(
        "either", description="Whether it is told afterwards who chose what; either: said when a vote is called."
    )
    notice_days: int = Field(0, ge=0, le=90, description="Days between calling a vote and its opening, at least.")
    least_days: int = Field(1, ge=1, le=180, description="Days that a vote is open, at least.")
    most_days: int = Field(60, ge=1, le=365, description="Days that a vote is open, at most.")
    proxies: int = Field(3, ge=0, le=100, description="Houses that one person may vote for by proxy; 0: no proxies.")
    paper: bool = Field(True, description="Whether ballots on paper are taken, each read by two clerks.")
    rules: dict[Name, VotingRule] = Field(min_length=1, max_length=20)
    matters: dict[Key, Matter] = Field(min_length=1, max_length=60)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for key, matter in self.matters.items():
            if matter.rule not in self.rules:
                raise ValueError(
                    f"matters.{key} 的 rule 不在 rules 中 | the rule of matters.{key} is not among the rules"
                )
        if self.least_days > self.most_days:
            raise ValueError("least_days 大于 most_days | least_days is more than most_days")
        return self


def share(text: str) -> tuple[Fraction, bool]:
    """(bound, whether more than it is needed) of "2/3", ">1/2"."""
    return Fraction(text.removeprefix(">")), text.startswith(">")
