"""What every simulator is told: which devices to play, how often, and what to do wrong on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yiwang.kernel.clock import CityClock, Clock
from yiwang.sensing.devices.model import Device, Profile
from yiwang.sensing.simulators.mishaps import mishap

_longest = 60.0
"""Real seconds."""


@dataclass(frozen=True, slots=True)
class SimulatedDevice:
    """A device to play. ``secret`` is the password in plain text, as the device itself knows it; None where it has none.

    ``route`` is for vehicles: lon, lat in degrees, driven to and fro.
    """

    device: Device
    profile: Profile
    secret: str | None = field(default=None, repr=False)
    route: tuple[tuple[float, float], ...] = ()

    @property
    def address(self) -> str:
        return self.device.address


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """How to play. ``every``: real seconds between readings of a device; None: the profile's interval in city time, but not more
    often than each ``at_least`` real seconds. ``exceed``: (device code, metric code) → value that it sends instead of its curve.

    ``mishaps``: whether something goes wrong now and then, as :mod:`~yiwang.sensing.simulators.mishaps` has it.

    ``host`` and ``port`` are the gateway's; ``broker`` the MQTT broker's URL; ``url`` the city's web address, for http.
    ``duration``: real seconds after which to end; None: until stopped. ``errors``: share of frames that are spoilt on purpose.
    ``speed``: city seconds per real second at the start, for a device that plans ahead; the clock itself is ``clock``.
    """

    clock: Clock
    host: str = "127.0.0.1"
    port: int = 0
    broker: str = ""
    url: str = ""
    every: float | None = None
    at_least: float = 2.0
    duration: float | None = None
    errors: float = 0.0
    seed: int = 1
    speed: float = 1.0
    exceed: Mapping[tuple[str, str], float] = field(default_factory=dict)
    mishaps: bool = False
    more: Mapping[str, str] = field(default_factory=dict)
    """Options of one protocol only (``--option NAME=VALUE``): ``speeding``, ``version`` …"""

    def pause(self, profile: Profile) -> float:
        """Real seconds until the next reading of a device of this profile, at the speed that the city's clock has now.

        Never more than ``_longest``: when somebody hurries the day up again, no device sleeps through it.
        """
        if self.every is not None:
            return self.every
        state = self.clock.state if isinstance(self.clock, CityClock) else None
        speed = state.speed if state is not None and state.simulated else self.speed
        return max(self.at_least, min(profile.interval.total_seconds() / max(speed, 1.0), _longest))

    def exceeding(self, device: Device, metric: str) -> float | None:
        """The value that this device is to send of this metric instead of its curve, if any."""
        wished = self.exceed.get((device.code, metric))
        if wished is not None or not self.mishaps:
            return wished
        return mishap(device.profile, metric, device.code, self.clock.now())
