"""The published types of this process, compiled; renewed when a publication is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import orjson

from yiwang.kernel.database import Connection, JsonObject
from yiwang.registry import store
from yiwang.registry.declarations import ThingType
from yiwang.registry.errors import TypeUnknown
from yiwang.registry.types import CompiledType

_ORDER = "order"
"""Member of a stored declaration that says in what order attributes and relations were declared."""


class TypeCatalogue:
    """Types by id. One per process."""

    def __init__(self) -> None:
        self._types: dict[str, CompiledType] = {}
        self._digests: dict[str, str] = {}

    async def refresh(self, connection: Connection) -> None:
        """Take over what was published, by this process or another."""
        types, digests = {}, {}
        for id, pack, declaration, digest in await store.published_types(connection):
            known = self._types.get(id)
            same = known is not None and self._digests.get(id) == digest
            types[id] = (
                known if same and known else CompiledType(ThingType.model_validate(_in_order(declaration)), pack)
            )
            digests[id] = digest
        self._types, self._digests = types, digests

    def type(self, id: str) -> CompiledType:
        """Raises TypeUnknown, naming those that exist."""
        found = self._types.get(id)
        if found is None:
            raise TypeUnknown(type=id[:60], known=", ".join(sorted(self._types)[:60]) or "—")
        return found

    def all(self) -> list[CompiledType]:
        return [self._types[id] for id in sorted(self._types)]


def _in_order(declaration: JsonObject) -> JsonObject:
    """The declaration with its members as declared: the store keeps those of an object in an order of its own."""
    found = {key: value for key, value in declaration.items() if key != _ORDER}
    order = declaration.get(_ORDER)
    for member, keys in order.items() if isinstance(order, dict) else ():
        held = found.get(member)
        if isinstance(held, dict) and isinstance(keys, list):
            found[member] = {str(key): held[str(key)] for key in keys if str(key) in held}
    return found


async def publish(connection: Connection, types: Sequence[tuple[str, ThingType]], at: datetime) -> int:
    """Make these (pack, type) the published types; returns how many are new or changed. Others are retired, their records
    stay. In the caller's transaction."""
    changed = 0
    for pack, declared in types:
        body = declared.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        body[_ORDER] = {"attributes": [*declared.attributes], "relations": [*declared.relations]}
        digest = hashlib.blake2b(orjson.dumps([pack, body], option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
        known = await store.highest_version(connection, declared.id)
        if known is None or known[1] != digest:
            await store.publish_type(connection, declared.id, declared.version, pack, body, digest, at)
            changed += 1
    return changed + len(await store.retire_types(connection, [declared.id for _, declared in types]))
