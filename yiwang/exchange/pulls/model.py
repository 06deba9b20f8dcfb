"""The nouns of pulls: what is fetched from where, its runs, rows in quarantine, where a fact came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from yiwang.kernel.database import JsonObject
from yiwang.registry.importing.mapping import ImportMapping
from yiwang.registry.importing.store import ImportRun

Kind = Literal["postgresql", "mysql", "folder", "sftp", "http"]
HostName = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:\[\]-]+$")]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^/\x00][^\x00]*$")]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Settings):
    """A table or select of a PostgreSQL or MySQL database, read only. ``key``: the column that grows; empty: all each time."""

    kind: Literal["postgresql", "mysql"]
    host: HostName
    port: int = Field(ge=1, le=65535)
    database: str = Field(min_length=1, max_length=100)
    user: str = Field(min_length=1, max_length=100)
    source: str = Field(min_length=1, max_length=10_000, description="Table, or a select")
    key: str = Field("", max_length=100)


class FolderSettings(_Settings):
    """Files of the inbox that the operator has named: ``pattern`` below it (``water/*.csv``); each file is taken once."""

    kind: Literal["folder"]
    pattern: Glob


class SftpSettings(_Settings):
    """Files of another machine. ``host_key``: its public key as ``known_hosts`` has it, so that no other answers for it."""

    kind: Literal["sftp"]
    host: HostName
    port: int = Field(22, ge=1, le=65535)
    user: str = Field(min_length=1, max_length=100)
    host_key: str = Field(min_length=20, max_length=2000, pattern=r"^(ssh|ecdsa)-[A-Za-z0-9-]+ [A-Za-z0-9+/=]+( .*)?$")
    folder: str = Field(min_length=1, max_length=500)
    pattern: Glob = "*.csv"


class HttpSettings(_Settings):
    """JSON over HTTP: a list at ``items`` (names with dots; empty: the answer itself). ``key``: the member that grows, sent as
    parameter ``key_parameter``; ``next``: where the answer names its next page."""

    kind: Literal["http"]
    url: str = Field(max_length=500, pattern=r"^https?://[\x21-\x7e]+$")
    items: str = Field("", max_length=200)
    next: str = Field("", max_length=200)
    key: str = Field("", max_length=100)
    key_parameter: str = Field("", max_length=100)


Settings = Annotated[DatabaseSettings | FolderSettings | SftpSettings | HttpSettings, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Pull:
    """A job. ``secret`` (password, private key or token) is sealed; ``every_minutes`` 0: by hand only. Times are real, UTC."""

    id: UUID
    name: str
    type: str
    kind: Kind
    settings: JsonObject
    secret: str
    mapping: JsonObject | None
    account_id: UUID
    account_label: str
    organisation_id: int | None
    every_minutes: int
    state: Literal["active", "paused"]
    last_key: str | None
    failures: int
    next_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PullRun:
    """One file or answer that was fetched and imported. ``counts``: rows by what became of them; ``error``: why it failed."""

    id: UUID
    pull_id: UUID
    import_id: UUID | None
    file: str
    digest: str
    state: Literal["running", "finished", "failed", "nothing"]
    rows: int
    counts: JsonObject
    error: JsonObject | None
    began_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched: ``name`` as the source calls it; ``key``: the greatest incremental key in it."""

    path: Path
    name: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A refused row. ``sealed``: its cells by column, sealed; ``problems``: column, code, zh, en, and how to correct."""

    id: UUID
    pull_id: UUID
    run_id: UUID
    row: int
    digest: str
    sealed: str
    problems: list[JsonObject]
    state: Literal["waiting", "taken", "dismissed"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact came from: the source with its day, the row in it, the pull that fetched it (empty: a file or form)."""

    fact_id: UUID
    source_id: int | None
    kind: str
    name: str
    at: datetime | None
    row: int | None
    organisation_id: int | None
    pull: str
    file: str


@dataclass(frozen=True, slots=True)
class PullWanted:
    """What a steward declares. ``secret``: password, private key or token; ``mapping`` None: remembered or guessed."""

    name: str
    type: str
    settings: Settings
    secret: str = ""
    mapping: ImportMapping | None = None
    every_minutes: int = 0


@dataclass(frozen=True, slots=True)
class PullShown:
    """A job with its last runs and the number of rows in quarantine."""

    pull: Pull
    runs: list[PullRun]
    waiting: int


@dataclass(frozen=True, slots=True)
class RowShown:
    """A refused row: its cells by column, personal ones masked, and what is wrong with it."""

    id: UUID
    row: int
    values: dict[str, str]
    problems: list[JsonObject]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a pull would bring. ``refused``: the first rows that it would refuse, each with all that is wrong with it."""

    run: ImportRun
    refused: dict[int, list[JsonObject]]
