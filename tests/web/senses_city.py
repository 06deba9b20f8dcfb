"""The small city with hydrants that really send over HTTP, and a worker's part that tests play step by step."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
from support.browsing import Site

from yiwang.casework.alarms import AlarmCases
from yiwang.identity.requests import session_cookie
from yiwang.kernel.access import SYSTEM
from yiwang.sensing.alarms.evidence import Evidence
from yiwang.sensing.alarms.lists import Which, listed
from yiwang.sensing.alarms.model import Alarm
from yiwang.sensing.readings.rollups import keep_up
from yiwang.sensing.rules.following import RuleFollowing

KEY = "key-of-hydrant"


class SensesCity:
    """Devices of a site, what they send, and what the worker makes of it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        services = site.city.services
        self.sensing = services.sensing
        self.context = services.context
        self.following = RuleFollowing(self.context, self.sensing.directory, self.sensing.book)
        cases = site.city.cases
        evidence = Evidence(self.sensing.directory, self.sensing.readings.lake)
        self.cases = AlarmCases(cases.parts, cases.drafting, cases.opening, cases.operations, evidence)

    async def hydrant(self, code: str, zh: str, lon: float = 117.0104, lat: float = 39.0085) -> int:
        """A hydrant in the register; its id."""
        return await self.device(
            {
                "code": code,
                "profile": "hydrant",
                "address": code.lower(),
                "names": {"zh": zh, "en": f"Hydrant {code}"},
                "at": [lon, lat],
                "attributes": {"diameter": "DN100"},
                "secret": KEY,
            }
        )

    async def device(self, body: dict[str, Any]) -> int:
        made = await (await self.site.city.client("sysadmin")).post("/api/v1/devices", json=body)
        assert made.status_code == 201, made.text
        await self.sensing.directory.refresh()
        await self._known_to_the_server(str(body["code"]))
        found: int = made.json()["id"]
        return found

    async def _known_to_the_server(self, code: str) -> None:
        """Until the serving process has heard of the new device."""
        now = self.site.city.now()
        asked = {
            "device": code,
            "metric": "tilt",
            "since": (now - timedelta(minutes=1)).isoformat(),
            "until": now.isoformat(),
        }
        cookies = {session_cookie: await self.site.city.session("shift1")}
        async with httpx.AsyncClient(base_url=self.site.address, cookies=cookies, timeout=60) as client:
            for _ in range(600):
                answer = await client.get("/api/v1/readings/series", params=asked)
                if answer.json().get("code") != "sensing.unknown_device":
                    return
                await asyncio.sleep(0.05)
        raise AssertionError(f"the server has not heard of {code} in half a minute")

    async def send(
        self, code: str, metric: str, *values: float, step: float = 60, last: datetime | None = None
    ) -> None:
        """Values as the device itself sends them to the server process, ``step`` seconds apart, the last one now."""
        end = last or self.site.city.now()
        rows = [
            {
                "metric": metric,
                "value": value,
                "at": (end - timedelta(seconds=step * (len(values) - 1 - place))).isoformat(),
            }
            for place, value in enumerate(values)
        ]
        async with httpx.AsyncClient(base_url=self.site.address, auth=(code.lower(), KEY), timeout=30) as device:
            answer = await device.post("/api/v1/observations", json={"observations": rows})
        assert answer.status_code == 201, answer.text

    async def work(self) -> None:
        """What the worker does about readings, alarms and cases, until nothing is left."""
        for _ in range(20):
            done = await self.following.advance() + await self.cases.open_due() + await self.cases.tell_due()
            if not done:
                return

    async def roll_up(self) -> None:
        """Means by minute, hour and day, as the worker keeps them."""
        while True:
            async with self.context.database.transaction() as connection:
                if not await keep_up(connection, self.context.calendar.hours.timezone):
                    return

    async def alarms(self) -> list[Alarm]:
        async with self.context.database.connection() as connection:
            return await listed(connection, SYSTEM, Which(), before=None, limit=200)
