"""Devices of scenarios: each speaks its own protocol over a real socket, and what becomes of it is seen through the public API.

A device is one of the city's or one that the scenario registers. The city says where its gateways listen; nothing is written
past them. A reading counts as sent when the gateway has acknowledged it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, cast

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.check.signals import metrics_of, profiles_of
from yiwang.packs.loaded import City, Pack
from yiwang.packs.model.scenario import Expectation, ScenarioStep, parse_span
from yiwang.packs.remote import Remote, objects
from yiwang.packs.scenarios.jt808_line import jt808
from yiwang.packs.scenarios.mqtt_line import mqtt
from yiwang.packs.scenarios.people import Door, KnownCase, NobodyCan, People
from yiwang.packs.scenarios.report import Difference
from yiwang.sensing.devices.compiling import compiled
from yiwang.sensing.devices.declarations import DeviceDeclaration
from yiwang.sensing.devices.model import Measure, Metric, Profile
from yiwang.sensing.gateways.hj212 import commands as cn
from yiwang.sensing.gateways.hj212.fields import factor_text, read_data
from yiwang.sensing.gateways.hj212.frames import Edition, Frame, flag_of, read_segment, segment_of
from yiwang.sensing.gateways.hj212.framing import FrameReader, Received, frame
from yiwang.sensing.gateways.hj212.moments import number_of, text_of

patience_seconds: Final = 10.0
"""How long a city is given to make an alarm, a case or a computed value of readings that it has acknowledged."""
OWN_KEYS: Final = frozenset({"alarm", "severity", "reads", "online"})
"""Expectations about devices and alarms; the others are about the case."""


class SensingDoor(Door, Protocol):
    """A city whose gateways can be reached."""

    async def gateway(self, protocol: str) -> tuple[str, int]:
        """Host and port of the gateway of a protocol, which listens when this returns."""
        ...


@dataclass(frozen=True, slots=True)
class Played:
    """A device to play: its declaration and its profile, ready to encode."""

    declared: DeviceDeclaration
    profile: Profile

    def measure(self, metric: str) -> Measure:
        """How it sends a metric.

        Raises:
            NobodyCan: it does not.
        """
        for measure in self.profile.measures.values():
            if measure.metric.code == metric:
                return measure
        raise NobodyCan(f"设备 {self.declared.code} 不测 {metric} · the device does not measure {metric}")


class Line(Protocol):
    """The line of one device to its gateway, of one protocol."""

    async def say(self, played: Played, values: Mapping[str, float], at: datetime, step: ScenarioStep) -> None:
        """Send values in the metrics' units and wait until they are acknowledged."""
        ...

    async def close(self) -> None: ...


class Hj212Line:
    """A data logger's TCP connection: real-time data (2011), each answered by 9014."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._frames = FrameReader()
        self._last = 0

    async def say(self, played: Played, values: Mapping[str, float], at: datetime, step: ScenarioStep) -> None:
        groups = [f"DataTime={text_of(at)}"]
        for name, value in values.items():
            measure = played.measure(name)
            sent = (value - measure.offset) / measure.factor
            groups.append(factor_text(measure.code, {"Rtd": sent}, "N", 4))
        self._last = max(int(number_of(at)), self._last + 1)
        password = (played.declared.secret or "123456").partition(" ")[0]
        system = str(played.profile.declaration.options.get("system", "22"))
        message = Frame(
            str(self._last), system, cn.REALTIME, password, played.declared.address,
            flag_of(Edition.HJ_2017, answer=True), 0, 0, False, ";".join(groups).encode(),
        )  # fmt: skip
        self._writer.write(frame(segment_of(message)))
        await self._writer.drain()
        await asyncio.wait_for(self._answered(message.number), patience_seconds)

    async def _answered(self, number: str) -> None:
        while data := await self._reader.read(65536):
            for item in self._frames.feed(data):
                if isinstance(item, Received):
                    found = read_segment(item.segment)
                    if found.command == cn.DATA_ANSWER and number in (
                        found.number,
                        read_data(found.text()).fields.get("QN"),
                    ):
                        return
        raise NobodyCan("网关断开了连接 · the gateway hung up")

    async def close(self) -> None:
        self._writer.close()


class HttpLine:
    """A device that posts its own batch with its own key."""

    def __init__(self, door: Door) -> None:
        self._client = door.client()

    async def say(self, played: Played, values: Mapping[str, float], at: datetime, step: ScenarioStep) -> None:
        rows: list[Json] = []
        for name, value in values.items():
            measure = played.measure(name)
            sent = round((value - measure.offset) / measure.factor, 6)
            rows.append({"metric": measure.code, "at": at.isoformat(timespec="milliseconds"), "value": sent})
        auth = (played.declared.address, played.declared.secret or "")
        answer = await self._client.post("/api/v1/observations", json={"observations": rows}, auth=auth)
        if answer.status_code != 201:
            raise NobodyCan(f"读数被退回:{answer.status_code} {answer.text[:200]} · readings refused")

    async def close(self) -> None:
        await self._client.aclose()


Connect = Callable[[SensingDoor], Awaitable[Line]]


async def _hj212(door: SensingDoor) -> Line:
    host, port = await door.gateway("hj212")
    return Hj212Line(*await asyncio.open_connection(host, port))


async def _http(door: SensingDoor) -> Line:
    await door.gateway("http")
    return HttpLine(door)


LINES: Final[dict[str, Connect]] = {"hj212": _hj212, "http": _http, "mqtt": mqtt, "jt808": jt808}
"""How a device of each protocol gets its line."""


class Devices:
    """The devices of one scenario, and what people see of them. ``advance`` lets city time run on."""

    def __init__(
        self,
        city: City,
        people: People,
        listed: list[DeviceDeclaration],
        cases: dict[str, KnownCase],
        packs: tuple[Pack, ...],
        advance: Callable[[timedelta], Awaitable[None]],
    ) -> None:
        self._city = city
        self._people, self._listed, self._cases, self._advance = people, listed, cases, advance
        metrics = metrics_of(packs)
        known = {code: Metric(place, code, one) for place, (code, one) in enumerate(metrics.items(), 1)}
        self._decimals = {code: one.decimals for code, one in metrics.items()}
        self._profiles = {
            key: compiled(key, pack.id, one, known) for pack in packs for key, one in profiles_of([pack]).items()
        }
        own = city.devices.value.devices if city.devices else []
        self._declared = {device.code: device for device in [*own, *listed]}
        self._lines: dict[str, Line] = {}
        self._registered = False

    async def close(self) -> None:
        for line in self._lines.values():
            await line.close()

    async def register(self) -> None:
        """Enter the scenario's own devices, once, as an administrator does."""
        if self._registered or not self._listed:
            return
        self._registered = True
        admins = self._people.with_post("system-admin")
        if not admins:
            raise NobodyCan("演示账号里没有系统管理员 · no demo account is system administrator")
        remote = await self._people.signed_in(admins[0].login)
        for device in self._listed:
            body: JsonObject = {
                "code": device.code,
                "profile": device.profile,
                "address": device.address,
                "names": {"zh": device.names.zh, "en": device.names.en},
                "attributes": dict(device.attributes),
            }
            if device.at is not None:
                body |= {"at": [*device.at]}
            if device.organisation is not None:
                body["organisation"] = device.organisation
            if device.secret is not None:
                body["secret"] = device.secret
            await remote.post("/devices", body)

    async def measure(self, step: ScenarioStep, now: Callable[[], Awaitable[datetime]]) -> None:
        """The device of the step says its values so many times; between two of them city time goes on."""
        await self.register()
        code = step.as_.partition(":")[2]
        declared = self._declared[code]
        played = Played(declared, self._profiles[declared.profile])
        if code not in self._lines:
            connect = LINES.get(played.profile.protocol)
            if connect is None:
                raise NobodyCan(f"场景还不会说 {played.profile.protocol} · scenarios do not speak it yet")
            self._lines[code] = await connect(cast(SensingDoor, self._people.door))
        if isinstance(step.at, str):
            step = step.model_copy(update={"at": self._city.file.value.places[step.at].at})
        every = parse_span(step.every) if step.every else played.profile.interval
        for number in range(step.times):
            if number:
                await self._advance(every)
            await self._lines[code].say(played, step.values, await now(), step)

    async def read(self, step: ScenarioStep, remote: Remote) -> list[Difference]:
        """Look at a device's last values until they are as expected."""
        await self.register()
        expected = step.expect or Expectation()
        return await _until_good(lambda: self._seen(step.device or "", expected, remote))

    async def _seen(self, code: str, expected: Expectation, remote: Remote) -> list[Difference]:
        found: list[Difference] = []
        if expected.reads is not None:
            declared = self._declared[code]
            answer = await remote.get("/readings/latest", {"profile": declared.profile, "limit": 20_000})
            columns = [cast(list[object], answer[key]) for key in ("device", "metric", "value")]
            seen = {
                str(metric): float(str(value)) for device, metric, value in zip(*columns, strict=True) if device == code
            }
            for metric, wanted in expected.reads.items():
                value, digits = seen.get(metric), self._decimals.get(metric, 2)
                if value is None or round(value, digits) != round(wanted, digits):
                    found.append(Difference(f"reads.{metric}", str(wanted), "无" if value is None else str(value)))
        if expected.online is not None:
            page = await remote.get("/devices", {"text": code, "online": str(expected.online).lower()})
            if code not in {str(item.get("code")) for item in objects(page.get("items"))}:
                found.append(Difference("online", str(expected.online), str(not expected.online)))
        return found

    async def alarm(self, step: ScenarioStep, remote: Remote) -> list[Difference]:
        """Look for the newest alarm of the rule (and device) until it is as expected; acknowledge it where the step says so. The
        case that it opened is known to the steps that follow."""
        expected = step.expect or Expectation()
        wants_case = step.name is not None or bool(expected.model_fields_set - OWN_KEYS)
        if step.do == "acknowledge":
            missing = await _until_good(lambda: self._alarm(step, Expectation(), remote, wants_case=False))
            if missing:
                return missing
            identity = str((await self._newest(step, remote))["id"])
            await remote.post("/alarms/acknowledge", {"ids": [identity], "note": step.note or ""})
        return await _until_good(lambda: self._alarm(step, expected, remote, wants_case=wants_case))

    async def _newest(self, step: ScenarioStep, remote: Remote) -> JsonObject:
        query: dict[str, str | int | float] = {"state": "all", "limit": 1}
        if step.rule is not None:
            query["rule"] = step.rule
        if step.device is not None:
            query["device"] = step.device
        items = objects((await remote.get("/alarms", query)).get("items"))
        return items[0] if items else {}

    async def _alarm(
        self, step: ScenarioStep, expected: Expectation, remote: Remote, *, wants_case: bool
    ) -> list[Difference]:
        newest = await self._newest(step, remote)
        if not newest:
            return [Difference("alarm", step.rule or "", "无")]
        found: list[Difference] = []
        for key, wanted in (("state", expected.alarm), ("severity", expected.severity)):
            if wanted is not None and newest.get(key) != wanted:
                found.append(Difference(key, wanted, str(newest.get(key))))
        case = newest.get("case_id")
        if wants_case and not isinstance(case, str):
            found.append(Difference("case", step.name or "case", "无"))
        elif isinstance(case, str):
            number = str(newest.get("case_number") or "")
            self._cases.setdefault(step.name or "case", KnownCase(case, number, "", ""))
        return found


async def _until_good(look: Callable[[], Awaitable[list[Difference]]]) -> list[Difference]:
    until = time.monotonic() + patience_seconds
    while True:
        differences = await look()
        if not differences or time.monotonic() >= until:
            return differences
        await asyncio.sleep(0.1)
