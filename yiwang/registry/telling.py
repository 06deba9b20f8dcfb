"""What a register keeps of a person is told to that person, or to the family (本人查询), by a code that the office hands over.

Promises: a code opens one record and nothing else; it is told once, only its digest is kept; what is shown are the attributes
that the type declares under ``told``, unmasked, and who of which office read the record, when and for what.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.identifiers import new_code
from yiwang.registry import store
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.errors import CodeWrong, NothingTold, ThingUnknown
from yiwang.registry.reading import Reading
from yiwang.registry.types import CompiledType

_places = 12
_most_reads = 200

Holder = Literal["self", "family"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a holder of a code sees."""

    kind: CompiledType
    attributes: JsonObject
    reads: list[store.PersonalRead]


class Telling:
    """Codes, and what they open. One per process."""

    def __init__(self, clock: Clock, catalogue: TypeCatalogue, reading: Reading) -> None:
        self._clock, self._catalogue, self._reading = clock, catalogue, reading

    async def give(
        self, connection: Connection, actor: Actor, type_id: str, thing_id: UUID, holder: Holder, *, instead: bool
    ) -> str:
        """A new code for a record; ``instead``: those given before end. The actor must be able to record it.

        Raises:
            ThingUnknown, Forbidden; NothingTold: the type tells nothing.
        """
        kind = self._catalogue.type(type_id)
        held = await store.lock_thing(connection, thing_id)
        newest = await store.newest_fact(connection, thing_id)
        if (
            held is None
            or held[0] != type_id
            or newest is None
            or not await store.may(connection, actor, newest, "read")
        ):
            raise ThingUnknown(id=str(thing_id))
        if not await store.may(connection, actor, newest, "record"):
            raise Forbidden(verb=f"thing-{type_id}:record")
        if not kind.declaration.told:
            raise NothingTold(type=kind.declaration.names.zh)
        now = self._clock.now()
        if instead:
            await store.end_codes(connection, thing_id, now)
        code = new_code(_places)
        await store.insert_code(connection, _digest(code), thing_id, holder, actor, now)
        data: JsonObject = {"type": type_id, "holder": holder, "instead": instead}
        await journal.append(
            connection, journal.entry(actor, now, "thing.code_given", "thing", thing_id, area=newest.area, data=data)
        )
        return code

    async def told(self, connection: Connection, code: str) -> Told:
        """What the record of a code tells, and who read it.

        Raises:
            CodeWrong.
        """
        thing_id = await store.thing_of_code(connection, _digest(code))
        fact = await store.newest_fact(connection, thing_id) if thing_id is not None else None
        if thing_id is None or fact is None:
            raise CodeWrong()
        kind = next((each for each in self._catalogue.all() if each.id == fact.type), None)
        if kind is None:
            raise CodeWrong()
        plain = self._reading.plain(kind, (await self._reading.completed(connection, kind, [fact]))[0])
        shown: JsonObject = {name: plain[name] for name in kind.declaration.told if name in plain}
        return Told(kind, shown, await store.reads_of_thing(connection, thing_id, limit=_most_reads))


def _digest(code: str) -> bytes:
    """Of the code as people write it: small letters, blanks and dashes do not matter."""
    tidy = "".join(each for each in code.upper() if each.isalnum())
    return hashlib.blake2b(tidy.encode(), digest_size=32, person=b"thing_code").digest()
