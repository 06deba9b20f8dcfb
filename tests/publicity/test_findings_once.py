"""异常规则在真实的登记库上:一处异常只记一次、只开一件,排除后不再提,情况变了再提;公示只有脱敏内容."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable

import pytest
from support.offices import Offices, open_offices

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem
from yiwang.publicity import searching
from yiwang.publicity.issues import Proposal
from yiwang.registry.model import Draft

NUMBERS = {"王建军": "120199198403123517", "李秀英": "120199198607023526"}


@pytest.fixture(scope="module")
async def offices(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Offices]:
    home = tmp_path_factory.mktemp("home")
    packs, accounts = ("urban-management", "livelihood-supervision"), ("livelihood1", "general-desk")
    async with open_offices(database_url, home, packs=packs, accounts=accounts) as found:
        yield found


async def record(offices: Offices, type_id: str, attributes: JsonObject) -> None:
    registry = offices.services.registry
    async with offices.services.context.database.transaction() as connection:
        await registry.recording.record(connection, SYSTEM, type_id, Draft(attributes))


async def pay(offices: Offices, number: str, payee: str, **other: object) -> None:
    attributes: JsonObject = {
        "number": number, "programme": "DB01", "programme_name": "城乡低保", "period": "2026-05", "payee": payee,
        "identity_number": NUMBERS[payee], "address": "小城区东街1号和平里小区", "persons": 1, "amount": 1010,
        "paid_on": "2026-05-10", "office": "区综合部门", "division": "120199001001",
    }  # fmt: skip
    attributes.update({key: value for key, value in other.items() if isinstance(value, str | int)})
    await record(offices, "subsidy-payment", attributes)


async def test_同一异常只开一件_排除后情况变了再提(offices: Offices) -> None:
    anomalies = offices.services.publicity.anomalies
    await pay(offices, "F1", "王建军")
    await pay(offices, "F2", "王建军", paid_on="2026-05-20")
    await anomalies.keep_up()
    first, _ = await anomalies.findings(SYSTEM, "paid-twice", state="", after=None, limit=10)
    assert [(each.state, each.reason_zh, len(each.things)) for each in first] == [
        ("open", "王**在城乡低保2026-05期领取2次", 2)
    ]
    assert first[0].case_id is not None
    again = await anomalies.run(await anomalies.rule("paid-twice"))
    assert (again.found, again.new) == (1, 0)
    supervisor = await offices.actor("livelihood1")
    await anomalies.set_aside(supervisor, first[0].id, "补发上月")
    assert (await anomalies.run(await anomalies.rule("paid-twice"))).new == 0
    aside, _ = await anomalies.findings(SYSTEM, "paid-twice", state="set_aside", after=None, limit=10)
    assert [each.set_aside_reason for each in aside] == ["补发上月"]
    await pay(offices, "F3", "王建军", paid_on="2026-05-28")
    await anomalies.run(await anomalies.rule("paid-twice"))
    more, _ = await anomalies.findings(SYSTEM, "paid-twice", state="open", after=None, limit=10)
    assert [(len(each.things), each.case_id) for each in more] == [(3, first[0].case_id)]


async def test_两个登记库的同一人_加密也比得出_解除后撤销(offices: Offices) -> None:
    anomalies = offices.services.publicity.anomalies
    await pay(offices, "F4", "李秀英")
    death: JsonObject = {
        "name": "李秀英", "identity_number": NUMBERS["李秀英"], "died_on": "2026-04-30", "source": "殡仪馆",
        "division": "120199001001",
    }  # fmt: skip
    await record(offices, "death-record", death)
    ran = await anomalies.run(await anomalies.rule("paid-after-death"))
    assert (ran.found, ran.new) == (1, 1)
    await record(offices, "death-record", {**death, "died_on": "2026-05-30"})
    ran = await anomalies.run(await anomalies.rule("paid-after-death"))
    assert (ran.found, ran.cleared) == (0, 1)


async def test_与同一科目的上一笔相比_别的科目不算(offices: Offices) -> None:
    anomalies = offices.services.publicity.anomalies
    vouchers = [
        ("office", 4000, "2026-03-01"), ("office", 13000, "2026-04-01"), ("works", 50000, "2026-04-02"),
        ("works", 60000, "2026-05-02"), ("office", 14000, "2026-05-03"),
    ]  # fmt: skip
    for number, (item, amount, booked) in enumerate(vouchers):
        account: JsonObject = {
            "village": "和平里社区", "voucher": f"V{number}", "month": booked[:7], "kind": "expense", "item": item,
            "amount": amount, "about": "支出", "booked": booked, "examined": True, "division": "120199001001",
        }  # fmt: skip
        await record(offices, "village-account", account)
    ran = await anomalies.run(await anomalies.rule("village-expense-jump"))
    assert (ran.found, ran.new) == (1, 1)
    found, _ = await anomalies.findings(SYSTEM, "village-expense-jump", state="", after=None, limit=10)
    assert [(each.reason_zh, len(each.things)) for each in found] == [
        ("和平里社区2026-04-01办公支出13000元，上一笔4000元", 2)
    ]


async def test_半个登记库都相同_也是一条_说出总数(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    anomalies = offices.services.publicity.anomalies
    for number in range(4):
        await pay(offices, f"G{number}", "王建军", period="2026-01")
    monkeypatch.setattr(searching, "NAMED", 3)
    await anomalies.run(await anomalies.rule("paid-twice"))
    found, _ = await anomalies.findings(SYSTEM, "paid-twice", state="open", after=None, limit=10)
    mine = [each for each in found if "2026-01" in each.reason_zh]
    assert [(each.reason_zh, len(each.things)) for each in mine] == [("王**在城乡低保2026-01期领取4次", 3)]


async def test_公示的表里没有个人信息_拟制人不能批(offices: Offices) -> None:
    publicity = offices.services.publicity
    wanted = Proposal("五月资金公示", "120199", None, None, "")
    clerk, supervisor = await offices.actor("general-desk"), await offices.actor("livelihood1")
    issue = await publicity.issues.propose(clerk, "livelihood-funds", wanted)
    async with offices.services.context.database.connection() as connection:
        kept = str(
            await connection.fetch("select shown, terms::text, own from publicity_row where issue_id = $1", issue.id)
        )
    for secret in ("王建军", "120199198403123517", "和平里"):
        assert secret not in kept
    assert await refused(publicity.issues.approve(clerk, issue.id, "")) == "publicity.not_approver"
    await publicity.issues.approve(supervisor, issue.id, "同意")
    mine = await publicity.public.own("李秀英", "023526")
    assert [row.shown["payee"] for _, row in mine] == ["李**"]
    assert await publicity.public.own("李秀英", "023527") == []
    assert await publicity.public.own("王建军", "23517") == []
    await offices.wait(days=20)
    assert await publicity.public.own("李秀英", "023526") == []
    assert await publicity.issues.end_due() == 1


async def refused(acting: Awaitable[object]) -> str:
    with pytest.raises(Problem) as told:
        await acting
    return told.value.code
