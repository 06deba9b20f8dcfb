"""Simulated data loggers (数采仪): HJ 212 of 2005, 2017 or 2025 over a real socket, one connection each.

A station sends real-time, minute, hour and day data with the values of its curves, waits for each acknowledgement
and sends again, keeps what it could not deliver, splits long frames, and answers the platform's requests: time,
intervals, password, histories, status, instruments, site parameters. Options of its own (``--option NAME=VALUE``):
``version`` 2005 | 2017 | 2025 (default 2017), ``split`` largest data area in bytes, ``checksum`` modbus,
``encrypt`` raw | hex | base64 (needs a key in the secret), ``heartbeat`` seconds, ``skew`` seconds by which its
clock is wrong, ``deaf`` yes: answers no request.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, cast

from yiwang.kernel import logs
from yiwang.sensing.devices.model import Measure
from yiwang.sensing.devices.units import conversion
from yiwang.sensing.gateways.hj212 import commands as cn
from yiwang.sensing.gateways.hj212.checksum import modbus_checksum
from yiwang.sensing.gateways.hj212.cipher import DataAreaCipher
from yiwang.sensing.gateways.hj212.codes import codes_2005
from yiwang.sensing.gateways.hj212.commands import encrypted
from yiwang.sensing.gateways.hj212.fields import factor_text, read_data
from yiwang.sensing.gateways.hj212.frames import (
    Edition,
    Execution,
    Frame,
    Result,
    SegmentUnreadable,
    answer,
    flag_of,
    packets_of,
    read_segment,
    segment_of,
)
from yiwang.sensing.gateways.hj212.framing import FrameReader, Received, frame
from yiwang.sensing.gateways.hj212.moments import moment_of, number_of, text_of
from yiwang.sensing.model import Grain
from yiwang.sensing.simulators.curves import CURVES, value
from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions

EDITIONS: Final = {"2005": Edition.HJT_2005, "2017": Edition.HJ_2017, "2025": Edition.HJ_2025}
_MOST_KEPT: Final = 500
_LARGEST_HISTORY: Final = 200
_WIDTHS: Final = {Grain.MINUTE: timedelta(minutes=10), Grain.HOUR: timedelta(hours=1), Grain.DAY: timedelta(days=1)}
_COMMANDS: Final = {Grain.REAL: cn.REALTIME, Grain.MINUTE: cn.MINUTE, Grain.HOUR: cn.HOUR, Grain.DAY: cn.DAY}
_SHANGHAI: Final = timedelta(hours=8)

log = logs.get("simulate.hj212")


async def simulate(devices: Sequence[SimulatedDevice], options: SimulateOptions, stop: asyncio.Event) -> None:
    """Play the devices until ``stop`` is set or ``options.duration`` is over; connections that break are made
    anew."""
    stations = [Station(device, options) for device in devices]
    tasks = [asyncio.create_task(station.run(), name=f"simulated {station.name}") for station in stations]
    try:
        await asyncio.wait_for(stop.wait(), options.duration)
    except TimeoutError:
        return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Station:
    """One data logger. ``sent``, ``acknowledged`` and ``requests`` count since the start."""

    def __init__(self, simulated: SimulatedDevice, options: SimulateOptions) -> None:
        self.simulated, self.options = simulated, options
        self.name = simulated.address
        password, _, key = (simulated.secret or "123456").partition(" ")
        self.password = password
        self.edition = EDITIONS.get(options.more.get("version", ""), Edition.HJ_2017)
        self.system = str(simulated.profile.declaration.options.get("system", "22"))
        self.sent = self.acknowledged = self.requests = 0
        self.skew = timedelta(seconds=float(options.more.get("skew", "0")))
        self._told_interval: float | None = None
        self.minute_interval = 10
        self.realtime = True
        self.parameters: dict[str, str] = {}
        self.answer_seconds, self.attempts = 10.0, 3
        self._cipher = DataAreaCipher(bytes.fromhex(key)) if key else None
        self._chance = random.Random(f"{options.seed}:{self.name}")  # noqa: S311 - faults on purpose, not secrets
        self._kept: deque[Frame] = deque(maxlen=_MOST_KEPT)
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._last_number = 0
        self._done_until: dict[Grain, datetime] = {}
        self._background: set[asyncio.Task[None]] = set()

    @property
    def interval(self) -> float:
        """Real seconds between two reports: as the city has told it, else as its profile has it."""
        return self.options.pause(self.simulated.profile) if self._told_interval is None else self._told_interval

    async def run(self) -> None:
        """Connect, speak, and connect again whenever the line breaks; ends when cancelled."""
        wait = 0.2
        await asyncio.sleep(self._chance.uniform(0, min(self.interval, 2.0)))
        while True:
            try:
                reader, writer = await asyncio.open_connection(self.options.host, self.options.port)
            except OSError:
                await asyncio.sleep(wait)
                wait = min(wait * 2, 15.0)
                continue
            wait = 0.2
            self._writer = writer
            listening = asyncio.create_task(self._listen(reader))
            speaking = asyncio.create_task(self._speak())
            try:
                await asyncio.wait({listening, speaking}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (listening, speaking, *self._background):
                    task.cancel()
                await asyncio.gather(listening, speaking, *self._background, return_exceptions=True)
                self._background.clear()
                self._writer = None
                writer.close()
            await asyncio.sleep(0.5)

    # -- speaking -------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The station's own clock."""
        return self.options.clock.now() + self.skew

    async def _speak(self) -> None:
        heartbeat = float(self.options.more.get("heartbeat", "0"))
        last_beat = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            while self._kept:
                if not await self._deliver(self._kept[0]._replace(resent=self.edition is Edition.HJ_2025)):
                    return
                self._kept.popleft()
            began = clock()
            if heartbeat and began - last_beat >= heartbeat:
                last_beat = began
                await self._deliver(self._frame(cn.HEARTBEAT, "", system="91"))
            for message in self._due():
                for packet in packets_of(message, int(self.options.more.get("split", "950"))):
                    if not await self._deliver(packet):
                        self._kept.append(packet)
                        return
            await asyncio.sleep(max(0.0, self.interval - (clock() - began)))

    def _due(self) -> list[Frame]:
        """Real-time data now, and the means whose period has ended since the last time."""
        now = self.now()
        found = [self._data(Grain.REAL, now)] if self.realtime else []
        for grain, width in (*_WIDTHS.items(),):
            step = timedelta(minutes=self.minute_interval) if grain is Grain.MINUTE else width
            local = now + _SHANGHAI
            start = now - (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) % step
            if self._done_until.setdefault(grain, start) < start:
                found.append(self._data(grain, start - step))
                self._done_until[grain] = start
        return found

    def _data(self, grain: Grain, at: datetime) -> Frame:
        groups = [f"DataTime={text_of(at)}"]
        for measure in self.simulated.profile.measures.values():
            if "-" not in measure.code:
                groups.append(self._factor(measure, grain, at))
        if self.options.errors and self._chance.random() < self.options.errors / 4:
            groups.append("a05024-Rtd=61.0,a05024-Flag=N" if grain is Grain.REAL else "a34999-Avg=1.0,a34999-Flag=N")
        return self._frame(_COMMANDS[grain], ";".join(groups))

    def _factor(self, measure: Measure, grain: Grain, at: datetime) -> str:
        code = measure.code
        if self.edition is Edition.HJT_2005:
            code = codes_2005().get(code, (code,))[0]
        sent = self._wire_value(measure, at)
        if grain is Grain.REAL:
            return factor_text(code, {"Rtd": sent}, "N", 4)
        if code.startswith("L"):
            return factor_text(code, {"Data": sent}, "", 4)
        spread = abs(sent) * 0.05
        return factor_text(code, {"Min": sent - spread, "Avg": sent, "Max": sent + spread}, "N", 4)

    def _wire_value(self, measure: Measure, at: datetime) -> float:
        """The value in the unit that the profile says for the wire."""
        metric = measure.metric
        kept = self.options.exceeding(self.simulated.device, metric.code)
        if kept is None:
            bounds = (metric.low, metric.high) if metric.low > float("-inf") and metric.high < float("inf") else None
            kept = value(metric.code, at, f"{self.options.seed}:{self.name}", bounds=bounds)
            curve = CURVES.get(metric.code)
            linear = conversion(curve.unit, metric.unit) if curve is not None else None
            if linear is not None:
                kept = kept * linear[0] + linear[1]
        return (kept - measure.offset) / measure.factor

    def _frame(self, command: str, data: str, *, system: str = "") -> Frame:
        self._last_number = max(int(number_of(self.now())), self._last_number + 1)
        return Frame(
            str(self._last_number), system or self.system, command, self.password, self.name,
            flag_of(self.edition, answer=True), 0, 0, False, data.encode("utf-8"),
        )  # fmt: skip

    async def _deliver(self, message: Frame) -> bool:
        """Send until it is acknowledged; False when it was not in all attempts."""
        for _ in range(self.attempts):
            answered = asyncio.get_running_loop().create_future()
            self._awaited[message.number] = answered
            try:
                await self._send(message)
                self.sent += 1
                async with asyncio.timeout(
                    self.answer_seconds
                ):  # wait_for would lose a cancellation that meets the answer
                    await answered
            except TimeoutError:
                continue
            except OSError:
                return False
            finally:
                self._awaited.pop(message.number, None)
            self.acknowledged += 1
            return True
        return False

    async def _send(self, message: Frame) -> None:
        if self._writer is None:
            raise ConnectionResetError
        if self._cipher is not None and "encrypt" in self.options.more and encrypted(message.command):
            form = cast(Literal["raw", "hex", "base64"], self.options.more["encrypt"])
            message = message._replace(data=self._cipher.encrypt(message.data, form))
        segment = segment_of(message)
        modbus = self.options.more.get("checksum") == "modbus"
        sent = frame(segment, value=modbus_checksum(segment) if modbus else None)
        if self.options.errors and self._chance.random() < self.options.errors:
            sent = self._spoilt(sent)
        self._writer.write(sent)
        await self._writer.drain()

    def _spoilt(self, sent: bytes) -> bytes:
        """A frame as bad lines and bad loggers make it."""
        kind = self._chance.randrange(5)
        place = self._chance.randrange(len(sent))
        if kind == 0:
            return sent[:place] + bytes([sent[place] ^ (1 << self._chance.randrange(8))]) + sent[place + 1 :]
        if kind == 1:
            return sent[:place]
        if kind == 2:
            return self._chance.randbytes(40) + sent
        if kind == 3:
            return sent[:place] + sent[place : place + 8] + sent[place:]
        return sent + sent

    # -- listening ------------------------------------------------------------------------------------------------

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        frames = FrameReader()
        while data := await reader.read(65536):
            for item in frames.feed(data):
                if isinstance(item, Received):
                    try:
                        self._heard(read_segment(item.segment))
                    except SegmentUnreadable as error:
                        log.warning("the platform sent a frame that cannot be read", code=error.code)

    def _heard(self, found: Frame) -> None:
        if found.command in (cn.DATA_ANSWER, cn.NOTICE_ANSWER):
            number = found.number or read_data(found.text()).fields.get("QN", "")
            awaited = self._awaited.get(number)
            if awaited is not None and not awaited.done():
                awaited.set_result(None)
        elif found.command != cn.REQUEST_ANSWER and self.options.more.get("deaf") != "yes":
            task = asyncio.create_task(self._obey(found))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def _obey(self, request: Frame) -> None:
        """A request of the platform: 9011, what it asks for, 9012."""
        self.requests += 1
        if request.command in (cn.STOP_REALTIME, cn.STOP_STATUS):
            if request.command == cn.STOP_REALTIME:
                self.realtime = False
            await self._send(answer(request, cn.NOTICE_ANSWER, password=self.password))
            return
        if request.password != self.password:
            await self._say(request, cn.REQUEST_ANSWER, f"QnRtn={int(Result.WRONG_PASSWORD)}")
            return
        await self._say(request, cn.REQUEST_ANSWER, f"QnRtn={int(Result.READY)}")
        uploads, result = self._carried_out(request)
        for upload in uploads:
            for packet in packets_of(upload, int(self.options.more.get("split", "950"))):
                await self._deliver(packet)
        await self._say(request, cn.EXECUTION, f"ExeRtn={int(result)}")
        new = read_data(request.text()).fields.get("NewPW")
        if request.command == cn.SET_PASSWORD and new:
            self.password = new

    async def _say(self, request: Frame, command: str, data: str) -> None:
        await self._send(answer(request, command, password=self.password, data=data))

    def _carried_out(self, request: Frame) -> tuple[list[Frame], Execution]:
        """Uploads and the result of a request."""
        area = read_data(request.text())
        command = request.command
        if command == cn.SET_TIME and "SystemTime" in area.fields:
            self.skew = moment_of(area.fields["SystemTime"]) - self.options.clock.now()
        elif command == cn.SET_TIMEOUT:
            self.answer_seconds = float(area.integer("OverTime") or 10)
            self.attempts = area.integer("ReCount") or 3
        elif command == cn.SET_REALTIME_INTERVAL:
            self._told_interval = (area.integer("RtdInterval") or 60) / max(self.options.speed, 1.0)
        elif command == cn.SET_MINUTE_INTERVAL:
            self.minute_interval = area.integer("MinInterval") or 10
        elif command == cn.REALTIME:
            self.realtime = True
        elif command == cn.SET_SITE_PARAMETER:
            self.parameters |= {
                factor.code: text for factor in area.factors for text in _texts(factor.texts, factor.numbers)
            }
        elif command in _HISTORIES:
            return self._history(command, area.fields.get("BeginTime", ""), area.fields.get("EndTime", ""))
        elif command in _TELLING:
            return [
                self._frame(command, self._told(command, area.fields.get("PolId", ""), area.fields.get("InfoId", "")))
            ], Execution.DONE
        elif command not in _DOING:
            return [], Execution.WRONG_CONDITION
        return [], Execution.DONE

    def _history(self, command: str, begin: str, end: str) -> tuple[list[Frame], Execution]:
        try:
            at, until = moment_of(begin), min(moment_of(end), self.now())
        except ValueError:
            return [], Execution.WRONG_CONDITION
        grain = _HISTORIES[command]
        step = timedelta(minutes=self.minute_interval) if grain is Grain.MINUTE else _WIDTHS[grain]
        found: list[Frame] = []
        while at <= until and len(found) < _LARGEST_HISTORY:
            if command == cn.RUN_HOURS:
                found.append(self._frame(command, f"DataTime={text_of(at)};SB1-RT=23.5"))
            else:
                found.append(self._data(grain, at))
            at += step
        return found, Execution.DONE if found else Execution.NO_DATA

    def _told(self, command: str, instrument: str, info: str) -> str:
        now = text_of(self.now())
        first = instrument or next(iter(self.simulated.profile.measures), "a34004")
        return {
            cn.DEVICE_TIME: f"SystemTime={now}",
            cn.REALTIME_INTERVAL: f"RtdInterval={int(self.interval)}",
            cn.MINUTE_INTERVAL: f"MinInterval={self.minute_interval}",
            cn.STATUS: f"DataTime={now};SB1-RS=1",
            cn.RETAIN_SAMPLE: f"DataTime={now};VaseNo=3",
            cn.SAMPLING_PERIOD: f"PolId={first};CstartTime=000000;Ctime=2",
            cn.SAMPLE_OUT_TIME: f"PolId={first};Stime=15",
            cn.UNIQUE_ID: f"PolId={first};{first}-SN=010000A8900016F000169DC0",
            cn.SITE_INFO: f"DataTime={now};PolId={first};{info or 'i11001'}-Info={self.parameters.get(info, '//自动清洗管路//')}",
        }[command]


_HISTORIES: Final = {cn.MINUTE: Grain.MINUTE, cn.HOUR: Grain.HOUR, cn.DAY: Grain.DAY, cn.RUN_HOURS: Grain.DAY}
_TELLING: Final = frozenset(
    {
        cn.DEVICE_TIME, cn.REALTIME_INTERVAL, cn.MINUTE_INTERVAL, cn.STATUS, cn.RETAIN_SAMPLE, cn.SAMPLING_PERIOD,
        cn.SAMPLE_OUT_TIME, cn.UNIQUE_ID, cn.SITE_INFO,
    }
)  # fmt: skip
_DOING: Final = frozenset({cn.SET_PASSWORD, cn.CALIBRATE, cn.SAMPLE, cn.CLEAN, cn.COMPARE, cn.SET_SAMPLING_PERIOD})


def _texts(texts: dict[str, str], numbers: dict[str, float]) -> list[str]:
    return [*texts.values(), *(f"{number:g}" for number in numbers.values())]
