"""Objects of evaluation (评价对象) as small numbers: areas, departments, and seats (a person on a post)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import numpy as np

from yiwang.insight.scoring.wire import Columns, Numbers, uuid_of
from yiwang.kernel.database import Connection

Key = tuple[str, str]
"""(kind, key): an area's code, a department's id, ``post:account`` of a seat."""
NOBODY: Final = 0
_MIXED: Final = 0x1E37_79B9_7F4A_7C15
"""Odd, its bits without a pattern: mixes three numbers into one."""


class Objects:
    """The numbers of objects, remembered; one per process. Numbers are never given up."""

    def __init__(self) -> None:
        self._known: dict[Key, int] = {}

    async def numbers(self, connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
        """The number of each key; new ones are entered. They stay even when the caller's transaction does not, so the
        memory holds only those that were read back from the table."""
        wanted = list(keys)
        missing = [key for key in wanted if key not in self._known]
        if missing:
            kinds, names = [kind for kind, _ in missing], [name for _, name in missing]
            found = await _find(connection, kinds, names)
            self._known.update(found)
            new = sorted(key for key in missing if key not in found)
            if new:
                await connection.execute(
                    "insert into insight_object (kind, key) select * from unnest($1::text[], $2::text[])"
                    " on conflict do nothing",
                    [kind for kind, _ in new],
                    [name for _, name in new],
                )
                return {**{key: self._known[key] for key in wanted if key in self._known},
                        **await _find(connection, kinds, names)}  # fmt: skip
        return {key: self._known[key] for key in wanted}

    async def place(self, connection: Connection, events: Columns) -> tuple[Numbers, Numbers]:
        """Fill in ``place`` and turn ``office`` into objects; returns whose each event was, and whose the next step is."""
        areas, area_at = np.unique(events["area"], return_inverse=True)
        offices, office_at = np.unique(events["office"], return_inverse=True)
        who, who_at = _distinct(events["post"], events["actor_hi"], events["actor_lo"])
        then, then_at = _distinct(events["next_post"], events["next_hi"], events["next_lo"])
        area_keys = [("area", str(area)) if area else None for area in areas.tolist()]
        office_keys = [("department", str(office)) if office else None for office in offices.tolist()]
        who_keys, then_keys = [_seat(*one) for one in who], [_seat(*one) for one in then]
        every = {key for key in (*area_keys, *office_keys, *who_keys, *then_keys) if key is not None and key[1]}
        numbers = await self.numbers(connection, every)
        events["place"] = _looked_up(area_keys, numbers)[area_at]
        events["office"] = _looked_up(office_keys, numbers)[office_at]
        return _looked_up(who_keys, numbers)[who_at], _looked_up(then_keys, numbers)[then_at]


async def _find(connection: Connection, kinds: list[str], names: list[str]) -> dict[Key, int]:
    rows = await connection.fetch(
        "select o.id, o.kind, o.key from insight_object o join unnest($1::text[], $2::text[]) as w (kind, key)"
        " on o.kind = w.kind and o.key = w.key",
        kinds,
        names,
    )
    return {(row["kind"], row["key"]): row["id"] for row in rows}


def _looked_up(keys: list[Key] | list[Key | None], numbers: dict[Key, int]) -> Numbers:
    return np.array([numbers.get(key, NOBODY) if key is not None else NOBODY for key in keys], dtype="i4")


def _distinct(post: Numbers, hi: Numbers, lo: Numbers) -> tuple[list[tuple[int, int, int]], Numbers]:
    """The different triples, and for each row the place of its own among them."""
    if not len(post):
        return [], np.empty(0, dtype="i8")
    post, hi, lo = (np.ascontiguousarray(column, dtype="i8") for column in (post, hi, lo))
    _, first, places = np.unique(post * _MIXED + (hi ^ (lo * _MIXED)), return_index=True, return_inverse=True)
    p, h, low = post[first], hi[first], lo[first]
    if not ((p[places] == post) & (h[places] == hi) & (low[places] == lo)).all():  # two triples gave one number
        triples, places = np.unique(np.stack((post, hi, lo), axis=1), axis=0, return_inverse=True)
        p, h, low = triples.T
    return list(zip(p.tolist(), h.tolist(), low.tolist(), strict=True)), places.reshape(-1)


def _seat(post: int, hi: int, lo: int) -> Key | None:
    """A seat: known by post, by person, or both; nobody's when neither is known."""
    person = str(uuid_of(hi, lo)) if hi or lo else ""
    return ("seat", f"{post or ''}:{person}") if post or person else None


def seat_parts(key: str) -> tuple[int | None, UUID | None]:
    """(post id, account) of a seat's key."""
    post, _, person = key.partition(":")
    return int(post) if post else None, UUID(person) if person else None
