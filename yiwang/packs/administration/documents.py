"""What can be set in the browser, kind by kind: the shape of each document, what its key names, and who may set it.

A document holds only what the city words itself; null takes it away, so that the files hold again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from yiwang.identity.declarations import Area, Code, GrantDeclaration, Names
from yiwang.insight.indicators.declared import Grade

Kind = Literal["calendar", "hours", "limit", "indicator", "board", "organisation", "role"]
SlotText = Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$")]
MonthDay = Annotated[str, StringConstraints(pattern=r"^[0-1][0-9]-[0-3][0-9]$")]


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SetDay(Document):
    """A day that the city works, or does not, against its weekday or the national notice."""

    day: date
    working: bool
    name: str = Field(min_length=1, max_length=40, description="The holiday's name, or 调休.")


class SetYear(Document):
    """``calendar``, by year: single days over the calendar's files. ``announced``: the year's notice is complete with them."""

    days: list[SetDay] = Field(max_length=366)
    announced: bool = False


class SetSeason(Document):
    """Other slots for part of the year."""

    name: str = Field(min_length=1, max_length=40)
    first: MonthDay
    last: MonthDay
    slots: list[SlotText] = Field(min_length=1, max_length=10)


class SetHours(Document):
    """``hours``, key ``hours``: the working slots of an ordinary day and what a working day of a limit means."""

    slots: list[SlotText] = Field(min_length=1, max_length=10)
    nominal_day: float = Field(gt=0, le=24, description="Hours.")
    seasons: list[SetSeason] = Field(default_factory=list, max_length=6)


class SetLimit(Document):
    """``limit``, by ``<class tree>/<class>/<standard>``: the handling limit in the plain grammar, 3工作日."""

    limit: str = Field(min_length=1, max_length=40)


class SetIndicator(Document):
    """``indicator``, by its id: its weight where a board names none; the formula stays the pack's."""

    weight: float = Field(ge=0, le=1000)


class SetMeasure(Document):
    """The weight of an indicator on a board, and the rate that earns all points (target)."""

    indicator: Code
    weight: float | None = Field(None, ge=0, le=1000)
    full_at: float | None = Field(None, gt=0, le=1)


class SetBoard(Document):
    """``board``, by its id: weights and targets of its measures, its grades, the score aimed at."""

    measures: list[SetMeasure] = Field(default_factory=list, max_length=50)
    grades: list[Grade] | None = Field(None, max_length=20)
    target: float | None = Field(None, ge=0, le=1000)
    least_weight: float | None = Field(None, ge=0, le=100)


class SetPost(Document):
    """A post of an office; without an area it works for its office's."""

    code: Code
    area: Area | None = None
    names: Names | None = None


class SetOrganisation(Document):
    """``organisation``, by its code: all of an office as it shall be. A closed one keeps its name for what speaks of it."""

    names: Names
    kind: Literal[
        "government", "centre", "department", "section", "street", "town", "community", "enterprise", "institution"
    ]
    parent: Code | None = None
    area: Area | None = None
    serves: list[Code] = Field(default_factory=list, max_length=60)
    posts: list[SetPost] = Field(default_factory=list, max_length=200)
    closed: bool = False


class SetRole(Document):
    """``role``, by its code: a role of the city's own, beside those of the packs. A closed one grants nothing."""

    names: Names
    grants: list[GrantDeclaration] = Field(min_length=1, max_length=60)
    closed: bool = False


AnyDocument = SetYear | SetHours | SetLimit | SetIndicator | SetBoard | SetOrganisation | SetRole


@dataclass(frozen=True, slots=True)
class Shape:
    """``grant``: kind and verb that setting it asks for; ``key``: the form of its keys."""

    model: type[AnyDocument]
    grant: tuple[str, str]
    key: str
    zh: str
    en: str


_CODE = r"[a-z][a-z0-9-]{0,59}"
SHAPES: Mapping[Kind, Shape] = {
    "calendar": Shape(SetYear, ("calendar", "edit"), r"20[0-7][0-9]", "工作日历", "working calendar"),
    "hours": Shape(SetHours, ("calendar", "edit"), r"hours", "工作时间", "working hours"),
    "limit": Shape(SetLimit, ("settings", "edit"), rf"{_CODE}/[0-9A-Z]{{2,12}}/{_CODE}", "处置时限", "handling limit"),
    "indicator": Shape(SetIndicator, ("settings", "edit"), _CODE, "指标", "indicator"),
    "board": Shape(SetBoard, ("settings", "edit"), _CODE, "考核方案", "score board"),
    "organisation": Shape(SetOrganisation, ("organisation", "publish"), _CODE, "机构", "office"),
    "role": Shape(SetRole, ("role", "publish"), _CODE, "角色", "role"),
}
"""The three administrators: calendar, limits, indicators and offices are the system administrator's, roles the security
administrator's; the audit administrator reads what was changed."""
