"""What the routes of votes take and answer. Areas are square metres, percents 0 to 100."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from yiwang.casework.model import PhotoClaim
from yiwang.kernel.database import JsonObject
from yiwang.kernel.text import CleanLine, CleanText
from yiwang.voting.casting import MOST_CODES, CodeGiven, Found
from yiwang.voting.declarations import VoteDeclaration, Words
from yiwang.voting.model import NewVote, Option, Question, Receipt, Voice, Vote

OptionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
Code = Annotated[CleanLine, Field(min_length=4, max_length=60)]
LastFour = Annotated[
    CleanLine, Field(min_length=4, max_length=18, description="The last four signs of the identity number.")
]
ChoicesBody = Annotated[
    dict[Annotated[str, Field(max_length=10)], Annotated[list[OptionId], Field(max_length=50)]],
    Field(max_length=50, description="By the question's number; no option: abstained."),
]


class VoteWords(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    zh: str
    en: str

    @classmethod
    def of(cls, words: Words) -> Self:
        return cls(zh=words.zh, en=words.en)


# -- asked ----------------------------------------------------------------------------------------------------------------


class OptionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: OptionId
    title: CleanLine = Field(min_length=1, max_length=120)


class QuestionBody(BaseModel):
    """A question; without options: whether one agrees."""

    model_config = ConfigDict(extra="forbid")

    matter: CleanLine = Field(
        min_length=1, max_length=60, description="One of the declared matters; it gives the rule."
    )
    title: CleanLine = Field(min_length=2, max_length=300)
    options: list[OptionBody] = Field(default_factory=list, max_length=50)
    seats: int = Field(1, ge=1, le=50, description="How many options may be chosen, and carried.")


class VoteBody(BaseModel):
    """``scope``: the thing that the vote is held in."""

    model_config = ConfigDict(extra="forbid")

    title: CleanLine = Field(min_length=2, max_length=200)
    scope: UUID
    questions: list[QuestionBody] = Field(min_length=1, max_length=20)
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    secret: bool = True
    note: CleanText = Field("", max_length=1000)

    def new(self) -> NewVote:
        questions = tuple(
            Question(each.matter, each.title, tuple(Option(one.id, one.title) for one in each.options), each.seats)
            for each in self.questions
        )
        return NewVote(self.title, self.scope, questions, self.opens_at, self.closes_at, self.secret, self.note)


class VoteWithdrawBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: CleanText = Field(min_length=2, max_length=500)


class CodesBody(BaseModel):
    """``voices``: entries of the roll that get a new code; left out: all that have none."""

    model_config = ConfigDict(extra="forbid")

    voices: list[UUID] | None = Field(None, min_length=1, max_length=MOST_CODES)


class ProofBody(BaseModel):
    """An upload and its claim (POST /attachments)."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    claim: str = Field(max_length=60)


class ProxyBody(BaseModel):
    """Who votes for a voice, with the written proof."""

    model_config = ConfigDict(extra="forbid")

    voice: UUID
    name: CleanLine = Field(min_length=2, max_length=60)
    number: LastFour
    proof: ProofBody

    def claim(self) -> PhotoClaim:
        return PhotoClaim(self.proof.id, self.proof.claim)


class PaperBody(BaseModel):
    """A ballot on paper as a clerk reads it."""

    model_config = ConfigDict(extra="forbid")

    voice: UUID
    choices: ChoicesBody


class EnterBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    number: LastFour


class CastBody(EnterBody):
    choices: ChoicesBody


class ReceiptBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    receipt: Code


# -- answered -------------------------------------------------------------------------------------------------------------


class VoteMatterView(BaseModel):
    id: str
    names: VoteWords
    rule: str
    rule_names: VoteWords
    take_part: dict[str, str] = Field(description="What takes part at least: {number, area}, “2/3”.")
    agree: dict[str, str]


class VoteKindView(BaseModel):
    """A kind of vote: where it is called, who may vote, on what."""

    id: str
    names: VoteWords
    case_type: str
    node: str
    outcome: str = Field(description="The outcome by which the step ends when the vote is called.")
    wait: str
    given: list[str] = Field(description="The outcomes of ``wait`` that the vote gives, nobody by hand.")
    electorate: str
    scope: list[str] = Field(description="Relations from a house to what the vote is held in.")
    ballots: str
    notice_days: int
    least_days: int
    most_days: int
    proxies: int
    paper: bool
    matters: list[VoteMatterView]


class VoteKinds(BaseModel):
    items: list[VoteKindView]


class VoteOptionView(BaseModel):
    id: str
    title: str


class VoteQuestionView(BaseModel):
    nth: int
    matter: str
    title: str
    options: list[VoteOptionView]
    seats: int


class TallyView(BaseModel):
    number: int
    area: float
    number_percent: float
    area_percent: float


class OptionResult(TallyView):
    id: str
    title: str
    carried: bool


class QuestionResult(BaseModel):
    """``valid``: whether enough took part by the rule of its matter."""

    nth: int
    title: str
    matter: str
    rule: str
    valid: bool
    carried: bool
    options: list[OptionResult]
    abstained: TallyView


class ResultView(BaseModel):
    """``how``: ballots by the way they came: code, proxy, paper."""

    all: TallyView
    took_part: TallyView
    how: dict[str, int]
    carried: bool
    questions: list[QuestionResult]


class VoteView(BaseModel):
    """A vote. ``state``: called, counted, withdrawn; ``open`` now. ``cast``: how many have voted.
    ``result`` only once counted."""

    id: UUID
    kind: str
    names: VoteWords
    title: str
    case_id: UUID
    case_number: str
    scope: UUID
    scope_title: str
    area: str
    secret: bool
    state: str
    open: bool
    voices: int
    houses: int
    area_m2: float
    cast: int | None
    called_at: datetime
    called_by: str
    opens_at: datetime
    closes_at: datetime
    ended_at: datetime | None
    reason: str
    questions: list[VoteQuestionView]
    result: ResultView | None


class VoteList(BaseModel):
    items: list[VoteView]
    after: UUID | None


class VoiceView(BaseModel):
    """An entry of the roll. ``read_by``: who has read its ballot on paper and waits for a second reader. ``choices``: of open
    votes, once counted."""

    id: UUID
    nth: int
    title: str
    houses: int
    owners: str
    area_m2: float
    has_code: bool
    proxy: str
    cast_at: datetime | None
    cast_how: str
    read_by: str
    choices: dict[str, list[str]] | None


class RollPage(BaseModel):
    items: list[VoiceView]
    after: int | None


class VoteCodeView(BaseModel):
    voice: UUID
    title: str
    owners: str
    code: str


class CodeList(BaseModel):
    """Told once; only digests are kept."""

    items: list[VoteCodeView]


class BallotView(BaseModel):
    """The ballot paper. ``cast``: it was cast already."""

    title: str
    kind: VoteWords
    scope_title: str
    voice: str
    houses: int
    area_m2: float
    secret: bool
    open: bool
    opens_at: datetime
    closes_at: datetime
    cast: bool
    questions: list[VoteQuestionView]


class VoteReceiptView(BaseModel):
    """What the voter keeps: it shows that the ballot counts, never what it says."""

    receipt: str
    voice: str
    cast_at: datetime


class PaperAnswer(BaseModel):
    """``waits``: for the second reader; else the receipt for the voter."""

    waits: bool
    receipt: VoteReceiptView | None


class ReceiptState(BaseModel):
    """``counted``: it was among the ballots of the result; before the end it lies in the box."""

    title: str
    scope_title: str
    closes_at: datetime
    counted: bool


class ResultItem(BaseModel):
    """A result as everybody may read it."""

    id: UUID
    title: str
    names: VoteWords
    scope_title: str
    secret: bool
    opens_at: datetime
    closes_at: datetime
    result: ResultView


class ResultList(BaseModel):
    items: list[ResultItem]
    after: UUID | None


def kind_view(each: VoteDeclaration) -> VoteKindView:
    matters = [
        VoteMatterView(
            id=id, names=VoteWords.of(matter.names), rule=matter.rule,
            rule_names=VoteWords.of(each.rules[matter.rule].names),
            take_part=each.rules[matter.rule].take_part.model_dump(), agree=each.rules[matter.rule].agree.model_dump(),
        )
        for id, matter in each.matters.items()
    ]  # fmt: skip
    return VoteKindView(
        id=each.id, names=VoteWords.of(each.names), case_type=each.case.type, node=each.case.node,
        outcome=each.case.outcome, wait=each.case.wait, given=[each.case.ended, each.case.withdrawn],
        electorate=each.electorate.type, scope=list(each.electorate.within), ballots=each.ballots,
        notice_days=each.notice_days, least_days=each.least_days, most_days=each.most_days, proxies=each.proxies,
        paper=each.paper, matters=matters,
    )  # fmt: skip


def vote_view(vote: Vote, now: datetime, cast: int | None = None) -> VoteView:
    return VoteView(
        id=vote.id, kind=vote.declared.id, names=VoteWords.of(vote.declared.names), title=vote.title, case_id=vote.case_id,
        case_number=vote.case_number, scope=vote.scope_id, scope_title=vote.scope_title, area=vote.area,
        secret=vote.secret, state=vote.state, open=vote.open_at(now), voices=vote.voices, houses=vote.houses,
        area_m2=vote.weight / 100, cast=cast, called_at=vote.called_at, called_by=vote.called_by, opens_at=vote.opens_at,
        closes_at=vote.closes_at, ended_at=vote.ended_at, reason=vote.reason, questions=questions_view(vote),
        result=result_view(vote.result),
    )  # fmt: skip


def questions_view(vote: Vote) -> list[VoteQuestionView]:
    return [
        VoteQuestionView(
            nth=nth, matter=each.matter, title=each.title, seats=each.seats,
            options=[VoteOptionView(id=one.id, title=one.title) for one in each.offered],
        )
        for nth, each in enumerate(vote.questions, start=1)
    ]  # fmt: skip


def result_view(result: JsonObject | None) -> ResultView | None:
    return None if result is None else ResultView.model_validate(result)


def voice_view(voice: Voice) -> VoiceView:
    choices = voice.choices
    return VoiceView(
        id=voice.id, nth=voice.nth, title=voice.title, houses=voice.houses, owners=voice.owner_names,
        area_m2=voice.weight / 100, has_code=voice.coded_at is not None, proxy=voice.proxy_name, cast_at=voice.cast_at,
        cast_how=voice.cast_how, read_by=voice.read_label,
        choices=None if choices is None else {
            nth: [str(one) for one in chosen] for nth, chosen in choices.items() if isinstance(chosen, list)
        },
    )  # fmt: skip


def code_view(given: CodeGiven) -> VoteCodeView:
    return VoteCodeView(voice=given.voice_id, title=given.title, owners=given.owner_names, code=given.code)


def ballot_view(vote: Vote, voice: Voice, now: datetime) -> BallotView:
    return BallotView(
        title=vote.title, kind=VoteWords.of(vote.declared.names), scope_title=vote.scope_title, voice=voice.title,
        houses=voice.houses, area_m2=voice.weight / 100, secret=vote.secret, open=vote.open_at(now),
        opens_at=vote.opens_at, closes_at=vote.closes_at, cast=voice.cast_at is not None, questions=questions_view(vote),
    )  # fmt: skip


def receipt_view(receipt: Receipt) -> VoteReceiptView:
    return VoteReceiptView(receipt=receipt.code, voice=receipt.title, cast_at=receipt.cast_at)


def receipt_state(found: Found) -> ReceiptState:
    vote = found.vote
    return ReceiptState(title=vote.title, scope_title=vote.scope_title, closes_at=vote.closes_at, counted=found.counted)


def result_item(vote: Vote) -> ResultItem:
    return ResultItem(
        id=vote.id, title=vote.title, names=VoteWords.of(vote.declared.names), scope_title=vote.scope_title,
        secret=vote.secret, opens_at=vote.opens_at, closes_at=vote.closes_at,
        result=ResultView.model_validate(vote.result),
    )  # fmt: skip
