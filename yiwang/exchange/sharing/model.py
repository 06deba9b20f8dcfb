"""The nouns of sharing. Times are aware UTC; ``within`` is an area code prefix, "" the whole city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

KIND = "share"
"""The kind of grant: verbs request, approve, revoke, read."""

Delivery = Literal["api", "file", "view"]
DELIVERIES: Mapping[Delivery, tuple[str, str]] = {
    "api": ("数据接口", "Interface"),
    "file": ("文件交换", "Files"),
    "view": ("数据库视图", "Database view"),
}
RequestState = Literal["asked", "granted", "refused", "cancelled"]
REQUEST_STATES: Mapping[RequestState, tuple[str, str]] = {
    "asked": ("待审批", "Waiting"),
    "granted": ("已同意", "Granted"),
    "refused": ("不予共享", "Refused"),
    "cancelled": ("已撤回", "Withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a consumer asks for. ``items``: attributes; ``plain``: those of them that are personal or sealed and shall come
    unmasked; ``filters``: attribute to exact value; ``quota``: requests a day."""

    purpose: str
    items: tuple[str, ...]
    until: datetime
    plain: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    within: str = ""
    delivery: Delivery = "api"
    quota: int = 1000


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """A request (共享申请). ``case_id``: its case on the flow engine, where the provider must approve."""

    id: UUID
    resource_id: UUID
    provider_id: int
    consumer_id: int
    consumer_name: str
    area: str
    wanted: Wanted
    state: RequestState
    case_id: UUID | None
    case_number: str
    asked_by: UUID | None
    asked_label: str
    asked_at: datetime
    decided_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class ShareGrant:
    """A grant (共享授权): what a consumer may take until when. ``key_id``: public number of its key, None before one is made;
    ``key_seal``/``key_sealed``: the secret at rest; ``public_key``: of a consumer who signs with SM2, hex ``04‖X‖Y``."""

    id: UUID
    request_id: UUID
    resource_id: UUID
    type: str
    provider_id: int
    consumer_id: int
    consumer_name: str
    area: str
    wanted: Wanted
    since: datetime
    key_id: str | None
    key_seal: str
    key_sealed: str
    public_key: str
    key_made_at: datetime | None
    view_name: str
    revoked_at: datetime | None
    revoked_label: str
    revoked_why: str

    def state(self, now: datetime) -> Literal["active", "expired", "revoked"]:
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if now >= self.wanted.until else "active"


@dataclass(frozen=True, slots=True)
class Use:
    """What was taken under a grant on one day."""

    day: date
    requests: int
    refused: int
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a monthly statement (对账单): what one consumer took of one resource of one provider."""

    provider_id: int
    consumer_id: int
    consumer_name: str
    resource_id: UUID
    resource_code: str
    resource_name: str
    grant_id: UUID
    delivery: Delivery
    days: int
    requests: int
    refused: int
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """A file put down for a consumer, as its manifest says."""

    id: UUID
    grant_id: UUID
    name: str
    format: str
    rows: int
    bytes: int
    sha256: str
    sm3: str
    by: str
    at: datetime
