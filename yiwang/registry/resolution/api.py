"""HTTP routes of identity resolution: the queue of likely duplicates, decisions, merges and taking them back. Thin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine, CleanText
from yiwang.registry.declarations import Likeness
from yiwang.registry.model import Fact
from yiwang.registry.resolution.model import Decision, Level, Merge, Pair, Reason, Run, State
from yiwang.registry.resolution.reviewing import Agreement, Beside
from yiwang.registry.views import Body, FactView, ThingId, TypeId, WordsView, fact_view, service_of

router = APIRouter(prefix="/api/v1", tags=["duplicates 疑似重复"], responses=problems(*BEFORE_ANY_ROUTE))

PairId = Annotated[UUID, Path(description="The pair's id")]
MergeId = Annotated[UUID, Path(description="The merge's id")]
_MERGING = (
    "thing.unknown",
    "thing.merged",
    "thing.merge_refused",
    "thing.changed_meanwhile",
    "thing.attributes_invalid",
    "thing.geometry_invalid",
    "thing.key_taken",
)


class ReasonView(BaseModel):
    """What one attribute said: `similarity` 0…1, `points` added (or taken away)."""

    attribute: str
    how: Likeness
    similarity: float
    points: float


class PairView(BaseModel):
    """Two records that may be the same, the older first, with what they are called (masked)."""

    id: UUID
    type: str
    low: UUID
    low_title: str
    high: UUID
    high_title: str
    score: float
    level: Level
    reasons: list[ReasonView]
    postponed_at: datetime | None


class PairPage(BaseModel):
    items: list[PairView]
    after: UUID | None


class BesideView(BaseModel):
    """A pair with both records; `agreement`: of each attribute that one of them tells, whether the whole values agree."""

    id: UUID
    state: State
    score: float
    level: Level
    same: float
    review: float
    reasons: list[ReasonView]
    low: FactView
    high: FactView
    agreement: dict[str, Agreement]
    found_at: datetime
    masked: bool


class SearchView(BaseModel):
    """The last search: `counts` of pairs by level, new and dropped ones."""

    finished_at: datetime
    records: int
    compared: int
    counts: dict[str, int]


class ResolvedTypeView(BaseModel):
    """A type with rules of identity: open pairs that the caller may decide (counted up to 10,000)."""

    id: str
    names: WordsView
    same: int
    review: int
    automatic: bool
    search: SearchView | None


class ResolvedTypes(BaseModel):
    items: list[ResolvedTypeView]


class DecisionBody(Body):
    """`merge`: they are the same, `keep` stays (left out: the older) and takes over the attributes in `take`; `different`: they
    are not; `later`: to the end of the queue; `open`: what was told apart is looked at again."""

    decision: Decision
    keep: UUID | None = None
    take: list[Annotated[str, Field(max_length=60)]] = Field(default_factory=list, max_length=200)
    seen: list[UUID] = Field(default_factory=list, max_length=2, description="The facts that were looked at.")
    note: CleanText = Field("", max_length=500)


class DecidedView(BaseModel):
    pair: UUID
    decision: Decision
    merge: UUID | None


class PurposeBody(Body):
    purpose: CleanLine = Field(max_length=200, description="What the personal data are read for 用途")


class MergeBody(Body):
    """`other` becomes part of this record, which takes over the attributes in `take`."""

    other: UUID
    take: list[Annotated[str, Field(max_length=60)]] = Field(default_factory=list, max_length=200)
    reason: CleanText = Field(max_length=500)


class MergedView(BaseModel):
    merge: UUID


class UndoBody(Body):
    reason: CleanText = Field("", max_length=500)


class MergeView(BaseModel):
    """A merge that this record has part in: `into` another, or another one `from` which it took its place."""

    id: UUID
    direction: Literal["into", "from"]
    other: UUID
    other_title: str
    at: datetime
    by: str
    reason: str
    undone_at: datetime | None
    undone_by: str


class MergeList(BaseModel):
    items: list[MergeView]


def _reasons(reasons: Sequence[Reason]) -> list[ReasonView]:
    return [
        ReasonView(attribute=each.attribute, how=each.how, similarity=each.similarity, points=each.points)
        for each in reasons
    ]


def _pair_view(pair: Pair, low: str, high: str) -> PairView:
    return PairView(
        id=pair.id, type=pair.type, low=pair.low, low_title=low, high=pair.high, high_title=high, score=pair.score,
        level=pair.level, reasons=_reasons(pair.reasons), postponed_at=pair.postponed_at,
    )  # fmt: skip


def _beside_view(request: Request, found: Beside, *, masked: bool) -> BesideView:
    pair = found.pair
    declared = service_of(request).types.type(pair.type).declaration.resolution
    return BesideView(
        id=pair.id, state=pair.state, score=pair.score, level=pair.level, same=declared.same if declared else 0,
        review=declared.review if declared else 0, reasons=_reasons(pair.reasons), low=fact_view(found.low),
        high=fact_view(found.high), agreement=found.agreement, found_at=pair.found_at, masked=masked,
    )  # fmt: skip


def _search_view(run: Run | None) -> SearchView | None:
    if run is None:
        return None
    return SearchView(finished_at=run.finished_at, records=run.things, compared=run.compared, counts=run.counts)


def _merge_view(merge: Merge, other: Fact, thing_id: UUID) -> MergeView:
    return MergeView(
        id=merge.id, direction="from" if merge.kept == thing_id else "into", other=other.thing_id,
        other_title=other.title, at=merge.merged_at, by=merge.merged_label, reason=merge.reason,
        undone_at=merge.undone_at, undone_by=merge.undone_label,
    )  # fmt: skip


@router.get("/duplicates", summary="Types with likely duplicates 疑似重复概况", responses=problems())
async def types(request: Request, actor: SignedInActor) -> ResolvedTypes:
    """Types with rules of identity of which the caller may merge some."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        found = await service.reviewing.types(connection, actor)
    return ResolvedTypes(
        items=[
            ResolvedTypeView(
                id=state.type.id,
                names=WordsView(**state.type.declaration.names.model_dump()),
                same=state.open.get("same", 0),
                review=state.open.get("review", 0),
                automatic=bool(state.type.declaration.resolution and state.type.declaration.resolution.automatic),
                search=_search_view(state.run),
            )
            for state in found
        ]
    )


@router.get("/duplicates/pairs", summary="The queue 疑似重复队列", responses=problems("thing.type_unknown"))
async def queue(
    request: Request,
    actor: SignedInActor,
    type: Annotated[str, Query(max_length=60, pattern=r"^[a-z][a-z0-9-]*$", description="Type 登记类型")],
    level: Annotated[Level | None, Query(description="Only those taken for the same, or only those to review")] = None,
    after: Annotated[UUID | None, Query(description="Cursor of the next page")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PairPage:
    """Open pairs that the caller may decide, the surest first; those put off last."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        found, next_page = await service.reviewing.queue(connection, actor, type, level=level, after=after, limit=limit)
    return PairPage(items=[_pair_view(each.pair, each.low, each.high) for each in found], after=next_page)


@router.get(
    "/duplicates/pairs/{id}", summary="A pair side by side 并列核对",
    responses=problems("thing.pair_unknown", "thing.pair_decided"),
)  # fmt: skip
async def beside(request: Request, id: PairId, actor: SignedInActor) -> BesideView:
    """Both records, personal values masked."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        found = await service.reviewing.beside(connection, actor, id)
    return _beside_view(request, found, masked=True)


@router.post(
    "/duplicates/pairs/{id}/unmasked", summary="A pair unmasked 并列查看原文",
    responses=problems("thing.pair_unknown", "thing.pair_decided", "thing.unknown", "thing.merged", "thing.purpose_needed"),
)  # fmt: skip
async def unmasked(request: Request, id: PairId, actor: SignedInActor, body: PurposeBody) -> BesideView:
    """Both records with their personal values; who read them, when and for what stands in the journal."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        found = await service.reviewing.unmasked(connection, actor, id, body.purpose)
    return _beside_view(request, found, masked=False)


@router.post(
    "/duplicates/pairs/{id}/decision", summary="Decide a pair 合并、不同、稍后",
    responses=problems("thing.pair_unknown", "thing.pair_decided", *_MERGING),
)  # fmt: skip
async def decide(request: Request, id: PairId, actor: SignedInActor, body: DecisionBody) -> DecidedView:
    """What a person says of a pair; a merge can be taken back."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        merge = await service.reviewing.decide(
            connection, actor, id, body.decision, keep=body.keep, take=body.take, seen=body.seen, note=body.note
        )
    return DecidedView(pair=id, decision=body.decision, merge=merge)


@router.get(
    "/things/{type}/{id}/merges", summary="Merges of a record 合并情况",
    responses=problems("thing.type_unknown", "thing.unknown"),
)  # fmt: skip
async def merges(request: Request, type: TypeId, id: ThingId, actor: SignedInActor) -> MergeList:
    """Records merged into this one, and this one into another; also those taken back."""
    service = service_of(request)
    async with service.context.database.connection() as connection:
        found = await service.merging.merges(connection, actor, type, id)
    return MergeList(items=[_merge_view(merge, other, id) for merge, other in found])


@router.post("/things/{type}/{id}/merges", summary="Merge 合并", responses=problems("thing.type_unknown", *_MERGING))
async def merge(request: Request, type: TypeId, id: ThingId, actor: SignedInActor, body: MergeBody) -> MergedView:
    """Make another record part of this one, without a search having found them."""
    service = service_of(request)
    service.types.type(type)
    async with service.context.database.transaction() as connection:
        made = await service.merging.merge(connection, actor, id, body.other, take=body.take, reason=body.reason)
    return MergedView(merge=made)


@router.post(
    "/merges/{id}/undo", summary="Take a merge back 撤销合并", status_code=204,
    responses=problems("thing.merge_unknown", "thing.merge_undo_refused", "thing.unknown"),
)  # fmt: skip
async def undo(request: Request, id: MergeId, actor: SignedInActor, body: UndoBody) -> None:
    """Both records are as they were; the pair counts as told apart."""
    service = service_of(request)
    async with service.context.database.transaction() as connection:
        await service.merging.undo(connection, actor, id, reason=body.reason)
