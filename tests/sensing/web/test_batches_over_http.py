"""POST /api/v1/observations: every row by itself, a key for every device, an answer only after the commit."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensing.devices.world import NOON, World, sensing_world
from support.sensing_app import READER, SENDER, SensingDoors, sensing_doors

from yiwang.kernel.access import ANONYMOUS, Actor, Grant
from yiwang.kernel.database import Database
from yiwang.sensing.devices.model import Device
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.gateways.listening import GatewaySettings, Limits
from yiwang.sensing.gateways.web.callers import Caller

PATH = "/api/v1/observations"


@dataclass(frozen=True, slots=True)
class Site:
    """A gauge in 120111 and one in 120112, both with keys."""

    world: World
    doors: SensingDoors
    near: Device
    far: Device

    async def send(
        self, rows: Any, actor: Actor = ANONYMOUS, auth: tuple[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        async with self.doors.client(actor) as client:
            return await client.post(PATH, json={"observations": rows}, auth=auth, **more)


@pytest.fixture(scope="module")
async def site(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with sensing_world(database, tmp_path_factory.mktemp("home")) as world:
        near = await world.add("gauge-near", "web-1", "web-gauge", secret="key-of-near", area="120111001")
        far = await world.add("gauge-far", "web-2", "web-gauge", secret="key-of-far", area="120112001")
        async with sensing_doors(world.sensing) as doors:
            yield Site(world, doors, near, far)


def row(minute: int, value: Any = 1.5, **more: Any) -> dict[str, Any]:
    return {"metric": "level", "at": f"2026-06-18T11:{minute:02}:00+08:00", "value": value, **more}


async def test_a_device_sends_its_readings_with_its_own_key(site: Site) -> None:
    answer = await site.send([row(1), row(2, 2)], auth=("web-1", "key-of-near"))
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"accepted": 2, "stored": 2, "known": 0, "refused": 0, "rows": []}
    again = await site.send([row(1), row(2, 2)], auth=("web-1", "key-of-near"))
    assert (again.status_code, again.json()["known"]) == (201, 2)
    async with site.world.database.connection() as connection:
        assert await connection.fetchval("select count(*) from reading where device_id = $1", site.near.id) == 2


async def test_bad_rows_are_returned_with_number_and_reason_and_harm_no_other(site: Site) -> None:
    rows = [
        row(10),
        row(11, "high"),
        row(12, None),
        row(13, True),
        row(14, 1e999),
        {"metric": "pm25", "value": 1},
        "row",
        {},
        None,
        5,
        row(15, metric=7),
        row(16, at="yesterday"),
        {**row(17), "at": "2026-06-18T11:00:00"},
        {**row(18), "at": "2026-06-19T11:00:00Z"},
        {**row(19), "at": "1999-01-01T00:00:00Z"},
        row(20, colour="red"),
        row(21, quality=-1),
        row(22, device="gauge-far"),
        row(23, device="nothing"),
        row(24, device=5),
        {**row(25), "at": -1},
        {**row(26), "at": True},
        row(27, 10**400),
        row(28),
    ]
    content = json.dumps({"observations": rows})  # with Infinity and a number of 400 digits, as bad programs write them
    async with site.doors.client() as client:
        headers = {"content-type": "application/json"}
        answer = await client.post(PATH, content=content, headers=headers, auth=("web-1", "key-of-near"))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["accepted"], body["stored"]) == (2, 2)
    codes = {item["row"]: item["code"] for item in body["rows"]}
    assert codes == {
        1: "row.not_a_number",
        2: "row.not_a_number",
        3: "row.not_a_number",
        4: "row.not_a_number",
        5: "row.unknown_metric",
        6: "row.shape",
        7: "row.unknown_metric",
        8: "row.shape",
        9: "row.shape",
        10: "row.unknown_metric",
        11: "row.bad_time",
        12: "row.bad_time",
        13: "row.future",
        14: "row.too_old",
        15: "row.unknown_member",
        16: "row.bad_quality",
        17: "row.unknown_device",
        18: "row.unknown_device",
        19: "row.unknown_device",
        20: "row.bad_time",
        21: "row.bad_time",
        22: "row.not_a_number",
    }
    assert all(item["zh"] and item["en"] for item in body["rows"])


async def test_only_refused_rows_is_a_refusal(site: Site) -> None:
    answer = await site.send([row(1, "x")], auth=("web-1", "key-of-near"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "/observations/0"


async def test_a_wrong_key_and_an_unknown_address_get_the_same_answer_and_are_counted(site: Site) -> None:
    for auth in (("web-1", "wrong"), ("nobody", "wrong"), ("web-1", ""), ("", "")):
        answer = await site.send([row(1)], auth=auth)
        assert (answer.status_code, answer.json()["code"]) == (401, "sensing.key_refused")
    for header in ("Basic", "Basic !!!", "Basic " + "A" * 900, "Basic /w=="):
        async with site.doors.client(headers={"authorization": header}) as client:
            assert (await client.post(PATH, json={"observations": [row(1)]})).status_code == 401, header
    await site.doors.application.state.intake.door.flush()
    async with site.world.database.connection() as connection:
        knocks = {
            (item["address"], item["reason"]) for item in await connection.fetch("select address, reason from knock")
        }
    assert {("web-1", "password"), ("nobody", "unknown")} <= knocks


async def test_an_integrator_reaches_the_devices_of_its_grant_only(site: Site) -> None:
    limited = Actor(kind="token", grants=(Grant("reading", frozenset({"send"}), area="120111"),))
    rows = [row(30, device="gauge-near"), row(30, device="gauge-far"), row(31)]
    body = (await site.send(rows, limited)).json()
    assert body["accepted"] == 1
    assert [item["code"] for item in body["rows"]] == ["row.unknown_device", "row.device_missing"]
    assert (await site.send(rows, SENDER)).json()["accepted"] == 2
    assert (await site.send(rows, READER)).status_code == 403
    assert (await site.send(rows)).status_code == 401


async def test_gzip_is_read_and_bombs_are_not(site: Site) -> None:
    async def post(content: bytes, encoding: str = "gzip") -> int:
        headers = {"content-type": "application/json", "content-encoding": encoding}
        async with site.doors.client() as client:
            return (
                await client.post(PATH, content=content, headers=headers, auth=("web-1", "key-of-near"))
            ).status_code

    good = gzip.compress(orjson.dumps({"observations": [row(40)]}))
    assert await post(good) == 201
    assert await post(good[:-5]) == 400
    assert await post(b"\x1f\x8b\x08\x00") == 400
    assert await post(b"plain") == 400
    assert await post(good, "br") == 415
    assert await post(gzip.compress(b" " * 64 * 2**20)) == 413


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"observations": []},
        {"observations": {}},
        {"observations": [row(1)] * 10_001},
        {"observations": [row(1)], "x": 1},
    ],
)
async def test_what_is_no_batch_is_refused_whole(site: Site, body: Any) -> None:
    async with site.doors.client(SENDER) as client:
        assert (await client.post(PATH, json=body)).status_code == 422


async def test_ten_thousand_rows_in_one_batch(site: Site) -> None:
    base = int(NOON.timestamp() * 1000) - 10_000_500
    rows = [{"metric": "level", "at": base + number * 1000, "value": number / 100} for number in range(10_000)]
    answer = await site.send(rows, auth=("web-2", "key-of-far"))
    assert answer.json()["stored"] == 10_000, answer.text


async def test_while_the_database_is_away_nothing_is_acknowledged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = site.world.sensing.writer

    async def away(_rows: Any) -> Any:
        raise SensingUnavailable(reason="database")

    with monkeypatch.context() as patched:
        patched.setattr(type(writer), "put", lambda _self, rows: away(rows))
        answer = await site.send([row(50)], auth=("web-1", "key-of-near"))
    assert (answer.status_code, answer.json()["code"]) == (503, "sensing.unavailable")


async def test_a_flood_from_one_address_must_wait(site: Site) -> None:
    intake = site.doors.application.state.intake
    usual, slow = intake.door.limits, GatewaySettings("http", frames_per_second=0.2)
    intake.door.limits = Limits(slow)  # a burst of two
    try:
        answers = [await site.send([row(1)], auth=("web-1", "key-of-near")) for _ in range(3)]
    finally:
        intake.door.limits = usual
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["retry-after"]) > 0


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["metric", "at", "value", "device", "quality", "x"]), inner, max_size=5)
    ),
    max_leaves=8,
)


async def test_no_row_makes_the_intake_fail(site: Site) -> None:
    intake, caller = site.doors.application.state.intake, Caller("test", device=site.near)

    @settings(max_examples=300, database=None)
    @given(
        st.lists(_json | st.fixed_dictionaries({"metric": st.just("level"), "value": _json, "at": _json}), max_size=5)
    )
    def pack(rows: list[Any]) -> None:
        packed = intake._packed(caller, rows)
        assert len(packed.rows) + len(packed.refused) == len(rows)

    pack()
