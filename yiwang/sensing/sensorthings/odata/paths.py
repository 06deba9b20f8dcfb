"""The resource path behind the service root: ``Things(1)/Datastreams('a')/name/$value`` → segments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yiwang.sensing.sensorthings.errors import EntityMissing

most_segments = 8
_SEGMENT = re.compile(r"(\$?[^\W\d]\w{0,60})(?:\((?:(-?[0-9]{1,18})|'((?:[^']|''){0,200})')\))?")


@dataclass(frozen=True, slots=True)
class Segment:
    """One step; ``key`` is the id in brackets: a number, a text, or None."""

    name: str
    key: int | str | None = None


def parse_path(path: str) -> tuple[Segment, ...]:
    """The steps of a decoded path; empty for the service root.

    Raises:
        EntityMissing: not a path, or too long.
    """
    found: list[Segment] = []
    at = 0
    path = path.strip("/")
    while at < len(path):
        match = _SEGMENT.match(path, at)
        if match is None or len(found) == most_segments or path[match.end() : match.end() + 1] not in ("", "/"):
            raise EntityMissing(what=path[:100])
        name, number, text = match.groups()
        key = int(number) if number is not None else text.replace("''", "'") if text is not None else None
        found.append(Segment(name, key))
        at = match.end() + 1
    return tuple(found)
