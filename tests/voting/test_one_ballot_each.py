"""Votes in a real city: one ballot each, also at the same moment; nothing before the end; secret stays secret."""

from __future__ import annotations

import asyncio

import pytest
from support.estates import Estate

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem
from yiwang.kernel.identifiers import new_id
from yiwang.voting.errors import (
    VoteAlreadyCast,
    VoteCodeWrong,
    VoteEnded,
    VoteNotOpen,
    VotePaperDiffers,
    VotePaperRefused,
    VoteProxyRefused,
    VoteTooManyTries,
    VoteUnknown,
)
from yiwang.voting.model import Receipt

YES = {"1": ("for",)}
NO = {"1": ("against",)}


async def test_同一业主的房屋合为一户_面积相加(estate: Estate) -> None:
    vote = await estate.call()
    assert (vote.houses, vote.voices, vote.weight) == (5, 4, 40_000)
    _, roll = await estate.services.voting.roll(await estate.actor("dongjie-station"), vote.id, 0, 10, cast=None)
    assert [(voice.houses, voice.weight) for voice in roll] == [(1, 6_000), (2, 15_000), (1, 9_000), (1, 10_000)]
    await estate.services.voting.calling.withdraw(await estate.actor("dongjie-station"), vote.id, "测试完毕")


async def test_两人同时投同一户_只计一票(estate: Estate) -> None:
    casting = estate.services.voting.casting
    vote = await estate.call()
    codes = await estate.codes(vote)
    with pytest.raises(VoteNotOpen):
        await casting.cast(codes[0], "3517", YES)
    await estate.wait(days=16)
    tries = [casting.cast(codes[0], "3517", YES if number % 2 else NO) for number in range(6)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Receipt) for each in done) == 1
    assert sum(isinstance(each, VoteAlreadyCast) for each in done) == 5
    ended = await estate.end(vote)
    assert ended.result is not None
    assert ended.result["took_part"] == {"number": 1, "area": 60.0, "number_percent": 25.0, "area_percent": 15.0}
    with pytest.raises(VoteEnded):
        await casting.cast(codes[1], "3526", YES)


async def test_截止前库里看不到选择_日志不记选择_截止后无记名仍对不上(estate: Estate) -> None:
    casting = estate.services.voting.casting
    vote = await estate.call()
    codes = await estate.codes(vote)
    await estate.wait(days=16)
    receipts = [await casting.cast(codes[0], "3517", YES), await casting.cast(codes[1], "3526", NO)]
    async with estate.services.context.database.connection() as connection:
        rows = await connection.fetch(
            "select v.result::text as result, r::text as voice from vote_roll r join vote v on v.id = r.vote_id where v.id = $1",
            vote.id,
        )
        box = await connection.fetch("select b::text as text from vote_ballot b where vote_id = $1", vote.id)
        told = await connection.fetch("select data::text as text from journal where subject_id = $1", vote.id)
    for row in rows:
        assert "against" not in str(dict(row))
    assert len(box) == 2
    assert all("against" not in row["text"] and '"for"' not in row["text"] for row in box)
    assert len(told) >= 3
    assert all('"for"' not in row["text"] and "against" not in row["text"] for row in told)
    assert [(await casting.receipt(each.code)).counted for each in receipts] == [False, False]
    await estate.end(vote)
    assert [(await casting.receipt(each.code)).counted for each in receipts] == [True, True]
    async with estate.services.context.database.connection() as connection:
        kept = await connection.fetchval(
            "select count(*) from vote_roll where vote_id = $1 and choices is not null", vote.id
        )
    assert kept == 0


async def test_记名表决_截止后写明各户的选择(estate: Estate) -> None:
    vote = await estate.call(secret=False)
    codes = await estate.codes(vote)
    await estate.wait(days=16)
    await estate.services.voting.casting.cast(codes[2], "3519", NO)
    station = await estate.actor("dongjie-station")
    _, before = await estate.services.voting.roll(station, vote.id, 0, 10, cast=True)
    assert before[0].choices is None
    await estate.end(vote)
    _, after = await estate.services.voting.roll(station, vote.id, 0, 10, cast=True)
    assert after[0].choices == {"1": ["against"]}


async def test_计票只一次_案件自动往下走(estate: Estate) -> None:
    vote = await estate.call()
    codes = await estate.codes(vote)
    await estate.wait(days=16)
    for code, number in zip(codes[:3], ("3517", "3526", "3519"), strict=True):
        await estate.services.voting.casting.cast(code, number, YES)
    await estate.wait(days=10)
    await asyncio.gather(*(estate.services.voting.keep_up() for _ in range(3)))
    found, cast = await estate.services.voting.one(SYSTEM, vote.id)
    assert (found.state, cast, found.result is not None and found.result["carried"]) == ("counted", 3, True)
    async with estate.services.context.database.connection() as connection:
        case = await connection.fetchrow("select status, fields from case_file where id = $1", vote.case_id)
        entries = await connection.fetchval(
            "select count(*) from journal where subject_id = $1 and verb = 'case.vote_counted'", vote.case_id
        )
    assert case is not None
    fields: JsonObject = case["fields"]
    assert (case["status"], entries, fields["carried"]) == ("待公告", 1, True)
    assert "通过" in str(fields["result"])


async def test_纸质票须两人录入一致(estate: Estate) -> None:
    casting = estate.services.voting.casting
    vote = await estate.call()
    codes = await casting.give_codes(await estate.actor("dongjie-station"), vote.id, None)
    await estate.wait(days=16)
    station, street = await estate.actor("dongjie-station"), await estate.actor("dongjie-property")
    voice = codes[3].voice_id
    assert await casting.read_paper(station, vote.id, voice, YES) is None
    with pytest.raises(VotePaperRefused):
        await casting.read_paper(station, vote.id, voice, YES)
    with pytest.raises(VotePaperDiffers):
        await casting.read_paper(street, vote.id, voice, NO)
    assert await casting.read_paper(street, vote.id, voice, NO) is None
    assert isinstance(await casting.read_paper(station, vote.id, voice, NO), Receipt)
    assert await casting.read_paper(station, vote.id, codes[0].voice_id, YES) is None
    ended = await estate.end(vote)
    assert ended.result is not None
    assert ended.result["how"] == {"code": 0, "proxy": 0, "paper": 1}  # the one that nobody read again does not count


async def test_委托须有书面证明_一人最多代三户(estate: Estate) -> None:
    casting = estate.services.voting.casting
    vote = await estate.call()
    codes = await casting.give_codes(await estate.actor("dongjie-station"), vote.id, None)
    station = await estate.actor("dongjie-station")
    await casting.register_proxy(station, vote.id, codes[0].voice_id, "代理人甲", "9999", await estate.proof())
    await casting.register_proxy(station, vote.id, codes[1].voice_id, "代理人甲", "9999", await estate.proof())
    with pytest.raises(VoteProxyRefused):
        await casting.register_proxy(station, vote.id, codes[2].voice_id, "代理人甲", "9999", await estate.proof())
    used = await estate.proof()
    await casting.register_proxy(station, vote.id, codes[2].voice_id, "代理人乙", "8888", used)
    with pytest.raises(Problem):
        await casting.register_proxy(station, vote.id, codes[3].voice_id, "代理人乙", "8888", used)
    await estate.wait(days=16)
    await casting.cast(codes[0].code, "9999", YES)
    ended = await estate.end(vote)
    assert ended.result is not None
    assert ended.result["how"] == {"code": 0, "proxy": 1, "paper": 0}


async def test_填错五次停一小时_补发的码有效_旧码作废(estate: Estate) -> None:
    casting = estate.services.voting.casting
    vote = await estate.call()
    given = await casting.give_codes(await estate.actor("dongjie-station"), vote.id, None)
    await estate.wait(days=16)
    for _ in range(5):
        with pytest.raises(VoteCodeWrong):
            await casting.enter(given[0].code, "0000")
    with pytest.raises(VoteTooManyTries):
        await casting.enter(given[0].code, "3517")
    fresh = await casting.give_codes(await estate.actor("dongjie-station"), vote.id, [given[0].voice_id])
    with pytest.raises(VoteCodeWrong):
        await casting.enter(given[0].code, "3517")
    assert (await casting.enter(fresh[0].code, "3517"))[0].id == vote.id
    await estate.services.voting.calling.withdraw(await estate.actor("dongjie-station"), vote.id, "测试完毕")
    with pytest.raises(VoteCodeWrong):
        await casting.enter(fresh[0].code, "3517")


@pytest.mark.parametrize("login", ["police-desk", "hepingli-manager", "general-desk"])
async def test_无权者看不到也做不了(estate: Estate, login: str) -> None:
    vote = await estate.call()
    actor, voting = await estate.actor(login), estate.services.voting
    with pytest.raises(VoteUnknown):
        await voting.one(actor, vote.id)
    with pytest.raises(VoteUnknown):
        await voting.casting.give_codes(actor, vote.id, None)
    with pytest.raises(VoteUnknown):
        await voting.casting.read_paper(actor, vote.id, new_id(), YES)
    with pytest.raises(VoteUnknown):
        await voting.calling.withdraw(actor, vote.id, "不该我")


async def test_监管员看得到结果_不能发码也不能撤回(estate: Estate) -> None:
    vote = await estate.call()
    actor, voting = await estate.actor("housing-property"), estate.services.voting
    assert (await voting.one(actor, vote.id))[0].id == vote.id
    with pytest.raises(Problem) as refused:
        await voting.casting.give_codes(actor, vote.id, None)
    assert refused.value.code == "identity.forbidden"
