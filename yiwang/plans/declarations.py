"""The formats of ``packs/*/plans/*.yaml``, ``breakdowns/*.yaml`` and ``sheets/*.yaml``. Unknown keys are refused.

A plan opens cases by period; a breakdown says how a case is divided into cases of many offices and how they are followed; a
sheet is filled in to finish a step, and what it comes to stands in the case.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
ClassCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,12}$")]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=1000)]

Every = Literal["week", "month", "quarter", "half-year", "year"]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class DayOf(Declaration):
    """A moment in a period, by the city's working calendar."""

    day: int = Field(1, ge=-31, le=31, description="1 is the first day of the period, -1 the last; never 0.")
    working: bool = Field(True, description="Whether only working days (工作日) are counted.")
    if_off: Literal["next", "previous", "stay"] = Field(
        "next", description="Where calendar days are counted: the working day taken instead of one that is off."
    )
    at: str = Field("09:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local time, in quotes.")

    @model_validator(mode="after")
    def _no_day_zero(self) -> Self:
        if self.day == 0:
            raise ValueError("第一天写 1,最后一天写 -1 | the first day is 1, the last is -1")
        return self


class Offices(Declaration):
    """Offices that a plan is for: those that fit any of what is given."""

    codes: list[Key] = Field(default_factory=list, max_length=200, description="Codes of offices.")
    serves: list[Key] = Field(default_factory=list, max_length=50, description="Kinds of department that they serve.")
    kinds: list[Key] = Field(default_factory=list, max_length=20, description="Kinds of office: department, street.")


class Things(Declaration):
    """Things of the registry that a plan is for."""

    type: Key = Field(description="The registry's type.")
    where: dict[Name, str] = Field(
        default_factory=dict, max_length=10, description="Values of attributes with `filter`: {risk: high}."
    )
    department: Key | None = Field(
        None, description="Kind of department that does the work, by the thing's area; left out: who owns the record."
    )
    field: str | None = Field(
        None,
        max_length=60,
        description="Field of the case that takes the thing's key, so that the case is in its file.",
    )
    key: Name | None = Field(None, description="With `field`: the attribute that is written there.")

    @model_validator(mode="after")
    def _field_with_key(self) -> Self:
        if (self.field is None) != (self.key is None):
            raise ValueError("field 与 key 要一起写 | field and key are given together")
        return self


class Objects(Declaration):
    """What a plan opens a case for each of: offices, things, or (neither) the city once."""

    offices: Offices | None = Field(None, description="One case for each of these offices, which does the work.")
    things: Things | None = Field(None, description="One case for each of these things.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.offices is not None and self.things is not None:
            raise ValueError("offices 与 things 只写一项 | give offices or things, not both")
        return self


class PlannedCase(Declaration):
    """The case that is opened."""

    type: Key = Field(description="Case type.")
    channel: Key = Field(description="Channel of the case type; system-opened, so its post is not asked for.")
    class_code: ClassCode = Field(alias="class", description="Class of the case.")
    text: Words = Field(description="What is to be done; {object} and {period} stand for their names.")
    limit: str | None = Field(None, description="Deadline in the plain grammar; left out: the class's own.")


class PlanDeclaration(Declaration):
    """``plans/*.yaml``: work that comes by period (周期任务): inspection plans, monthly reports."""

    id: Key
    names: Words
    every: Every = Field(description="How long a period is.")
    opens: DayOf = Field(DayOf(), description="When in the period the cases are opened.")
    begins: date | None = Field(None, description="No period before the one that holds this day.")
    catch_up: int = Field(
        3,
        ge=1,
        le=60,
        description="After down time, how many periods are made up for, newest first; older ones are passed.",
    )
    objects: Objects = Field(Objects(), description="What a case is opened for each of.")
    case: PlannedCase = Field(description="The case that is opened.")


class Divided(Declaration):
    """The case that is broken down."""

    type: Key = Field(description="Case type.")
    node: Name = Field(description="The step at which it is broken down.")
    outcome: Name = Field(description="The outcome by which that step ends.")
    wait: Name = Field(description="The step at which it waits for its parts.")
    settled: Name = Field(description="The outcome by which waiting ends when the last part has ended.")


class PartCase(Declaration):
    """The case of each part."""

    type: Key = Field(description="Case type.")
    channel: Key = Field(description="Channel of the case type.")
    class_code: ClassCode = Field(alias="class", description="Class of the case.")


class Progress(Declaration):
    """Reports of progress (进展报送) that each part owes while it runs."""

    every: Every = Field("month", description="How long a period is.")
    due: DayOf = Field(DayOf(day=-1, at="18:00"), description="Until when in the period it is due.")


class Card(Declaration):
    """A card (亮牌) that is shown while its rule holds."""

    id: Key
    names: Words
    colour: Literal["yellow", "red"] = Field(description="How it is shown.")
    when: Expression = Field(
        description="CEL over percent, missed (reports not given), overdue_days, used (share of the limit), urged."
    )
    urge: bool = Field(True, description="Whether whoever has the task is urged when it is shown.")


class BreakdownDeclaration(Declaration):
    """``breakdowns/*.yaml``: how a matter is divided into tasks of many offices (任务分解) and rolled up again."""

    id: Key
    names: Words
    parent: Divided = Field(description="The case that is broken down.")
    child: PartCase = Field(description="The case of each part.")
    progress: Progress | None = Field(None, description="Reports of progress; left out: none are due.")
    cards: list[Card] = Field(
        default_factory=list, max_length=10, description="From mild to severe: of those that hold the last is shown."
    )
    score: Expression | None = Field(
        None,
        description="CEL for the score of an office, 0 to 100: over tasks, done, in_time, late, missed, and cards by id.",
    )


class SheetItem(Declaration):
    """One item of a sheet."""

    id: Name
    names: Words
    points: float = Field(gt=0, le=1000, description="Points at best.")
    veto: bool = Field(False, description="No points here fail the whole sheet (一票否决).")
    photo: Literal["never", "lost", "always"] = Field(
        "never", description="Whether a photo is asked for: never, where points are lost, always."
    )
    optional: bool = Field(False, description="Whether it may be left out as not applicable; then it does not count.")


class Verdict(Declaration):
    """What a result is called from a number of percent upwards."""

    id: Key
    names: Words
    at_least: float = Field(ge=0, le=100, description="Percent of the points from which it is given.")


class SheetFields(Declaration):
    """Fields of the step that take the result, and with it the case and the variables of its flow."""

    total: Key = Field(description="A number: the total.")
    verdict: Key | None = Field(None, description="A text: id of the verdict.")


class SheetDeclaration(Declaration):
    """``sheets/*.yaml``: a questionnaire with points (评分表), filled in to finish a step of a case."""

    id: Key
    names: Words
    case: Key = Field(description="Case type.")
    node: Name = Field(description="The step that it finishes.")
    total: Literal["sum", "percent"] = Field(
        "percent", description="sum: points together; percent: of the points of all items that apply."
    )
    fields: SheetFields = Field(description="Fields of the step that take the result.")
    items: list[SheetItem] = Field(min_length=1, max_length=200)
    verdicts: list[Verdict] = Field(default_factory=list, max_length=20, description="In any order.")
    veto: Key | None = Field(None, description="Verdict of a sheet that an item fails; its total is then 0.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        known = [item.id for item in self.items]
        if len(set(known)) != len(known):
            raise ValueError("items 中有相同的 id | two items have the same id")
        verdicts = {verdict.id for verdict in self.verdicts}
        if self.veto is not None and self.veto not in verdicts:
            raise ValueError("veto 不在 verdicts 中 | veto is not among the verdicts")
        if self.veto is None and any(item.veto for item in self.items):
            raise ValueError("有否决项时要写 veto | with items that veto, give veto")
        return self
