"""The nouns of the catalogue: resources with the core metadata of the national guide (政务信息资源目录编制指南, 2017).

A resource says *about* data what others must know to ask for them; the data themselves stay in the registry (``type``) or with
their provider. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

KIND = "resource"
"""The kind of grant: verbs read, draft, audit, publish, withdraw."""

State = Literal["draft", "to_audit", "returned", "refused", "registered", "published", "withdrawn"]
"""草稿 → 待审核 → 已登记 → 已发布 → 已撤销; 退回 to its writer, 不予登记."""

Level = Literal["general", "important", "core"]
"""Grade of the data (数据分级, GB/T 43697-2024): 一般, 重要, 核心."""

DataType = Literal["C", "N", "Y", "D", "T", "L", "B"]
"""字符 C, 数值 N, 货币 Y, 日期 D, 日期时间 T, 逻辑 L, 二进制 B."""

STATES: Mapping[State, tuple[str, str]] = {
    "draft": ("草稿", "Draft"),
    "to_audit": ("待审核", "To audit"),
    "returned": ("已退回", "Returned"),
    "refused": ("不予登记", "Refused"),
    "registered": ("已登记", "Registered"),
    "published": ("已发布", "Published"),
    "withdrawn": ("已撤销", "Withdrawn"),
}
FORMATS: Mapping[int, tuple[str, str]] = {
    1: ("电子文件", "Documents"),
    2: ("电子表格", "Spreadsheets"),
    3: ("数据库", "Database"),
    4: ("图形图像", "Images"),
    5: ("流媒体", "Streaming media"),
    6: ("自描述格式", "Self-describing format"),
    7: ("服务接口", "Service interface"),
}
STRUCTURED = frozenset({2, 3, 6, 7})
"""Formats whose items (信息项) must be listed."""
SHARE_TYPES: Mapping[int, tuple[str, str]] = {
    1: ("无条件共享", "Shared unconditionally"),
    2: ("有条件共享", "Shared on condition"),
    3: ("不予共享", "Not shared"),
}
SHARE_METHODS: Mapping[int, tuple[str, str]] = {
    1: ("数据库", "Database"),
    2: ("文件", "File"),
    3: ("服务接口", "Service interface"),
}
CYCLES: Mapping[int, tuple[str, str]] = {
    1: ("实时", "Real time"),
    2: ("每日", "Daily"),
    3: ("每周", "Weekly"),
    4: ("每月", "Monthly"),
    5: ("每季度", "Quarterly"),
    6: ("每年", "Yearly"),
    7: ("其他", "Other"),
}
CLASSES: Mapping[str, tuple[str, str]] = {
    "1": ("基础信息资源", "Base resources"),
    "2": ("主题信息资源", "Thematic resources"),
    "3": ("部门信息资源", "Departmental resources"),
}
"""The first digit of a class code: 类 1 digit, 项 2, 目 3, 细目 of any length."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item (信息项). ``attribute``: of the registry's type, "" for data kept elsewhere. ``length``: characters or digits,
    0 where unknown. ``personal``: masked unless a conditional sharing says otherwise; ``sealed``: encrypted at rest."""

    name_zh: str
    name_en: str
    data_type: DataType
    length: int = 0
    attribute: str = ""
    personal: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as registered. ``code``: class code, stroke, serial (``102001/000001``), given by this server and never reused.
    ``type``: the registry's type that holds the data, or None. ``provider_code``: USCC, or the office's internal code."""

    id: UUID
    code: str
    class_code: str
    state: State
    name_zh: str
    name_en: str
    abstract_zh: str
    abstract_en: str
    provider_id: int
    provider_name: str
    provider_code: str
    area: str
    format: int
    format_detail: str
    type: str | None
    items: tuple[Item, ...]
    share_type: int
    share_condition: str
    share_method: int
    open: bool
    open_condition: str
    cycle: int
    level: Level
    related: tuple[str, ...]
    keywords: tuple[str, ...]
    origin: str
    revision: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None

    def name(self, language: str = "zh") -> str:
        return self.name_zh if language.startswith("zh") or not self.name_en else self.name_en

    def abstract(self, language: str = "zh") -> str:
        return self.abstract_zh if language.startswith("zh") or not self.abstract_en else self.abstract_en


@dataclass(frozen=True, slots=True)
class Content:
    """What a steward writes of a resource; everything else the server knows."""

    class_code: str
    name_zh: str
    name_en: str
    abstract_zh: str
    abstract_en: str
    provider_code: str
    format: int
    format_detail: str
    type: str | None
    items: tuple[Item, ...]
    share_type: int
    share_condition: str
    share_method: int
    open: bool
    open_condition: str
    cycle: int
    level: Level
    related: tuple[str, ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Who moved a resource on, from which state to which, and why."""

    verb: str
    before: str
    after: str
    by: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list asks for; ``after``: id of the last resource of the page before."""

    words: str = ""
    states: tuple[State, ...] = ()
    class_code: str = ""
    provider_id: int | None = None
    share_type: int | None = None
    open_only: bool = False
    after: UUID | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Duty:
    """What one office answers for (责任清单): its published resources by terms of sharing; requests that wait for it."""

    provider_id: int
    provider_name: str
    published: int
    unconditional: int
    conditional: int
    withheld: int
    opened: int
    waiting: int
