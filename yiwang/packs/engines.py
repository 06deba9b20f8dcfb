"""The engines to which a city is published."""

from __future__ import annotations

from typing import Protocol

from yiwang.casework.service import CaseService
from yiwang.documents.service import DocumentService
from yiwang.exchange.service import ExchangeService
from yiwang.flow.service import FlowService
from yiwang.geo.service import GeoService
from yiwang.identity.service import IdentityService
from yiwang.insight.service import InsightService
from yiwang.matching.service import MatchService
from yiwang.plans.service import PlanService
from yiwang.publicity.service import PublicityService
from yiwang.registry.service import RegistryService
from yiwang.voting.service import VotingService


class Services(Protocol):
    """The engines of this process, to which a city is published."""

    @property
    def identity(self) -> IdentityService: ...
    @property
    def geo(self) -> GeoService: ...
    @property
    def flow(self) -> FlowService: ...
    @property
    def casework(self) -> CaseService: ...
    @property
    def insight(self) -> InsightService: ...
    @property
    def registry(self) -> RegistryService: ...
    @property
    def exchange(self) -> ExchangeService: ...
    @property
    def documents(self) -> DocumentService: ...
    @property
    def plans(self) -> PlanService: ...
    @property
    def publicity(self) -> PublicityService: ...
    @property
    def voting(self) -> VotingService: ...
    @property
    def matching(self) -> MatchService: ...
