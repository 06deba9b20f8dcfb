"""What tests of migrations share: one that is carried out at once, what refused it, and which version instances run."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from tests.flow.offices import Office, actor
from yiwang.flow.model import Definition
from yiwang.flow.versions import store
from yiwang.flow.versions.migrating import Migrations, Progressed
from yiwang.kernel.database import Json

MANAGER = actor("管理员")


async def migrate(
    office: Office,
    old: Definition,
    new: Definition,
    mapping: Mapping[str, Json] | None = None,
    *,
    dry_run: bool = False,
) -> Progressed:
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        row = await migrations.ask(
            connection, old.key, old.version, new.version, mapping or {}, MANAGER, dry_run=dry_run, queued=False
        )
    return await migrations.run(row.id)


async def codes(office: Office, found: Progressed) -> list[str]:
    async with office.database.connection() as connection:
        return [row["code"] for row in await store.reasons(connection, found.row.id)]


async def versions(office: Office, *instances: UUID) -> list[int]:
    return [(await office.story(instance)).definition.version for instance in instances]
