"""What happened in the past that nobody reports: alarms of devices, tasks given to offices; as declared, spread evenly."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from yiwang.casework.declarations import CaseClass
from yiwang.packs.loaded import City
from yiwang.packs.model.city import DemoPastWork
from yiwang.packs.simulation.matters import Matter, Matters, Spot

NOWHERE = Spot(0.0, 0.0, "", "")
"""Of a matter that has no place."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One of them. ``office``: the code of whose it was, "" for whoever answers there for its class."""

    at: datetime
    matter: Matter
    office: str


def besides(
    city: City, works: list[DemoPastWork], matters: Matters, seed: int, begin: datetime, until: datetime
) -> Iterator[Beside]:
    """All of them between two moments, UTC; the same seed gives the same. Kinds of work that the city has no pack for are
    passed over: the check tells of them."""
    for number, work in enumerate(works):
        chance = random.Random(f"{seed}/besides/{number}")  # noqa: S311 – an invention, not a secret
        classes = _classes(city, work.type)
        many = round(work.a_week * (until - begin) / timedelta(weeks=1))
        for turn in range(many if classes else 0):
            share = (turn + chance.random()) / many
            spoken = chance.choice(work.matters)
            kind = classes.get(spoken.class_)
            spot = NOWHERE if work.offices else matters.spot(chance)
            office = work.offices[turn % len(work.offices)] if work.offices else ""
            if kind is not None:
                text = spoken.text.replace("{place}", spot.name)
                matter = Matter(
                    sequence=10_000_000 + number * 1_000_000 + turn, type=work.type, channel=work.channel, post="", kind=kind,
                    standard=kind.standards[0], spot=spot, text=text, name="", phone="", photos=0, chosen_class=True,
                )  # fmt: skip
                yield Beside((begin + (until - begin) * share).astimezone(UTC), matter, office)


def _classes(city: City, type_id: str) -> dict[str, CaseClass]:
    """The classes of a case type by code; none where no pack that runs has the type."""
    running = [*filter(city.runs, city.packs)]
    tree = next((case.value.classes for pack in running for case in pack.cases if case.value.id == type_id), None)
    trees = {each.value.id: each.value for pack in city.packs for each in pack.classes}
    return {item.code: item for item in trees[tree].classes} if tree in trees else {}
