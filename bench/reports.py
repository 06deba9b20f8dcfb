"""Reports ready to be sent: twelve fields, random places in the city, varied texts, each with its idempotency key."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bench import load
from bench.people import ANYONE, Person
from bench.texts import Teller
from yiwang.kernel.clock import real_now

REPEATED_SHARE = 0.02
"""So many reports tell of a matter at the very place and in the very words of one before: they are folded."""

FIELDS = "type, channel, text, lon, lat, address, urgency, occurred_at, reporter name, reporter phone, fields, idempotency key"


@dataclass(slots=True)
class Reports:
    """Makes create requests; every one is another report. Cheap enough to make thousands before a load."""

    teller: Teller
    places: Sequence[tuple[float, float]]
    chance: random.Random

    def body(self) -> dict[str, object]:
        """A report of the channel ``transfer``: another system passes on what residents told it; class left to the rules."""
        text, road = self.teller.text()
        lon, lat = self.chance.choice(self.places)
        return {
            "type": "urban-case",
            "channel": "transfer",
            "text": text,
            "lon": round(lon + self.chance.uniform(-2e-5, 2e-5), 7),
            "lat": round(lat + self.chance.uniform(-2e-5, 2e-5), 7),
            "address": f"{road}{self.chance.randrange(1, 400)}号",
            "urgency": "urgent" if self.chance.random() < 0.05 else "normal",
            "occurred_at": (real_now() - timedelta(minutes=self.chance.randrange(600))).isoformat(),
            "reporter": {"name": self.teller.name(), "phone": self.teller.phone()},
            "fields": {"component": f"{self.chance.randrange(10**15, 10**16)}"},
        }

    def requests(self, count: int, person: Person = ANYONE) -> Iterator[bytes]:
        """``count`` serialised requests, made at once."""
        made: list[bytes] = []
        body = self.body()
        for _ in range(count):
            if self.chance.random() >= REPEATED_SHARE:
                body = self.body()
            made.append(creation(body, new_key(), person))
        return iter(made)


def new_key() -> str:
    return secrets.token_hex(12)


def creation(body: object, key: str, person: Person = ANYONE) -> bytes:
    return load.request("POST", "/api/v1/cases", token=person.token, body=body, headers={"idempotency-key": key})
