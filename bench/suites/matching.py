"""Needs and offers of a district matched at once, by the rule of the volunteers' pack.

``matching.round`` is what a round does from beginning to end: ten thousand cases that wait at the step and fifty thousand
volunteers are read, matched, and each need's volunteer is asked, journalled and committed. Beside it the same rows read by
plain statements, a grid with numpy, and the same proposals copied. ``matching.assign`` is the part between reading and
writing: columns, candidates by place, skill, time, hard condition and score, the assignment of all together; beside it the grid
and numpy alone: for each need the best offer within the radius by the same sum of terms, nothing shared out, no condition, no
reasons. ``matching.best`` is one need alone, the pool standing. Whoever is asked must fit and have room, else there is no figure.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.casework.model import Report
from yiwang.http.services import Services, open_services
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, JsonObject
from yiwang.matching.assigning import assign
from yiwang.matching.declarations import MatchDeclaration
from yiwang.matching.model import Need, Offer
from yiwang.matching.scoring import METRES_OF_DEGREE, Pool
from yiwang.packs.findings import Findings
from yiwang.packs.source import read_source
from yiwang.registry.model import Draft

NEEDS, OFFERS, SECONDS = 10_000, 50_000, 60
_RULE = Path(__file__).resolve().parents[2] / "packs" / "volunteer-management" / "matches" / "volunteer-for-need.yaml"
_SKILLS = ("陪伴聊天", "就医陪同", "代购代办", "家电维修", "理发助洁", "课业辅导", "法律咨询", "心理疏导")
_DAYS, _PARTS = "一二三四五六日", ("上午", "下午", "晚上")
_TIMES = tuple(f"周{day}{part}" for day in _DAYS for part in _PARTS)
_OFFERS_READ = (
    "select thing_id, area, ST_X(geometry), ST_Y(geometry), attributes from thing_fact where type = 'volunteer'"
    " and upper_inf(recorded) and upper_inf(valid)"
)
_NEEDS_READ = (
    "select c.id, c.fields, c.lon, c.lat, c.area, c.number, t.id from flow_task t join case_file c on c.id = t.subject_id"
    " where t.node = 'match' and c.type = 'volunteer-need' and c.state = 'open'"
)


async def measure(stage: Stage) -> list[Measurement]:
    """``matching.round``, ``matching.assign``, ``matching.best``."""
    needs, offers = (500, 5000) if stage.quick else (NEEDS, OFFERS)
    source = read_source(_RULE, Findings())
    if source is None:
        raise RuntimeError("the rule of the volunteers' pack cannot be read")
    rule = MatchDeclaration.model_validate(source.value)
    asked, offered = _invented(stage.places, needs, offers)
    whole, one, rounds = [], [], []
    for number in range(stage.rounds):
        seconds, given, alone = await asyncio.to_thread(_matched, rule, asked, offered)
        limit = await asyncio.to_thread(_scanned, rule, asked, offered)
        whole.append(Run(seconds, limit))
        one.append(Run(alone * 1000, None))
        stage.say(
            f"matching {number + 1}: {given:,} of {needs:,} needs in {seconds:.2f} s; grid and numpy {limit:.2f} s"
        )
    async with _town(stage, asked, offered) as services:
        for number in range(stage.rounds):
            rounds.append(await _round(services, rule, needs))
            limit = await _bare_round(services, rule, asked, offered)
            rounds[-1] = replace(rounds[-1], limit=limit)
            stage.say(f"matching, a round {number + 1}: {rounds[-1].value:.2f} s; bare {limit:.2f} s")
    words = f"{needs:,} needs, {offers:,} offers"
    return [
        Measurement(
            "matching.round", f"read, matched, asked, journalled, committed, {words}", "s", "less", tuple(rounds),
            "the same rows read plainly, a grid with numpy, the same proposals copied", Target(SECONDS), needs,
        ),
        Measurement(
            "matching.assign", f"matched together, {words}", "s", "less", tuple(whole),
            "numpy: best offer of the nine cells of a grid for each need alone", Target(SECONDS), needs,
        ),
        Measurement("matching.best", f"the best ten for one need, {offers:,} offers", "ms", "less", tuple(one), "", None, needs),
    ]  # fmt: skip


def _invented(places: Sequence[tuple[float, float]], needs: int, offers: int) -> tuple[list[Need], list[Offer]]:
    """Needs at places of the city within the next fortnight, offers around such places."""
    chance = random.Random(20_26)

    def around() -> tuple[float, float]:
        lon, lat = chance.choice(places)
        return lon + chance.gauss(0, 0.004), lat + chance.gauss(0, 0.003)

    offered = [
        Offer(
            UUID(int=number),
            {
                "skills": list(chance.sample(_SKILLS, 3)), "times": list(chance.sample(_TIMES, 6)),
                "strong": chance.random() < 0.5,
            },
            "", None, *around(), chance.choice((1, 2, 3)), 0, chance.randint(3, 5) * 2.0, 2,
        )
        for number in range(offers)
    ]  # fmt: skip
    today = date(2026, 6, 15)
    asked = [
        Need(
            UUID(int=offers + number),
            {
                "skill": chance.choice(_SKILLS), "day": (today + timedelta(days=chance.randint(0, 13))).isoformat(),
                "part": chance.choice(_PARTS), "lifting": chance.random() < 0.3,
            },
            *chance.choice(places),
        )
        for number in range(needs)
    ]  # fmt: skip
    return asked, offered


def _matched(rule: MatchDeclaration, needs: Sequence[Need], offers: Sequence[Offer]) -> tuple[float, int, float]:
    """Seconds of the whole, how many were given an offer, seconds of one need alone."""
    began = time.perf_counter()
    given = assign(Pool(rule, offers, UTC), needs)
    seconds = time.perf_counter() - began
    pool = Pool(rule, offers, UTC)
    began = time.perf_counter()
    for need in needs[:100]:
        pool.best(need, 10)
    return seconds, len(given), (time.perf_counter() - began) / 100


def _scanned(rule: MatchDeclaration, needs: Sequence[Need], offers: Sequence[Offer]) -> float:
    """The same columns made and scanned, plainly."""
    began = time.perf_counter()
    radius = rule.radius or 1
    scale = math.cos(math.radians(offers[0].lat or 0)) * METRES_OF_DEGREE
    x = np.array([(each.lon or 0) * scale for each in offers])
    y = np.array([(each.lat or 0) * METRES_OF_DEGREE for each in offers])
    skills = np.zeros((len(_SKILLS), len(offers)), np.uint8)
    times = np.zeros((len(_TIMES), len(offers)), np.uint8)
    for at, each in enumerate(offers):
        for name, table, words in (("skills", skills, _SKILLS), ("times", times, _TIMES)):
            found = each.values[name]
            for word in found if isinstance(found, list) else ():
                table[words.index(str(word)), at] = 1
    key = np.floor(y / radius).astype(int) * 100_000 + np.floor(x / radius).astype(int)
    order = np.argsort(key, kind="stable")
    keys = key[order]
    for need in needs:
        here_x, here_y = (need.lon or 0) * scale, (need.lat or 0) * METRES_OF_DEGREE
        column, row = math.floor(here_x / radius), math.floor(here_y / radius)
        near = np.concatenate([
            order[np.searchsorted(keys, at - 1) : np.searchsorted(keys, at + 1, "right")]
            for at in (line * 100_000 + column for line in (row - 1, row, row + 1))
        ])  # fmt: skip
        metres = np.hypot(x[near] - here_x, y[near] - here_y)
        skill = _SKILLS.index(str(need.values["skill"]))
        day = date.fromisoformat(str(need.values["day"])).weekday()
        score = (
            20.0 * skills[skill, near]
            + 20.0 * times[day * len(_PARTS) + _PARTS.index(str(need.values["part"])), near]
            + 30 * (1 - metres / radius)
        )
        score[metres > radius] = -1
        if len(score):
            score.argmax()
    return time.perf_counter() - began


# -- a whole round --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _town(stage: Stage, needs: Sequence[Need], offers: Sequence[Offer]) -> AsyncIterator[Services]:
    """A fresh copy of the city with these cases waiting at the step, and these volunteers on record."""
    url = await stage.cluster.copy(await stage.cluster.city(stage.city), "bench_matching")
    try:
        async with open_services(stage.cluster.settings(stage.city), url, connections=3) as services:
            began = time.monotonic()
            now = services.context.clock.now()
            async with services.context.database.transaction() as connection:
                await connection.execute("set local statement_timeout = 0")
                await _record(services, connection, offers)
                for at in range(0, len(needs), 500):
                    await _report(services, connection, needs[at : at + 500], now)
                await connection.execute(
                    "update flow_task t set node = 'match' from case_file c where c.id = t.subject_id"
                    " and c.type = 'volunteer-need'"
                )
            async with services.context.database.connection() as connection:
                for table in ("thing_fact", "case_file", "flow_task", "flow_instance"):
                    await connection.execute(f"analyze {table}")
            stage.say(f"matching: needs and volunteers laid down in {time.monotonic() - began:.0f} s")
            yield services
    finally:
        await stage.cluster.drop("bench_matching")


async def _record(services: Services, connection: Connection, offers: Sequence[Offer]) -> None:
    """One volunteer recorded as any is, the others as copies that differ in what the rule reads."""
    await connection.execute("delete from thing_fact where type = 'volunteer'")
    attributes: JsonObject = {
        "number": "ZY99999999", "name": "苗志愿", "phone": "13800001111", "registered_on": "2026-06-01", "state": "active",
        **offers[0].values,
    }  # fmt: skip
    point: JsonObject = {"type": "Point", "coordinates": [offers[0].lon, offers[0].lat]}
    made = await services.registry.recording.record(connection, SYSTEM, "volunteer", Draft(attributes, point))
    await connection.execute(
        "create temporary table laid (id uuid, values jsonb, lon float8, lat float8) on commit drop"
    )
    await connection.executemany(
        "insert into laid values ($1, $2, $3, $4)",
        [
            (each.id, {**each.values, "most_per_week": each.capacity}, each.lon, each.lat)
            for each in offers
        ],
    )  # fmt: skip
    await connection.execute("insert into thing (id, type, created_at) select id, 'volunteer', now() from laid")
    await connection.execute(
        "insert into thing_fact (id, thing_id, type, type_version, valid, recorded, area, organisation_id, title, attributes,"
        " digest, geometry, terms) select gen_random_uuid(), l.id, f.type, f.type_version, f.valid, f.recorded, f.area,"
        " f.organisation_id, f.title, f.attributes || l.values, f.digest, ST_SetSRID(ST_MakePoint(l.lon, l.lat), 4326),"
        " f.terms from laid l, thing_fact f where f.thing_id = $1",
        made.thing_id,
    )
    await connection.execute("delete from thing_fact where thing_id = $1", made.thing_id)


async def _report(services: Services, connection: Connection, needs: Sequence[Need], now: datetime) -> None:
    casework = services.casework
    drafts = []
    for need in needs:
        report = Report(
            type="volunteer-need",
            channel="station",
            text="请志愿者上门帮忙",
            lon=need.lon,
            lat=need.lat,
            fields=need.values,
        )
        draft = casework.drafting.draft(report, SYSTEM, now)
        drafts.append((replace(draft, fold_since=None), SYSTEM))
    await casework.opening.write_within(connection, drafts)


async def _round(services: Services, rule: MatchDeclaration, needs: int) -> Run:
    """Seconds of one round that finds everything waiting; what it asked is looked at afterwards."""
    database = services.context.database
    async with database.transaction() as connection:
        await connection.execute("truncate match_proposal, match_waiting")
    began = time.perf_counter()
    done = await services.matching.proposing.round(rule, all_now=True)
    seconds = time.perf_counter() - began
    async with database.connection() as connection:
        wrong = await connection.fetchval(
            "select count(*) from match_proposal p join case_file c on c.id = p.need_id"
            " join thing_fact f on f.thing_id = p.offer_id where not f.attributes->'skills' ? (c.fields->>'skill')"
            " or not f.attributes->'times' ? ('周' || substr('一二三四五六日', extract(isodow from"
            " (c.fields->>'day')::date)::int, 1) || (c.fields->>'part')) or (c.fields->>'lifting')::boolean and not"
            " (f.attributes->>'strong')::boolean or ST_Distance(f.geometry::geography,"
            " ST_SetSRID(ST_MakePoint(c.lon, c.lat), 4326)::geography) > $1",
            (rule.radius or 0) * 1.005,
        )
        over = await connection.fetchval(
            "select count(*) from (select p.offer_id, count(*) as asked from match_proposal p group by p.offer_id) a"
            " join thing_fact f on f.thing_id = a.offer_id where a.asked > (f.attributes->>'most_per_week')::int"
        )
    if wrong or over or done.proposed + done.unmatched < done.needs or done.proposed < done.needs * 0.9:
        raise RuntimeError(f"{done.proposed} of {done.needs} asked ({needs} wait), {wrong} unfit, {over} too often")
    return Run(seconds, None)


async def _bare_round(
    services: Services, rule: MatchDeclaration, needs: Sequence[Need], offers: Sequence[Offer]
) -> float:
    """The same rows read, a grid with numpy, the proposals written again into a table with the same indexes."""
    async with services.context.database.connection() as connection:
        await connection.execute("drop table if exists match_proposal_again")
        await connection.execute("create table match_proposal_again (like match_proposal including all)")
        began = time.perf_counter()
        await connection.fetch(_OFFERS_READ)
        await connection.fetch(_NEEDS_READ)
        spent = await asyncio.to_thread(_scanned, rule, needs, offers)
        await connection.execute("insert into match_proposal_again select * from match_proposal")
        seconds = time.perf_counter() - began
    return max(seconds, spent)
