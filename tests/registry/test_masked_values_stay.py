"""看到的是脱敏值的人改其他字段时,个人信息保持原样;无登记权的人取不到。"""

from __future__ import annotations

import pytest
from registry.conftest import Registry, actor

from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden


async def test_脱敏字段保持原样(registry: Registry, registrar: Actor) -> None:
    made = await registry.person(registrar, name="保持原样", number="11010119900307803X", phone="13800138000")
    async with registry.database.connection() as connection:
        names = ["name", "phone", "nothing"]
        kept = await registry.service.reading.kept(connection, registrar, "person", made.thing_id, names)
        assert kept == {"name": "保持原样", "phone": "13800138000"}
        with pytest.raises(Forbidden):
            await registry.service.reading.kept(connection, actor("read"), "person", made.thing_id, names)
