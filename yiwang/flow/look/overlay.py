"""What is laid over a drawing: where an instance has been and stands, or how long cases wait at each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from yiwang.flow.model import Names

Colour = Literal["green", "yellow", "red", "blue", "grey"]
"""Of a clock: in time, due soon, overdue, suspended (挂账), without a limit."""


@dataclass(frozen=True, slots=True)
class Been:
    """A node that an instance has walked: how often; ``finished``: at least once to its end; else left early."""

    count: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A node at which the instance stands. ``who``: whose turn it is; ``words``: how far the deadline is, or ""."""

    who: tuple[str, ...]
    colour: Colour
    words: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """A line that was walked; ``certain`` is False where another line could have been taken as well."""

    count: int
    certain: bool


@dataclass(frozen=True, slots=True)
class Leap:
    """A way that is no line of the drawing: sent back (退回), taken back (撤回), or an administrator's jump (跳转)."""

    source: str
    target: str
    words: Names
    count: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an instance has been and where it stands, by element id."""

    nodes: Mapping[str, Been]
    lines: Mapping[str, Passed]
    waiting: Mapping[str, Waiting]
    leaps: tuple[Leap, ...] = ()


@dataclass(frozen=True, slots=True)
class Heat:
    """``level`` 1 (coolest) to 5; ``words``: the figure that stands in the node; ``story``: all figures in a sentence."""

    level: int
    words: str
    story: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """``steps`` by node id; ``limits``: for each level the longest wait that it stands for; ``title``: what is shown."""

    steps: Mapping[str, Heat]
    limits: tuple[str, ...]
    title: str


Overlay = Progress | HeatMap
