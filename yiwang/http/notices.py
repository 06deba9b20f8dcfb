"""Public notices (公告) over HTTP: read and searched by everybody, also as a feed (Atom, RFC 4287); written at the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from yiwang.casework.notices import Draft, Kind, Notice, Notices, State
from yiwang.casework.service import CaseService
from yiwang.http.city import CityInfo
from yiwang.http.language import language_of
from yiwang.http.words import Words
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine, CleanText

router = APIRouter(prefix="/api/v1", tags=["notices 公告"], responses=problems(*BEFORE_ANY_ROUTE))

_in_feed = 50
_WRITING = ("identity.sign_in_needed", "identity.forbidden", "not_found", "notice.not_now")
After = Annotated[str | None, Query(max_length=80, description="`next` of the page before")]
NoticeId = Annotated[UUID, Path(description="公告编号 id of the notice")]


class NoticeItem(BaseModel):
    """A notice as the public sees it. ``changed_at`` is after ``published_at`` where its text was mended since."""

    id: UUID
    title: Words
    text: Words
    kind: Kind
    area: str
    office: Words | None
    published_at: datetime
    changed_at: datetime
    until_at: datetime | None


class NoticePage(BaseModel):
    items: list[NoticeItem]
    next: str | None


class NoticeDraft(BaseModel):
    """What is written. The Chinese title and text are needed, the English ones are not."""

    model_config = ConfigDict(extra="forbid")

    title_zh: CleanLine = Field(min_length=1, max_length=120)
    title_en: CleanLine = Field("", max_length=200)
    text_zh: CleanText = Field(min_length=1, max_length=20_000)
    text_en: CleanText = Field("", max_length=40_000)
    kind: Kind = "notice"
    area: str = Field("", pattern="^[0-9]{0,12}$", description="Area code; empty: the whole city.")
    until_at: AwareDatetime | None = Field(None, description="When it is no more shown.")

    def draft(self) -> Draft:
        return Draft(
            self.title_zh, self.title_en, self.text_zh, self.text_en, self.kind, self.area, self.until_at
        )  # fmt: skip


class NoticeChange(NoticeDraft):
    version: int = Field(ge=1, le=2**31 - 1, description="The version that this was made from.")


class WithdrawBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: CleanText = Field(min_length=1, max_length=500)


class DeskNotice(BaseModel):
    """A notice as the desk sees it, in any state."""

    id: UUID
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    kind: Kind
    area: str
    office: Words | None
    state: State
    version: int
    written_name: str
    written_at: datetime
    changed_at: datetime
    published_at: datetime | None
    published_name: str | None
    until_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class DeskNoticePage(BaseModel):
    items: list[DeskNotice]
    next: str | None


@router.get("/notices", summary="Public notices 公告列表", responses=problems("input.invalid"))
async def notices(
    request: Request,
    q: Annotated[CleanLine, Query(max_length=100, description="Words that must occur.")] = "",
    kind: Annotated[Kind | None, Query()] = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> NoticePage:
    """What the city tells everybody now, the newest first."""
    found = await _notices(request).public(text=q, kind=kind, after=_cursor(after), limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return NoticePage(
        items=[_item(request, one) for one in page],
        next=f"{_published(page[-1]).isoformat()}_{page[-1].id}" if more else None,
    )


@router.get(
    "/notices.atom",
    summary="Notices as a feed 公告订阅",
    response_class=Response,
    responses={200: {"content": {"application/atom+xml": {}}, "description": "Atom (RFC 4287), the newest fifty."}},
)
async def feed(request: Request) -> Response:
    """For feed readers; in the language of ``?lang=`` or Accept-Language."""
    info: CityInfo = request.app.state.city
    language = language_of(request.scope)
    found = await _notices(request).public(limit=_in_feed)
    base = str(request.base_url).rstrip("/")
    title = f"{info.name(language)} · {'公告' if language == 'zh' else 'Notices'}"
    updated = max((one.changed_at for one in found), default=_now(request))
    entries = "".join(_entry(one, language, base) for one in found)
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr("zh-CN" if language == "zh" else "en")}>'
        f"<id>urn:yiwang:notices:{escape(info.division)}</id><title>{escape(title)}</title>"
        f"<updated>{updated.isoformat()}</updated><link href={quoteattr(base + '/notices')} />"
        f'<link rel="self" href={quoteattr(base + "/api/v1/notices.atom")} />'
        f"<author><name>{escape(info.name(language))}</name></author>{entries}</feed>\n"
    )
    return Response(body, media_type="application/atom+xml; charset=utf-8")


@router.get("/notices/{notice_id}", summary="A notice 一份公告", responses=problems("not_found"))
async def notice(request: Request, notice_id: NoticeId) -> NoticeItem:
    """As long as it is published and has not ended."""
    return _item(request, await _notices(request).shown(notice_id))


@router.get("/desk/notices", summary="Notices at the desk 公告管理", responses=problems(*_WRITING[:2]))
async def desk_notices(
    request: Request, actor: SignedInActor, after: After = None, limit: Annotated[int, Query(ge=1, le=100)] = 50
) -> DeskNoticePage:
    """Drafts, published and withdrawn ones, the last changed first."""
    found = await _notices(request).all(actor, after=_cursor(after), limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return DeskNoticePage(
        items=[_desk(request, one) for one in page],
        next=f"{page[-1].changed_at.isoformat()}_{page[-1].id}" if more else None,
    )


@router.post("/desk/notices", status_code=201, summary="Write a notice 起草公告", responses=problems(*_WRITING[:2]))
async def write(request: Request, body: NoticeDraft, actor: SignedInActor) -> DeskNotice:
    """A draft that only the desk sees. Grant `notice: write`."""
    return _desk(request, await _notices(request).write(actor, body.draft()))


@router.put(
    "/desk/notices/{notice_id}",
    summary="Change a notice 修改公告",
    responses=problems(*_WRITING, "notice.changed_meanwhile"),
)
async def change(request: Request, notice_id: NoticeId, body: NoticeChange, actor: SignedInActor) -> DeskNotice:
    """A published one is shown with its new text at once. Grant `notice: write`, of a published one `notice: publish`."""
    return _desk(request, await _notices(request).change(actor, notice_id, body.draft(), version=body.version))


@router.post("/desk/notices/{notice_id}/publish", summary="Publish a notice 发布公告", responses=problems(*_WRITING))
async def publish(request: Request, notice_id: NoticeId, actor: SignedInActor) -> DeskNotice:
    """From now on everybody sees it. Grant `notice: publish`."""
    return _desk(request, await _notices(request).publish(actor, notice_id))


@router.post("/desk/notices/{notice_id}/withdraw", summary="Withdraw a notice 撤下公告", responses=problems(*_WRITING))
async def withdraw(request: Request, notice_id: NoticeId, body: WithdrawBody, actor: SignedInActor) -> DeskNotice:
    """It is no more shown; the journal keeps the reason. Grant `notice: publish`, of a draft `notice: write`."""
    return _desk(request, await _notices(request).withdraw(actor, notice_id, body.reason))


def _notices(request: Request) -> Notices:
    service: CaseService = request.app.state.casework
    return Notices(service.context)


def _now(request: Request) -> datetime:
    service: CaseService = request.app.state.casework
    return service.context.clock.now()


def _office(request: Request, organisation_id: int | None) -> Words | None:
    service: CaseService = request.app.state.casework
    found = service.parts.directory.organisation(organisation_id) if organisation_id is not None else None
    return Words(zh=found.name_zh, en=found.name_en) if found else None


def _published(one: Notice) -> datetime:
    return one.published_at or one.changed_at


def _item(request: Request, one: Notice) -> NoticeItem:
    return NoticeItem(
        id=one.id,
        title=Words(zh=one.title_zh, en=one.title_en),
        text=Words(zh=one.text_zh, en=one.text_en),
        kind=one.kind,
        area=one.area,
        office=_office(request, one.organisation_id),
        published_at=_published(one),
        changed_at=one.changed_at,
        until_at=one.until_at,
    )


def _desk(request: Request, one: Notice) -> DeskNotice:
    return DeskNotice(
        id=one.id, title_zh=one.title_zh, title_en=one.title_en, text_zh=one.text_zh, text_en=one.text_en, kind=one.kind,
        area=one.area, office=_office(request, one.organisation_id), state=one.state, version=one.version,
        written_name=one.written_name, written_at=one.written_at, changed_at=one.changed_at,
        published_at=one.published_at, published_name=one.published_name, until_at=one.until_at,
        withdrawn_at=one.withdrawn_at, withdrawn_reason=one.withdrawn_reason,
    )  # fmt: skip


def _entry(one: Notice, language: str, base: str) -> str:
    english = language == "en"
    title = one.title_en if english and one.title_en else one.title_zh
    text = one.text_en if english and one.text_en else one.text_zh
    return (
        f"<entry><id>urn:uuid:{one.id}</id><title>{escape(title)}</title>"
        f"<published>{_published(one).isoformat()}</published><updated>{one.changed_at.isoformat()}</updated>"
        f"<link href={quoteattr(f'{base}/notices/{one.id}')} /><content>{escape(text)}</content></entry>"
    )


def _cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if text is None:
        return None
    at, _, key = text.partition("_")
    try:
        moment, found = datetime.fromisoformat(at), UUID(key)
    except ValueError as error:
        raise _not_a_page() from error
    if moment.tzinfo is None:
        raise _not_a_page()
    return moment, found


def _not_a_page() -> InvalidInput:
    fault = FieldError(
        where="query:after", code="input.cursor", zh="翻页标记无效,请从第一页开始", en="not a page key; start anew"
    )
    return InvalidInput(errors=[fault], count=1)
