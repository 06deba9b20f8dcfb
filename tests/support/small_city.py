"""The small city and its people, for tests that follow a case through its life."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from PIL import Image

from yiwang.casework.model import CaseFile, Opened, PhotoClaim, Report, Reporter
from yiwang.casework.reading import CaseView
from yiwang.casework.steps import StepInput, StepResult
from yiwang.flow.model import TaskRow
from yiwang.http.services import Services
from yiwang.kernel.access import ANONYMOUS, Actor
from yiwang.kernel.clock import set_clock

ROOT = Path(__file__).resolve().parents[2]
SMALL_CITY = ROOT / "tests" / "cities" / "small"
CHINA = ZoneInfo("Asia/Shanghai")
PASSWORD = "Small-city-2026"  # of the small city's demo accounts
START = datetime(2026, 6, 18, 8, 0, tzinfo=CHINA)


class SmallCity:
    """What tests do to the small city, in the words of its people."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.cases = services.casework
        self._actors: dict[str, Actor] = {}
        self._place = 0

    async def actor(self, login: str) -> Actor:
        """A demo account, as signed in."""
        if login not in self._actors:
            signed_in = await self.services.identity.sign_in(login, PASSWORD, "127.0.0.1")
            self._actors[login] = signed_in.actor
        return self._actors[login]

    def now(self) -> datetime:
        return self.services.context.clock.now()

    async def wait(self, **by: float) -> datetime:
        """Let the city's clock run on; timers fire."""
        return await self.until(self.now() + timedelta(**by))

    async def until(self, at: datetime) -> datetime:
        async with self.services.context.database.transaction() as connection:
            state = await set_clock(connection, to=at, speed=0)
        self.services.clock.state = state  # once it is committed: whoever reads the row from here on finds it
        await self.services.flow.fire_due(self.now())
        return self.now()

    def elsewhere(self) -> tuple[float, float]:
        """A place in the city at which nothing has been reported: each call another."""
        self._place += 1
        return 117.0005 + 0.0006 * (self._place % 30), 39.0005 + 0.0006 * (self._place // 30)

    async def report(self, text: str = "学校门口垃圾桶满了没人收", *, by: str | None = None, **more: object) -> Opened:
        lon, lat = self.elsewhere()
        values: dict[str, object] = {"type": "urban-case", "channel": "resident", "text": text, "lon": lon, "lat": lat}
        values["reporter"] = Reporter("王小敏", "13812345678")
        values.update(more)
        return await self.cases.report(Report(**values), await self.actor(by) if by else ANONYMOUS)  # type: ignore[arg-type]

    async def task(self, case_id: UUID) -> TaskRow:
        async with self.services.context.database.connection() as connection:
            return (await self.services.flow.open_tasks(connection, case_id))[0]

    async def holder(self, task: TaskRow) -> Actor:
        """Somebody who may take the task."""
        directory = self.services.identity.directory
        account = task.assignee_id or directory.holders(task.post_id or 0)[0]
        person = directory.person(account)
        assert person is not None
        return await self.actor(person.login)

    async def step(self, case_id: UUID, outcome: str, *, by: str | None = None, **given: object) -> StepResult:
        """Finish the case's open task."""
        task = await self.task(case_id)
        actor = await self.actor(by) if by else await self.holder(task)
        return await self.cases.finishing.complete(task.id, actor, StepInput(outcome, **given))  # type: ignore[arg-type]

    async def photo(self, by: Actor = ANONYMOUS) -> PhotoClaim:
        out = io.BytesIO()
        Image.new("RGB", (64, 48), "green").save(out, "JPEG")

        async def pieces() -> AsyncIterator[bytes]:
            yield out.getvalue()

        stored = await self.cases.attachments.receive(pieces(), "照片.jpg", "other", by, self.now())
        return PhotoClaim(stored.id, stored.claim)

    async def to(self, opened: Opened, node: str) -> None:
        """Take a case along the ordinary way until its open task is ``node``."""
        for _ in range(12):
            task = await self.task(opened.id)
            if task.node == node:
                return
            match task.node:
                case "verify":
                    await self.step(opened.id, "exist")
                case "accept":
                    view = await self.view(opened.id)
                    standard = view.case_type.standard(view.case.class_code or "", None)
                    await self.step(opened.id, "file", standard=standard.id)
                case "dispatch":
                    advised = (await self.view(opened.id)).advised
                    assert advised is not None
                    await self.step(opened.id, "dispatch", department=advised.organisation.code)
                case "receive" | "rework":
                    await self.step(opened.id, "handle_self")
                case "handle":
                    await self.step(opened.id, "finish", note="已处理", photos=(await self.photo(),))
                case "confirm":
                    await self.step(opened.id, "confirm", note="已清理干净")
                case "check":
                    await self.step(opened.id, "pass", photos=(await self.photo(),))
                case "close":
                    await self.step(opened.id, "close")
        raise AssertionError(f"never came to {node}, stands at {task.node}")

    async def close(self, opened: Opened) -> None:
        await self.to(opened, "close")
        await self.step(opened.id, "close")

    async def view(self, case_id: UUID, by: str = "shift1", purpose: str = "") -> CaseView:
        return await self.cases.reading.view(case_id, await self.actor(by), purpose=purpose)

    async def case(self, case_id: UUID) -> CaseFile:
        return (await self.view(case_id)).case

    async def verbs(self, case_id: UUID) -> list[str]:
        """The verbs of the case's story, in order."""
        rows = await self.cases.reading.story(case_id, await self.actor("shift1"), after=0, limit=500)
        return [row.entry.verb for row in rows]
