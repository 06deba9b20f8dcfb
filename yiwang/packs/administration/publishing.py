"""What is set goes to the engine that it concerns, in the transaction of the change."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection
from yiwang.packs.administration.documents import Kind
from yiwang.packs.areas import GRID_POST
from yiwang.packs.install_areas import grid_posts
from yiwang.packs.loaded import City

if TYPE_CHECKING:
    from yiwang.packs.administration.service import Engines


async def publish(connection: Connection, engines: Engines, actor: Actor, city: City, kind: Kind, at: datetime) -> None:
    """Publish what a change of this kind concerns; ``city`` is the city as set."""
    if kind == "limit":
        await _case_types(connection, engines, city, at)
    elif kind in ("indicator", "board"):
        indicators = [one for pack in city.packs for file in pack.indicators for one in file.value.indicators]
        boards = [board.value for pack in city.packs for board in pack.boards]
        await engines.insight.publish(connection, indicators, boards, at)
    elif kind == "organisation":
        roots = city.organisations.value.organisations if city.organisations else []
        await engines.identity.publish_organisations(connection, [root.declaration() for root in roots], actor)
        known = {kind.code for pack in city.packs if pack.roles for kind in pack.roles.value.posts}
        posts = await grid_posts(engines.geo, city, GRID_POST) if GRID_POST in known else []
        await engines.identity.publish_posts(connection, posts, source="grids", actor=SYSTEM)


async def _case_types(connection: Connection, engines: Engines, city: City, at: datetime) -> None:
    for pack in city.packs:
        for case in pack.cases:
            declaration = as_open_here(city, case.value)
            reach = [pack, *(one for one in city.packs if one.id != pack.id)]
            tree = next(tree.value for one in reach for tree in one.classes if tree.value.id == declaration.classes)
            table = next(
                (table.value for one in reach for table in one.rules if table.value.id == declaration.dispatch), None
            )
            definition = await engines.flow.latest(connection, declaration.flow)
            await engines.casework.publish_case_type(
                connection, declaration, tree, table, definition, at, retired=not city.runs(pack)
            )


def as_open_here(city: City, declaration: CaseTypeDeclaration) -> CaseTypeDeclaration:
    """The case type without the channels that this city keeps closed."""
    switches = city.file.value.channels.get(declaration.id, {})
    channels = {key: channel for key, channel in declaration.channels.items() if switches.get(key, True)}
    return declaration.model_copy(update={"channels": channels})
