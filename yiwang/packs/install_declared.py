"""What a city's packs declare for one engine each: types, documents, boards, plans, votes … published part by part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from yiwang.kernel.database import Connection
from yiwang.packs.check.documents import documents_of
from yiwang.packs.engines import Services
from yiwang.packs.loaded import City
from yiwang.plans.service import Declared


@dataclass(frozen=True, slots=True)
class Publication:
    """One part under way. ``demo``: with what only a demonstration shows."""

    services: Services
    city: City
    connection: Connection
    at: datetime
    demo: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What was declared, and how many of it changed."""

    zh: str
    en: str
    changed: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part by the name of its engine, as it is announced."""

    name: str
    zh: str
    en: str
    publish: Callable[[Publication], Awaitable[Told]]


async def _documents(to: Publication) -> Told:
    declared = [pair for pack in to.city.packs for pair in documents_of(pack)]
    changed = await to.services.documents.publish(to.connection, declared, to.at)
    return Told(f"{len(declared)} 种文书", f"{len(declared)} documents", changed)


async def _boards(to: Publication) -> Told:
    indicators = [one for pack in to.city.packs for file in pack.indicators for one in file.value.indicators]
    boards = [board.value for pack in to.city.packs for board in pack.boards]
    changed = await to.services.insight.publish(to.connection, indicators, boards, to.at)
    zh = f"{len(indicators)} 个指标、{len(boards)} 个考核方案"
    return Told(zh, f"{len(indicators)} indicators, {len(boards)} boards", changed)


async def _types(to: Publication) -> Told:
    types = [(pack.id, item.value) for pack in to.city.packs for item in pack.types]
    changed = await to.services.registry.publish(to.connection, types, to.at)
    return Told(f"{len(types)} 种登记类型", f"{len(types)} types of things", changed)


async def _resources(to: Publication) -> Told:
    declared = [(pack.id, item.value) for pack in to.city.packs for item in pack.resources]
    changed = await to.services.exchange.publish(to.connection, declared, demo=to.demo)
    return Told(f"{len(declared)} 项信息资源", f"{len(declared)} resources", changed)


async def _plans(to: Publication) -> Told:
    declared: list[tuple[str, Declared]] = []
    for pack in to.city.packs:
        if to.city.runs(pack):
            declared += [(pack.id, plan.value) for plan in pack.plans]
        declared += [(pack.id, breakdown.value) for breakdown in pack.breakdowns]
        declared += [(pack.id, sheet.value) for sheet in pack.sheets]
    changed = await to.services.plans.publish(to.connection, declared, to.at)
    return Told(f"{len(declared)} 项计划、任务分解与评分表", f"{len(declared)} plans, breakdowns and sheets", changed)


async def _publicity(to: Publication) -> Told:
    public = [(pack.id, item.value) for pack in to.city.packs for item in pack.publications]
    used = filter(to.city.runs, to.city.packs)
    rules = [(pack.id, item.value) for pack in used for item in pack.anomalies]
    changed = await to.services.publicity.publish(to.connection, [*public, *rules], to.at)
    zh = f"{len(public)} 项公示、{len(rules)} 条异常规则"
    return Told(zh, f"{len(public)} publications, {len(rules)} anomaly rules", changed)


async def _matches(to: Publication) -> Told:
    declared = [(pack.id, item.value) for pack in to.city.packs for item in pack.matches]
    changed = await to.services.matching.publish(to.connection, declared, to.at)
    return Told(f"{len(declared)} 项匹配规则", f"{len(declared)} matching rules", changed)


async def _votes(to: Publication) -> Told:
    declared = [(pack.id, item.value) for pack in to.city.packs for item in pack.votes]
    changed = await to.services.voting.publish(to.connection, declared, to.at)
    return Told(f"{len(declared)} 种表决", f"{len(declared)} kinds of votes", changed)


WITH_CASES = (
    Part("documents", "发布文书", "printed documents", _documents),
    Part("insight", "发布指标与考核方案", "indicators and boards", _boards),
)
TYPES = (Part("registry", "发布登记类型", "types of things", _types),)
WITH_TYPES = (
    Part("exchange", "编入信息资源目录", "the resource catalogue", _resources),
    Part("plans", "发布计划、任务分解与评分表", "plans, breakdowns and sheets", _plans),
    Part("publicity", "发布公示事项与异常规则", "publications and anomaly rules", _publicity),
    Part("matches", "发布匹配规则", "matching rules", _matches),
    Part("votes", "发布表决种类", "kinds of votes", _votes),
)
