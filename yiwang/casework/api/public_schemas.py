"""What the reporter of a case sees (上报人视图), member by member; see :mod:`schemas`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from yiwang.casework.api.schemas import Answer, PublicAttachment, PublicStoryRow
from yiwang.casework.model import State, Urgency


class HeadProgress(Answer):
    """How far the case has come under which a report was folded (主案进度)."""

    number: str
    state: State
    status: str
    status_en: str
    reports: int = Field(description="How many reported the matter.")
    due_at: datetime | None
    closed_at: datetime | None


class Notice(Answer):
    """What the reporter was told (告知), at filing and at the end."""

    at: datetime
    zh: str
    en: str


class PublicCase(Answer):
    """What the reporter sees."""

    number: str
    type: str
    status: str
    status_en: str
    state: State
    class_code: str | None
    class_name: str
    class_name_en: str
    text: str
    address: str
    lon: float | None
    lat: float | None
    urgency: Urgency
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    satisfaction: int | None
    head_number: str | None
    head: HeadProgress | None
    notices: list[Notice]
    followers: int
    reopen_count: int
    may_reopen: bool
    may_rate: bool
    story: list[PublicStoryRow]
    attachments: list[PublicAttachment]
