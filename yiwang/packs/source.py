"""One YAML file of a pack or city: its plain values, and where each of them stands.

Promises: every refusal names file, line and column; nothing in a file makes reading it slow or large (size, depth, no aliases).
Values follow the core schema of YAML 1.2: ``yes`` and ``on`` are words, ``012`` and dates stay text, so a code is never
turned into a number of another base.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from yiwang.packs.findings import Findings, Place, shown

largest_file = 5_000_000
deepest = 40

Step: TypeAlias = str | int
Trail: TypeAlias = tuple[Step, ...]
"""The way to a value: keys and list indexes from the top of the document."""
Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool | None"

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INDENTING_TAB = re.compile(r"^[ ]*\t", re.MULTILINE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that could be read. ``places`` are of values, ``keys`` of the mapping keys that lead to them.

    ``cut``: keys inside ``{…}`` that have no value, because a comma in a text without quotes has cut it in two.
    """

    path: Path
    value: Value
    places: dict[Trail, Place]
    keys: dict[Trail, Place]
    cut: frozenset[Trail] = frozenset()

    @property
    def file(self) -> str:
        """The path as it is shown."""
        return shown(self.path)

    def place(self, trail: Sequence[Step] = ()) -> Place:
        """Where the value at ``trail`` stands, or its nearest holder that exists."""
        for length in range(len(trail), -1, -1):
            place = self.places.get(tuple(trail[:length]))
            if place is not None:
                return place
        return Place(self.file)

    def key_place(self, trail: Sequence[Step]) -> Place:
        """Where the key that leads to ``trail`` stands; for list items the item itself."""
        return self.keys.get(tuple(trail)) or self.place(trail)


def value_at(value: Value, trail: Sequence[Step]) -> Value:
    """The value inside ``value`` at the end of ``trail``; None where there is none."""
    for step in trail:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def _stands_alone(key: yaml.ScalarEvent, following: yaml.Event) -> bool:
    """Whether a key has not even a colon behind it: its value is nothing, at the very place where the key ends."""
    if not isinstance(following, yaml.ScalarEvent) or following.value != "":
        return False
    end, start = key.end_mark, following.start_mark
    return end is not None and start is not None and (end.line, end.column) == (start.line, start.column)


class _Refused(Exception):
    """Ends the reading of one file; its finding has been added."""


def read_source(path: Path, findings: Findings) -> Source | None:
    """Read one file; None after adding the reason to ``findings``."""
    try:
        text = read_text(path, findings)
        if text is None:
            return None
        return _Reader(path, text, findings).read()
    except _Refused:
        return None


def read_text(path: Path, findings: Findings) -> str | None:
    """The text of a file of bounded size in UTF-8 without control characters; None after adding the reason."""
    file = shown(path)
    try:
        if path.stat().st_size > largest_file:
            findings.add(Place(file), "file.too_large", limit=largest_file // 1_000_000)
            return None
        data = path.read_bytes()
    except OSError as error:
        findings.add(Place(file), "file.unreadable", reason=error.strerror or str(error))
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        findings.add(Place(file, line, column), "file.not_utf8")
        return None
    control = _CONTROL.search(text)
    if control is not None:
        findings.add(_place_of(file, text, control.start()), "file.control_character", number=f"{ord(control[0]):02X}")
        return None
    return text


def _place_of(file: str, text: str, offset: int) -> Place:
    return Place(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


class _Reader:
    """Builds values from parser events; events, unlike nodes, still know aliases and their places."""

    def __init__(self, path: Path, text: str, findings: Findings) -> None:
        self.path, self.text, self.findings = path, text, findings
        self.file = shown(path)
        self.places: dict[Trail, Place] = {}
        self.keys: dict[Trail, Place] = {}
        self.cut: set[Trail] = set()
        self.events: Iterator[yaml.Event] = iter(())

    def read(self) -> Source:
        tab = _INDENTING_TAB.search(self.text)
        try:
            self.events = iter(yaml.parse(self.text, Loader=_LOADER))
            first = self._next()
            while not isinstance(first, yaml.DocumentStartEvent | yaml.StreamEndEvent):
                first = self._next()
            if isinstance(first, yaml.StreamEndEvent):
                raise self._refuse(Place(self.file), "yaml.empty")
            value = self._value(self._next(), ())
            self._next()  # the end of the document
            after = self._next()
            if isinstance(after, yaml.DocumentStartEvent):
                raise self._refuse(self._mark(after), "yaml.two_documents")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)
            if tab is not None and _place_of(self.file, self.text, tab.start()).line <= place.line:
                raise self._refuse(_place_of(self.file, self.text, tab.end() - 1), "yaml.tab") from error
            raise self._refuse(place, "yaml.broken", reason=error.problem or str(error)) from error
        except yaml.YAMLError as error:
            raise self._refuse(Place(self.file), "yaml.broken", reason=str(error)) from error
        if value is None:
            raise self._refuse(Place(self.file), "yaml.empty")
        if not isinstance(value, dict | list):
            raise self._refuse(self.places.get((), Place(self.file)), "yaml.bare_text")
        return Source(self.path, value, self.places, self.keys, frozenset(self.cut))

    def _refuse(self, place: Place, code: str, **data: object) -> _Refused:
        self.findings.add(place, code, **data)
        return _Refused(code)

    def _next(self) -> yaml.Event:
        return next(self.events)

    def _mark(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)

    def _value(self, event: yaml.Event, trail: Trail) -> Value:
        place = self._mark(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refuse(place, "yaml.alias")
        if len(trail) > deepest:
            raise self._refuse(place, "yaml.too_deep", limit=deepest)
        self.places[trail] = place
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, place)
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise self._refuse(place, "yaml.tag", tag=tag)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(trail)
        return self._mapping(trail, inline=getattr(event, "flow_style", False) is True)

    def _list(self, trail: Trail) -> Value:
        items: list[Value] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, (*trail, len(items))))
        return items

    def _mapping(self, trail: Trail, *, inline: bool) -> Value:
        items: dict[str, Value] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place = self._mark(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refuse(place, "yaml.alias" if isinstance(event, yaml.AliasEvent) else "yaml.key")
            key = str(event.value)
            if key in items:
                first = self.keys[(*trail, key)].line
                raise self._refuse(place, "yaml.duplicate_key", key=key, first=first)
            self.keys[(*trail, key)] = place
            following = self._next()
            if inline and _stands_alone(event, following):
                self.cut.add((*trail, key))
            items[key] = self._value(following, (*trail, key))
        return items

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Value:
        text = str(event.value)
        if event.tag is not None and event.tag != "!":
            raise self._refuse(place, "yaml.tag", tag=event.tag)
        if not event.implicit[0]:
            return text
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text) and len(text) < 19:
            return int(text)
        if _FLOAT.fullmatch(text) and not text.lstrip("+-").isdigit() and len(text) < 32:
            return float(text)
        return text
