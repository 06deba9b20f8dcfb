"""The faces in a real Chromium over loopback, its processor slowed four times: what a person waits for at a screen.

Moments are taken in the page: from the key, the click or the navigation to the frame that shows the result. Beside each
stands a bare page in the same browser that asks for a fixed reply and shows as much.
"""

from __future__ import annotations

import asyncio
import re
import statistics
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, async_playwright

from bench import load
from bench.browsed import FIELDS, FORM_NAME, MIDDLE, live_cases, publish_form, signed_in
from bench.browser import DESK, FLAGS, PHONE, SLOWER, Faces, measured, program, settled, shown
from bench.installation import REPOSITORY, BareWeb
from bench.results import Measurement, Run, Target
from bench.stage import Stage

KEYS = 40
_OPENINGS = 3
_TAKEN_OVER = 6.0
_MAP_FILES = re.compile(r"city_map|maplibre|/tiles/|/areas/")

RAW_PAGE = "a bare page of the same browser: a fixed reply fetched and fifty rows shown"

_BARE_ROWS = """
async () => {
  const began = performance.now();
  const reply = await (await fetch("/")).json();
  const row = "<tr>" + `<td>${Object.keys(reply)[0]}</td>`.repeat(7) + "</tr>";
  document.body.innerHTML = "<table><tbody>" + row.repeat(50) + "</tbody></table>";
  return (await bench.shown(() => true)) - began;
}
"""
_ELSEWHERE = "/desk/hot-issues"
_BARE_INPUT = "() => { document.body.innerHTML = '<input>'; document.querySelector('input').focus(); }"
_LIST = """
async () => {
  if (location.pathname === "/desk/cases") throw new Error("the list is there before anybody asked for it");
  const began = performance.now();
  document.querySelector('nav a[href="/desk/cases"]').click();
  const rows = () => location.pathname === "/desk/cases" && document.querySelector("[data-search]")
    && document.querySelectorAll("table.rows tbody tr").length >= 50;
  return (await bench.shown(rows)) - began;
}
"""
_CASE = """
async () => {
  const began = performance.now();
  document.querySelector("table.rows a.case-line-title").click();
  const whole = () => document.querySelector("article.case .case-text") && document.querySelector(".case-operations")
    && document.querySelector(".case-story li");
  return (await bench.shown(whole)) - began;
}
"""


async def measure(stage: Stage) -> list[Measurement]:
    """``browsing.portal``, ``.portal_kb``, ``.list``, ``.case``, ``.map``, ``.form``; nothing where there is no Chromium."""
    chromium_program = program()
    if chromium_program is None:
        stage.say("browsing: left out, there is no Chromium on this machine")
        return []
    if not (REPOSITORY / "yiwang" / "http" / "app" / "index.html").is_file():
        stage.say("browsing: left out, the web application is not built; make web builds it")
        return []
    live = await live_cases(stage)
    await publish_form(stage)
    cookie = await signed_in(stage)
    bare = BareWeb(stage.url, stage.cluster, stage.city)
    await bare.start()
    try:
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=chromium_program, args=list(FLAGS))
            try:
                faces = Faces(
                    chromium,
                    f"http://{stage.address.host}:{stage.address.port}",
                    f"http://{bare.address.host}:{bare.address.port}",
                    cookie,
                )
                await asyncio.sleep(_TAKEN_OVER)
                return await _figures(stage, faces, live)
            finally:
                await chromium.close()
    finally:
        await bare.stop()


async def _figures(stage: Stage, faces: Faces, live: int) -> list[Measurement]:
    portal = await _rounds(stage, "portal", "ms", lambda: _portal(faces), lambda: _bare_rows(faces, fresh=True))
    weights = [await _weight(faces) for _ in range(stage.rounds)]
    stage.say(f"browsing, portal: {weights[-1]:.0f} kB before the map")
    lists: list[Run] = []
    cases: list[Run] = []
    for _ in range(stage.rounds):
        opened = [await _list_and_case(faces) for _ in range(1 if stage.quick else _OPENINGS)]
        raw = await _bare_rows(faces)
        lists.append(Run(statistics.median(one[0] for one in opened), raw))
        cases.append(Run(statistics.median(one[1] for one in opened), raw))
        stage.say(f"browsing, list {lists[-1].value:.0f} ms, case {cases[-1].value:.0f} ms; bare page {raw:.0f} ms")
    frames = await _rounds(stage, "map", "frames/s", lambda: _map(stage, faces), lambda: _bare_frames(faces))
    keys = await _rounds(stage, "form", "ms", lambda: _form(faces), lambda: _bare_keys(faces))
    slowed = f"processor {SLOWER} times slower"
    return [
        Measurement(
            "browsing.portal", f"portal opened for the first time until a report can be begun, {slowed}", "ms", "less",
            portal, RAW_PAGE, Target(1500), stage.cases,
        ),
        Measurement(
            "browsing.portal_kb", "compressed, all that the page for reports loads before its map", "kB", "less",
            tuple(Run(one, None) for one in weights), "", Target(250), stage.cases,
        ),
        Measurement(
            "browsing.list", f"click on “cases” on another screen until fifty rows are painted, {slowed}", "ms", "less",
            tuple(lists), RAW_PAGE, Target(300), stage.cases,
        ),
        Measurement(
            "browsing.case", f"click on a row until the case's page is painted, {slowed}", "ms", "less",
            tuple(cases), RAW_PAGE, Target(400), stage.cases,
        ),
        Measurement(
            "browsing.map", f"map of the centre with {live:,} live cases, dragged, {slowed}", "frames/s", "more",
            frames, "frames of a bare page in the same window while the mouse is dragged", Target(30), stage.cases,
        ),
        Measurement(
            "browsing.form", f"95 % of keys in a form of {FIELDS} fields with {FIELDS} rules until painted, {slowed}",
            "ms", "less", keys, "95 % of keys in a bare field until painted", Target(50), stage.cases,
        ),
    ]  # fmt: skip


async def _rounds(
    stage: Stage, name: str, unit: str, real: Callable[[], Awaitable[float]], raw: Callable[[], Awaitable[float]]
) -> tuple[Run, ...]:
    """Each round: the median of some openings, then the bare page."""
    runs = []
    for number in range(stage.rounds):
        values = [await real() for _ in range(1 if stage.quick else _OPENINGS)]
        runs.append(Run(statistics.median(values), await raw()))
        told = ", ".join(f"{value:.0f}" for value in values)
        stage.say(
            f"browsing, {name} {number + 1}/{stage.rounds}: {told} {unit}, bare page {runs[-1].limit or 0:.0f} {unit}"
        )
    return tuple(runs)


# -- the portal -----------------------------------------------------------------------------------------------------


async def _portal(faces: Faces) -> float:
    """Milliseconds from the navigation to the frame that shows the button by which a report is begun."""
    opened = await faces.open(size=PHONE, signed_in=False)
    try:
        await opened.page.goto("/", wait_until="commit")
        return await shown(opened.page, "document.querySelector('a.home-report')")
    finally:
        await opened.context.close()


async def _weight(faces: Faces) -> float:
    """Kilobytes that came over the wire for the page of reports, without the map's own."""
    opened = await faces.open(size=PHONE, signed_in=False)
    addresses: dict[str, str] = {}
    sizes: dict[str, float] = {}
    opened.line.on("Network.requestWillBeSent", lambda it: addresses.update({it["requestId"]: it["request"]["url"]}))
    opened.line.on("Network.loadingFinished", lambda it: sizes.update({it["requestId"]: it["encodedDataLength"]}))
    try:
        await opened.page.goto("/report", wait_until="commit")
        await shown(opened.page, "document.querySelector('form textarea')")
        await opened.page.wait_for_timeout(1500)
        return sum(size for one, size in sizes.items() if not _MAP_FILES.search(addresses.get(one, ""))) / 1000
    finally:
        await opened.context.close()


# -- the desk -------------------------------------------------------------------------------------------------------


async def _list_and_case(faces: Faces) -> tuple[float, float]:
    """Milliseconds for the list, and for the page of its first case, in a desk that was opened just now."""
    opened = await faces.open()
    try:
        await opened.page.goto(_ELSEWHERE)  # the desk's first screen is the list itself for whoever has no tasks
        await opened.page.locator('nav a[href="/desk/cases"]').wait_for()
        await settled(opened.page)
        listed = await measured(opened.page, _LIST)
        await settled(opened.page)
        return listed, await measured(opened.page, _CASE)
    finally:
        await opened.context.close()


# -- the map --------------------------------------------------------------------------------------------------------


async def _map(stage: Stage, faces: Faces) -> float:
    """Frames a second while the map is dragged to and fro, at the city's size and two steps nearer."""
    opened = await faces.open()
    try:
        await opened.page.goto("/centre")
        await opened.page.locator("canvas.maplibregl-canvas").wait_for()
        await settled(opened.page, quiet=1500)
        wide = await _dragged(opened.page)
        await opened.page.mouse.move(DESK[0] / 2, DESK[1] / 2)
        for _ in range(2):
            await opened.page.mouse.wheel(0, -400)
            await opened.page.wait_for_timeout(800)
        await settled(opened.page, quiet=1000)
        near = await _dragged(opened.page)
        stage.say(f"browsing, map: {wide:.0f} frames/s over the whole city, {near:.0f} nearer")
        return min(wide, near)
    finally:
        await opened.context.close()


async def _bare_frames(faces: Faces) -> float:
    opened = await faces.open(bare=True)
    try:
        await opened.page.goto("/")
        return await _dragged(opened.page)
    finally:
        await opened.context.close()


async def _dragged(page: Page, seconds: float = 3.0) -> float:
    """Frames a second while the mouse drags in circles."""
    middle = DESK[0] / 2, DESK[1] / 2
    await page.mouse.move(*middle)
    await page.mouse.down()
    await page.evaluate("() => bench.record()")
    loop = asyncio.get_running_loop()
    until, step = loop.time() + seconds, 0
    while loop.time() < until:
        step += 1
        away = 160 - abs(step % 80 - 40) * 8
        await page.mouse.move(middle[0] + away, middle[1] + away / 2)
        await asyncio.sleep(0.008)
    await page.mouse.up()
    return await measured(
        page,
        "() => { bench.recording = false; const f = bench.frames;"
        " return f.length < 2 ? 0 : (f.length - 1) * 1000 / (f[f.length - 1] - f[0]); }",
    )


# -- the form -------------------------------------------------------------------------------------------------------


async def _form(faces: Faces) -> float:
    """Milliseconds within which 95 of 100 keys are painted, in the middle of a long form."""
    opened = await faces.open()
    try:
        await opened.page.goto("/desk/intake")
        chip = opened.page.locator(".desk-filters button.chip", has_text=FORM_NAME)
        await chip.click()
        await opened.page.wait_for_function(
            "n => document.querySelectorAll('form.intake-form .intake-two .field').length >= n", arg=FIELDS
        )
        await settled(opened.page, quiet=1500)
        await opened.page.get_by_label(f"第{MIDDLE + 1}项").focus()
        return await _typed(opened.page)
    finally:
        await opened.context.close()


async def _bare_keys(faces: Faces) -> float:
    opened = await faces.open(bare=True)
    try:
        await opened.page.goto("/")
        await opened.page.evaluate(_BARE_INPUT)
        return await _typed(opened.page)
    finally:
        await opened.context.close()


async def _typed(page: Page) -> float:
    await page.evaluate("() => { bench.keys = []; }")
    for number in range(KEYS):
        await page.keyboard.press(str(number % 10))
        await page.wait_for_timeout(60)
    spent: list[float] = await page.evaluate("() => bench.keys")
    if len(spent) < KEYS:
        raise RuntimeError(f"of {KEYS} keys {len(spent)} reached the page")
    return load.percentile(spent, 0.95)


async def _bare_rows(faces: Faces, *, fresh: bool = False) -> float:
    """A bare page: milliseconds from the navigation (``fresh``), or from asking, until fifty rows are painted."""
    opened = await faces.open(bare=True)
    try:
        await opened.page.goto("/")
        times = [await measured(opened.page, _BARE_ROWS) for _ in range(_OPENINGS)]
        if not fresh:
            return statistics.median(times)
        await opened.page.goto("/", wait_until="commit")
        return await shown(opened.page, "document.body") + times[0]
    finally:
        await opened.context.close()
