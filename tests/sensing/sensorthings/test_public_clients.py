"""A public SensorThings client (Fraunhofer's frost-sta-client), unchanged, against this service over a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import frost_sta_client as fsc
import httpx
import pytest
from frost_sta_client.service.auth_handler import AuthHandler
from granian.constants import Interfaces
from granian.server.embed import Server
from requests import HTTPError
from sensing.sensorthings.conftest import ROOT, Town


@pytest.fixture(scope="module")
async def address(town: Town) -> AsyncIterator[str]:
    """The service on a real port of this machine; whoever calls without a key is nobody in particular."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(town.doors.application, address="127.0.0.1", port=port, interface=Interfaces.ASGINL)
    serving = asyncio.create_task(server.serve())
    async with httpx.AsyncClient() as client:
        for _ in range(1200):
            try:
                await client.get(f"http://127.0.0.1:{port}{ROOT}")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{port}{ROOT}"
    server.stop()
    await serving


async def apart(work: Callable[[], Any]) -> Any:
    """The client waits for its answers, so it has a thread of its own."""
    return await asyncio.to_thread(work)


async def test_the_client_lists_filters_and_follows_pages(town: Town, address: str) -> None:
    service = fsc.SensorThingsService(address)
    things = await apart(lambda: list(service.things().query().top(2).list()))
    assert [thing.id for thing in things] == [device.id for device in town.devices[7:]]
    assert things[0].name == "8号水位计"
    assert things[0].properties["profile"] == "open-gauge"
    found = await apart(
        lambda: list(service.observations().query().filter("result gt 10.1").orderby("phenomenonTime", "ASC").list())
    )
    assert len(found) == 13
    counted = await apart(lambda: service.observations().query().count().top(1).list())
    assert counted.count == 72


async def test_the_client_expands_and_goes_from_entity_to_entity(town: Town, address: str) -> None:
    service = fsc.SensorThingsService(address)
    query = service.things().query().expand("Locations,Datastreams($expand=ObservedProperty,Sensor)")
    thing = (await apart(query.list)).get(0)
    assert thing.locations.get(0).location["coordinates"] == [117.08, 39]
    stream = thing.datastreams.get(0)
    assert stream.unit_of_measurement.symbol == "m"
    assert stream.sensor.name == "公开水位计"
    found = await apart(lambda: service.datastreams().find(town.stream(9)))
    observations = await apart(lambda: list(found.get_observations().query().top(10).list()))
    assert len(observations) == 24
    sensor = await apart(lambda: service.sensors().find("open-gauge"))
    assert sensor.id == "open-gauge"


async def test_the_client_creates_an_observation_with_the_key_of_a_device(town: Town, address: str) -> None:
    service = fsc.SensorThingsService(address, auth_handler=AuthHandler("g08", "key-8"))
    observation = fsc.Observation(
        phenomenon_time="2026-06-18T03:30:00Z",
        result=8.8,
        datastream=fsc.Datastream(id=town.stream(8)),
    )
    await apart(lambda: service.create(observation))
    again = await apart(lambda: service.observations().find(observation.id))
    assert again.result == 8.8


async def test_the_client_is_told_why_it_is_refused(address: str, caplog: pytest.LogCaptureFixture) -> None:
    service = fsc.SensorThingsService(address)
    with pytest.raises(HTTPError):
        await apart(lambda: service.things().query().filter("colour eq 'red'").list())
    assert "没有 colour" in caplog.text
