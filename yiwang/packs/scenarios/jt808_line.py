"""A scenario's vehicle at the city's JT/T 808 gateway: it registers, authenticates, and reports its position (0200)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from yiwang.packs.model.scenario import ScenarioStep
from yiwang.packs.scenarios.people import NobodyCan
from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.messages import positions
from yiwang.sensing.gateways.jt808.messages.positions import Position, item
from yiwang.sensing.gateways.jt808.messages.registering import Register
from yiwang.sensing.simulators.jt808 import Line as Terminal
from yiwang.sensing.simulators.jt808 import Refused
from yiwang.sensing.vehicles.words import ALARM_NAMES

if TYPE_CHECKING:
    from yiwang.packs.scenarios.devices import Played, SensingDoor

_ON = 0b11 | 1 << 18 | 1 << 19
_FULL = 0b11 << 8
_ALARMS = {name: bit for bit, name in ALARM_NAMES.items()}


async def jt808(door: SensingDoor) -> Jt808Line:
    """The line of one vehicle; it is admitted with its first report."""
    host, port = await door.gateway("jt808")
    return Jt808Line(host, port)


class Jt808Line:
    """A terminal of the 2019 edition. A report counts as sent when the platform has acknowledged it (8001)."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._terminal: Terminal | None = None
        self._place: tuple[float, float] | None = None

    async def say(self, played: Played, values: Mapping[str, float], at: datetime, step: ScenarioStep) -> None:
        """Report the place of the step (else the last one, else the register's), speed and mileage of ``values`` (km/h, km).

        Raises:
            NobodyCan: the gateway does not admit the terminal, or does not answer.
        """
        if isinstance(step.at, tuple):
            self._place = step.at
        lon, lat = self._place or played.declared.at or (0.0, 0.0)
        alarm = sum(1 << _ALARMS[name] for name in step.alarms)
        items = b""
        if "mileage" in values:
            items += item(0x01, struct.pack(">I", round(values["mileage"] * 10)))
        status = _ON | (_FULL if step.loaded else 0)
        report = Position(at, lon, lat, 5, values.get("speed", 0.0), 0, alarm, status, None, None, items)
        try:
            terminal = await self._admitted(played)
            await terminal.send(positions.Report(report))
        except (Refused, OSError, TimeoutError) as error:
            raise NobodyCan(f"网关没有收下:{error} · the gateway did not take it") from error

    async def _admitted(self, played: Played) -> Terminal:
        if self._terminal is None or not self._terminal.open:
            terminal = Terminal(played.declared.address, Edition(2019))
            await terminal.connect(self._host, self._port)
            plate = played.declared.attributes.get("plate", "津A00000")
            serial = played.declared.attributes.get("terminal_id", terminal.phone[-7:])
            register = Register(12, 111, "YWSCN", "scenario", serial, 2, plate, Edition(2019))
            await terminal.admit(register, played.declared.secret)
            self._terminal = terminal
        return self._terminal

    async def close(self) -> None:
        if self._terminal is not None:
            await self._terminal.close()
