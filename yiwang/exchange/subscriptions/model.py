"""The nouns of subscriptions: who gets which changes, a position among them, a page of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.exchange.subscriptions.errors import CursorInvalid
from yiwang.kernel.access import Actor
from yiwang.kernel.database import JsonObject

Personal = Literal["masked", "left-out"]
State = Literal["active", "paused", "isolated"]

_cursor = re.compile(r"^(\d{1,18})\.([0-9a-f]{32})$")
NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Behind the fact ``fact`` that transaction ``tx`` wrote. Transactions are in the order of the journal."""

    tx: int
    fact: UUID

    def __str__(self) -> str:
        return f"{self.tx}.{self.fact.hex}"

    @classmethod
    def of(cls, cursor: str) -> Position:
        """Raises CursorInvalid."""
        found = _cursor.match(cursor)
        if found is None:
            raise CursorInvalid(cursor=cursor[:60])
        return cls(int(found[1]), UUID(found[2]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a consumer asks for. ``fields`` empty: all; ``filters`` by exact value; ``url`` empty: the consumer asks by
    itself; ``beginning``: from the first fact on, else from now on."""

    name: str
    type: str
    fields: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    area: str = ""
    personal: Personal = "masked"
    geometry: bool = True
    url: str = ""
    beginning: bool = False


@dataclass(frozen=True, slots=True)
class WantedOfGrant:
    """What a consumer chooses where a share grant says all else. ``url`` empty: it asks by itself; ``beginning``: what stands
    in the register now comes first, else only what changes from now on."""

    name: str
    url: str = ""
    beginning: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands. ``secret`` is sealed. Times are real, UTC; ``failures``: deliveries that failed in a row.
    ``grant_area``: area of the share grant with the same number, None for a subscription that hangs on no grant."""

    id: UUID
    name: str
    type: str
    account_id: UUID
    account_label: str
    organisation_id: int | None
    fields: tuple[str, ...]
    filters: dict[str, str]
    area: str
    personal: Personal
    geometry: bool
    url: str
    secret: str
    state: State
    position: Position
    delivered: int
    failures: int
    last_error: str
    last_at: datetime | None
    next_at: datetime
    created_at: datetime
    grant_area: str | None = None

    @property
    def grant_id(self) -> UUID | None:
        """The share grant that it hangs on: one subscription each, under the grant's own number."""
        return None if self.grant_area is None else self.id


@dataclass(frozen=True, slots=True)
class Shown:
    """A subscription with the number of changes that wait (counted up to ten thousand)."""

    subscription: Subscription
    lag: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose changes: those of a type in an area that fit ``query``, as far as ``actor`` may do ``verb``. ``since``: only what
    was believed, and true, at some time from then on."""

    type: str
    area: str
    query: str
    actor: Actor
    verb: str = "export"
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that was recorded, or that is believed no more (``recorded_until``), as the consumer may see it."""

    position: Position
    body: JsonObject


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes in order, and the position behind them; ``more``: there are others already."""

    items: list[Change]
    position: Position
    more: bool
