"""The mapping file: which column of a source means what. YAML, checked before a single row is read.

type: urban-case                     # case type that the cases become
system: Baltimore 311                # name of the source's class system, stored beside every class
timezone: America/New_York           # of times without a zone
time_format: "%m/%d/%Y %I:%M:%S %p"  # left out: ISO 8601
columns: {number: ServiceRequestNum, text: SRType, class: SRType, channel: MethodReceived, reported_at: CreatedDate,
          due_at: DueDate, closed_at: CloseDate, status: SRStatus, department: Agency, address: Address,
          lon: Longitude, lat: Latitude}
channels: {Phone: hotline}           # value of the source → channel; others become `default_channel`
open_statuses: [Open, New]           # statuses of matters still open; all others are closed
departments: {Solid Waste: sanitation}   # value → organisation code; others are kept by name
crs: EPSG:4326
placeholders: auto                   # or a list of [lon, lat] that stand for "no place"; such cases belong to the whole city
outside: refuse                      # or keep: places outside the city are kept without an area
fields: {neighborhood: Neighborhood} # further columns to keep with the case
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from yiwang.casework.errors import ImportMappingInvalid
from yiwang.geo.coordinates import crs_name
from yiwang.kernel.errors import FieldError, Problem

Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Columns(BaseModel):
    """Names of the source's columns."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    number: Column
    text: Column
    reported_at: Column
    class_: Column | None = Field(None, alias="class")
    channel: Column | None = None
    due_at: Column | None = None
    closed_at: Column | None = None
    status: Column | None = None
    department: Column | None = None
    address: Column | None = None
    lon: Column | None = None
    lat: Column | None = None


class ImportMapping(BaseModel):
    """A checked mapping file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")
    system: str = Field(min_length=1, max_length=100)
    timezone: str = "Asia/Shanghai"
    time_format: str | None = Field(None, max_length=60)
    columns: Columns
    channels: dict[str, str] = Field(default_factory=dict)
    default_channel: str = "transfer"
    open_statuses: list[str] = Field(default_factory=list)
    departments: dict[str, str] = Field(default_factory=dict)
    crs: str = "EPSG:4490"
    placeholders: Literal["auto"] | list[tuple[float, float]] = "auto"
    outside: Literal["refuse", "keep"] = "refuse"
    fields: dict[str, Column] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}, e.g. Asia/Shanghai") from error
        return value

    @field_validator("crs")
    @classmethod
    def _known_crs(cls, value: str) -> str:
        try:
            return crs_name(value)
        except Problem as error:
            raise ValueError(error.message("en")) from error

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def digest(self) -> str:
        """Identifies this mapping, for resuming."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def wanted_columns(self) -> list[str]:
        """Every column of the source that the mapping reads."""
        named = [value for value in self.columns.model_dump().values() if value is not None]
        return list(dict.fromkeys([*named, *self.fields.values()]))


def read_mapping(path: Path) -> ImportMapping:
    """Read and check a mapping file.

    Raises:
        ImportMappingInvalid: with every fault and where it stands.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return ImportMapping.model_validate(document)
    except (OSError, UnicodeDecodeError) as error:
        raise ImportMappingInvalid(file=str(path), why=str(error)) from error
    except yaml.YAMLError as error:
        raise ImportMappingInvalid(file=str(path), why=str(error)) from error
    except ValidationError as error:
        faults = [
            FieldError(
                where="/" + "/".join(str(part) for part in fault["loc"]),
                code="import.mapping_invalid",
                zh=fault["msg"],
                en=fault["msg"],
            )
            for fault in error.errors()
        ]
        why = "; ".join(f"{fault.where} {fault.en}" for fault in faults)
        raise ImportMappingInvalid(errors=faults, file=str(path), why=why) from error
