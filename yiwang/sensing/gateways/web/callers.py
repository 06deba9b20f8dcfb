"""Who sends readings over HTTP: a device with its own key, or an integrator whose token grants ``reading:send``.

A device proves itself by HTTP Basic, address and key; it may send only its own readings. An integrator names the device in
every row and reaches those within the area and organisation of its grant. Wrong keys are counted in *who is knocking*, and an
address that tries too often must wait.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass

from yiwang.kernel.access import Actor
from yiwang.kernel.errors import TooManyRequests
from yiwang.sensing.devices.model import Device
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.web.errors import KeyRefused
from yiwang.sensing.service import Sensing

PROTOCOL = "http"
_longest_credentials = 512
_wait_seconds = 5


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends, from where. Exactly one of ``device`` and ``actor`` is set."""

    remote: str
    device: Device | None = None
    actor: Actor | None = None

    def reaches(self, device: Device) -> bool:
        """Whether readings of ``device`` are theirs to send."""
        if self.device is not None:
            return device.id == self.device.id
        return self.actor is not None and self.actor.reaches(
            "reading", "send", area=device.area, organisation=device.organisation_id
        )


def caller_of(services: Sensing, door: Door, authorization: str, actor: Actor, remote: str) -> Caller:
    """Who this request is from.

    Raises:
        TooManyRequests: the remote address sends too often. KeyRefused: no such device and key.
        SignInNeeded, Forbidden: no key, and the actor has no grant ``reading:send``.
    """
    if not door.limit(remote):
        raise TooManyRequests(seconds=_wait_seconds)
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        actor.require("reading", "send")
        return Caller(remote, actor=actor)
    address, key = _credentials(given)
    device = services.directory.find(PROTOCOL, address)
    # A device that is not there is compared too: the answer takes as long.
    kept = device.secret if device is not None else services.secrets.digest("")
    if not services.secrets.matches(kept, key) or device is None:
        door.bad(PROTOCOL, remote, "unknown" if device is None else "password", b"", address)
        raise KeyRefused()
    return Caller(remote, device=device)


def _credentials(given: str) -> tuple[str, str]:
    if len(given) > _longest_credentials:
        raise KeyRefused()
    try:
        address, _, key = b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise KeyRefused() from error
    return address, key
