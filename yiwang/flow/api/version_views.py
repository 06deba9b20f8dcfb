"""What the routes of versions take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from yiwang.flow.versions.simulating import most_cases, ordinary_cases

_most_names = 1_000

Number = Annotated[int, Field(ge=1, le=2**31 - 1, description="版本号")]
Element = Annotated[str, StringConstraints(min_length=1, max_length=110)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class WordsView(BaseModel):
    zh: str
    en: str


class ChangeView(WordsView):
    """One change. ``element`` is an id of the new version (of what is gone, of the old one)."""

    kind: Literal["process", "added", "removed", "renamed", "moved", "changed", "connected", "layout", "remarks"]
    element: str
    aspect: str = Field(description="Which setting: who, deadline, outcomes, condition, timer, ways …")
    before: WordsView
    after: WordsView


class CompareView(BaseModel):
    """What changed from one version to the other."""

    model_config = ConfigDict(populate_by_name=True)

    key: str
    old: int = Field(serialization_alias="from")
    new: int = Field(serialization_alias="to")
    same: bool
    only_looks: bool = Field(description="Only the drawing looks different; instances walk the same way.")
    changes: list[ChangeView]
    renamed_ids: dict[str, str] = Field(description="Elements that were held for the same though their id differs.")


class MappingBody(BaseModel):
    """How instances go over; what is not named keeps its id. See the guide “Change a running flow”."""

    model_config = ConfigDict(extra="forbid")

    steps: dict[Element, Element] = Field(default_factory=dict, max_length=_most_names, description="Old id → new id.")
    events: dict[Element, Literal["keep", "reset", "drop"]] = Field(default_factory=dict, max_length=_most_names)
    restart: list[Element] = Field(
        default_factory=list, max_length=_most_names, description="New steps whose deadline begins anew; * for all."
    )
    reassign: list[Element] = Field(
        default_factory=list, max_length=_most_names, description="New steps given out by the new rule; * for all."
    )


class MigrationBody(BaseModel):
    """A migration that is asked for. By default a dry run, which changes nothing."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    old: Number = Field(alias="from")
    new: Number = Field(alias="to")
    mapping: MappingBody = Field(default_factory=MappingBody)
    dry_run: bool = True


class ReasonView(WordsView):
    """Why instances cannot go over, and how many."""

    code: str
    element: str
    count: int


class MigrationView(BaseModel):
    """A migration and how far it has come. In a dry run ``moved`` are those that could go over."""

    model_config = ConfigDict(populate_by_name=True)

    id: UUID
    key: str
    old: int = Field(serialization_alias="from")
    new: int = Field(serialization_alias="to")
    dry_run: bool
    state: Literal["waiting", "running", "done"]
    total: int = Field(description="Instances that were open as it began.")
    moved: int
    refused: int
    over: int = Field(description="Ended, or moved otherwise, before their turn.")
    mapping: MappingBody
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    reasons: list[ReasonView] = Field(description="The commonest reasons; only where one migration is asked for.")


class MigrationPage(BaseModel):
    items: list[MigrationView]
    next: UUID | None = Field(description="Cursor of the next page (`before`).")


class RemarkView(WordsView):
    code: str
    element: str


class CannotMoveView(BaseModel):
    """An instance that cannot go over, where it stands, and every reason."""

    instance_id: UUID
    subject_kind: str
    subject_id: UUID
    at: list[str]
    reasons: list[RemarkView]


class CannotMovePage(BaseModel):
    items: list[CannotMoveView]
    next: UUID | None = Field(description="Cursor of the next page (`after`).")


class SimulationBody(BaseModel):
    """What is tried on the cases that began in the period."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    version: Number | None = Field(None, description="By default the draft, or the published version.")
    since: AwareDatetime | None = Field(None, alias="from", description="By default 30 days before `to`.")
    until: AwareDatetime | None = Field(None, alias="to", description="By default the city's now.")
    area: str = Field("", pattern="^[0-9]{0,20}$", description="Only in this area (code) and below it.")
    cases: int = Field(ordinary_cases, ge=1, le=most_cases, description="At most so many; more are sampled evenly.")
    seed: int = Field(1, ge=0, le=2**31 - 1, description="The same seed gives the same result.")
    steps: dict[Element, Element] = Field(default_factory=dict, max_length=_most_names, description="Old id → new id.")
    share: float = Field(0.5, gt=0, le=10, description="How much of its limit a step without past takes.")
    durations: dict[Element, Text] = Field(default_factory=dict, max_length=_most_names, description="Step → limit.")
    outcomes: dict[Element, dict[Element, Annotated[float, Field(ge=0, le=1e6)]]] = Field(
        default_factory=dict, max_length=_most_names, description="Step → outcome → weight."
    )
    waits: dict[Element, Text] = Field(
        default_factory=dict, max_length=_most_names, description="Event → limit after which it comes, or never."
    )


class SpreadView(BaseModel):
    """Seconds; null where there is none."""

    total: float
    mean: float | None
    median: float | None
    p90: float | None


class SideView(BaseModel):
    """All cases, simulated or real. ``overdue``: with a step that was late. ``ends``: end event → how many."""

    cases: int
    ended: int
    overdue: int
    elapsed: SpreadView = Field(description="By the clock.")
    worked: SpreadView = Field(description="Working time.")
    ends: dict[str, int]


class StepSideView(BaseModel):
    visits: int
    cases: int
    overdue: int
    overdue_share: float | None
    elapsed: SpreadView
    worked: SpreadView
    standing: int = Field(description="There at the end of the period.")


class SimulatedStepView(WordsView):
    """A step on both sides; null where it is not. ``grounds``: from where its times come → how often."""

    key: str
    node: str
    simulated: StepSideView | None
    real: StepSideView | None
    grounds: dict[Literal["real", "given", "limit", "usual"], int]


class StuckView(WordsView):
    node: str
    count: int


class SimulationView(BaseModel):
    """How the cases would have gone, beside how they went."""

    model_config = ConfigDict(populate_by_name=True)

    key: str
    version: int | None
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    area: str
    seed: int
    found: int = Field(description="Cases that began in the period.")
    simulated: SideView
    simulated_ended: SideView = Field(description="Of the cases that have really ended, to be held against `real`.")
    real: SideView
    steps: list[SimulatedStepView]
    stuck: list[StuckView] = Field(description="Where cases did not go on, and why.")
    assumptions: list[WordsView]
    end_names: dict[str, WordsView]
