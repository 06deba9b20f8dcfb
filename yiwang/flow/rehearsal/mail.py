"""Messages and signals on their way: kept until somebody expects them, as the service's stored events are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from yiwang.flow.errors import MessageAmbiguous, MessageUnexpected
from yiwang.flow.model import Thrown, WaitRow
from yiwang.kernel.database import Json


class Receivers(Protocol):
    """Where messages and signals go."""

    def waits(self, kind: str, name: str, key: str | None) -> list[tuple[str, WaitRow]]: ...
    def begins_with(self, kind: str, name: str) -> list[tuple[str, str]]: ...
    def reach(self, instance: str, wait: WaitRow, variables: Mapping[str, Json]) -> None: ...
    def start(
        self, key: str, variables: Mapping[str, Json] | None = None, *, area: str = "", node: str = ""
    ) -> object: ...


@dataclass(slots=True)
class Parcel:
    """A message or signal that was thrown; ``reached`` are the waits that a signal has met already."""

    thrown: Thrown
    data: Mapping[str, Json]
    thrown_at: datetime
    reached: set[UUID] = field(default_factory=set)


class Mail:
    """``parcels`` are those not delivered yet, the oldest first."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []

    def post(self, thrown: Thrown, data: Mapping[str, Json], at: datetime) -> None:
        """Send something off; ``data`` are the variables of the instance that throws it."""
        self.parcels.append(Parcel(thrown, thrown.data(data), at))

    def receive(self, receivers: Receivers, name: str, key: str, data: Mapping[str, Json], area: str = "") -> None:
        """Hand a message from outside over at once.

        Raises:
            MessageUnexpected: nobody waits for it, and nothing starts with it. MessageAmbiguous: several wait.
        """
        waiting = receivers.waits("message", name, key)
        if len(waiting) > 1:
            raise MessageAmbiguous(name=name[:100], key=key[:100])
        if waiting:
            receivers.reach(*waiting[0], data)
            return
        for definition, node in receivers.begins_with("message", name):
            receivers.start(definition, data, node=node, area=area)
            return
        raise MessageUnexpected(name=name[:100], key=key[:100])

    def deliver(self, receivers: Receivers) -> bool:
        """Deliver the first that finds somebody; whether one did."""
        for parcel in self.parcels:
            deliver = self._deliver_signal if parcel.thrown.kind == "signal" else self._deliver_message
            if deliver(parcel, receivers):
                return True
        return False

    def _deliver_message(self, parcel: Parcel, receivers: Receivers) -> bool:
        name, key = parcel.thrown.name, parcel.thrown.key
        for instance, wait in receivers.waits("message", name, key)[:1]:
            self.parcels.remove(parcel)
            receivers.reach(instance, wait, parcel.data)
            return True
        for definition, node in receivers.begins_with("message", name)[:1]:
            self.parcels.remove(parcel)
            receivers.start(definition, parcel.data, node=node)
            return True
        return False

    def _deliver_signal(self, parcel: Parcel, receivers: Receivers) -> bool:
        """To the next of those who waited when it was thrown; when there is none left, to what begins with it."""
        for instance, wait in receivers.waits("signal", parcel.thrown.name, None):
            if wait.created_at <= parcel.thrown_at and wait.id not in parcel.reached:
                parcel.reached.add(wait.id)
                receivers.reach(instance, wait, parcel.data)
                return True
        self.parcels.remove(parcel)
        for definition, node in receivers.begins_with("signal", parcel.thrown.name):
            receivers.start(definition, parcel.data, node=node)
        return True
