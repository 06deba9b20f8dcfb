"""Alarm rules over HTTP: which are in force, the city's drafts, publishing, and trying a rule on the past."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

import yiwang.identity.errors
import yiwang.sensing.errors
import yiwang.sensing.rules.errors  # noqa: F401  # registers the codes that descriptions name, as do the two above
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Forbidden, Problem
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.sensing.alarms.api import sensing_of
from yiwang.sensing.alarms.model import SEVERITY_NAMES
from yiwang.sensing.rules import publishing, store
from yiwang.sensing.rules.checking import check_against
from yiwang.sensing.rules.compiling import compile_rule
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.errors import AlarmRuleInvalid, AlarmRuleUnknown
from yiwang.sensing.rules.model import Rule
from yiwang.sensing.rules.rehearsal import Rehearsal, Trial
from yiwang.sensing.service import Sensing

router = APIRouter(prefix="/api/v1/alarm-rules", tags=["alarm rules 报警规则"], responses=problems(*BEFORE_ANY_ROUTE))

RuleId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Streamed = Annotated[bool, Query(description="Lines of progress, then the result 逐行进度")]
Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]


class Answer(BaseModel):
    """Complete: no member comes that is not described."""

    model_config = ConfigDict(extra="forbid")


class RuleAnswer(Answer):
    """A version of a rule. `shadowed`: the pack's newest one, while the city words the rule itself."""

    id: int
    code: str
    pack: str
    origin: Literal["pack", "city"]
    version: int
    state: Literal["draft", "published", "shadowed", "superseded", "retired"]
    kind: str
    declaration: dict[str, Any]
    note: str
    created_at: datetime
    created_by: str
    published_at: datetime | None
    published_by: str
    ended_at: datetime | None


class RulePage(Answer):
    items: list[RuleAnswer]
    next: str | None = Field(description="`after` of the next page; null on the last.")


class RuleVersions(Answer):
    """All versions of a rule, newest first."""

    items: list[RuleAnswer]


class FiringAnswer(Answer):
    """An alarm that would have been; `to` is null where it would still be open at the end."""

    device: str
    zh: str
    en: str
    began: datetime
    raised: datetime
    to: datetime | None
    severity: str
    peak: float | None


class TrialAnswer(Answer):
    """How a rule would have done: alarms in all (`fired`), devices that raised one (`sources`), the first thousand."""

    since: datetime
    until: datetime
    devices: int
    done: int
    readings: int
    fired: int
    sources: int
    complete: bool = Field(description="False: the trial ended early, it would have read too much.")
    zh: str
    en: str
    firings: list[FiringAnswer]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DraftBody(Body):
    declaration: RuleDeclaration
    note: Annotated[str, Field(max_length=500)] = ""


class RehearseBody(Body):
    since: AwareDatetime
    until: AwareDatetime


class TryBody(RehearseBody):
    declaration: RuleDeclaration


def _answers(model: object, *codes: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}, **problems("identity.forbidden", "unavailable", *codes)}


_INVALID = ("alarm_rule.invalid", "alarm_rule.metric_unknown")
_TRIAL = ("alarm_rule.rehearsal_too_long", "alarm_rule.not_rehearsable", "sensing.lake_damaged", *_INVALID)


@router.get("", summary="Alarm rules 报警规则", responses=_answers(RulePage))
async def rules(
    request: Request,
    actor: SignedInActor,
    after: Annotated[str, Query(max_length=60, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Response:
    """Of each rule the version in force, by code; of one that was never published its draft."""
    actor.require("alarm", "read")
    async with sensing_of(request).context.database.connection() as connection:
        found = await store.listed(connection, after=after, limit=limit + 1)
    page = found[:limit]
    return _json({"items": [_rule_json(one) for one in page], "next": page[-1].code if len(found) > limit else None})


@router.get(
    "/{code}/versions", summary="Versions of a rule 规则版本", responses=_answers(RuleVersions, "alarm_rule.unknown")
)
async def versions(request: Request, code: Code, actor: SignedInActor) -> Response:
    """Who changed the rule, when, and to what."""
    actor.require("alarm", "read")
    async with sensing_of(request).context.database.connection() as connection:
        found = await store.versions_of(connection, code)
    if not found:
        raise AlarmRuleUnknown(rule=code)
    return _json({"items": [_rule_json(one) for one in found]})


@router.put("/{code}/draft", summary="Draft of a rule 规则草稿", responses=_answers(RuleAnswer, *_INVALID))
async def draft(request: Request, code: Code, body: DraftBody, actor: SignedInActor) -> Response:
    """The city's own wording of a rule, or a new rule; the pack is not touched. It counts when it is published."""
    _city_wide(actor, "edit")
    sensing = sensing_of(request)
    _compiled(sensing, code, body.declaration)
    async with sensing.context.database.transaction() as connection:
        now = sensing.context.clock.now()
        found = await publishing.draft(connection, code, body.declaration, body.note, actor, now)
    return _json(_rule_json(found))


@router.post(
    "/{rule_id}/publish",
    summary="Publish a draft 发布规则",
    responses=_answers(RuleAnswer, "alarm_rule.unknown", "alarm_rule.not_a_draft", *_INVALID),
)
async def publish(request: Request, rule_id: RuleId, actor: SignedInActor) -> Response:
    """Put a draft in force within a second, in every worker."""
    _city_wide(actor, "publish")
    sensing = sensing_of(request)
    async with sensing.context.database.transaction() as connection:
        before = await store.one(connection, rule_id)
        if before is None:
            raise AlarmRuleUnknown(rule=str(rule_id))
        _compiled(sensing, before.code, before.declaration)
        found = await publishing.publish(connection, rule_id, actor, sensing.context.clock.now())
    return _json(_rule_json(found))


@router.delete(
    "/{rule_id}",
    summary="Discard a draft 删除草稿",
    status_code=204,
    responses=problems("identity.forbidden", "alarm_rule.unknown", "alarm_rule.not_a_draft"),
)
async def discard(request: Request, rule_id: RuleId, actor: SignedInActor) -> Response:
    """Throw a draft away."""
    _city_wide(actor, "edit")
    async with sensing_of(request).context.database.transaction() as connection:
        await publishing.discard(connection, rule_id)
    return Response(status_code=204)


@router.post("/{code}/revert", summary="Back to the pack's rule 恢复为应用包的规则", status_code=204,
             responses=problems("identity.forbidden", "alarm_rule.unknown"))  # fmt: skip
async def revert(request: Request, code: Code, actor: SignedInActor) -> Response:
    """Give up the city's wording; a rule that only the city has ends."""
    _city_wide(actor, "publish")
    sensing = sensing_of(request)
    async with sensing.context.database.transaction() as connection:
        await publishing.revert(connection, code, actor, sensing.context.clock.now())
    return Response(status_code=204)


@router.post(
    "/{rule_id}/rehearse",
    summary="Try a rule on the past 用历史试算",
    responses=_answers(TrialAnswer, "alarm_rule.unknown", *_TRIAL),
)
async def rehearse(
    request: Request, rule_id: RuleId, body: RehearseBody, actor: SignedInActor, stream: Streamed = False
) -> Response:
    """How often a version would have raised an alarm between two times, on which devices, how far. With `stream`,
    `application/x-ndjson`: lines `{"progress": 0.35, "readings": 120000, "fired": 3}`, the last one `{"result": …}`."""
    actor.require("alarm", "test")
    sensing = sensing_of(request)
    async with sensing.context.database.connection() as connection:
        found = await store.one(connection, rule_id)
    if found is None:
        raise AlarmRuleUnknown(rule=str(rule_id))
    return await _try(sensing, actor, _compiled(sensing, found.code, found.declaration), body, stream)


@router.post(
    "/rehearse", summary="Try what is being written 试算未保存的规则", responses=_answers(TrialAnswer, *_TRIAL)
)
async def rehearse_unsaved(request: Request, body: TryBody, actor: SignedInActor, stream: Streamed = False) -> Response:
    """The same for a declaration that has not been saved."""
    actor.require("alarm", "test")
    sensing = sensing_of(request)
    return await _try(sensing, actor, _compiled(sensing, "unsaved", body.declaration), body, stream)


def _city_wide(actor: Actor, verb: str) -> None:
    """A rule counts in the whole city: a grant for a part of it does not reach it."""
    actor.require("alarm", verb)
    if not any(not grant.area and grant.organisations is None for grant in actor.grants_for("alarm", verb)):
        raise Forbidden(verb=f"alarm:{verb}")


async def _try(sensing: Sensing, actor: Actor, rule: Rule, body: RehearseBody, stream: bool) -> Response:
    rehearsal = Rehearsal(sensing.context, sensing.directory, sensing.readings.lake, actor)
    trial = rehearsal.begin(rule, body.since, body.until)
    if stream:
        return StreamingResponse(_lines(rehearsal, rule, trial), media_type="application/x-ndjson")
    async for _ in rehearsal.run(rule, trial):
        continue
    return _json(_trial_json(trial))


async def _lines(rehearsal: Rehearsal, rule: Rule, trial: Trial) -> AsyncIterator[bytes]:
    try:
        async for now in rehearsal.run(rule, trial):
            line = {"progress": round(now.share, 4), "readings": now.readings, "fired": now.fired}
            yield orjson.dumps(line) + b"\n"
    except Problem as problem:
        yield orjson.dumps({"problem": problem.body()}) + b"\n"
        return
    yield orjson.dumps({"result": _trial_json(trial)}) + b"\n"


def _compiled(sensing: Sensing, code: str, declaration: RuleDeclaration) -> Rule:
    """The rule as it would judge here.

    Raises:
        AlarmRuleInvalid, MetricOfRuleUnknown.
    """
    metrics = {name: metric.id for name, metric in sensing.directory.metrics.items()}
    rule = compile_rule(code, 0, declaration, metrics, sensing.context.calendar)
    profiles = {key: profile.declaration.values() for key, profile in sensing.directory.profiles.items()}
    for fault in check_against(declaration, profiles):
        raise AlarmRuleInvalid(rule=code, why_zh=fault.zh, why_en=fault.en)
    return rule


def _rule_json(one: store.RuleVersion) -> JsonObject:
    return {
        "id": one.id,
        "code": one.code,
        "pack": one.pack,
        "origin": one.origin,
        "version": one.version,
        "state": one.state,
        "kind": one.declaration.when.kind,
        "declaration": publishing.as_json(one.declaration),
        "note": one.note,
        "created_at": one.created_at.isoformat(),
        "created_by": one.created_label,
        "published_at": one.published_at.isoformat() if one.published_at else None,
        "published_by": one.published_label,
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
    }


def _trial_json(trial: Trial) -> JsonObject:
    return {
        "since": trial.since.isoformat(),
        "until": trial.until.isoformat(),
        "devices": trial.devices,
        "done": trial.done,
        "readings": trial.readings,
        "fired": trial.fired,
        "sources": trial.sources,
        "complete": trial.complete,
        "zh": f"这段时间会报警 {trial.fired} 次,涉及 {trial.sources} 台设备(共 {trial.devices} 台)",
        "en": f"would have fired {trial.fired} times, on {trial.sources} of {trial.devices} devices",
        "firings": [
            {
                "device": one.device.code,
                "zh": one.device.name_zh,
                "en": one.device.name_en,
                "began": one.began.isoformat(),
                "raised": one.raised.isoformat(),
                "to": one.cleared.isoformat() if one.cleared else None,
                "severity": SEVERITY_NAMES[one.severity][1],
                "peak": one.peak,
            }
            for one in trial.firings
        ],
    }


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
