"""``package_search``: the part of Solr's query language that portals use, over the open datasets in memory. No I/O.

Words, ``"phrases"``, ``field:value``, ``field:(a OR b)``, ``+`` and ``-`` before a term, ``AND`` between terms, ``*:*``.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass

from yiwang.exchange.open.ckan import packages
from yiwang.exchange.open.ckan.arguments import ActionRefused
from yiwang.exchange.open.model import Dataset

_TERM = re.compile(
    r"""\s*(?P<sign>[+-]?)(?:(?P<name>[A-Za-z_]+|\*):)?(?:"(?P<phrase>[^"]*)"|\((?P<any>[^()]*)\)|(?P<word>[^\s"()]+))"""
)
_ONE = re.compile(r'"([^"]*)"|([^\s"]+)')
_most_terms = 40
_FIELDS = frozenset(
    {"organization", "owner_org", "groups", "tags", "res_format", "license_id", "name", "id", "title", "notes", "author",
     "maintainer", "state", "type", "dataset_type", "private", "capacity", "text", "*"}
)  # fmt: skip
_CONTAINED = frozenset({"title", "notes", "author", "maintainer"})
_SORTS = frozenset({"name", "title", "title_string", "metadata_modified", "metadata_created", "score", "views_recent"})


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a field (``text``: anywhere) has one of these values, or has none of them."""

    name: str
    values: tuple[str, ...]
    absent: bool


def parsed(query: str) -> list[Term]:
    """The terms of a query.

    Raises:
        ActionRefused: it cannot be read, or asks by a field that is not known.
    """
    found: list[Term] = []
    place, text = 0, query.strip()
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None or len(found) >= _most_terms:
            raise _unreadable(query)
        place = match.end()
        name, word = match["name"] or "text", match["word"]
        if name not in _FIELDS:
            raise _unreadable(f"undefined field {name[:40]}")
        if word in ("AND", "OR", "NOT", "&&", "||") and match["name"] is None:
            if word in ("OR", "NOT", "||"):
                raise _unreadable(query)
            continue
        if match["any"] is not None:
            values = [a or b for a, b in _ONE.findall(match["any"])]
            values = [each for each in values if each not in ("OR", "AND")]
        else:
            values = [match["phrase"] if match["phrase"] is not None else word]
        if name == "*" or values == ["*"]:
            continue
        found.append(Term(name, tuple(values), match["sign"] == "-"))
    return found


def _unreadable(query: str) -> ActionRefused:
    return ActionRefused(409, "Search Error", message=f"Search error: cannot read the query: {query[:100]}")


def matching(datasets: Sequence[Dataset], terms: Sequence[Term]) -> list[Dataset]:
    return [dataset for dataset in datasets if all(_fulfils(dataset, term) for term in terms)]


def _fulfils(dataset: Dataset, term: Term) -> bool:
    if term.name == "text":
        text = _text(dataset)
        found = any(value.lower().strip("*") in text for value in term.values)
    elif term.name in _CONTAINED:
        held = " ".join(packages.values(dataset, term.name)).lower()
        found = any(value.lower().strip("*") in held for value in term.values)
    else:
        has = [value.lower() for value in packages.values(dataset, term.name)]
        found = any(_like(value.lower(), each) for value in term.values for each in has)
    return found != term.absent


def _like(pattern: str, value: str) -> bool:
    if "*" not in pattern:
        return pattern == value
    return fnmatch.fnmatchcase(value, re.sub(r"\*+", "*", pattern).replace("[", "[[]"))


def _text(dataset: Dataset) -> str:
    parts = [
        dataset.id, dataset.code, dataset.names.zh, dataset.names.en, dataset.about.zh, dataset.about.en,
        dataset.provider_zh, dataset.provider_en, *dataset.keywords, *(column.names.zh for column in dataset.columns),
    ]  # fmt: skip
    return "\n".join(parts).lower()


def ordered(datasets: Sequence[Dataset], sort: str) -> list[Dataset]:
    """Sorted as ``name asc, metadata_modified desc`` says; without it the newest change first.

    Raises:
        ActionRefused: a field that cannot be sorted by.
    """
    found = list(datasets)
    for part in reversed([each.strip() for each in sort.split(",") if each.strip()] or ["metadata_modified desc"]):
        name, _, direction = part.partition(" ")
        if name not in _SORTS or direction.strip().lower() not in ("", "asc", "desc"):
            raise _unreadable(f"sort {part[:40]}")
        down = direction.strip().lower() == "desc"
        if name in ("title", "title_string"):
            found.sort(key=lambda each: each.names.zh, reverse=down)
        elif name == "name":
            found.sort(key=lambda each: each.id, reverse=down)
        elif name in ("metadata_modified", "metadata_created"):
            changed = name == "metadata_modified"
            found.sort(key=lambda each: packages.when(each.changed if changed else each.published) or "", reverse=down)
    return found
