"""数据汇聚:从数据库、文件夹、SFTP、HTTP 取数;增量、变更识别、坏行隔离更正、来源可查;未登记的主机不访问。"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import asyncssh
import httpx
import pytest
from support.data_flows import declare, steward
from support.http_city import HttpCity, a_city, refused

from yiwang.exchange.pulls.databases import mysql_query
from yiwang.exchange.pulls.hosts import AllowedHosts, HostNotAllowed
from yiwang.exchange.pulls.model import DatabaseSettings
from yiwang.kernel.access import Actor
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import connect

city = a_city(exchange_hosts="127.0.0.1")

HEADER = "证号,店名,经营者,电话,区划,开业日期"


@pytest.fixture(scope="module")
async def keeper(city: HttpCity) -> Actor:
    await declare(city)
    return await steward(city)


@pytest.fixture
async def client(city: HttpCity, keeper: Actor) -> httpx.AsyncClient:
    return await city.client("shift1")


@pytest.fixture
def inbox(city: HttpCity) -> Path:
    folder = city.settings.home / "inbox"
    folder.mkdir(exist_ok=True)
    return folder


async def made(client: httpx.AsyncClient, name: str, source: dict[str, Any], **more: Any) -> str:
    answer = await client.post("/api/v1/exchange/pulls", json={"name": name, "type": "shop", "source": source, **more})
    assert answer.status_code == 201, answer.text
    assert "word" not in answer.text, "a secret is never shown"
    found: str = answer.json()["id"]
    return found


async def ran(city: HttpCity, client: httpx.AsyncClient, id: str) -> dict[str, Any]:
    """Run it now; the job as it stands then."""
    assert (await client.post(f"/api/v1/exchange/pulls/{id}/run")).status_code == 202
    assert await city.services.pulls.work(UUID(id))
    found: dict[str, Any] = (await client.get(f"/api/v1/exchange/pulls/{id}")).json()
    return found


async def shops(client: httpx.AsyncClient, words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/v1/things/shop", params={"q": words})).json()["items"]
    return found


async def test_试取一次_只告诉会怎样_什么也不留(client: httpx.AsyncClient, inbox: Path) -> None:
    (inbox / "trial.csv").write_text(
        f"{HEADER}\nTRY-1,试取一店,张三,13800001111,120199001,2026-01-02\nTRY-2,试取二店,李四,13800002222,120199001,2026-13-03\n",
        encoding="utf-8",
    )
    wanted = {"name": "试取", "type": "shop", "source": {"kind": "folder", "pattern": "trial*.csv"}}
    answer = await client.post("/api/v1/exchange/pulls/try", json=wanted)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["file"], told["rows"], told["counts"]["new"], told["counts"]["refused"]) == ("trial.csv", 2, 1, 1)
    assert told["notes"]
    (wrong,) = told["refused"]
    (problem,) = wrong["problems"]
    assert (wrong["row"], problem["column"]) == (3, "开业日期")
    assert all(problem[name] for name in ("zh", "en", "fix_zh", "fix_en"))
    assert "李四" not in answer.text, "what is wrong is told without the row's values"
    assert await shops(client, "试取一店") == []
    assert all(each["name"] != "试取" for each in (await client.get("/api/v1/exchange/pulls")).json()["items"])
    (inbox / "trial.csv").unlink()
    nothing = (await client.post("/api/v1/exchange/pulls/try", json=wanted)).json()
    assert nothing == {"file": "", "rows": 0, "counts": {}, "notes": {}, "unread": [], "refused": []}
    elsewhere = {**wanted, "source": {"kind": "http", "url": "http://10.1.2.3/rows"}}
    refused(await client.post("/api/v1/exchange/pulls/try", json=elsewhere), code="exchange.host_not_allowed")


async def test_文件夹_变更识别_坏行隔离_更正后收下_来源可查(
    city: HttpCity, client: httpx.AsyncClient, inbox: Path
) -> None:
    rows = ["F1,福源,张三丰,13800001111,120199001001,2024-01-01", "F2,康乐,李四,13800002222,120199001001,不详日"]
    (inbox / "六月.csv").write_text("\n".join([HEADER, *rows]), encoding="gb18030")
    id = await made(client, "市场局月报", {"kind": "folder", "pattern": "*.csv"})
    found = await ran(city, client, id)
    assert found["runs"][0]["counts"] == {"new": 1, "refused": 1}
    assert (found["waiting"], found["runs"][0]["file"]) == (1, "六月.csv")
    assert (await ran(city, client, id))["runs"][0]["state"] == "nothing", "a file is taken once"
    path = f"/api/v1/exchange/pulls/{id}/quarantine"
    row = (await client.get(path)).json()["items"][0]
    assert row["values"]["经营者"] == "李*"
    assert row["values"]["开业日期"] == "不详日"
    assert row["problems"][0]["column"] == "开业日期"
    still = await client.put(f"{path}/{row['id']}", json={"values": {"开业日期": "明天"}})
    assert refused(still, 422, "pull.still_refused")["errors"][0]["where"] == "/values/开业日期"
    assert (await client.put(f"{path}/{row['id']}", json={"values": {"开业日期": "2024-05-01"}})).status_code == 204
    assert (await client.get(path)).json()["items"] == []
    refused(await client.put(f"{path}/{row['id']}", json={"values": {}}), 404, "pull.quarantine_unknown")
    things = {item["title"]: item for item in (await client.get("/api/v1/things/shop")).json()["items"]}
    assert things["康乐"]["attributes"]["since"] == "2024-05-01"
    (inbox / "七月.csv").write_text(f"{HEADER}\nF1,福源新店,张三丰,13800001111,120199001001,2024-01-01", "utf-8")
    assert (await ran(city, client, id))["runs"][0]["counts"] == {"changed": 1}
    origin = (await client.get(f"/api/v1/exchange/lineage/shop/{things['福源']['id']}")).json()["items"]
    assert {(each["pull"], each["file"]) for each in origin} == {("市场局月报", "六月.csv"), ("市场局月报", "七月.csv")}
    assert {each["row"] for each in origin} == {2}
    for other in ("water-desk", "acceptor1"):  # another office; a colleague who may not import
        refused(await (await city.client(other)).get(f"/api/v1/exchange/pulls/{id}"), 404, "pull.unknown")


@contextlib.asynccontextmanager
async def over_tcp(dsn: str) -> AsyncIterator[tuple[int, str]]:
    """The test server, which listens on a socket of the file system, behind a port of this machine: (port, account)."""
    parts = urlsplit(dsn)
    folder = parse_qs(parts.query)["host"][0]
    path = next(str(each) for each in Path(folder).glob(".s.PGSQL.*") if each.suffix != ".lock")

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(path)
        await asyncio.gather(pour(reader, outer), pour(inner, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1], parts.username or "postgres"


async def test_数据库按增量键抽取(city: HttpCity, client: httpx.AsyncClient, server: EmbeddedServer) -> None:
    url = await server.create_database("other_office", template="template0")
    other = await connect(url)
    try:
        await other.execute(
            'create table licence (no int primary key, "证号" text, "店名" text, "区划" text);'
            "insert into licence values (1, 'D1', '一号店', '120199001001'), (2, 'D2', '二号店', '120199001001')"
        )
        async with over_tcp(url) as (port, account):
            source = {
                "kind": "postgresql", "host": "127.0.0.1", "port": port, "database": "other_office", "user": account,
                "source": "licence", "key": "no",
            }  # fmt: skip
            id = await made(client, "审批库", source, secret="pass-word")
            assert (await ran(city, client, id))["runs"][0]["counts"] == {"new": 2}
            assert (await ran(city, client, id))["runs"][0]["state"] == "nothing"
            await other.execute("insert into licence values (3, 'D3', '三号店', '120199001001')")
            found = await ran(city, client, id)
            assert (found["last_key"], found["runs"][0]["rows"]) == ("3", 1)
            lost = await made(client, "错表", {**source, "source": "no_such"}, secret="pass-word")
            failed = await ran(city, client, lost)
            assert (failed["runs"][0]["state"], failed["failures"]) == ("failed", 1)
            assert "pass-word" not in failed["runs"][0]["why_zh"]
    finally:
        await other.close()
        await server.drop_database("other_office")


class Sftp(asyncssh.SFTPServer):
    """Below the folder of the test."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(chan, chroot=Sftp.root.encode())

    root = ""


class Door(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("bureau", "pass-word")


@pytest.fixture
async def sftp(tmp_path: Path) -> AsyncIterator[tuple[int, str, Path]]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    Sftp.root = str(tmp_path)
    listener = await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=Sftp)
    (tmp_path / "out").mkdir()
    try:
        yield listener.get_port(), key.export_public_key().decode().strip(), tmp_path / "out"
    finally:
        listener.close()
        await listener.wait_closed()


async def test_SFTP取文件_认主机密钥(city: HttpCity, client: httpx.AsyncClient, sftp: tuple[int, str, Path]) -> None:
    port, host_key, folder = sftp
    (folder / "a.csv").write_text(f"{HEADER}\nS1,远方店,王五,13800003333,120199001001,2024-01-01", "utf-8")
    (folder / "readme.md").write_text("x")
    source = {
        "kind": "sftp", "host": "127.0.0.1", "port": port, "user": "bureau", "host_key": host_key, "folder": "/out",
    }  # fmt: skip
    id = await made(client, "远方局", source, secret="pass-word")
    assert (await ran(city, client, id))["runs"][0]["counts"] == {"new": 1}
    assert (await ran(city, client, id))["runs"][0]["state"] == "nothing"
    wrong = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    other = await made(client, "冒充局", {**source, "host_key": wrong}, secret="pass-word")
    failed = await ran(city, client, other)
    assert (failed["runs"][0]["state"], failed["failures"]) == ("failed", 1)
    assert "HostKey" in failed["runs"][0]["why_zh"]


ANSWERS = [
    {"no": 9, "证号": "H1", "店名": "九号店", "区划": "120199001001"},
    {"no": 10, "证号": "H2", "店名": "十号店", "区划": "120199001001"},
]


async def test_HTTP按增量键取JSON_翻页(city: HttpCity, client: httpx.AsyncClient) -> None:
    asked: list[tuple[str, str]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ")[1]
        query = parse_qs(urlsplit(target).query)
        asked.append((target, "yes" if "Bearer pass-word" in head else "no"))
        since = int(query.get("since", ["0"])[0])
        left = [row for row in ANSWERS if row["no"] > since]  # type: ignore[operator]
        page = int(query.get("page", ["0"])[0])
        body = {"data": {"list": left[page : page + 1]}}
        if page + 1 < len(left):
            body["next"] = f"/shops?page={page + 1}" + (f"&since={since}" if since else "")  # type: ignore[assignment]
        text = json.dumps(body).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(text), text))
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    source = {
        "kind": "http", "url": f"http://127.0.0.1:{port}/shops", "items": "data.list", "next": "next", "key": "no",
        "key_parameter": "since",
    }  # fmt: skip
    async with listener:
        id = await made(client, "网上局", source, secret="pass-word", every_minutes=60)
        found = await ran(city, client, id)
        assert (found["runs"][0]["counts"], found["last_key"]) == ({"new": 2}, "10")
        assert found["next_at"] > found["created_at"]
        assert (await ran(city, client, id))["runs"][0]["state"] == "nothing"
        assert asked[-1] == ("/shops?since=10", "yes")
        ANSWERS.append({"no": 11, "证号": "H3", "店名": "坏行", "区划": "不是区划"})
        found = await ran(city, client, id)
        assert (found["waiting"], found["last_key"]) == (1, "11")


async def test_同一坏行只等一次_来源改好后不再等(city: HttpCity, client: httpx.AsyncClient, inbox: Path) -> None:
    bad = f"{HEADER}\nB1,坏店,赵六,13800004444,不是区划,2024-01-01\n"
    (inbox / "b").mkdir()
    (inbox / "b" / "1.csv").write_text(bad, "utf-8")
    id = await made(client, "重复局", {"kind": "folder", "pattern": "b/*.csv"})
    assert (await ran(city, client, id))["waiting"] == 1
    (inbox / "b" / "2.csv").write_text(bad + "B2,好店,赵六,13800004444,120199001001,2024-01-01\n", "utf-8")
    assert (await ran(city, client, id))["waiting"] == 1
    row = (await client.get(f"/api/v1/exchange/pulls/{id}/quarantine")).json()["items"][0]
    assert (await client.delete(f"/api/v1/exchange/pulls/{id}/quarantine/{row['id']}")).status_code == 204
    (inbox / "b" / "3.csv").write_text(bad + "B3,又一店,赵六,13800004444,120199001001,2024-01-01\n", "utf-8")
    assert (await ran(city, client, id))["waiting"] == 0, "what was settled does not come back"
    assert (await client.delete(f"/api/v1/exchange/pulls/{id}")).status_code == 204


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "http", "url": "http://169.254.169.254/latest/meta-data"},
        {"kind": "http", "url": "http://localhost.example/"},
        {"kind": "postgresql", "host": "10.1.2.3", "port": 5432, "database": "x", "user": "x", "source": "x"},
        {"kind": "postgresql", "host": "0.0.0.0", "port": 5432, "database": "x", "user": "x", "source": "x"},
    ],
)
async def test_未登记的主机不能设置(client: httpx.AsyncClient, source: dict[str, Any]) -> None:
    body = {"name": "内网", "type": "shop", "source": source}
    refused(await client.post("/api/v1/exchange/pulls", json=body), 422, "exchange.host_not_allowed")


async def test_主机名单按名称与网段_元数据地址永不访问() -> None:
    hosts = AllowedHosts("127.0.0.0/8, ::1, *.water.example, 169.254.0.0/16, 100.64.0.0/10")
    assert (await hosts.judged("127.0.0.1", 80)).address == "127.0.0.1"
    assert (await hosts.judged("[::1]", 80)).address == "::1"
    assert (await hosts.judged("::ffff:127.0.0.1", 80)).address == "127.0.0.1"
    for name in (
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "100.100.100.200",
        "8.8.8.8",
        "no-such.invalid",
        "0.0.0.0",
    ):
        with pytest.raises(HostNotAllowed):
            await hosts.judged(name, 80)
    with pytest.raises(HostNotAllowed):
        await AllowedHosts("").judged("127.0.0.1", 80)


async def test_文件夹不能走出收件处(city: HttpCity, client: httpx.AsyncClient, inbox: Path, tmp_path: Path) -> None:
    body = {"name": "越界", "type": "shop", "source": {"kind": "folder", "pattern": "../*"}}
    refused(await client.post("/api/v1/exchange/pulls", json=body), 422, "pull.invalid")
    (tmp_path / "secret.csv").write_text(f"{HEADER}\nX1,外店,赵六,13800004444,120199001001,2024-01-01", "utf-8")
    (inbox / "link").mkdir()
    (inbox / "link" / "x.csv").symlink_to(tmp_path / "secret.csv")
    id = await made(client, "链接", {"kind": "folder", "pattern": "link/*.csv"})
    assert (await ran(city, client, id))["runs"][0]["state"] == "nothing"


def test_MySQL的增量查询按键排序_参数不拼接() -> None:
    wanted = DatabaseSettings(
        kind="mysql", host="db", port=3306, database="d", user="u", source="select * from t where a like '5%'", key="no"
    )
    assert mysql_query(wanted, None) == ("select * from (select * from t where a like '5%') pulled order by `no`", ())
    query, parameters = mysql_query(wanted, "7' or 1=1")
    assert "'5%%'" in query
    assert "`no` > %s order by `no`" in query
    assert parameters == ("7' or 1=1",)
