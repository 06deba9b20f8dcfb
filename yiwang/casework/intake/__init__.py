"""From a report to an open case: judging it (drafting) and writing it together with its neighbours (opening)."""

from yiwang.casework.intake.drafting import Drafting
from yiwang.casework.intake.opening import Opening

__all__ = ["Drafting", "Opening"]
