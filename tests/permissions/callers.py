"""Who calls in the matrix: every demo account, nobody, and tokens that are narrower than their owners."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from permissions.declared import NOBODY, Person, people
from permissions.world import Standing, build
from support.http_city import HttpCity

from yiwang.identity.requests import session_cookie

TOKENS = [
    # owner, verbs on cases, area, whether it takes the owner's tasks
    ("shift1", {"read"}, "120199001", False),
    ("shift1", {"read", "suspend", "urge"}, "120199002001", True),
    ("dongjie-desk", {"urge", "fold"}, "120199001", True),
    ("water-desk", {"read"}, "120199002", False),
    ("city-desk", {"read"}, "120199002", False),
    ("city-desk", {"read"}, "120199002", True),
]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls, and what is declared of them."""

    person: Person
    client: httpx.AsyncClient
    headers: dict[str, str]

    @property
    def signed_in(self) -> bool:
        return self.person is not NOBODY


@dataclass(frozen=True, slots=True)
class World:
    """Everybody and everything."""

    city: HttpCity
    cases: list[Standing]
    callers: list[Caller]

    def caller(self, login: str) -> Caller:
        return next(caller for caller in self.callers if caller.person.login == login)


def a_world() -> Any:
    """A fixture for a module that has a ``city``: ``world = a_world()``."""

    @pytest.fixture(scope="module")
    async def world(city: HttpCity) -> AsyncIterator[World]:
        cases = await build(city)
        callers = [Caller(NOBODY, await city.client(), {})]
        for login, person in people().items():
            headers = {"cookie": f"{session_cookie}={await city.session(login)}"}
            callers.append(Caller(person, await city.client(login), headers))
        for login, verbs, area, in_posts in TOKENS:
            grants = [{"kind": "case", "verbs": sorted(verbs), "area": area}]
            body = {"name": "矩阵", "in_posts": in_posts, "grants": grants}
            made = await (await city.client(login)).post("/api/v1/tokens", json=body)
            assert made.status_code == 201, made.text
            headers = {"authorization": f"Bearer {made.json()['token']}"}
            person = people()[login].within(verbs, area, in_posts=in_posts)
            callers.append(Caller(person, city.new_client(headers=headers), headers))
        yield World(city, cases, callers)
        for caller in callers[-len(TOKENS) :]:
            await caller.client.aclose()

    return world
