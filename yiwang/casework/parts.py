"""What the verbs of casework share: the other engines as this process has them."""

from __future__ import annotations

from dataclasses import dataclass, field

from yiwang.casework.catalogue import Catalogue
from yiwang.flow.service import FlowService
from yiwang.geo.locator import Locator
from yiwang.identity.directory import Directory
from yiwang.judgement.advice.outcomes import Outcomes
from yiwang.judgement.classification.service import Classifiers
from yiwang.kernel.context import Context


@dataclass(frozen=True, slots=True)
class Parts:
    """One per process, handed to every service class of this engine."""

    context: Context
    catalogue: Catalogue
    locator: Locator
    directory: Directory
    flow: FlowService
    classifiers: Classifiers = field(default_factory=Classifiers)
    outcomes: Outcomes = field(default_factory=Outcomes)
