"""``city.yaml``, ``organisations.yaml``, ``areas/areas.yaml`` and ``overrides/*.yaml``: a place, its offices, its packs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, SecretStr, StringConstraints, field_validator

from yiwang.identity.declarations import (
    Area,
    Code,
    Login,
    Names,
    OrganisationDeclaration,
    PostDeclaration,
)
from yiwang.packs.model.pack import Declaration, Key, Words

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Point = tuple[Longitude, Latitude]
"""[lon, lat] in degrees, CGCS2000 (EPSG:4490, equal to WGS-84 for city work)."""
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}([0-9]{2}([0-9]{2}([0-9]{3}([0-9]{3})?)?)?)?$")]
"""Division code: 2, 4, 6 (GB/T 2260), 9 (street) or 12 (community) digits, in quotes."""
RelativeFile = Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$", max_length=200)]
"""A file below the folder that names it."""


class View(Declaration):
    """First view of the map."""

    lon: Longitude = Field(description="Longitude of the middle, degrees.")
    lat: Latitude = Field(description="Latitude of the middle, degrees.")
    zoom: float = Field(11, ge=0, le=22, description="Zoom of the web map.")


class NamedPlace(Declaration):
    """A place that scenarios and the simulated day speak of."""

    names: Words = Field(description="As people call it.")
    at: Point = Field(description="[lon, lat], degrees.")


class HeldPost(Declaration):
    """A post that a demo account holds."""

    code: Code = Field(description="Kind of post.")
    area: Area | None = Field(None, description="Which of several posts of that kind: its area or responsibility grid.")
    organisation: Code | None = Field(None, description="Default: the account's own organisation.")


class DemoAccount(Declaration):
    """A named account of the demo city."""

    login: Login = Field(description="Sign-in name.")
    name: str = Field(min_length=1, max_length=60, description="The person's name.")
    organisation: Code = Field(description="Code of the organisation.")
    posts: list[Code | HeldPost] = Field(default_factory=list, description="Posts held: a kind, or kind with area.")
    roles: list[Code] = Field(default_factory=list, description="Roles given directly, e.g. system-admin.")


class DemoDay(Declaration):
    """The simulated day."""

    start: AwareDatetime = Field(description="City time at which the demo begins.")
    speed: float = Field(60, ge=0, le=3600, description="City seconds per real second.")
    reports_per_hour: float = Field(60, gt=0, le=100_000, description="Reports per city hour, on the day's average.")
    seed: int = Field(1, ge=0, description="The same seed gives the same day.")


class DemoSensing(Declaration):
    """Whether simulated devices speak in the demo."""

    simulate: bool = Field(True, description="Play every device of devices.yaml over its real protocol.")


class DemoRecords(Declaration):
    """Invented records (houses, people, enterprises, components …) with which the demo begins."""

    seed: int = Field(1, ge=0, description="The same seed gives the same records.")
    areas: list[Division] = Field(
        min_length=1, max_length=200, description="Communities, or streets of which the first community is taken."
    )
    buildings: int = Field(4, ge=1, le=60, description="Buildings of each community.")
    entities: int = Field(300, ge=0, le=20_000, description="Enterprises, traders and units in all.")
    components: int = Field(100, ge=0, le=5000, description="Components along the road of each community.")


class DemoPastMatter(Declaration):
    """What one of them was about."""

    class_: str = Field(
        alias="class", max_length=20, description="Class of the case type's tree; its first standard is the limit."
    )
    text: str = Field(min_length=2, max_length=400, description="In Chinese; {place} stands for where it was.")


class DemoPastWork(Declaration):
    """Cases of the past that nobody reports: alarms of devices, tasks given to offices. Spread evenly over the days."""

    type: Key = Field(description="Case type.")
    channel: Key = Field(description="One of its channels.")
    a_week: float = Field(gt=0, le=1000, description="How many in a week.")
    offices: list[Code] = Field(
        default_factory=list,
        max_length=100,
        description="Whose they were, in turn; such cases have no place. Empty: they happened somewhere, and whoever answers"
        " there for the class had them.",
    )
    matters: list[DemoPastMatter] = Field(min_length=1, max_length=50, description="Drawn by chance.")


class DemoHistory(Declaration):
    """Invented closed cases of the weeks before the demo begins, given once, when `yiwang up` first publishes the city."""

    days: int = Field(65, ge=1, le=400, description="Days before the demo begins; trends need 56.")
    a_day: float = Field(45, gt=0, le=1000, description="Cases of an average day.")
    seed: int = Field(1, ge=0, description="The same seed gives the same past.")
    besides: list[DemoPastWork] = Field(default_factory=list, max_length=20, description="What nobody reports.")


class DemoNotice(Declaration):
    """A public notice that the demo begins with, written and published by one of its accounts."""

    by: Login = Field(
        description="Sign-in name of the demo account that publishes it; it holds `notice: write, publish`."
    )
    kind: Literal["notice", "service", "warning", "result"] = Field("notice", description="What kind of notice.")
    title: Words = Field(description="Title in both languages.")
    text: Words = Field(description="Plain text in both languages; an empty line begins a paragraph.")
    until: AwareDatetime | None = Field(None, description="City time at which it is no more shown.")


class DemoEntry(Declaration):
    """A thing that the demo begins with, recorded by one of its accounts; where it needs a second person, it waits for one."""

    by: Login = Field(description="Sign-in name of the demo account that records it.")
    type: Key = Field(description="The registry's type; it has a natural key.")
    attributes: dict[str, JsonValue] = Field(description="Its attributes, as the type declares them.")
    reason: str = Field("", max_length=300, description="Why, as it stands in the record's history.")


class Demo(Declaration):
    """Accounts and the simulated day of a demo; only read where YIWANG_DEMO is true."""

    password: SecretStr = Field(min_length=8, description="Password of every demo account.")
    accounts: list[DemoAccount] = Field(min_length=1, max_length=1000, description="The accounts.")
    day: DemoDay | None = Field(
        None, description="The simulated day; without it `yiwang simulate` uses its own figures."
    )
    sensing: DemoSensing | None = Field(None, description="Simulated devices.")
    records: DemoRecords | None = Field(None, description="Invented records; without it the registers begin empty.")
    history: DemoHistory | None = Field(None, description="Invented closed cases; without it the demo has no past.")
    notices: list[DemoNotice] = Field(
        default_factory=list, max_length=20, description="Public notices, published once in this order."
    )
    entries: list[DemoEntry] = Field(
        default_factory=list,
        max_length=50,
        description="Things recorded by accounts of the demo, once: what needs a second person waits for one.",
    )


class CityFile(Declaration):
    """``city.yaml``: which place this is, which packs it runs, and its working hours."""

    id: Key = Field(description="The city's code; equals its folder's name.")
    names: Words = Field(description="What people call it.")
    division: Division = Field(description="The city's own area code, in quotes; cases outside it are refused.")
    code_system: str = Field("stat-2023", pattern=r"^[a-z]+-[0-9]{4}$", description="Edition of the division codes.")
    coordinates: Literal["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"] = Field(
        "EPSG:4490", description="Coordinate reference of the files in areas/."
    )
    languages: tuple[Literal["zh", "en"], ...] = Field(
        ("zh", "en"), min_length=1, max_length=2, description="The first is the default."
    )
    calendar: Literal["CN"] | list[RelativeFile] = Field(
        "CN", description="The shipped calendar, or files below the city's folder that come after it."
    )
    hours: dict[str, object] = Field(
        default_factory=dict, description="Working hours: timezone, slots, nominal_day, seasons; default 08–12, 14–18."
    )
    packs: list[Key] = Field(min_length=1, description="The packs that it runs.")
    retired: list[Key] = Field(
        default_factory=list,
        description="Packs that it ran and gives up: no new cases and records, running cases are finished, all stays readable.",
    )
    channels: dict[Key, dict[Key, bool]] = Field(
        default_factory=dict, description="Channels of case types that are closed here: {urban-case: {video: false}}."
    )
    labels: dict[str, Words] = Field(default_factory=dict, description="Words over those of the packs' strings.")
    centre: View | None = Field(None, description="First view of the map.")
    places: dict[Key, NamedPlace] = Field(default_factory=dict, description="Named places.")
    demo: Demo | None = Field(None, description="Demo accounts and the simulated day.")


class PostEntry(Declaration):
    """A post of an organisation."""

    code: Code = Field(description="Kind of post.")
    area: Area | None = Field(None, description="Area or responsibility grid; default: the organisation's area.")
    names: Names | None = Field(None, description="Default: the names of its kind.")


class OrganisationEntry(Declaration):
    """An organisation (机构) with its posts and those below it."""

    code: Code = Field(description="Unique in the city.")
    names: Names = Field(description="What it is called.")
    kind: Literal[
        "government", "centre", "department", "section", "street", "town", "community", "enterprise", "institution"
    ] = Field(description="What it is.")
    area: Area | None = Field(None, description="Area code that it works for; default: its parent's.")
    serves: list[Code] = Field(default_factory=list, max_length=60, description="Kinds of department that it is.")
    posts: list[Code | PostEntry] = Field(
        default_factory=list, max_length=2000, description="Its posts: a kind, or kind with area and names."
    )
    children: list[OrganisationEntry] = Field(
        default_factory=list, max_length=2000, description="The organisations below it."
    )

    def declaration(self) -> OrganisationDeclaration:
        """The same for identity."""
        posts = [
            PostDeclaration(code=post) if isinstance(post, str) else PostDeclaration.model_validate(post.model_dump())
            for post in self.posts
        ]
        return OrganisationDeclaration(
            code=self.code,
            names=self.names,
            kind=self.kind,
            area=self.area,
            serves=self.serves,
            posts=posts,
            children=[child.declaration() for child in self.children],
        )


class OrganisationsFile(Declaration):
    """``organisations.yaml``: the tree of offices."""

    organisations: list[OrganisationEntry] = Field(min_length=1, description="The tree; several roots are allowed.")


class AreaEntry(Declaration):
    """One division of the city."""

    code: Division = Field(description="Division code, in quotes.")
    names: Words = Field(description="What it is called.")
    seat: Point | None = Field(
        None, description="Where its office stands; divides the district when nothing is surveyed."
    )


class AreaGeneration(Declaration):
    """How boundaries are made that nobody has surveyed."""

    by: Literal["nearest-seat", "division"] = Field(
        description="nearest-seat: each place belongs to the nearest seat; division: the parent is divided into as many parts."
    )


class AreaLevel(Declaration):
    """The streets, or the communities: listed with `generate`, or a `file` with boundaries."""

    generate: AreaGeneration | None = Field(None, description="How their boundaries are made.")
    file: RelativeFile | None = Field(
        None, description="Boundaries: GeoJSON or Shapefile whose features have `code` and `name`."
    )
    list_: list[AreaEntry] | RelativeFile | None = Field(
        None,
        alias="list",
        description="The areas, here or in a CSV file with the columns code, name and optionally name_en.",
    )


class UnitGridGeneration(Declaration):
    """Cells of a fixed size."""

    size: float = Field(100, ge=20, le=2000, description="Side of a cell in metres.")
    areas: list[Division] = Field(default_factory=list, description="Only within these areas; default: the whole city.")


class UnitGrids(Declaration):
    """The unit grid (单元网格, GB/T 30428.1)."""

    generate: UnitGridGeneration | None = Field(None, description="Cells made along the boundary.")
    file: RelativeFile | None = Field(None, description="A survey: polygons with a 15-digit `code`.")


class ResponsibilityGeneration(Declaration):
    """Groups of unit grids."""

    unit_grids: int = Field(40, ge=1, le=2000, description="About so many unit grids each, never across communities.")
    areas: list[Division] = Field(default_factory=list, description="Only within these areas; default: the whole city.")


class ResponsibilityGrids(Declaration):
    """The responsibility grids (责任网格): a grid worker has one each."""

    generate: ResponsibilityGeneration | None = Field(None, description="Groups of unit grids.")
    file: RelativeFile | None = Field(None, description="A survey: polygons with a `code` and a `name`.")
    elsewhere: Literal["community", "none"] = Field(
        "community", description="Where neither reaches: one grid per community (its code + R01), or none."
    )


class AreasFile(Declaration):
    """``areas/areas.yaml``: boundaries and grids, surveyed or made."""

    surveyed: bool = Field(description="false: every map and export carries the note.")
    note: Words | None = Field(None, description="What maps say of boundaries that nobody surveyed.")
    boundary: RelativeFile = Field(description="The city's own boundary: GeoJSON, one feature.")
    boundary_coordinates: Literal["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"] | None = Field(
        None, description="Coordinate reference of the boundary file; default: that of city.yaml."
    )
    streets: AreaLevel | None = Field(None, description="Streets and towns.")
    communities: AreaLevel | None = Field(None, description="Communities and villages.")
    unit_grids: UnitGrids | None = Field(None, description="The unit grid.")
    responsibility_grids: ResponsibilityGrids | None = Field(None, description="The responsibility grids.")


class Change(Declaration):
    """One value in another place."""

    at: str = Field(
        min_length=1, max_length=300,
        description="Where: keys with dots, list items in brackets by code, id or index from 1: classes[09006].names.zh.",
    )  # fmt: skip
    to: object = Field(description="The value that stands there in this city; null removes the key.")


class OverrideFile(Declaration):
    """``overrides/*.yaml``: what this city words or limits differently from a pack."""

    pack: Key = Field(description="Which pack.")
    target: str = Field(
        pattern=r"^(cases|classes|rules|strings|indicators|boards|signals)/[a-z][a-z0-9-]*$",
        description="Which of its files: classes/gbt47678.",
    )
    why: Words = Field(description="Why this city differs.")
    change: list[Change] = Field(min_length=1, description="The changes.")

    @field_validator("target")
    @classmethod
    def _strings_by_language(cls, value: str) -> str:
        if value.startswith("strings/") and value not in ("strings/zh", "strings/en"):
            raise ValueError("应写 strings/zh 或 strings/en | write strings/zh or strings/en")
        return value


OrganisationEntry.model_rebuild()
