"""坏输入之请求本身:broken JSON, wrong media types and charsets, bombs, sizes, methods, paths — on every door alike."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator

import orjson
import pytest
from support.http_city import REQUEST_LIMIT, HttpCity, a_city, refused

city = a_city()

JSON = {"content-type": "application/json"}
PUBLIC_DOORS = [
    ("POST", "/api/v1/cases"),
    ("POST", "/api/v1/cases/alike"),
    ("POST", "/api/v1/advice"),
    ("POST", "/api/v1/cases/follow"),
    ("POST", "/api/v1/cases/records-read"),
    ("POST", "/api/v1/records/told"),
    ("POST", "/api/v1/cases/reopen"),
    ("POST", "/api/v1/cases/rate"),
    ("POST", "/api/v1/cases/add"),
    ("POST", "/api/v1/public/own-rows"),
    ("POST", "/api/v1/public/publicity-questions"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/locate"),
    ("POST", "/api/v1/documents/check"),
    ("POST", "/api/v1/votes/ballot"),
    ("POST", "/api/v1/votes/cast"),
    ("POST", "/api/v1/votes/receipt"),
    ("POST", "/api/v1/documents/copy"),
    ("POST", "/api/v1/documents/delivered"),
]
SOME_ID = "01a20017-bedc-7000-ba52-b099b45a4dea"
STAFF_DOORS = [
    ("POST", "/api/v1/administration/changes"),
    ("POST", f"/api/v1/administration/changes/{SOME_ID}/undo"),
    ("POST", "/api/v1/administration/deadline-preview"),
    ("POST", f"/api/v1/patrols/{SOME_ID}/points"),
    ("POST", "/api/v1/publications/livelihood-funds/issues"),
    ("POST", f"/api/v1/publicity-issues/{SOME_ID}/approve"),
    ("POST", f"/api/v1/publicity-issues/{SOME_ID}/refuse"),
    ("POST", f"/api/v1/publicity-issues/{SOME_ID}/withdraw"),
    ("POST", f"/api/v1/anomaly-findings/{SOME_ID}/set-aside"),
    ("POST", "/api/v1/fences"),
    ("PUT", f"/api/v1/fences/{SOME_ID}"),
    ("POST", f"/api/v1/fences/{SOME_ID}/terminals"),
    ("POST", "/api/v1/extract"),
    ("POST", f"/api/v1/cases/{SOME_ID}/suspend"),
    ("POST", f"/api/v1/cases/{SOME_ID}/appeal"),
    ("POST", f"/api/v1/cases/{SOME_ID}/appeal/review"),
    ("POST", f"/api/v1/cases/{SOME_ID}/appeal/decide"),
    ("POST", f"/api/v1/cases/{SOME_ID}/extension"),
    ("POST", f"/api/v1/cases/{SOME_ID}/fold"),
    ("POST", f"/api/v1/tasks/{SOME_ID}/complete"),
    ("POST", f"/api/v1/tasks/{SOME_ID}/reassign"),
    ("POST", f"/api/v1/tasks/{SOME_ID}/acts"),
    ("POST", f"/api/v1/steps/{SOME_ID}/recall"),
    ("POST", f"/api/v1/definitions/{SOME_ID}/instances"),
    ("POST", f"/api/v1/instances/{SOME_ID}/copies"),
    ("POST", f"/api/v1/instances/{SOME_ID}/{SOME_ID}"),
    ("POST", f"/api/v1/flow/tasks/{SOME_ID}/complete"),
    ("POST", f"/api/v1/flow/tasks/{SOME_ID}/acts"),
    ("POST", f"/api/v1/flow/steps/{SOME_ID}/recall"),
    ("POST", f"/api/v1/flow/extensions/{SOME_ID}/answer"),
    ("POST", f"/api/v1/flow/tasks/{SOME_ID}/assign"),
    ("POST", "/api/v1/things/person"),
    ("POST", "/api/v1/things/person/exports"),
    ("PUT", f"/api/v1/things/person/{SOME_ID}"),
    ("POST", f"/api/v1/things/person/{SOME_ID}/end"),
    ("POST", f"/api/v1/things/person/{SOME_ID}/relations"),
    ("POST", f"/api/v1/things/person/{SOME_ID}/unmasked"),
    ("POST", f"/api/v1/things/person/{SOME_ID}/authority"),
    ("POST", f"/api/v1/things/person/{SOME_ID}/codes"),
    ("POST", f"/api/v1/things/person/{SOME_ID}/merges"),
    ("POST", f"/api/v1/merges/{SOME_ID}/undo"),
    ("POST", f"/api/v1/duplicates/pairs/{SOME_ID}/decision"),
    ("POST", f"/api/v1/duplicates/pairs/{SOME_ID}/unmasked"),
    ("POST", f"/api/v1/relations/{SOME_ID}/end"),
    ("POST", "/api/v1/devices"),
    ("PUT", "/api/v1/devices/1"),
    ("POST", "/api/v1/devices/1/retire"),
    ("POST", "/api/v1/devices/1/notes"),
    ("POST", "/api/v1/devices/1/commands"),
    ("POST", "/api/v1/devices/knocking/adopt"),
    ("POST", "/api/v1/devices/knocking/dismiss"),
    ("POST", "/api/v1/alarms/acknowledge"),
    ("POST", "/api/v1/alarms/shelve"),
    ("POST", "/api/v1/alarms/unshelve"),
    ("POST", "/api/v1/alarms/close"),
    ("POST", f"/api/v1/alarms/{SOME_ID}/notes"),
    ("PUT", "/api/v1/alarm-rules/some-rule/draft"),
    ("POST", "/api/v1/alarm-rules/1/rehearse"),
    ("POST", "/api/v1/alarm-rules/rehearse"),
    ("POST", "/api/v1/flow/messages"),
    ("POST", "/api/v1/flow/signals"),
    ("POST", "/api/v1/flow/work/fetch"),
    ("POST", f"/api/v1/flow/work/{SOME_ID}/finish"),
    ("POST", f"/api/v1/flow/work/{SOME_ID}/fail"),
    ("PUT", f"/api/v1/decisions/{SOME_ID}/draft"),
    ("POST", f"/api/v1/decisions/{SOME_ID}/evaluate"),
    ("POST", f"/api/v1/definitions/{SOME_ID}/migrations"),
    ("POST", f"/api/v1/definitions/{SOME_ID}/simulations"),
    ("PATCH", f"/api/v1/absences/{SOME_ID}"),
    ("POST", "/api/v1/desk/notices"),
    ("PUT", f"/api/v1/desk/notices/{SOME_ID}"),
    ("POST", f"/api/v1/desk/notices/{SOME_ID}/withdraw"),
    ("POST", f"/api/v1/hot-issues/{SOME_ID}/acknowledge"),
    ("POST", f"/api/v1/hot-issues/{SOME_ID}/merge"),
    ("POST", "/api/v1/exchange/quality/person/dispatches"),
    ("POST", f"/api/v1/cases/{SOME_ID}/breakdown"),
    ("POST", f"/api/v1/cases/{SOME_ID}/progress"),
    ("POST", "/api/v1/sheets/some-sheet/answers"),
    ("POST", f"/api/v1/cases/{SOME_ID}/matches"),
    ("POST", f"/api/v1/match-proposals/{SOME_ID}/answer"),
    ("POST", f"/api/v1/match-proposals/{SOME_ID}/end"),
    ("POST", f"/api/v1/cases/{SOME_ID}/votes"),
    ("POST", f"/api/v1/votes/{SOME_ID}/withdraw"),
    ("POST", f"/api/v1/votes/{SOME_ID}/codes"),
    ("POST", f"/api/v1/votes/{SOME_ID}/proxies"),
    ("POST", f"/api/v1/votes/{SOME_ID}/papers"),
    ("POST", "/api/v1/exchange/subscriptions"),
    ("POST", f"/api/v1/exchange/subscriptions/{SOME_ID}/position"),
    ("POST", "/api/v1/exchange/pulls"),
    ("POST", "/api/v1/exchange/pulls/try"),
    ("PUT", f"/api/v1/exchange/pulls/{SOME_ID}/quarantine/{SOME_ID}"),
    ("POST", "/api/v1/exchange/resources"),
    ("PUT", f"/api/v1/exchange/resources/{SOME_ID}"),
    ("POST", f"/api/v1/exchange/resources/{SOME_ID}/moves"),
    ("POST", "/api/v1/exchange/matters"),
    ("POST", "/api/v1/exchange/requests"),
    ("POST", f"/api/v1/exchange/requests/{SOME_ID}/decision"),
    ("POST", f"/api/v1/exchange/requests/{SOME_ID}/cancel"),
    ("POST", f"/api/v1/exchange/grants/{SOME_ID}/key"),
    ("POST", f"/api/v1/exchange/grants/{SOME_ID}/revoke"),
    ("POST", f"/api/v1/exchange/grants/{SOME_ID}/files"),
    ("POST", "/api/v1/documents"),
    ("POST", f"/api/v1/documents/{SOME_ID}/void"),
    ("POST", f"/api/v1/documents/{SOME_ID}/replace"),
    ("POST", f"/api/v1/exchange/grants/{SOME_ID}/subscription"),
    ("POST", "/api/v1/observations"),
    ("POST", "/api/v1/tokens"),
    ("POST", "/api/v1/accounts"),
    ("PUT", "/api/v1/session/password"),
    ("PUT", "/api/v1/clock"),
]
DOORS = PUBLIC_DOORS + STAFF_DOORS

BROKEN: list[tuple[str, bytes, dict[str, str], set[int]]] = [
    ("空", b"", JSON, {422}),
    ("断开的对象", b"{", JSON, {400}),
    ("断开的文字", b'{"a":"', JSON, {400}),
    ("后面还有东西", b"{} {}", JSON, {400}),
    ("单引号", b"{'a':1}", JSON, {400}),
    ("末尾逗号", b'{"a":1,}', JSON, {400}),
    ("注释", b'{"a":1/*x*/}', JSON, {400}),
    ("空值", b"null", JSON, {422}),
    ("列表", b"[]", JSON, {422}),
    ("数字", b"7", JSON, {422}),
    ("文字", b'"x"', JSON, {422}),
    ("不是UTF-8", b'{"a":"\xe9\xff"}', JSON, {400, 422}),
    ("国标码", '{"text":"路灯"}'.encode("gbk"), {"content-type": "application/json; charset=gbk"}, {400, 422}),
    ("裸控制字符", b'{"a":"\x00"}', JSON, {400}),
    ("十万层列表", b"[" * 100_000, JSON, {400}),
    ("四万层对象", b'{"a":' * 40_000, JSON, {400}),
    ("十万位数字", b'{"lon":' + b"9" * 100_000 + b"}", JSON, {400, 422}),
    ("十万位小数", b'{"lon":0.' + b"9" * 100_000 + b"}", JSON, {400, 422}),
    ("巨大的指数", b'{"lon":1e999999999}', JSON, {400, 422}),
    ("成千上万个成员", b"{" + b",".join(b'"k%d":1' % n for n in range(15_000)) + b"}", JSON, {422}),
    ("媒体类型是文本", b'{"a":1}', {"content-type": "text/plain"}, {415, 422}),
    ("媒体类型是表单", b"a=1", {"content-type": "application/x-www-form-urlencoded"}, {415, 422}),
    ("媒体类型是XML", b"<a/>", {"content-type": "application/xml"}, {415, 422}),
    ("没有媒体类型", b'{"a":1}', {"content-type": ""}, {415, 422}),
    ("媒体类型不成话", b'{"a":1}', {"content-type": ";;;=\x7f"}, {400, 415, 422}),
    ("多部分没有分界", b'{"a":1}', {"content-type": "multipart/form-data"}, {400, 415, 422}),
    ("声称压缩而未压缩的乱码", b"\x1f\x8b\x08\x00", {**JSON, "content-encoding": "gzip"}, {400, 415, 422}),
]


@pytest.mark.parametrize(
    ("content", "headers", "statuses"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
async def test_读不懂的内容_每个接口都拒绝_什么也不写(
    city: HttpCity, content: bytes, headers: dict[str, str], statuses: set[int]
) -> None:
    clients = {True: await city.client(), False: await city.client("sysadmin")}
    async with city.untouched():
        for method, path in DOORS:
            answer = await clients[(method, path) in PUBLIC_DOORS].request(
                method, path, content=content, headers=headers
            )
            refused(answer)
            # The clock may be asked to change nothing.
            assert answer.status_code in statuses, f"{method} {path}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize(("method", "path"), DOORS, ids=[f"{method} {path}" for method, path in DOORS])
async def test_未声明的成员_每个接口都拒绝(city: HttpCity, method: str, path: str) -> None:
    client = await city.client(None if (method, path) in PUBLIC_DOORS else "sysadmin")
    body = refused(await client.request(method, path, json={"unheard_of": 1}), 422, "input.invalid")
    assert "/unheard_of" in [item["where"] for item in body["errors"]]


async def test_声明过大的请求_一个字节也不读就拒绝(city: HttpCity) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 2**16
            yield b"a" * 2**16

    client = await city.client()
    for _, path in PUBLIC_DOORS:
        answer = await client.post(path, content=body(), headers={**JSON, "content-length": str(1000 * 2**16)})
        refused(answer, 413, "input.too_large")
    assert read == 0


async def test_不声明长度的大请求_读到上限即拒绝(city: HttpCity) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'{"text":"'
        for _ in range(1000):
            read += 2**14
            yield b"a" * 2**14

    client = await city.client()
    async with city.untouched():
        for _, path in PUBLIC_DOORS:
            read = 0
            refused(await client.post(path, content=body(), headers=JSON), 413, "input.too_large")
            assert read <= REQUEST_LIMIT + 2 * 2**14


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "٣", "9" * 40, "1, 2", ""])
async def test_声明的长度不成话_也不出错(city: HttpCity, length: str) -> None:
    client = await city.client()
    answer = await client.post(
        "/api/v1/cases/follow",
        content=b"{",
        headers={**JSON, "content-length": length.encode()},  # type: ignore[dict-item]
    )
    refused(answer)


async def test_恶意嵌套不耗尽内存(city: HttpCity) -> None:
    client = await city.client()
    content = b'{"fields":' + b'{"a":[' * 30_000
    tracemalloc.start()
    refused(await client.post("/api/v1/cases", content=content, headers=JSON), 400, "input.unreadable")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 2**20


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "post", "G\u00cbT"])
async def test_不支持的方法_说明支持哪些(city: HttpCity, method: str) -> None:
    client = await city.client("acceptor1")
    body = refused(await client.request(method.encode("latin-1").decode("latin-1"), "/api/v1/cases"))
    assert body["code"] in ("method_not_allowed", "input.invalid")


async def test_每个接口的每种方法_要么可用要么是405(city: HttpCity) -> None:
    client = await city.client()
    paths = (await client.get("/api/openapi.json")).json()["paths"]
    for path, methods in paths.items():
        concrete = path.replace("{z}", "14").replace("{x}", "1").replace("{y}", "1")
        while "{" in concrete:
            concrete = concrete[: concrete.index("{")] + SOME_ID + concrete[concrete.index("}") + 1 :]
        for method in ("get", "put", "post", "patch", "delete"):
            if method in methods or path == "/api/v1/live":
                continue
            answer = await client.request(method.upper(), concrete)
            if answer.status_code == 405:
                assert refused(answer)["code"] == "method_not_allowed"
                assert answer.headers["allow"]
            else:  # the address is also another route's, such as /cases/{case_id} of /cases/follow
                assert answer.status_code in (401, 404, 422), f"{method} {concrete}: {answer.status_code}"


PATHS = [
    "/api/v1/nope",
    "/api/v2/cases",
    "/api//v1/cases",
    "/api/v1/cases/%00",
    "/api/v1/cases/%ff%fe",
    "/api/v1/cases/..%2f..%2fetc%2fpasswd",
    "/api/v1/cases/" + "a" * 5000,
    "/api/v1/areas/%00%00",
    "/api/v1/areas/١٢",
    "/api/v1/areas/" + "1" * 16,
    "/api/v1/case-types/%00/classes",
    "/api/v1/case-types/nope/classes",
    "/api/v1/attachments/1",
    "/api/v1/attachments/00000000-0000-0000-0000-00000000000g/thumbnail",
    "/api/v1/tiles/cases/1.5/0/0.mvt",
    "/api/v1/tiles/areas/3/8/0.mvt",
    "/api/v1/tiles/areas/23/0/0.mvt",
    "/api/v1/tiles/areas/-1/0/0.mvt",
    "/api/v1/tiles/areas/99999999999999999999/0/0.mvt",
    "/static/..%2fapp.py",
    "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static//etc/passwd",
]


@pytest.mark.parametrize("path", PATHS, ids=[path[:60] for path in PATHS])
async def test_奇怪的地址_都是得体的拒绝(city: HttpCity, path: str) -> None:
    for login in (None, "acceptor1"):
        refused(await (await city.client(login)).get(path))


QUERIES = [
    "/api/v1/cases?q=%00",
    "/api/v1/cases?q=%EF%BC%81%EF%BC%81",
    "/api/v1/cases?q=" + "%E8%B7%AF" * 101,
    "/api/v1/cases?number=%00",
    "/api/v1/cases?status=%00",
    "/api/v1/cases?stage=%0A",
    "/api/v1/cases?status=",
    "/api/v1/cases?area=%27",
    "/api/v1/cases?department=%00",
    "/api/v1/cases?type=Urban",
    "/api/v1/cases?state=nope",
    "/api/v1/cases?clock=purple",
    "/api/v1/cases?head_id=1",
    "/api/v1/cases?limit=0",
    "/api/v1/cases?limit=201",
    "/api/v1/cases?limit=-1",
    "/api/v1/cases?limit=1e2",
    "/api/v1/cases?limit=" + "9" * 400,
    "/api/v1/cases?box=1,2,3",
    "/api/v1/cases?box=118,39,117,40",
    "/api/v1/cases?box=117,-86,118,40",
    "/api/v1/cases?box=.,.,.,.",
    "/api/v1/cases?box=nan,1,2,3",
    "/api/v1/cases?box=" + "1" * 90 + ",2,3,4",
    "/api/v1/cases?reported_from=2026-06-18",
    "/api/v1/cases?reported_from=1781740800",
    "/api/v1/cases?reported_to=0001-01-01T00:00:00%2B14:00",
    "/api/v1/cases?reported_to=9999-12-31T23:59:59-14:00",
    "/api/v1/cases/duplicates?type=urban-case&lon=nan&lat=39",
    "/api/v1/cases/duplicates?type=urban-case&lon=117&lat=inf",
    "/api/v1/cases/duplicates?type=urban-case&lon=117&lat=89",
    "/api/v1/cases/duplicates?type=nope&lon=117&lat=39",
    "/api/v1/cases/suggest?type=urban-case&text=",
    "/api/v1/cases/suggest?type=urban-case&text=" + "a" * 4001,
    f"/api/v1/cases/{SOME_ID}/story?after=-1",
    f"/api/v1/cases/{SOME_ID}/story?after=" + "9" * 30,
    f"/api/v1/cases/{SOME_ID}/story?limit=501",
    f"/api/v1/cases/{SOME_ID}?purpose=" + "a" * 201,
    "/api/v1/tasks?limit=0",
    "/api/v1/tasks?stage=%00",
    "/api/v1/live?after=x",
    "/api/v1/live?after=1",
    "/api/v1/live?after=-1.2",
    "/api/v1/live?verb=" + "a" * 61,
    "/api/v1/live/vehicles?bbox=1,2,3",
    "/api/v1/live/vehicles?bbox=10,10,5,20",
    "/api/v1/live/vehicles?vehicle=%00",
    "/api/v1/tiles/devices/9/1/1.mvt?metric=%00",
    "/api/v1/locate?lon=nan&lat=39",
    "/api/v1/locate?lon=117&lat=91",
    "/api/v1/locate?lon=117&lat=39&crs=EPSG:3857",
    "/api/v1/places?q=%00",
    "/api/v1/places?q=a&limit=51",
    "/api/v1/areas?after=%00",
    "/api/v1/organisations?after=99999999999",
    "/api/v1/posts?limit=999",
]


@pytest.mark.parametrize("path", QUERIES, ids=[path[8:70] for path in QUERIES])
async def test_越界的查询参数_都指出是哪一个(city: HttpCity, path: str) -> None:
    body = refused(await (await city.client("shift1")).get(path), 422)
    if body["code"] == "input.invalid" and "/live" not in path:
        assert all(item["where"].startswith("query:") for item in body["errors"]), body


async def test_拒绝按请求的语言说(city: HttpCity) -> None:
    client = await city.client()
    for query, headers in (("?lang=en", {}), ("", {"accept-language": "en-GB,en;q=0.9"})):
        answer = await client.post(f"/api/v1/cases{query}", content=b"{", headers={**JSON, **headers})
        body = refused(answer, 400)
        assert body["title"] == body["en"]
        assert answer.headers["content-language"] == "en"


async def test_拒绝不把整个请求送回去(city: HttpCity) -> None:
    client = await city.client()
    for body in ({"type": "a" * 100_000}, {f"k{n}": n for n in range(10_000)}):
        answer = await client.post("/api/v1/cases", content=orjson.dumps(body), headers=JSON)
        refused(answer, 422)
        assert len(answer.content) < 50_000


def test_每个需要登录的门都在表里() -> None:
    """A new door of casework with a body must be put into the table above."""
    from yiwang.http.app import create_app
    from yiwang.kernel.settings import Settings

    paths = create_app(Settings(_env_file=None)).openapi()["paths"]  # type: ignore[call-arg]
    wanted = {
        (method.upper(), path)
        for path, methods in paths.items()
        for method, item in methods.items()
        if "application/json" in item.get("requestBody", {}).get("content", {})
    }
    stand_for = {
        SOME_ID: "*",
        "/devices/1": "/devices/*",
        "/things/person": "/things/*",
        "/quality/person": "/quality/*",
        "/publications/livelihood-funds": "/publications/*",
        "/sheets/some-sheet": "/sheets/*",
        "/alarm-rules/1": "/alarm-rules/*",
        "/alarm-rules/some-rule": "/alarm-rules/*",
    }
    known = set()
    for method, path in DOORS:
        starred = path
        for one, star in stand_for.items():
            starred = starred.replace(one, star)
        known.add((method, starred))
    known.add(("POST", "/api/sensorthings/v1.1/*"))  # bodies of OGC, open to more members: tests/sensing/sensorthings
    known.add(("POST", "/api/3/action/*"))  # arguments of CKAN, open to more members: tests/exchange/open
    alike = {"resume", "urge", "supervise", "force-close", "void", "unfold", "decision"}  # the body of suspend
    missing = set()
    for method, path in wanted:
        starred = path
        while "{" in starred:
            starred = starred[: starred.index("{")] + "*" + starred[starred.index("}") + 1 :]
        if (method, starred) not in known and starred.rpartition("/")[2] not in alike and "/accounts/" not in starred:
            missing.add((method, path))
    assert not missing
