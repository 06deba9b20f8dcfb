"""The nouns of learned dispatch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reach = Literal["street", "district", "city"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How cases of one class in one street ended at one department: ``closed`` there, ``refused`` by it."""

    type: str
    class_code: str
    area: str
    department_id: int
    closed: int
    refused: int
    last_reason: str = ""


@dataclass(frozen=True, slots=True)
class LearnedDispatch:
    """A department proposed by outcomes: it closed ``closed`` of ``of`` such cases, refused ``refused``; ``reach`` says how
    far one had to look."""

    department_id: int
    closed: int
    of: int
    refused: int
    reach: Reach
    last_refusal: str = ""

    @property
    def reason_zh(self) -> str:
        where = {"street": "本街道", "district": "本区", "city": "全市"}[self.reach]
        refused = f",曾退回 {self.refused} 件" if self.refused else ""
        return f"{where}同类案件 {self.of} 件中有 {self.closed} 件由该部门办结{refused}"

    @property
    def reason_en(self) -> str:
        where = {"street": "in this street", "district": "in this district", "city": "in the city"}[self.reach]
        refused = f"; it refused {self.refused}" if self.refused else ""
        return f"It closed {self.closed} of {self.of} such cases {where}{refused}"


@dataclass(frozen=True, slots=True)
class DispatchFigures:
    """How often the first department was the wrong one, of the closed cases of a class.

    ``rate`` is ``wrong / closed``, None without closed cases; ``detour_hours`` the mean of working hours (工作时) between the
    first dispatch and the dispatch to the department that closed it, over the wrong ones; None where there are none.
    """

    class_code: str | None
    closed: int
    wrong: int
    refused: int
    detour_hours: float | None

    @property
    def rate(self) -> float | None:
        return self.wrong / self.closed if self.closed else None
