"""Handing on (转派): within the task's post or organisation, with a reason, never to those who do no business."""

from __future__ import annotations

from uuid import UUID

import pytest
from support.small_city import SmallCity

from yiwang.casework.errors import ReceiverElsewhere
from yiwang.kernel.errors import InvalidInput, NotFound
from yiwang.kernel.identifiers import new_id


async def account(city: SmallCity, login: str) -> UUID:
    found = (await city.actor(login)).account_id
    assert found is not None
    return found


async def test_转派只在本岗位或本单位之内(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "accept")
    task = await city.task(opened.id)
    acceptor = await city.actor("acceptor1")
    for outsider in ("water-desk", "city-handler", "worker1"):
        with pytest.raises(ReceiverElsewhere):
            await city.cases.handing_on.reassign(task.id, acceptor, await account(city, outsider), "请代办")
    assert (await city.task(opened.id)).assignee_id is None
    await city.cases.handing_on.reassign(task.id, acceptor, await account(city, "acceptor2"), "请代办")
    assert (await city.task(opened.id)).assignee_id == await account(city, "acceptor2")
    assert (await city.verbs(opened.id))[-1] == "case.reassigned"


async def test_安全和审计管理员不接业务(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "accept")
    task = await city.task(opened.id)
    acceptor = await city.actor("acceptor1")
    for watcher in ("secadmin", "auditor"):
        with pytest.raises(ReceiverElsewhere):
            await city.cases.handing_on.reassign(task.id, acceptor, await account(city, watcher), "请代办")


async def test_转派须写理由_人员须存在(city: SmallCity) -> None:
    opened = await city.report()
    await city.to(opened, "accept")
    task = await city.task(opened.id)
    acceptor = await city.actor("acceptor1")
    with pytest.raises(InvalidInput):
        await city.cases.handing_on.reassign(task.id, acceptor, await account(city, "acceptor2"), "")
    with pytest.raises(NotFound):
        await city.cases.handing_on.reassign(task.id, acceptor, new_id(), "请代办")
