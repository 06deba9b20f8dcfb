"""``scenarios/*.yaml``: a day in the life, step by step, as the runner executes it through the HTTP API."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, RootModel, StringConstraints

from yiwang.insight.indicators.declared import ObjectKind, Period
from yiwang.packs.model.pack import Declaration, Key, Words
from yiwang.sensing.devices.declarations import DeviceCode, DeviceDeclaration, MetricKey
from yiwang.sensing.rules.declarations import SeverityName

CaseName = Annotated[str, StringConstraints(min_length=1, max_length=40)]
"""What a scenario calls one of its cases."""
Clause = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*/[1-9][0-9]?$", max_length=80)]
"""A clause of the plan catalogue: row id / number from 1."""

TaskVerb = Literal["verify", "accept", "dispatch", "receive", "finish", "confirm", "check", "close", "visit", "step"]
CaseVerb = Literal[
    "report", "urge", "supervise", "request_extension", "approve_extension", "suspend", "resume", "force_close", "void",
    "fold", "unfold", "reopen", "rate", "reassign", "track", "look", "tasks", "advance_clock",
]  # fmt: skip
SenseVerb = Literal["measure", "read", "alarm", "acknowledge"]
"""What devices do, and what people do with readings and alarms before there is a case."""
SENSE_VERBS = frozenset({"measure", "read", "alarm", "acknowledge"})

ThingVerb = Literal["record", "fence", "view", "send", "take"]
"""Verbs that are about no case: a thing recorded, a fence drawn, what the public API shows, what is sent to it, data taken
with a signed request."""
THING_VERBS = frozenset({"record", "fence", "view", "send", "take"})

ScoreVerb = Literal["score", "count"]
"""Verbs that read what follows the journal: a board's scores, an indicator's values. Before them the counts catch up."""
SCORE_VERBS = frozenset({"score", "count"})

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_span(text: str) -> timedelta:
    """Clock time such as ``20m``, ``2h``, ``1d`` or ``1d4h``.

    Raises:
        ValueError: not of that form, or zero.
    """
    import re

    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"“{text}”不是时长,请写 20m、2h 或 1d | “{text}” is no span of time; write 20m, 2h or 1d")
    span = sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    if not timedelta() < span <= timedelta(days=400):
        raise ValueError(f"“{text}”应大于 0 且不超过 400 天 | “{text}” must be above 0 and at most 400 days")
    return span


def _span(text: str) -> str:
    parse_span(text)
    return text


Span = Annotated[str, AfterValidator(_span)]
Amount = Annotated[int, Field(ge=0)] | Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}/[0-9]{1,9}$")]
"""A value of an indicator: a number, or both counts of a rate, ``3/4``."""


class ScoreSeen(Declaration):
    """What a board must say of one object; every key given must hold."""

    score: float | None = Field(None, description="Its score, to two digits; null for none.")
    grade: str | None = Field(None, description="Id of its grade; null for none.")
    rank: int | None = Field(None, ge=1, description="Its rank; null where it has none.")
    values: dict[Key, Amount] = Field(
        default_factory=dict,
        description="Its indicators: a number, or both counts of the rate: `3/4`, `0/0` for none due.",
    )


class Expectation(Declaration):
    """What must be seen after the step; every key given must hold."""

    status: str | None = Field(None, description="The Chinese status word: 待派遣.")
    state: str | None = Field(None, description="The state's code: open, closed, void, not_accepted, folded.")
    number: str | None = Field(None, description="A regular expression that the case number matches.")
    class_: str | None = Field(None, alias="class", description="Class code or its Chinese name.")
    department: str | None = Field(None, description="The organisation's code, Chinese name, or a kind that it serves.")
    at: str | list[str] | None = Field(None, description="Id of the live node, or all of them; [] for none.")
    who: str | None = Field(None, description="Post code of the live task.")
    due: AwareDatetime | None = Field(
        None, description="The handling deadline while its clock runs, else the live task's deadline."
    )
    overdue: bool | None = Field(None, description="Whether that deadline has passed.")
    clock: Literal["green", "yellow", "red", "paused", "none"] | None = Field(None, description="Colour of the clock.")
    urgency: Literal["normal", "urgent"] | None = Field(None, description="Urgency of the case.")
    supervised: bool | None = Field(None, description="Whether it is supervised (督办).")
    suspended: bool | None = Field(None, description="Whether it is suspended (挂账).")
    extended: bool | None = Field(None, description="Whether its limit was extended (延期).")
    forced: bool | None = Field(None, description="Whether it was closed by force (强制结案).")
    rework: int | None = Field(None, ge=0, description="How many times it was sent back for rework (返工).")
    urged: int | None = Field(None, ge=0, description="How many times it was urged (催办).")
    reopened: int | None = Field(None, ge=0, description="How many times it was reopened.")
    folded_into: CaseName | None = Field(None, description="Name of the head case; null for none.")
    followers: int | None = Field(None, ge=0, description="How many reports are folded under it.")
    satisfaction: int | None = Field(None, ge=1, le=5, description="The reporter's mark.")
    area: str | None = Field(None, description="Beginning of the area code where the place was located.")
    journal: list[str] | None = Field(
        None, description="Verbs that occur in this order in the case's story; others may lie between."
    )
    has: list[CaseName] | None = Field(None, description="For `tasks`: cases that are in my list.")
    lacks: list[CaseName] | None = Field(None, description="For `tasks`: cases that are not in my list.")
    advised: str | None = Field(None, description="Kind or code of the department that the dispatch table advises.")
    reason: str | None = Field(None, description="Words that occur in the reason of that advice.")
    reads: dict[MetricKey, float] | None = Field(
        None, description="For `read`: last values of the device by metric, to the digits that the metric shows."
    )
    online: bool | None = Field(None, description="For `read`: whether the device counts as online.")
    alarm: Literal["raised", "acknowledged", "cleared", "closed"] | None = Field(
        None, description="For `alarm` and `acknowledge`: the state of the alarm."
    )
    severity: SeverityName | None = Field(None, description="For `alarm` and `acknowledge`: how grave it is.")
    shows: dict[str, JsonValue] | None = Field(
        None, description="For `view`: members of the answer that must be so; of a list each item named must occur."
    )
    rows: dict[str, ScoreSeen] | None = Field(
        None,
        description="For `score`: what the board says, by object: code of the department or area, or its Chinese name"
        " (posts and persons).",
    )
    values: dict[str, Amount] | None = Field(
        None, description="For `count`: the indicator's value by object, a number or both counts of a rate: `3/4`."
    )


class ScenarioStep(Declaration):
    """One act of one actor, and what is then seen."""

    as_: str = Field(
        alias="as", min_length=1, max_length=80,
        description="Who: `resident:NAME`, a kind of post, a login of the city's demo accounts, `device:CODE`, or `clock`.",
    )  # fmt: skip
    do: TaskVerb | CaseVerb | ThingVerb | SenseVerb | ScoreVerb = Field(description="The verb.")
    name: CaseName | None = Field(None, description="Name of the case; default: the last one named or reported.")
    after: Span | None = Field(None, description="Let city time run this long first: 20m, 2h, 1d.")
    note: str | None = Field(None, max_length=1000, description="Reason or opinion that is sent along.")
    photos: list[str] = Field(
        default_factory=list, max_length=9, description="Names of photos; the runner draws and uploads them."
    )
    expect: Expectation | None = Field(None, description="What must then be seen.")
    refused: str | None = Field(
        None,
        pattern=r"^[a-z_.]+\*?$",
        description="The problem code with which it must be refused, or a prefix ending in *.",
    )
    answers: list[Clause] = Field(
        default_factory=list, description="Clauses of the plan catalogue that this step proves."
    )
    say: Words | None = Field(None, description="Comment that `yiwang scenario --verbose` prints.")
    result: str | None = Field(None, description="The outcome of a task; of approve_extension: approve or refuse.")
    node: str | None = Field(None, description="For `step`: id of the live node.")
    with_: dict[str, str | int | float | bool] = Field(
        default_factory=dict, alias="with", description="For `step`: data of the outcome."
    )
    standard: str | None = Field(None, description="Id of the filing standard.")
    class_: str | None = Field(None, alias="class", description="Class code.")
    department: str | None = Field(None, description="Kind of department or code of an organisation.")
    section: str | None = Field(None, description="Code of a section of the department.")
    handler: str | None = Field(None, description="Login of the person who is to handle it.")
    limit: str | None = Field(None, description="Deadline in the plain grammar: 3工作日.")
    satisfaction: int | None = Field(None, ge=1, le=5, description="Mark of the reporter, 1 to 5.")
    solved: bool | None = Field(None, description="Whether the reporter says that it is solved.")
    channel: str | None = Field(None, description="Channel of the report.")
    text: str | None = Field(None, max_length=4000, description="What is reported, in the reporter's words.")
    at: str | tuple[float, float] | None = Field(
        None, description="Name of a place in city.yaml, or [lon, lat] in degrees (WGS-84)."
    )
    phone: str | None = Field(None, description="The reporter's telephone number.")
    address: str | None = Field(None, description="Address in words.")
    urgency: Literal["normal", "urgent"] | None = Field(None, description="Urgency claimed.")
    fields: dict[str, str | int | float | bool | None] = Field(
        default_factory=dict, description="Further fields of the case type; for `step`: fields that the step asks for."
    )
    type: Key | None = Field(None, description="Case type; default: the scenario's.")
    until: AwareDatetime | None = Field(None, description="For `suspend`: when it is taken up again.")
    into: CaseName | None = Field(None, description="For `fold`: the head case.")
    to: str | None = Field(None, description="For `reassign`: login or post; for `advance_clock`: the moment.")
    by: Span | None = Field(None, description="For `advance_clock`: how long.")
    values: dict[MetricKey, float] = Field(
        default_factory=dict, max_length=40,
        description="For `measure`: what the device sends over its own protocol, by metric and in the metric's unit.",
    )  # fmt: skip
    times: int = Field(1, ge=1, le=500, description="For `measure`: how often it sends them.")
    every: Span | None = Field(
        None, description="For `measure`: city time from one to the next; default: the interval of its profile."
    )
    rule: Key | None = Field(None, description="For `alarm` and `acknowledge`: code of the alarm rule.")
    device: DeviceCode | None = Field(None, description="For `read`, `alarm`, `acknowledge`: code of the device.")
    alarms: list[str] = Field(
        default_factory=list, max_length=32,
        description="For `measure` of a vehicle: alarms that its terminal reports, e.g. `emergency`.",
    )  # fmt: skip
    loaded: bool = Field(False, description="For `measure` of a vehicle: whether its terminal says that it is full.")
    thing: Key | None = Field(None, description="For `record`: type of the thing.")
    attributes: dict[str, JsonValue] = Field(default_factory=dict, description="For `record`: its attributes.")
    fence: dict[str, JsonValue] = Field(
        default_factory=dict, description="For `fence`: the fence as `POST /fences` takes it."
    )
    path: str | None = Field(
        None, pattern=r"^/[A-Za-z0-9_./?&=:+%{}-]*$", max_length=300,
        description="For `view`, `send`, `take`: path below /api/v1, with its query. `{name.member.0}` stands for a part of a"
        " kept answer.",
    )  # fmt: skip
    body: dict[str, JsonValue] = Field(
        default_factory=dict, description="For `send`: the JSON that is posted; `{name.member}` as in `path`."
    )
    keeps: Key | None = Field(None, description="For `view` and `send`: the name under which the answer is kept.")
    board: Key | None = Field(None, description="For `score`: the board.")
    indicator: Key | None = Field(None, description="For `count`: the indicator.")
    kind: ObjectKind = Field("department", description="For `count`: the kind of object.")
    period: Period | None = Field(
        None, description="For `score` and `count`: the period; default: the board's own, of an indicator the month."
    )
    day: date | None = Field(None, description="For `score` and `count`: a day of the period; default: today.")
    key: Key | None = Field(None, description="For `take`: the kept answer that holds `key_id` and `secret`.")


class Given(Declaration):
    """Where and when a scenario begins."""

    city: Key = Field("small", description="`small` (the tests' city) or a folder in cities/.")
    at: AwareDatetime = Field(description="City time at the beginning.")
    type: Key | None = Field(None, description="Case type of its reports; default: the first of the pack.")
    devices: list[DeviceDeclaration] = Field(
        default_factory=list, max_length=50,
        description="Devices that an administrator registers first, written as in `devices.yaml`.",
    )  # fmt: skip


class Scenario(Declaration):
    """One story."""

    id: Key = Field(description="Unique in the pack.")
    title: Words = Field(description="One line that says what it shows.")
    given: Given = Field(description="Where and when it begins.")
    steps: list[ScenarioStep] = Field(min_length=1, max_length=200, description="What happens, in order.")


class ScenarioFile(RootModel[list[Scenario]]):
    """A file is a list of scenarios."""

    @property
    def scenarios(self) -> list[Scenario]:
        return self.root


def moment(text: str) -> datetime:
    """An aware moment in ISO 8601.

    Raises:
        ValueError: not of that form, or without a zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(
            f"“{text}”缺少时区,请写 2026-06-18T08:30+08:00 | “{text}” has no zone; write 2026-06-18T08:30+08:00"
        )
    return at


COMMON = frozenset({"as", "do", "name", "after", "note", "photos", "expect", "refused", "answers", "say"})
"""Fields that every verb takes."""

FIELDS: dict[str, frozenset[str]] = {
    "verify": frozenset({"result"}),
    "accept": frozenset({"result", "standard", "class", "department"}),
    "dispatch": frozenset({"result", "department", "limit"}),
    "receive": frozenset({"result", "section", "handler"}),
    "finish": frozenset({"result"}),
    "confirm": frozenset({"result"}),
    "check": frozenset({"result"}),
    "close": frozenset({"result", "standard"}),
    "visit": frozenset({"result", "satisfaction", "solved"}),
    "step": frozenset(
        {
            "result",
            "node",
            "with",
            "fields",
            "handler",
            "department",
            "section",
            "standard",
            "class",
            "limit",
            "satisfaction",
        }
    ),
    "report": frozenset({"channel", "text", "at", "class", "phone", "address", "urgency", "fields", "type"}),
    "supervise": frozenset({"limit"}),
    "request_extension": frozenset({"limit"}),
    "approve_extension": frozenset({"result", "limit"}),
    "suspend": frozenset({"until"}),
    "fold": frozenset({"into"}),
    "rate": frozenset({"satisfaction"}),
    "reassign": frozenset({"to"}),
    "advance_clock": frozenset({"by", "to"}),
    "measure": frozenset({"values", "times", "every", "at", "alarms", "loaded"}),
    "read": frozenset({"device"}),
    "alarm": frozenset({"rule", "device"}),
    "acknowledge": frozenset({"rule", "device"}),
    "record": frozenset({"thing", "attributes", "at"}),
    "fence": frozenset({"fence"}),
    "view": frozenset({"path", "keeps"}),
    "send": frozenset({"path", "body", "keeps"}),
    "take": frozenset({"path", "key"}),
    "score": frozenset({"board", "period", "day"}),
    "count": frozenset({"indicator", "kind", "period", "day"}),
}
"""Further fields by verb; a verb that is missing here takes the common ones only."""

RESULTS: dict[str, tuple[str, ...]] = {
    "verify": ("exist", "not_exist", "unable"),
    "accept": ("file", "not_accept", "verify"),
    "dispatch": ("dispatch", "back"),
    "receive": ("assign", "handle_self", "back"),
    "finish": ("finish", "back"),
    "confirm": ("confirm", "redo"),
    "check": ("pass", "not_pass", "unable"),
    "close": ("close", "rework"),
    "visit": ("done", "unreachable", "not_solved"),
    "approve_extension": ("approve", "refuse"),
}
"""Outcomes by verb, the first being the default."""

NODES: dict[str, tuple[str, ...]] = {
    "verify": ("verify",),
    "accept": ("accept",),
    "dispatch": ("dispatch",),
    "receive": ("receive", "rework"),
    "finish": ("handle",),
    "confirm": ("confirm",),
    "check": ("check",),
    "close": ("close",),
    "visit": ("visit",),
}
"""Ids of the nodes at which a verb finishes the live task."""
