"""What the routes of plans, breakdowns and sheets take and answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from yiwang.casework.api.values import Fields
from yiwang.casework.model import PhotoClaim
from yiwang.kernel.text import CleanLine, CleanText
from yiwang.plans.breaking import MOST_PARTS
from yiwang.plans.declarations import SheetDeclaration
from yiwang.plans.model import Breakdown, Part
from yiwang.plans.opening import PlanState
from yiwang.plans.service import PlanService
from yiwang.plans.sheets import Answer, Filled, Outcome

ItemName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class PlanWords(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    zh: str
    en: str


class PlanPeriodView(BaseModel):
    """A period: how many cases it opened within the reader's reach, how many have ended, are late, or could not be opened.
    ``passed``: it was over before anybody worked, and opened none."""

    key: str
    first_day: date
    last_day: date
    opens_at: datetime
    passed: bool
    tasks: int
    done: int
    late: int
    faults: int


class PlanView(BaseModel):
    """A plan with its newest periods first; ``opens_next``: when the next one opens its cases."""

    id: str
    names: PlanWords
    pack: str
    every: str
    case_type: str
    opens_next: datetime
    periods: list[PlanPeriodView]


class PlanList(BaseModel):
    items: list[PlanView]


class PlanTaskView(BaseModel):
    """What a period opened for one object; ``fault``: why no case could be opened."""

    object: str
    title: str
    organisation: PlanWords | None
    case_id: UUID | None
    number: str
    status: str
    status_en: str
    due_at: datetime | None
    closed_at: datetime | None
    late: bool
    fault: str


class PlanTaskPage(BaseModel):
    items: list[PlanTaskView]
    after: str | None


class PlanCardView(BaseModel):
    id: str
    names: PlanWords
    colour: str


class BreakdownKind(BaseModel):
    """A way of breaking cases of a type down; ``outcome`` is the one by which the step ``node`` then ends. At ``wait`` the
    case waits for its parts; the last one gives ``settled``."""

    id: str
    names: PlanWords
    parent_type: str
    child_type: str
    node: str
    outcome: str
    wait: str
    settled: str
    progress_every: str | None
    cards: list[PlanCardView]


class BreakdownKinds(BaseModel):
    items: list[BreakdownKind]


class PartBody(BaseModel):
    """A task: for which office, until when (deadline grammar: 20工作日), how much it weighs."""

    model_config = ConfigDict(extra="forbid")

    title: CleanLine = Field(min_length=2, max_length=200)
    text: CleanText = Field("", max_length=3000)
    organisation: CleanLine = Field(min_length=1, max_length=60, description="Code of the office.")
    limit: CleanLine = Field(min_length=2, max_length=40)
    weight: float = Field(1, gt=0, le=1000, allow_inf_nan=False)


class BreakdownBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parts: list[PartBody] = Field(min_length=1, max_length=MOST_PARTS)
    note: CleanText = Field("", max_length=1000)


class PartView(BaseModel):
    """A task and how it stands; ``card`` is the id of the card that is shown, ``missed`` counts reports not given."""

    case_id: UUID
    number: str
    nth: int
    title: str
    organisation: PlanWords | None
    weight: float
    percent: int
    card: str
    missed: int
    status: str
    status_en: str
    due_at: datetime | None
    ended_at: datetime | None
    late: bool


class BreakdownView(BaseModel):
    """A case with its parts as far as the reader reaches; ``percent`` of all parts by weight."""

    case_id: UUID
    number: str
    kind: str
    status: str
    divided_at: datetime
    divided_by: str
    percent: float
    settled_at: datetime | None
    parts: list[PartView]


class ProgressBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    percent: int = Field(ge=0, le=100)
    text: CleanText = Field(min_length=2, max_length=2000)


class ProgressView(BaseModel):
    """A report: given, or owed until ``due_at``."""

    period: str
    due_at: datetime
    given_at: datetime | None
    given_by: str
    percent: int | None
    text: str


class ProgressList(BaseModel):
    """``parent``: id of the case that was broken down."""

    parent: UUID
    part: PartView
    reports: list[ProgressView]


class OfficeFiguresView(BaseModel):
    """What an office did with its tasks; ``cards`` shown, by id; ``score`` by the declared rule."""

    organisation: PlanWords | None
    tasks: int
    done: int
    in_time: int
    late: int
    missed: int
    percent: float
    cards: dict[str, int]
    score: float | None


class FiguresView(BaseModel):
    kind: str
    names: PlanWords
    since: datetime
    until: datetime
    items: list[OfficeFiguresView]


class SheetItemView(BaseModel):
    id: str
    names: PlanWords
    points: float
    veto: bool
    photo: str
    optional: bool


class SheetVerdictView(BaseModel):
    id: str
    names: PlanWords
    at_least: float


class SheetFieldsView(BaseModel):
    total: str
    verdict: str | None


class SheetView(BaseModel):
    """A sheet, the case type and step that it belongs to, the fields of the step that take its result; ``veto`` is the
    verdict of a sheet that an item fails."""

    id: str
    names: PlanWords
    case_type: str
    node: str
    total: str
    fields: SheetFieldsView
    items: list[SheetItemView]
    verdicts: list[SheetVerdictView]
    veto: str | None


class SheetList(BaseModel):
    items: list[SheetView]


class SheetPhoto(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID
    claim: CleanLine = Field(min_length=1, max_length=100)


class AnswerBody(BaseModel):
    """``points`` null: not applicable."""

    model_config = ConfigDict(extra="forbid")

    points: float | None = Field(None, ge=0, le=1000, allow_inf_nan=False)
    note: CleanText = Field("", max_length=500)
    photos: list[SheetPhoto] = Field(default_factory=list, max_length=5)

    def given(self) -> Answer:
        return Answer(self.points, self.note, tuple(PhotoClaim(photo.id, photo.claim) for photo in self.photos))


class SheetBody(BaseModel):
    """The answers by item, the outcome by which the step ends, and what else the step asks for."""

    model_config = ConfigDict(extra="forbid")

    task_id: UUID
    outcome: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
    answers: dict[ItemName, AnswerBody] = Field(max_length=200)
    note: CleanText = Field("", max_length=1000)
    fields: Fields = Field(default_factory=dict)


class SheetOfficeView(BaseModel):
    """An office on a sheet: how many were filled in about it, average and fewest points, verdicts by id."""

    organisation: PlanWords | None
    rank: int
    filled: int
    average: float
    lowest: float
    verdicts: dict[str, int]


class SheetFiguresView(BaseModel):
    sheet: str
    names: PlanWords
    since: datetime
    until: datetime
    items: list[SheetOfficeView]


class SheetOutcome(BaseModel):
    """What it comes to; ``vetoed``: items that fail the whole sheet."""

    total: float
    full: float
    percent: float
    verdict: str
    vetoed: list[str]


class SheetFilledAnswer(BaseModel):
    result: SheetOutcome
    case_id: UUID
    status: str


class FilledAnswer(BaseModel):
    """What was found for an item; ``points`` null: not applicable."""

    points: float | None
    note: str
    photos: list[UUID]


class FilledSheet(BaseModel):
    id: UUID
    sheet: SheetView
    answers: dict[str, FilledAnswer]
    result: SheetOutcome
    answered_by: str
    answered_at: datetime


class FilledSheets(BaseModel):
    items: list[FilledSheet]


def words_view(words: object) -> PlanWords:
    return PlanWords.model_validate(words, from_attributes=True)


def office_view(service: PlanService, organisation_id: int | None) -> PlanWords | None:
    found = service.directory.organisation(organisation_id) if organisation_id is not None else None
    return PlanWords(zh=found.name_zh, en=found.name_en) if found is not None else None


def plan_view(state: PlanState) -> PlanView:
    plan = state.plan
    return PlanView(
        id=plan.id, names=words_view(plan.names), pack=state.pack, every=plan.every, case_type=plan.case.type,
        opens_next=state.opens_next,
        periods=[PlanPeriodView.model_validate(period, from_attributes=True) for period in state.periods],
    )  # fmt: skip


def part_view(service: PlanService, part: Part) -> PartView:
    now = service.context.clock.now()
    at = part.handled_at or part.closed_at or now
    return PartView(
        case_id=part.child_id, number=part.number, nth=part.nth, title=part.title,
        organisation=office_view(service, part.organisation_id), weight=part.weight, percent=part.percent, card=part.card,
        missed=part.missed, status=part.status,
        status_en=service.status_word(part.type, part.status), due_at=part.due_at, ended_at=part.ended_at,
        late=part.due_at is not None and at > part.due_at,
    )  # fmt: skip


def breakdown_view(service: PlanService, found: Breakdown) -> BreakdownView:
    return BreakdownView(
        case_id=found.parent_id, number=found.number, kind=found.declared, status=found.status,
        divided_at=found.divided_at, divided_by=found.divided_by, percent=round(found.percent, 1),
        settled_at=found.settled_at, parts=[part_view(service, part) for part in found.parts],
    )  # fmt: skip


def sheet_view(sheet: SheetDeclaration) -> SheetView:
    return SheetView(
        id=sheet.id, names=words_view(sheet.names), case_type=sheet.case, node=sheet.node, total=sheet.total, veto=sheet.veto,
        fields=SheetFieldsView.model_validate(sheet.fields, from_attributes=True),
        items=[SheetItemView.model_validate(item, from_attributes=True) for item in sheet.items],
        verdicts=[SheetVerdictView.model_validate(each, from_attributes=True) for each in sheet.verdicts],
    )  # fmt: skip


def outcome_view(outcome: Outcome) -> SheetOutcome:
    return SheetOutcome(
        total=outcome.total, full=outcome.full, percent=outcome.percent, verdict=outcome.verdict,
        vetoed=list(outcome.vetoed),
    )  # fmt: skip


def filled_view(filled: Filled) -> FilledSheet:
    return FilledSheet(
        id=filled.id,
        sheet=sheet_view(filled.sheet),
        answers={name: FilledAnswer.model_validate(answer) for name, answer in filled.answers.items()},
        result=outcome_view(filled.outcome),
        answered_by=filled.answered_label,
        answered_at=filled.answered_at,
    )
