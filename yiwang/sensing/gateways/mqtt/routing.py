"""From topic to device and purpose, as the published profiles name their topics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, TypeAlias

from yiwang.sensing.devices.declarations import Topics
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.model import Device
from yiwang.sensing.gateways.mqtt.payloads import PayloadMap, mapping_of, topics_match

Purpose: TypeAlias = Literal["readings", "status", "answers"]
_PLACE = "{address}"
_most_remembered = 50_000


@dataclass(frozen=True, slots=True)
class Route:
    """What a topic says: the address of a device, and what the message is for."""

    address: str
    purpose: Purpose
    template: str


class Routes:
    """The topics of all profiles; follows the directory. Lookups are remembered, so a device's topic is cut up once."""

    def __init__(self, directory: DeviceDirectory, zone: tzinfo) -> None:
        self._directory = directory
        self._zone = zone
        self._version = -1
        self._templates: dict[str, Purpose] = {}
        self._by_profile: dict[str, Topics] = {}
        self._maps: dict[str, PayloadMap] = {}
        self._known: dict[str, Route | None] = {}

    def filters(self, group: str) -> frozenset[str]:
        """What to subscribe to: in a ``group`` shared with the other gateways, save the status, which each may hear."""
        self._renew()
        return frozenset(
            (f"$share/{group}/" if group and purpose != "status" else "") + template.replace(_PLACE, "+")
            for template, purpose in self._templates.items()
        )

    def route(self, topic: str) -> Route | None:
        """What ``topic`` means; None where no profile names it."""
        self._renew()
        if topic in self._known:
            return self._known[topic]
        found: Route | None = None
        for template, purpose in self._templates.items():
            address = topics_match(template, topic)
            if address is not None:
                found = Route(address, purpose, template)
                break
        if len(self._known) >= _most_remembered:
            self._known.clear()
        self._known[topic] = found
        return found

    def belongs(self, device: Device, route: Route) -> bool:
        """Whether the device's own profile names this topic for this purpose."""
        topics = self._by_profile.get(device.profile)
        return topics is not None and (route.template, route.purpose) in _templates(topics)

    def command_topic(self, device: Device) -> str | None:
        """Where commands to the device are published."""
        self._renew()
        topics = self._by_profile.get(device.profile)
        return None if topics is None or topics.commands is None else topics.commands.replace(_PLACE, device.address)

    def mapping(self, device: Device) -> PayloadMap:
        """How the device's payloads are read."""
        self._renew()
        found = self._maps.get(device.profile)
        if found is None:
            found = self._maps[device.profile] = mapping_of(self._directory.profile_of(device), self._zone)
        return found

    def _renew(self) -> None:
        if self._version == self._directory.version:
            return
        self._version = self._directory.version
        self._maps.clear()
        self._known.clear()
        self._by_profile = {
            profile.id: profile.declaration.topics
            for profile in self._directory.profiles.values()
            if profile.protocol == "mqtt" and profile.declaration.topics is not None
        }
        self._templates = {
            template: purpose for topics in self._by_profile.values() for template, purpose in _templates(topics)
        }


def _templates(topics: Topics) -> Iterator[tuple[str, Purpose]]:
    yield topics.readings, "readings"
    if topics.status is not None:
        yield topics.status, "status"
    if topics.answers is not None:
        yield topics.answers, "answers"
