"""Flows as pictures on the pages: a case on its own flow, a definition with heat and bottlenecks, for those who may see them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.http.conftest import signed_in
from yiwang.flow.look import style
from yiwang.http.trial import Trial
from yiwang.kernel.access import SYSTEM

HTML = {"accept": "text/html"}
_PLACES = iter([(117.0005 + 0.0011 * number, 39.0105) for number in range(20)])


@pytest.fixture
async def acceptor(city: Trial) -> AsyncIterator[httpx.AsyncClient]:
    client = await signed_in(city, "acceptor1")
    yield client
    await client.aclose()


async def open_case(visitor: httpx.AsyncClient) -> dict[str, Any]:
    lon, lat = next(_PLACES)
    body = {"type": "urban-case", "channel": "resident", "text": "小区门口路面有个坑", "lon": lon, "lat": lat}
    answer = await visitor.post("/api/v1/cases", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def waiting(page: str) -> list[str]:
    return re.findall(r'data-node="([^"]+)" class="fd-node[^"]*fd-waiting', page)


async def test_案件页画出流程_标出现在的环节和轮到谁(
    city: Trial, visitor: httpx.AsyncClient, acceptor: httpx.AsyncClient
) -> None:
    case = await open_case(visitor)
    page = (await acceptor.get(f"/plain/desk/cases/{case['id']}", headers=HTML)).text
    assert waiting(page) == ["verify"]
    assert "网格员" in page[page.index("data-flow") :]
    assert 'aria-label="流程进度图"' in page
    english = (await acceptor.get(f"/plain/desk/cases/{case['id']}?lang=en", headers=HTML)).text
    assert "Now at: Verify" in english
    task = (await acceptor.get(f"/api/v1/cases/{case['id']}")).json()["tasks"][0]
    async with city.services.context.database.transaction() as connection:
        now = city.services.context.clock.now()
        await city.services.flow.complete(connection, UUID(task["id"]), SYSTEM, "exist", {}, now)
    page = (await acceptor.get(f"/plain/desk/cases/{case['id']}", headers=HTML)).text
    assert waiting(page) == ["accept"]
    assert re.search(r'data-line="flow_verify_accept" class="fd-flow fd-walked"', page)


async def test_能看案件的人_也能单独打开它的流程图(
    city: Trial, visitor: httpx.AsyncClient, acceptor: httpx.AsyncClient
) -> None:
    case = await open_case(visitor)
    address = f"/api/v1/instances/{case['id']}/drawing.svg"
    picture = await acceptor.get(address)
    assert picture.status_code == 200
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.headers["content-security-policy"].startswith("default-src 'none'")
    assert (await visitor.get(address)).status_code == 401
    stranger = await signed_in(city, "water-handler")  # reads what its own department handles, and this is not yet
    assert (await stranger.get(address)).status_code == 404
    await stranger.aclose()


async def test_a_department_sees_the_flow_of_its_case_by_casework(
    city: Trial, visitor: httpx.AsyncClient, acceptor: httpx.AsyncClient
) -> None:
    """Flow knows no organisation of a case; casework does, and is asked."""
    case = await open_case(visitor)
    desk = await signed_in(city, "water-desk")
    address = f"/api/v1/instances/{case['id']}/drawing.svg"
    before = (await desk.get(f"/api/v1/cases/{case['id']}")).status_code, (await desk.get(address)).status_code
    async with city.services.context.database.transaction() as connection:
        department = city.services.identity.directory.organisation_by_code("water-bureau")
        assert department is not None
        await connection.execute(
            "update case_file set department_id = $2, organisation_id = $2 where id = $1", case["id"], department.id
        )
    after = (await desk.get(f"/api/v1/cases/{case['id']}")).status_code, (await desk.get(address)).status_code
    await desk.aclose()
    assert (before, after) == ((404, 404), (200, 200))


async def test_the_page_of_a_flow_shows_heat_bottlenecks_and_logs(
    visitor: httpx.AsyncClient, acceptor: httpx.AsyncClient
) -> None:
    await open_case(visitor)
    for language, word in (("zh", "瓶颈"), ("en", "Bottlenecks")):
        page = await acceptor.get("/plain/flows/urban-case", params={"lang": language}, headers=HTML)
        assert page.status_code == 200
        assert word in page.text
        assert 'id="step-verify"' in page.text
        assert '<a href="#step-verify">' in page.text
    for query in ("period=today", "period=all&by=used&figure=p90", "version=1", "version=", "figure=total"):
        assert (await acceptor.get(f"/plain/flows/urban-case?{query}", headers=HTML)).status_code == 200
    links = re.findall(r'href="(/api/v1/definitions/[^"]+)"', page.text)
    assert len(links) == 3
    for link in links:
        assert (await acceptor.get(link.replace("&amp;", "&"))).status_code == 200, link


async def test_the_list_of_flows_leads_to_each(acceptor: httpx.AsyncClient) -> None:
    page = (await acceptor.get("/plain/flows", headers=HTML)).text
    keys = re.findall(r'href="/plain/flows/([a-z-]+)"', page)
    assert "urban-case" in keys
    for key in keys:
        assert (await acceptor.get(f"/plain/flows/{key}", headers=HTML)).status_code == 200


async def test_without_a_grant_to_read_there_is_the_drawing_and_no_figure(
    city: Trial, visitor: httpx.AsyncClient, acceptor: httpx.AsyncClient
) -> None:
    await open_case(visitor)
    sysadmin = await signed_in(city, "secadmin")
    page = (await sysadmin.get("/plain/flows/urban-case", headers=HTML)).text
    await sysadmin.aclose()
    assert "data-node" in page
    rows = re.findall(r'id="step-', page)
    assert rows == []


async def test_flow_pages_are_for_those_signed_in_and_name_what_is_missing(
    visitor: httpx.AsyncClient, acceptor: httpx.AsyncClient
) -> None:
    for path in ("/plain/flows", "/plain/flows/urban-case"):
        answer = await visitor.get(path, headers=HTML)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/plain/sign-in?next=")
    assert (await acceptor.get("/plain/flows/nothing", headers=HTML)).status_code == 404
    assert (await acceptor.get("/plain/flows/urban-case?period=x", headers=HTML)).status_code == 422


async def test_the_style_of_drawings_is_a_file_of_ours(acceptor: httpx.AsyncClient) -> None:
    page = (await acceptor.get("/plain/flows/urban-case", headers=HTML)).text
    (address,) = re.findall(r'href="(/plain/flows/-/[0-9a-f]{12}\.css)"', page)
    answer = await acceptor.get(address)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.text == style.RULES
    assert "immutable" not in (await acceptor.get("/plain/flows/-/000000000000.css")).headers["cache-control"]
    assert "<style" not in page
    assert "style=" not in page
