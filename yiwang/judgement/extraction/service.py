"""What a report's words say (要素提取): places, times, numbers, each with the stretch of text that says so, and a place on
the map where the city knows the name.

Three readers of places, and each find says which: the city's own gazetteer (areas by their names, named places), the forms
of Chinese names, and a learned reader for address lines when a model has been installed (``yiwang extract train``). A place
is a suggestion: it is shown with its source and never put into a report by the system.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yiwang.geo.locator import Locator
from yiwang.judgement.extraction import address_model, store
from yiwang.judgement.extraction.address_model import AddressModel
from yiwang.judgement.extraction.errors import AddressModelUnreadable
from yiwang.judgement.extraction.matching import Words
from yiwang.judgement.extraction.names import find_names
from yiwang.judgement.extraction.numbers import FoundNumber, find_numbers
from yiwang.judgement.extraction.store import KnownPlace
from yiwang.judgement.extraction.times import FoundTime, find_times
from yiwang.kernel import logs
from yiwang.kernel.context import Context
from yiwang.kernel.settings import Settings

log = logs.get("extraction")

Source = Literal["gazetteer", "form", "learned"]
longest_text = 4000
_searched = 1000
_shortest_name, _longest_name = 3, 12
_HAN = re.compile("[\u4e00-\u9fff\\dA-Za-z]+")
_SHORT_FORMS = re.compile("(?:社区|村|街道|镇|居委会|村委会|居民委员会|村民委员会)$")
_levels = ("province", "city", "district", "street", "community")


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named at ``text[start:end]``: its kind (a level of area, a kind of place, a label of the learned reader), who
    found it, and where it is when the city knows (degrees, CGCS2000)."""

    start: int
    end: int
    name: str
    kind: str
    source: Source
    place: KnownPlace | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """Everything found, in the order of the text. ``suggested`` is the mention whose point fits best, if any has one."""

    places: tuple[Mention, ...]
    times: tuple[FoundTime, ...]
    numbers: tuple[FoundNumber, ...]
    suggested: Mention | None


def model_path(settings: Settings) -> Path:
    """Where an installed model of addresses lies."""
    return settings.home / "models" / "addresses.npz"


class Extraction:
    """One per process. Names of areas are kept in memory and follow the areas' version; the model follows its file."""

    def __init__(self, context: Context, locator: Locator) -> None:
        self._context = context
        self._locator = locator
        self._version = -1
        self._areas: list[KnownPlace] = []
        self._words = Words([])
        self._model: AddressModel | None = None
        self._model_changed: float | None = None

    async def read(self, text: str, *, address: str = "") -> Extracted:
        """Read a report's text, and its address line with the learned reader too. Offsets count in ``text``, a line end and
        ``address``, in this order."""
        whole = f"{text}\n{address}" if address else text
        whole = whole[:longest_text]
        await self._refresh()
        known = self._known_areas(whole)
        known += await self._named_places(whole, known)
        formed = [
            Mention(found.start, found.end, found.name, found.kind, "form") for found in find_names(whole[:_searched])
        ]
        offset = len(text) + 1 if address else 0
        learned = await asyncio.to_thread(self._learned, address or "", offset) if address else []
        places = _merged(known, learned, formed)
        now = self._context.clock.now()
        return Extracted(tuple(places), tuple(find_times(whole, now)), tuple(find_numbers(whole)), self._best(places))

    async def _refresh(self) -> None:
        async with self._context.database.connection() as connection:
            version = await store.areas_version(connection)
            if version != self._version:
                self._areas = await store.area_names(connection)
                self._words = Words(_spoken(place) for place in self._areas)
                self._version = version

    def _known_areas(self, text: str) -> list[Mention]:
        found: list[Mention] = []
        for find in self._words.longest(text[:_searched]):
            place = self._areas[find.word]
            end = find.end
            rest = place.name[end - find.start :]
            if rest and text.startswith(rest, end):
                end += len(rest)
            found.append(Mention(find.start, end, text[find.start : end], place.kind, "gazetteer", place))
        return found

    async def _named_places(self, text: str, areas: Sequence[Mention]) -> list[Mention]:
        """Named places of three to twelve characters, wherever they stand; a longer name hides one inside it."""
        starts: dict[str, int] = {}
        for run in _HAN.finditer(text[:_searched]):
            for length in range(_shortest_name, _longest_name + 1):
                for at in range(run.start(), run.end() - length + 1):
                    starts.setdefault(text[at : at + length], at)
        async with self._context.database.connection() as connection:
            places = await store.places_named(connection, list(starts))
        taken = [(mention.start, mention.end) for mention in areas]
        found: list[Mention] = []
        for place in sorted(places, key=lambda place: (-len(place.name), place.id)):
            start, end = starts[place.name], starts[place.name] + len(place.name)
            if not any(before <= start and end <= after for before, after in taken):
                taken.append((start, end))
                found.append(Mention(start, end, place.name, place.kind, "gazetteer", place))
        return found

    def _learned(self, address: str, offset: int) -> list[Mention]:
        model = self._installed()
        if model is None:
            return []
        return [
            Mention(offset + start, offset + end, address[start:end], label, "learned")
            for start, end, label in model.read(address)
            if label not in ("redundant", "assist", "otherinfo")
        ]

    def _installed(self) -> AddressModel | None:
        path = model_path(self._context.settings)
        try:
            changed = path.stat().st_mtime
        except FileNotFoundError:
            self._model, self._model_changed = None, None
            return None
        if changed != self._model_changed:
            self._model_changed = changed
            try:
                self._model = address_model.load(path)
            except AddressModelUnreadable as error:
                log.warning("the model of addresses is not used", error=error.message("en"))
                self._model = None
        return self._model

    def _best(self, places: Iterable[Mention]) -> Mention | None:
        """A named place before a community, a community before a street; a place outside an area that the text names too is
        another place of that name and counts less; longer names before shorter."""
        pointed = [(mention, mention.place) for mention in places if mention.place]
        within = [place.code for _, place in pointed if place.code]

        def fit(pair: tuple[Mention, KnownPlace]) -> tuple[int, int, int, int]:
            mention, place = pair
            code = place.code or self._code_at(place)
            agreeing = sum(code.startswith(area) or area.startswith(code) for area in within if code)
            level = _levels.index(mention.kind) if mention.kind in _levels else len(_levels)
            return agreeing, level, len(mention.name), -mention.start

        best = max(pointed, key=fit, default=None)
        return best[0] if best else None

    def _code_at(self, place: KnownPlace) -> str:
        location = self._locator.locate(place.longitude, place.latitude)
        return location.area_code if location else ""


def _spoken(place: KnownPlace) -> str:
    """The name as people say it: without 社区, 村 … where enough is left to tell it."""
    short = _SHORT_FORMS.sub("", place.name)
    return short if len(short) >= _shortest_name and place.kind == "community" else place.name


def _merged(*found: Sequence[Mention]) -> list[Mention]:
    """Mentions of all readers; of two that overlap the earlier reader's stays, unless the later one's covers it whole and adds
    to it (精武镇 within 精武镇学府路)."""
    kept: list[Mention] = []
    for mentions in found:
        earlier = list(kept)
        kept += [
            mention
            for mention in mentions
            if not any(mention.start < other.end and other.start < mention.end for other in earlier)
        ]
    return sorted(kept, key=lambda mention: (mention.start, mention.end))
