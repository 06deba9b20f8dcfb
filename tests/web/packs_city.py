"""What people do with a case in the browser, each in a window of their own: for walks through the applications of packs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Locator, Page, expect
from support.browsing import OpenPage, Site
from support.http_city import jpeg

NOTHING: Mapping[str, str] = {}


def on_the_spot(lon: float, lat: float) -> dict[str, object]:
    """A telephone that knows where it is."""
    return {
        "phone": True,
        "geolocation": {"longitude": lon, "latitude": lat, "accuracy": 9},
        "permissions": ["geolocation"],
    }


async def take_photos(place: Page | Locator, *colours: str) -> None:
    """Photos of one colour each; wait until they show."""
    for colour in colours:
        before = await place.locator(".photos-one").count()
        await place.locator("input[type=file]").set_input_files(
            [{"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": jpeg(800, 600, colour)}]
        )
        await expect(place.locator(".photos-one")).to_have_count(before + 1)


async def report_on_the_spot(page: Page, kind: str, text: str, *colours: str) -> str:
    """Send what has been chosen in the field's form, with photos; the number of the case."""
    await take_photos(page, *colours)
    await expect(page.get_by_text("已定位")).to_be_visible()
    await page.get_by_role("searchbox").fill(kind)
    await page.locator(".field-kinds").get_by_role("button", name=kind, exact=True).click()
    await page.get_by_label(re.compile("^说明")).fill(text)
    await page.get_by_role("button", name="上报", exact=True).click()
    told = page.get_by_text(re.compile(r"^编号 [A-Z]{2}\d+"))
    await expect(told).to_be_visible()
    return (await told.inner_text()).removeprefix("编号 ")


def labelled(form: Locator, label: str) -> Locator:
    """The control with just this label; others begin with the same words."""
    return form.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*(可不填)?\s*$"))


async def finish(
    page: Page,
    verb: str,
    *,
    note: str = "",
    fill: Mapping[str, str] = NOTHING,
    choose: Mapping[str, str] = NOTHING,
    person: str = "",
    photo: str = "",
    stars: int = 0,
) -> None:
    """Fill the form of an outcome on the case page and send it; wait until the page says that it is done."""
    form = page.locator(".case-operations details.operation[data-outcome]").filter(
        has=page.locator("summary").filter(has_text=re.compile(rf"^\d*\s*{re.escape(verb)}$"))
    )
    await expect(form).to_be_visible()
    if await form.get_attribute("open") is None:
        await form.locator("summary").click()
    send = form.get_by_role("button", name=verb, exact=True)
    await expect(send).to_be_enabled()
    for label, word in choose.items():
        await labelled(form, label).select_option(label=word)
    for label, text in fill.items():
        await labelled(form, label).fill(text)
    if person:
        await labelled(form, "处置人员").click()
        await page.locator(".ant-select-item-option").filter(has_text=person).click()
    if note:
        await labelled(form, "意见").fill(note)
    if photo:
        await take_photos(form, photo)
    if stars:
        await form.get_by_role("radio").nth(stars - 1).click()
    await send.click()
    await expect(page.get_by_text(f"“{verb}”已办好")).to_be_visible()


@dataclass(slots=True)
class People:
    """The people who work on one case: each has one window, opened when it is their turn for the first time."""

    site: Site
    open_page: OpenPage
    case: str
    """Id of the case."""
    number: str
    pages: dict[str, Page] = field(default_factory=dict)

    async def at(self, login: str, step: str) -> Page:
        """The case page of somebody whose turn it is; the step that is done now stands on it."""
        page = self.pages.get(login)
        if page is None:
            page = self.pages[login] = await self.open_page(f"/desk/cases/{self.case}", as_=login)
        else:
            await page.goto(f"/desk/cases/{self.case}")
        await expect(page.locator(".case-steps [aria-current=step]")).to_have_text(step)
        return page

    async def from_tasks(self, login: str, step: str) -> Page:
        """The same, gone to from one's list of tasks."""
        page = self.pages[login] = await self.open_page("/desk", as_=login)
        await page.get_by_role("row").filter(has_text=self.number).get_by_role("link").first.click()
        await expect(page.locator(".case-steps [aria-current=step]")).to_have_text(step)
        return page

    async def task_in_the_field(self, login: str, words: str, **phone: object) -> Page:
        """The task on somebody's telephone, gone to from the list of the day."""
        page = await self.open_page("/field", as_=login, **phone)
        await page.get_by_role("link", name=re.compile(words)).click()
        await expect(page.get_by_role("heading", name="现场结果")).to_be_visible()
        return page

    async def answer_in_the_field(self, page: Page, outcome: str, *, colour: str = "", note: str = "") -> None:
        """Choose an outcome, with a photo and words; wait until the server has it."""
        chosen = page.get_by_role("button", name=re.compile(rf"^✓?\s*{re.escape(outcome)}$"))
        await chosen.click()
        await expect(chosen).to_have_attribute("aria-pressed", "true")
        if colour:
            await take_photos(page, colour)
        if note:
            await page.get_by_label(re.compile("^说明")).fill(note)
        before = await self.status()
        await page.get_by_role("button", name=f"提交:{outcome}").click()
        await page.wait_for_url("**/field")
        await self.leaves(before)

    async def leaves(self, status: str) -> None:
        """Wait until the case has left a status: what is written down in the field is sent in the background."""
        for _ in range(600):
            if await self.status() != status:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{self.number} still stands at {status}")

    async def status(self) -> str:
        return str((await found(self.site, self.number))["status"])


async def found(site: Site, number: str, *, by: str = "leader1") -> dict[str, Any]:
    """The case of this number, as the API lists it."""
    answer = await (await site.city.client(by)).get("/api/v1/cases", params={"number": number})
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    return dict(item)


async def case_of(site: Site, open_page: OpenPage, number: str) -> People:
    """Those who work on the case of this number."""
    return People(site, open_page, str((await found(site, number))["id"]), number)
