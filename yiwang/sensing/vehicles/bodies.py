"""What the routes of vehicles and fences take and answer. Times have a zone; places are degrees, lon before lat, CGCS2000."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from yiwang.kernel.text import CleanLine
from yiwang.sensing.vehicles.model import Fence, FenceKind, Hours, Keep, Shape

CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$"
VehicleCode = Annotated[str, Field(pattern=CODE)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class Answer(BaseModel):
    """Complete: no member comes that is not described."""

    model_config = ConfigDict(extra="forbid")


class VehicleNow(Answer):
    """A vehicle and its last position."""

    id: int
    vehicle: str
    profile: str
    zh: str
    en: str
    plate: str | None
    online: bool
    at: datetime
    lon: float
    lat: float
    altitude: int = Field(description="m")
    speed: float = Field(description="km/h")
    direction: int = Field(description="Degrees from north, clockwise.")
    mileage: float | None = Field(description="km")
    fuel: float | None = Field(description="litres")
    alarms: list[str] = Field(description="The terminal's own alarm bits.")
    status: list[str]


class VehiclesNow(Answer):
    items: list[VehicleNow]
    next: int | None = Field(description="Value of `after` for the following page.")


class TrackSegment(Answer):
    """A stretch without a gap: one [lon, lat], time and speed (km/h) for each point."""

    points: list[tuple[float, float]]
    at: list[datetime]
    speed: list[float]


class TrackAnswer(Answer):
    vehicle: str
    positions: int = Field(description="How many positions the span holds.")
    segments: list[TrackSegment]


class TripView(Answer):
    started_at: datetime
    ended_at: datetime
    open: bool = Field(description="Still under way.")
    from_place: tuple[float, float]
    to_place: tuple[float, float]
    kilometres: float
    driving_seconds: int
    standing_seconds: int
    greatest_speed: float
    positions: int
    driver: str


class TripPage(Answer):
    items: list[TripView]
    next: datetime | None = Field(description="Value of `before` for the following page.")


class DriverView(Answer):
    """Who drove, by the card in the reader."""

    began_at: datetime
    ended_at: datetime | None
    name: str
    licence: str
    agency: str
    valid_until: date | None
    card_result: int = Field(description="0 read, 1 not recognised, 2 refused, 3 locked, 4 not valid.")


class DriverList(Answer):
    items: list[DriverView]


class CrossingView(Answer):
    fence: str
    entered_at: datetime
    left_at: datetime | None


class CrossingList(Answer):
    items: list[CrossingView]


class WaybillView(Answer):
    received_at: datetime
    text: str


class WaybillList(Answer):
    items: list[WaybillView]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FenceHours(BaseModel):
    """When a fence holds: minutes of the city's day, over midnight where `end` is earlier, and days. Empty: always."""

    model_config = ConfigDict(extra="forbid")

    start: int | None = Field(None, ge=0, le=1439)
    end: int | None = Field(None, ge=0, le=1440)
    since: date | None = None
    until: date | None = None


class FenceBody(Body):
    """A fence. ``points``: the centre, two opposite corners, a ring, or a line; ``size``: radius, or whole width, in m."""

    code: Annotated[str, Field(pattern=CODE)]
    zh: Annotated[CleanLine, Field(min_length=1, max_length=100)]
    en: Annotated[CleanLine, Field(max_length=100)] = ""
    kind: FenceKind
    points: Annotated[list[tuple[Lon, Lat]], Field(min_length=1, max_length=2000)]
    size: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] = 0
    keep: Keep = Field("", description="Whether its vehicles are to stay inside or outside.")
    speed_limit: Annotated[float, Field(ge=5, le=200, allow_inf_nan=False)] | None = Field(None, description="km/h")
    hours: FenceHours = Field(default_factory=FenceHours)
    area: Annotated[str, Field(pattern=r"^[0-9A-Z]{0,20}$")] = ""
    organisation: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(None, description="id of the organisation")
    everyone: bool = Field(False, description="Binds all vehicles, not only those named.")
    vehicles: Annotated[list[VehicleCode], Field(max_length=5000)] = Field(default_factory=list)

    def fence(self, fence_id: UUID, revision: int) -> Fence:
        """The same for the service."""
        hours = Hours(self.hours.start, self.hours.end, self.hours.since, self.hours.until)
        shape = Shape(self.kind, tuple(self.points), self.size)
        return Fence(
            fence_id, 0, self.code, self.zh, self.en or self.zh, shape, self.keep, self.speed_limit, hours, self.area,
            self.organisation, self.everyone, frozenset(), revision,
        )  # fmt: skip


class FenceEdit(FenceBody):
    """A fence as it shall be; ``revision`` is the one that the editor saw."""

    revision: int = Field(ge=1, le=2**31 - 1)


class FenceView(Answer):
    id: UUID
    number: int = Field(description="Its number on terminals.")
    code: str
    zh: str
    en: str
    kind: FenceKind
    points: list[tuple[float, float]]
    size: float
    keep: Keep
    speed_limit: float | None
    hours: FenceHours
    area: str
    organisation: int | None
    everyone: bool
    vehicles: list[str]
    revision: int


class FencePage(Answer):
    items: list[FenceView]
    next: int | None


class SendBody(Body):
    """Terminals that are to watch the fence themselves, or (`drop`) no longer."""

    vehicles: Annotated[list[VehicleCode], Field(min_length=1, max_length=200)]
    action: Literal["set", "drop"] = "set"


class SentView(Answer):
    commands: list[UUID]
