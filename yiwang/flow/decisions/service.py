"""Decision tables as stored: drafted, published, asked. (`table` is what the flow engine calls before a walk.)"""

from __future__ import annotations

from yiwang.flow.decisions.model import Table
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound


class DecisionService:
    def __init__(self, context: Context) -> None:
        self.context = context

    async def table(self, connection: Connection, key: str) -> Table:
        """The published table of ``key``. Raises NotFound."""
        raise NotFound(what=f"决策表 {key}")
