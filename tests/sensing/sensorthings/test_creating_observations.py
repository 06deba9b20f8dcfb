"""SensorThings 1.1: creating Observations, by a device with its key and by an integrator's token."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from sensing.sensorthings.conftest import ROOT, Town
from support.sensing_app import READER, SENDER

from yiwang.kernel.access import ANONYMOUS, Actor


def key_of(number: int) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"g{number:02}:key-{number}".encode()).decode()}


async def post(town: Town, path: str, body: Any, actor: Actor = ANONYMOUS, number: int | None = None) -> httpx.Response:
    async with town.doors.client(actor, key_of(number) if number else None) as client:
        return await client.post(ROOT + path, json=body)


async def test_a_device_creates_its_own_observation_and_reads_it_back(town: Town) -> None:
    body = {"phenomenonTime": "2026-06-18T11:59:00.000+08:00", "result": 321, "Datastream": {"@iot.id": town.stream(1)}}
    answer = await post(town, "/Observations", body, number=1)
    assert answer.status_code == 201, answer.text
    async with town.doors.client(READER) as client:
        found = (await client.get(answer.headers["location"])).json()
    assert found["result"] == pytest.approx(3.21)  # the profile sends centimetres
    assert found["phenomenonTime"] == "2026-06-18T03:59:00.000Z"
    again = await post(town, "/Observations", body, number=1)
    assert again.status_code == 201
    assert again.json()["@iot.id"] == answer.json()["@iot.id"]


async def test_the_datastream_may_stand_in_the_address(town: Town) -> None:
    path = f"/Datastreams({town.stream(2)})/Observations"
    answer = await post(
        town,
        path,
        {
            "result": 5.5,
            "phenomenonTime": "2026-06-18T12:03:00+08:00",
            "FeatureOfInterest": {"@iot.id": town.devices[1].id},
        },
        SENDER,
    )
    assert answer.status_code == 201, answer.text
    newest = (await town.values(path, orderby="phenomenonTime desc", top="1"))[0]
    assert newest["@iot.id"] == answer.json()["@iot.id"]


async def test_nobody_creates_for_another(town: Town) -> None:
    body = {"result": 1, "Datastream": {"@iot.id": town.stream(2)}}
    assert (await post(town, "/Observations", body, number=1)).status_code == 404
    assert (await post(town, "/Observations", body)).status_code == 401
    assert (await post(town, "/Observations", body, READER)).status_code == 403
    async with town.doors.client(
        headers={"authorization": "Basic " + base64.b64encode(b"g02:wrong").decode()}
    ) as client:
        answer = await client.post(ROOT + "/Observations", json=body)
    assert answer.json()["code"] == "sensing.key_refused"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"result": "high"}, 400),
        ({"result": None}, 400),
        ({"result": True}, 400),
        ({"Datastream": {"@iot.id": 1}}, 404),
        ({"Datastream": {"@iot.id": "x"}}, 400),
        ({"Datastream": None}, 400),
        ({"phenomenonTime": "yesterday"}, 400),
        ({"phenomenonTime": "2030-01-01T00:00:00Z"}, 400),
        ({"phenomenonTime": "2026-06-18T00:00:00Z/2026-06-18T01:00:00Z"}, 400),
        ({"phenomenonTime": 5}, 400),
        ({"colour": "red"}, 400),
        ({"FeatureOfInterest": {"@iot.id": 999}}, 400),
        ({"phenomenonTime": "1970-01-01T00:00:00Z"}, 400),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_words(town: Town, change: dict[str, Any], status: int) -> None:
    body = {"result": 1, "Datastream": {"@iot.id": town.stream(3)}, **change}
    answer = await post(town, "/Observations", body, SENDER)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]


async def test_other_entities_are_kept_in_the_register(town: Town) -> None:
    for path in ("/Things", "/Datastreams", f"/Things({town.devices[0].id})/Datastreams", "/Sensors"):
        answer = await post(town, path, {"name": "x"}, SENDER)
        assert answer.status_code == 501, answer.text
    assert (await post(town, "/Nothing", {}, SENDER)).status_code == 404
    for content in (b"", b"{", b"[]", b"5", b"\xff", b'{"result": NaN}', b"[" * 5000):
        async with town.doors.client(SENDER) as client:
            assert (await client.post(ROOT + "/Observations", content=content)).status_code == 400, content


async def test_data_arrays_create_many_and_say_which_failed(town: Town) -> None:
    body = [
        {
            "Datastream": {"@iot.id": town.stream(number)},
            "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
            "dataArray@iot.count": 3,
            "dataArray": [
                ["2026-06-18T03:00:01Z", 10, town.devices[number - 1].id],
                ["2026-06-18T03:00:02Z", "bad", None],
                ["2026-06-18T03:00:03Z", 11],
            ],
        }
        for number in (4, 5)
    ]
    answer = await post(town, "/CreateObservations", body, SENDER)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert [item == "error" for item in found] == [False, True, True] * 2
    async with town.doors.client(READER) as client:
        assert (await client.get(found[0])).json()["result"] == 0.1


async def test_a_device_is_online_once_it_has_sent(town: Town) -> None:
    await post(town, "/Observations", {"result": 1, "Datastream": {"@iot.id": town.stream(6)}}, number=6)
    await town.doors.application.state.intake.door.flush()
    async with town.world.database.connection() as connection:
        assert await connection.fetchval("select online from device_state where device_id = $1", town.devices[5].id)
