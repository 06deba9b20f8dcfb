"""Packs and cities as they were read: declarations, each with the file that it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from yiwang.casework.declarations import CaseTypeDeclaration, ClassTree, DispatchTable
from yiwang.documents.declarations import DocumentDeclaration
from yiwang.exchange.catalogue.declarations import ResourceDeclaration
from yiwang.flow.decisions.declared import DecisionTable
from yiwang.insight.indicators.declared import Board, IndicatorFile
from yiwang.matching.declarations import MatchDeclaration
from yiwang.packs.findings import shown
from yiwang.packs.flows import FlowFile
from yiwang.packs.model.city import AreasFile, CityFile, DemoAccount, HeldPost, OrganisationsFile, OverrideFile
from yiwang.packs.model.pack import PackFile, ProofFile, RolesFile, StringsFile
from yiwang.packs.model.scenario import ScenarioFile
from yiwang.packs.source import Source
from yiwang.plans.declarations import BreakdownDeclaration, PlanDeclaration, SheetDeclaration
from yiwang.publicity.declarations import AnomalyDeclaration, PublicationDeclaration
from yiwang.registry.declarations import ThingType
from yiwang.sensing.devices.declarations import DevicesFile, SignalsFile
from yiwang.voting.declarations import VoteDeclaration

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Model]):
    """A declaration with the file that it came from."""

    source: Source
    value: Model

    @property
    def file(self) -> str:
        return self.source.file


@dataclass(frozen=True, slots=True)
class ComputeFile:
    """``compute/NAME.py``: functions for computed metrics. Read only; what runs it is :mod:`yiwang.packs.computing`."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def file(self) -> str:
        return shown(self.path)


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """``documents/NAME.md``: the words of printed documents."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def file(self) -> str:
        return shown(self.path)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Pack:
    """A pack as far as it could be read, to be looked at only: one object may stand for it everywhere. ``strings`` is by
    language.

    ``rules``: dispatch tables, which have ``rows``; ``decisions``: all other decision tables.
    """

    folder: Path
    file: Loaded[PackFile]
    cases: tuple[Loaded[CaseTypeDeclaration], ...]
    classes: tuple[Loaded[ClassTree], ...]
    rules: tuple[Loaded[DispatchTable], ...]
    decisions: tuple[Loaded[DecisionTable], ...]
    flows: tuple[FlowFile, ...]
    roles: Loaded[RolesFile] | None
    scenarios: tuple[Loaded[ScenarioFile], ...]
    strings: dict[str, Loaded[StringsFile]]
    proof: Loaded[ProofFile] | None
    indicators: tuple[Loaded[IndicatorFile], ...] = ()
    boards: tuple[Loaded[Board], ...] = ()
    signals: tuple[Loaded[SignalsFile], ...] = ()
    types: tuple[Loaded[ThingType], ...] = ()
    compute: tuple[ComputeFile, ...] = ()
    resources: tuple[Loaded[ResourceDeclaration], ...] = ()
    documents: tuple[Loaded[DocumentDeclaration], ...] = ()
    templates: tuple[TemplateFile, ...] = ()
    plans: tuple[Loaded[PlanDeclaration], ...] = ()
    breakdowns: tuple[Loaded[BreakdownDeclaration], ...] = ()
    sheets: tuple[Loaded[SheetDeclaration], ...] = ()
    matches: tuple[Loaded[MatchDeclaration], ...] = ()
    publications: tuple[Loaded[PublicationDeclaration], ...] = ()
    anomalies: tuple[Loaded[AnomalyDeclaration], ...] = ()
    votes: tuple[Loaded[VoteDeclaration], ...] = ()

    @property
    def id(self) -> str:
        return self.file.value.id


@dataclass(frozen=True, slots=True)
class City:
    """A city as far as it could be read, with its packs as its overrides word them, in the order of city.yaml; those that it
    gives up come last."""

    folder: Path
    file: Loaded[CityFile]
    organisations: Loaded[OrganisationsFile] | None
    areas: Loaded[AreasFile] | None
    overrides: tuple[Loaded[OverrideFile], ...]
    packs: tuple[Pack, ...]
    devices: Loaded[DevicesFile] | None = None

    @property
    def id(self) -> str:
        return self.file.value.id

    def runs(self, pack: Pack) -> bool:
        """Whether the pack is in use: not one that the city gives up (停用)."""
        return pack.id not in self.file.value.retired


def organisation_parents(city: City) -> dict[str, str | None]:
    """The code of each organisation's parent, None at the top."""
    roots = city.organisations.value.organisations if city.organisations else []
    return {entry.code: parent for root in roots for parent, entry in root.declaration().walk()}


def held_posts(account: DemoAccount) -> Iterator[tuple[str, str, str | None]]:
    """(kind, organisation code, area) of every post that a demo account holds."""
    for post in account.posts:
        if isinstance(post, HeldPost):
            yield post.code, post.organisation or account.organisation, post.area
        else:
            yield post, account.organisation, None
