"""HTTP routes of sharing (共享申请、审批、授权、对账单) and of what is handed out: keys, views, files, the signed interface."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field

from yiwang.exchange.api_views import exchange_of
from yiwang.exchange.delivery.signing import Signed
from yiwang.exchange.errors import ShareInvalid
from yiwang.exchange.sharing.api_views import (
    AskBody,
    DatabaseViewView,
    DataPage,
    DecideBody,
    DropBody,
    FileList,
    FileView,
    GrantDetailView,
    GrantPage,
    KeyBody,
    KeyView,
    NoteBody,
    RequestPage,
    RequestView,
    StatementView,
    UseView,
    file_view,
    grant_view,
    request_view,
    statement_line,
)
from yiwang.exchange.sharing.model import RequestState, Wanted
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import FieldError
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import clean_line

router = APIRouter(prefix="/api/v1/exchange", tags=["exchange 数据共享交换"], responses=problems(*BEFORE_ANY_ROUTE))

Side = Annotated[
    Literal["", "asked", "provided"],
    Query(description="asked: what one's own office asked for; provided: what was asked of it; empty: both"),
]
ShareId = Annotated[UUID, Path(description="Id of the request or grant")]
After = Annotated[UUID | None, Query(description="Cursor of the next page")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/requests", summary="Requests for sharing 共享申请")
async def requests(
    request: Request,
    actor: SignedInActor,
    side: Side = "",
    state: RequestState | None = None,
    after: After = None,
    limit: Limit = 50,
) -> RequestPage:
    """Newest first, those that concern the caller's office."""
    service = exchange_of(request)
    found, following = await service.sharing.requests(actor, side=side, state=state or "", after=after, limit=limit)
    return RequestPage(items=[request_view(service, each) for each in found], after=following)


@router.post(
    "/requests", summary="Ask for a resource 申请共享",
    responses=problems("share.not_offered", "share.invalid", "identity.forbidden", "thing.type_unknown"),
)  # fmt: skip
async def ask(request: Request, actor: SignedInActor, body: AskBody) -> RequestView:
    """In the name of the caller's office. What is shared unconditionally is granted at once; else the provider decides."""
    service = exchange_of(request)
    wanted = Wanted(
        purpose=body.purpose,
        items=tuple(dict.fromkeys(body.items)),
        until=body.until,
        plain=tuple(dict.fromkeys(body.plain)),
        filters=body.filters,
        within=body.within,
        delivery=body.delivery,
        quota=body.quota,
    )
    asked = await service.sharing.ask(actor, body.resource, wanted)
    return request_view(service, await service.sharing.request(actor, asked.id))


@router.get("/requests/{id}", summary="One request 申请详情", responses=problems("share.unknown"))
async def one_request(request: Request, actor: SignedInActor, id: ShareId) -> RequestView:
    service = exchange_of(request)
    return request_view(service, await service.sharing.request(actor, id))


@router.post(
    "/requests/{id}/decision", summary="Decide on a request 审批",
    responses=problems(
        "share.unknown", "share.ended", "resource.note_needed", "flow.task_not_yours", "flow.task_already_done",
        "flow.instance_suspended",
    ),
)  # fmt: skip
async def decide(request: Request, actor: SignedInActor, id: ShareId, body: DecideBody) -> RequestView:
    """The answer to the step that waits: the same as finishing it on the case's page."""
    service = exchange_of(request)
    await service.sharing.decide(actor, id, approve=body.approve, note=body.note)
    return request_view(service, await service.sharing.request(actor, id))


@router.post(
    "/requests/{id}/cancel", summary="Take a request back 撤回申请",
    responses=problems("share.unknown", "share.ended", "identity.forbidden", "case.operation_not_now"),
)  # fmt: skip
async def cancel(request: Request, actor: SignedInActor, id: ShareId, body: NoteBody) -> RequestView:
    service = exchange_of(request)
    await service.sharing.cancel(actor, id, body.note)
    return request_view(service, await service.sharing.request(actor, id))


@router.get("/grants", summary="Grants 共享授权")
async def grants(
    request: Request, actor: SignedInActor, side: Side = "", after: After = None, limit: Limit = 50
) -> GrantPage:
    service = exchange_of(request)
    found, following = await service.sharing.grants(actor, side=side, after=after, limit=limit)
    return GrantPage(items=[grant_view(service, actor, *each) for each in found], after=following)


@router.get("/grants/{id}", summary="One grant, what was taken 授权详情与计量", responses=problems("share.unknown"))
async def one_grant(request: Request, actor: SignedInActor, id: ShareId) -> GrantDetailView:
    service = exchange_of(request)
    detail = await service.sharing.grant_detail(actor, id)
    return GrantDetailView(
        grant=grant_view(service, actor, detail.grant, detail.resource),
        uses=[
            UseView(day=use.day, requests=use.requests, refused=use.refused, rows=use.rows, bytes=use.bytes)
            for use in detail.uses
        ],
    )


_HANDING = ("share.unknown", "share.ended", "share.delivery_other", "identity.forbidden")


@router.post("/grants/{id}/key", summary="A new key 生成密钥", responses=problems(*_HANDING, "share.invalid"))
async def new_key(request: Request, actor: SignedInActor, id: ShareId, body: KeyBody) -> KeyView:
    """For the interface; shown once. The key that was there before stops working at once."""
    made = await exchange_of(request).delivering.new_key(actor, id, body.public_key)
    return KeyView(key_id=made.key_id, secret=made.secret, algorithms=list(made.algorithms))


@router.post(
    "/grants/{id}/view", summary="The database view 建立数据库视图",
    responses=problems(*_HANDING, "share.view_impossible"),
)  # fmt: skip
async def new_view(request: Request, actor: SignedInActor, id: ShareId) -> DatabaseViewView:
    """A view, and a role that may select from it and nothing else; made anew where there is one. Shown once."""
    made = await exchange_of(request).delivering.new_view(actor, id)
    return DatabaseViewView(
        schema_name=made.schema, view=made.view, role=made.role, password=made.password, columns=list(made.columns)
    )


@router.post(
    "/grants/{id}/revoke", summary="Revoke a grant 撤销授权",
    responses=problems("share.unknown", "share.ended", "resource.note_needed", "identity.forbidden"),
)  # fmt: skip
async def revoke(request: Request, actor: SignedInActor, id: ShareId, body: NoteBody) -> GrantDetailView:
    """By the provider, or given up by the consumer. The next request is refused."""
    await exchange_of(request).sharing.revoke(actor, id, body.note)
    return await one_grant(request, actor, id)


@router.get("/grants/{id}/files", summary="Files of a grant 交换文件", responses=problems("share.unknown"))
async def files(request: Request, actor: SignedInActor, id: ShareId) -> FileList:
    found = await exchange_of(request).files.listed(actor, id)
    return FileList(items=[file_view(each) for each in found])


@router.post(
    "/grants/{id}/files", summary="Put a file down 生成交换文件",
    responses=problems(*_HANDING, "share.quota_spent", "share.too_many_rows"),
)  # fmt: skip
async def drop(request: Request, actor: SignedInActor, id: ShareId, body: DropBody) -> FileView:
    """All rows as they are now, in the consumer's folder with a manifest; also to be fetched here."""
    return file_view(await exchange_of(request).files.drop(actor, id, body.format))


@router.get(
    "/files/{id}", summary="Fetch a file 下载交换文件", response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}}, **problems("share.file_unknown", *_HANDING)},
)  # fmt: skip
async def fetch(request: Request, actor: SignedInActor, id: ShareId) -> FileResponse:
    file, path = await exchange_of(request).files.fetch(actor, id)
    return FileResponse(path, media_type="application/octet-stream", filename=file.name)


@router.get("/statements/{month}", summary="Monthly statement 月度对账单")
async def statement(
    request: Request,
    actor: SignedInActor,
    month: Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="2026-07")],
    side: Side = "",
) -> StatementView:
    """What was taken in a month, by provider, consumer and grant."""
    service = exchange_of(request)
    lines = await service.sharing.statement(actor, date.fromisoformat(f"{month}-01"), side)
    return StatementView(
        month=month,
        items=[statement_line(service, line) for line in lines],
    )


@router.get(
    "/data/{id}",
    summary="Data of a grant, signed 数据接口",
    response_model=DataPage,
    responses=problems(
        "share.signature_wrong",
        "share.revoked",
        "share.request_repeated",
        "share.quota_spent",
        "share.filter_not_granted",
        "share.invalid",
        "thing.type_unknown",
    ),
)
async def data(
    request: Request,
    id: ShareId,
    where: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Query(max_length=5, description="Exact filters `item:value` within what was granted"),
    ] = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    key: Annotated[str, Header(alias="X-Yiwang-Key", max_length=60)] = "",
    timestamp: Annotated[str, Header(alias="X-Yiwang-Timestamp", max_length=20)] = "",
    nonce: Annotated[str, Header(alias="X-Yiwang-Nonce", max_length=64)] = "",
    algorithm: Annotated[str, Header(alias="X-Yiwang-Algorithm", max_length=20)] = "HMAC-SHA256",
    signature: Annotated[str, Header(alias="X-Yiwang-Signature", max_length=200)] = "",
) -> Response:
    """No sign-in: the request is signed with the grant's key (how: docs, “Share a spreadsheet”)."""
    narrower: dict[str, str] = {}
    for index, each in enumerate(where or []):
        name, separator, value = each.partition(":")
        if not separator or not name:
            zh, en = "应写作“信息项:值”", "write it as “item:value”"
            raise ShareInvalid(
                errors=[FieldError(where=f"/where/{index}", code="share.invalid", zh=zh, en=en)], count=1
            )
        narrower[name] = clean_line(value)
    signed = Signed(
        method=request.method,
        path=request.url.path,
        query=request.scope["query_string"].decode("latin-1"),
        key_id=key,
        timestamp=timestamp,
        nonce=nonce,
        algorithm=algorithm,
        signature=signature,
    )
    body = await exchange_of(request).delivering.data(id, signed, narrower, after, limit)
    return Response(body, media_type="application/json")
