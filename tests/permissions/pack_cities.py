"""A city of tests/cities behind its application, for the matrices of engines that the small city does not use.

Its people are worked out from its own files, as those of the small city are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from permissions.declared import NOBODY, Person, Place, people
from support.http_city import HttpCity, refused, running, settings_for
from support.small_city import ROOT, START

from yiwang.http.services import open_services
from yiwang.kernel.clock import set_clock
from yiwang.packs.install import install_city

CITIES = ROOT / "tests" / "cities"


def a_pack_city(name: str) -> Any:
    """A fixture for a module: ``city = a_pack_city("estates")``."""

    @pytest.fixture(scope="module")
    async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HttpCity]:
        settings = settings_for(tmp_path_factory.mktemp("home"), demo=True, city=CITIES / name)
        async with open_services(settings, database_url) as services:
            await install_city(services.context, services, CITIES / name, begin=START)
            async with services.context.database.transaction() as connection:
                await set_clock(connection, speed=0)
        async with running(settings, database_url) as app:
            found = HttpCity(app, settings, database_url)
            await found.services.identity.directory.refresh()
            await found.services.refresh()
            yield found
            await found.leave()

    return city


async def callers(city: HttpCity, name: str) -> list[tuple[Person, httpx.AsyncClient]]:
    """Nobody, and everybody who has an account in the city."""
    everybody = people(CITIES / name)
    return [(NOBODY, await city.client()), *[(one, await city.client(login)) for login, one in everybody.items()]]


def told(answer: httpx.Response) -> tuple[int, str]:
    """(status, code of the refusal or "")."""
    if answer.status_code < 400:
        return answer.status_code, ""
    return answer.status_code, str(refused(answer)["code"])


def wanted(person: Person, kind: str, verb: str, place: Place, unknown: str, done: tuple[int, str]) -> tuple[int, str]:
    """What a door answers that is open by ``verb`` on what lies at ``place``: to nobody, to whoever cannot see it, to whoever
    sees it only, and to whoever may."""
    if person is NOBODY:
        return 401, "identity.sign_in_needed"
    if person.may_on(verb, place, kind):
        return done
    return (403, "identity.forbidden") if person.may_on("read", place, kind) else (404, unknown)


def wanted_of_kind(
    person: Person, kind: str, verb: str, place: Place, unknown: str, done: tuple[int, str]
) -> tuple[int, str]:
    """As :func:`wanted`, of a door that first asks whether one has ``verb`` anywhere."""
    if person is not NOBODY and not person.may(kind, verb):
        return 403, "identity.forbidden"
    return wanted(person, kind, verb, place, unknown, done)


def listed(person: Person, kind: str, verb: str, done: tuple[int, str] = (200, "")) -> tuple[int, str]:
    """What a door answers that is open to whoever has ``verb`` anywhere."""
    if person is NOBODY:
        return 401, "identity.sign_in_needed"
    return done if person.may(kind, verb) else (403, "identity.forbidden")
