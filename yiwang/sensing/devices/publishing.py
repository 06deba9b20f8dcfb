"""Publishing what packs declare: metrics and profiles, in the caller's transaction; the same again changes
nothing.

A metric keeps its small id for ever, because readings carry it, and its unit: values already stored are in it. A
profile that no pack declares any more stays, since devices may be of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import orjson

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, JsonObject
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.errors import UnitFixed
from yiwang.sensing.devices.store.directory import next_version
from yiwang.sensing.devices.units import normal_unit


@dataclass(frozen=True, slots=True)
class Published:
    """How many metrics and profiles are new or changed."""

    metrics: int
    profiles: int

    @property
    def changed(self) -> bool:
        return self.metrics + self.profiles > 0


async def publish_signals(
    connection: Connection,
    metrics: Mapping[str, MetricDeclaration],
    profiles: Sequence[tuple[str, str, ProfileDeclaration]],
    at: datetime,
) -> Published:
    """Put metrics and profiles (pack, id, declaration) into force; running gateways take them over within seconds.

    Raises:
        UnitFixed: a metric that has readings is declared in another unit.
    """
    new_metrics = await _changed_metrics(connection, metrics)
    new_profiles = await _changed_profiles(connection, profiles)
    if not new_metrics and not new_profiles:
        return Published(0, 0)
    await next_version(connection)
    await connection.execute(
        "insert into metric (code, declaration) select * from unnest($1::text[], $2::jsonb[])"
        " on conflict (code) do update set declaration = excluded.declaration",
        list(new_metrics),
        list(new_metrics.values()),
    )
    await connection.execute(
        "insert into device_profile (id, pack, protocol, declaration, digest, published_at)"
        " select p.*, $6 from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[]) p"
        " on conflict (id) do update set pack = excluded.pack, protocol = excluded.protocol,"
        " declaration = excluded.declaration, digest = excluded.digest, published_at = excluded.published_at",
        [key for _, key, _ in new_profiles],
        [pack for pack, _, _ in new_profiles],
        [declaration["protocol"] for _, _, declaration in new_profiles],
        [declaration for _, _, declaration in new_profiles],
        [_digest(declaration) for _, _, declaration in new_profiles],
        at,
    )
    data: JsonObject = {
        "metrics": [*sorted(new_metrics)],
        "profiles": [*sorted(key for _, key, _ in new_profiles)],
    }
    await journal.append(connection, journal.entry(SYSTEM, at, "device.signals_published", "signals", None, data=data))
    return Published(len(new_metrics), len(new_profiles))


async def _changed_metrics(connection: Connection, metrics: Mapping[str, MetricDeclaration]) -> dict[str, JsonObject]:
    rows = await connection.fetch(
        "select code, id, declaration from metric where code = any($1::text[])", list(metrics)
    )
    known = {row["code"]: row for row in rows}
    changed: dict[str, JsonObject] = {}
    for code, metric in metrics.items():
        declaration: JsonObject = metric.model_dump(mode="json", exclude_defaults=True)
        before = known.get(code)
        if before is None:
            changed[code] = declaration
            continue
        if before["declaration"] == declaration:
            continue
        old = MetricDeclaration.model_validate(before["declaration"])
        if normal_unit(old.unit) != normal_unit(metric.unit) and await _has_readings(connection, before["id"]):
            raise UnitFixed(metric=code, old=old.unit, new=metric.unit)
        changed[code] = declaration
    return changed


async def _has_readings(connection: Connection, metric_id: int) -> bool:
    return bool(await connection.fetchval("select exists (select from latest where metric_id = $1)", metric_id))


async def _changed_profiles(
    connection: Connection, profiles: Sequence[tuple[str, str, ProfileDeclaration]]
) -> list[tuple[str, str, JsonObject]]:
    rows = await connection.fetch("select id, pack, digest from device_profile")
    known = {row["id"]: (row["pack"], row["digest"]) for row in rows}
    dumped: list[tuple[str, str, JsonObject]] = [
        (pack, key, profile.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        for pack, key, profile in profiles
    ]
    return [(pack, key, body) for pack, key, body in dumped if known.get(key) != (pack, _digest(body))]


def _digest(declaration: JsonObject) -> str:
    return sha256(orjson.dumps(declaration, option=orjson.OPT_SORT_KEYS)).hexdigest()
