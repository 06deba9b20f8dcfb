"""The simulated city: decided by its seed, plausible, inside its boundary, and alive through the public API."""

from __future__ import annotations

import asyncio
import io
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import shapely
from PIL import ExifTags, Image

from tests.packs.conftest import ROOT
from yiwang.casework.classify import WordIndex
from yiwang.packs import simulation
from yiwang.packs.areas import read_boundary
from yiwang.packs.errors import CityInvalid, CityNotSimulable, DemoAccountsRefused, NoSimulatedTime
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import City
from yiwang.packs.loader import load_city
from yiwang.packs.remote import CityAway, Remote
from yiwang.packs.simulation import run_simulation
from yiwang.packs.simulation.behaviour import MANNERS, choose_way, minutes_for, working_moment
from yiwang.packs.simulation.clockwork import Agenda, CityTime
from yiwang.packs.simulation.crew import Crew
from yiwang.packs.simulation.day import Day
from yiwang.packs.simulation.matters import Matters
from yiwang.packs.simulation.photos import Shot, draw_photo, fault_of
from yiwang.packs.simulation.rates import BY_HOUR, next_arrival, share_at

CHINA = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 7, 14, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def xiqing() -> City:
    city = load_city(ROOT / "cities" / "xiqing", ROOT / "packs", Findings())
    assert city is not None
    return city


def test_the_same_seed_gives_the_same_matters(xiqing: City) -> None:
    one, other = Matters(xiqing, 7), Matters(xiqing, 7)
    assert [one.matter(number) for number in range(50)] == [other.matter(number) for number in range(50)]
    assert one.matter(3) != Matters(xiqing, 8).matter(3)


def test_matters_lie_in_the_city_and_come_by_its_channels(xiqing: City) -> None:
    boundary = read_boundary(xiqing, Findings())
    assert boundary is not None
    stream = Matters(xiqing, 1)
    matters = [stream.matter(number) for number in range(600)]
    assert all(shapely.contains_xy(boundary, matter.spot.lon, matter.spot.lat) for matter in matters)
    types = Counter(matter.type for matter in matters)
    assert types["urban-case"] > types["hotline-case"] > types["patrol-task"] > 0
    closed = xiqing.file.value.channels["urban-case"]
    assert not {matter.channel for matter in matters if matter.type == "urban-case"} & {
        key for key, on in closed.items() if not on
    }
    assert len({matter.text for matter in matters}) > 550, "texts vary"
    assert all(matter.phone.startswith("1990000") for matter in matters), "numbers that nobody has"


def test_the_citys_own_rules_recognise_what_residents_write(xiqing: City) -> None:
    tree = next(tree.value for pack in xiqing.packs for tree in pack.classes if tree.value.id == "gbt47678")
    index = WordIndex(tree.classes)
    stream = Matters(xiqing, 2)
    matters = [matter for number in range(900) if (matter := stream.matter(number)).type == "urban-case"]
    right = sum(bool(found := index.propose(matter.text)) and found[0].code == matter.kind.code for matter in matters)
    assert right / len(matters) > 0.9


def test_a_repeated_matter_lies_within_the_folding_distance(xiqing: City) -> None:
    matters = Matters(xiqing, 1)
    first = matters.matter(5)
    again = matters.repeated(first, 99)
    metres = 111_320 * ((first.spot.lon - again.spot.lon) ** 2 + (first.spot.lat - again.spot.lat) ** 2) ** 0.5
    assert metres < 15
    assert again.kind == first.kind
    assert again.name != first.name or again.text != first.text


def test_arrivals_follow_the_days_curve_with_a_morning_peak() -> None:
    assert sum(BY_HOUR) == pytest.approx(24, abs=0.01)
    assert max(range(24), key=BY_HOUR.__getitem__) in (8, 9)
    chance, at, count = random.Random(1), datetime(2026, 7, 13, 16, tzinfo=UTC), Counter[int]()
    while at < datetime(2026, 7, 23, 16, tzinfo=UTC):
        at = next_arrival(chance, at, 60, CHINA)
        count[at.astimezone(CHINA).hour] += 1
    assert sum(count.values()) == pytest.approx(10 * 24 * 60, rel=0.05)
    assert count[8] > 3 * count[22] > 0
    assert share_at(NOON, CHINA) == BY_HOUR[12]


@pytest.mark.parametrize("node", sorted(MANNERS))
def test_shares_of_ways_sum_to_one(node: str) -> None:
    assert sum(way.share for way in MANNERS[node].ways) == pytest.approx(1)


def test_every_outcome_of_the_shipped_flows_that_is_named_exists(xiqing: City) -> None:
    for pack in xiqing.packs:
        for flow in pack.flows:
            assert flow.graph is not None
            for task in flow.graph.tasks:
                chosen = choose_way(random.Random(1), task.id, list(task.outcomes), calm=True, absent=False)
                assert chosen.outcome in task.outcomes
                assert task.id in MANNERS, f"{flow.key}/{task.id} has no manner"


def test_urgent_matters_are_done_at_night_and_others_wait_for_the_morning() -> None:
    night = datetime(2026, 7, 14, 15, tzinfo=UTC)
    assert working_moment(night, "handler", CHINA, urgent=True) == night
    assert working_moment(night, "acceptor", CHINA, urgent=False) == night, "the centre never closes"
    morning = working_moment(night, "handler", CHINA, urgent=False).astimezone(CHINA)
    assert (morning.day, morning.hour) == (15, 7)
    assert minutes_for(random.Random(1), "handle", urgent=True, pace=0.1) < timedelta(minutes=10)


def test_photos_are_small_jpegs_with_time_and_place() -> None:
    shot = Shot("a", "water", NOON, 117.05, 39.06)
    before, after = draw_photo(shot), draw_photo(Shot("a", "water", NOON, 117.05, 39.06, mended=True))
    assert before != after
    assert before == draw_photo(shot), "drawn from the seed"
    assert len(before) < 60_000
    exif = Image.open(io.BytesIO(before)).getexif()
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2026:07:14 12:00:00"
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] == "+08:00"
    degrees = exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude]
    assert sum(float(part) / 60**power for power, part in enumerate(degrees)) == pytest.approx(39.06, abs=1e-6)
    assert fault_of("道路积水") == "water"
    assert fault_of("某种怪事") == "other"


async def test_the_day_reports_works_and_closes_over_the_api(trials) -> None:
    folder = ROOT / "tests" / "cities" / "small"
    city = load_city(folder, ROOT / "packs", Findings())
    assert city is not None
    told: list[str] = []
    async with trials(ROOT / "packs")(folder, datetime(2026, 7, 14, 1, tzinfo=UTC)) as trial:
        crew = Crew(city, trial.client)
        clock = CityTime(Remote(trial.client()))
        await clock.sync()
        await clock.set_speed(300)
        day = Day(crew, clock, Matters(city, 3), rate=120, seed=3, tell=told.append)
        running = asyncio.create_task(day.run())
        for _ in range(720):  # a machine under load takes minutes for what needs seconds
            await asyncio.sleep(0.25)
            if running.done() or (day.tally.closed >= 3 and day.tally.reported >= 15):
                break
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await crew.close()
        assert day.tally.reported >= 15, day.line()
        assert day.tally.steps >= 20, day.line()
        assert day.tally.closed >= 3, (day.line(), told)
        assert sum(day.tally.refused.values()) <= 1, day.tally.refused


async def test_an_agenda_ends_even_when_something_comes_up_at_that_moment() -> None:
    nowhere = httpx.MockTransport(lambda request: httpx.Response(404))
    clock = CityTime(Remote(httpx.AsyncClient(transport=nowhere, base_url="http://city")))

    async def nothing() -> None: ...

    agenda = Agenda(clock, together=1)
    running = asyncio.create_task(agenda.run())
    await asyncio.sleep(0.05)
    agenda.after(timedelta(days=1), nothing)
    running.cancel()
    _, waiting = await asyncio.wait([running], timeout=20)
    running.cancel()
    assert not waiting, "the end was taken for the news"


async def test_what_people_take_over_is_left_to_them(xiqing: City) -> None:
    nowhere = httpx.MockTransport(lambda request: httpx.Response(404))
    crew = Crew(xiqing, lambda: httpx.AsyncClient(transport=nowhere), leave=["dispatcher", "acceptor1"])
    assert crew.holding("dispatcher") == []
    assert {member.login for member in crew.holding("acceptor")} == {"acceptor2", "acceptor3"}
    await crew.close()


async def test_a_city_that_is_away_is_waited_for() -> None:
    now = {"now": NOON.isoformat(), "speed": 60, "simulated": True, "timezone": "Asia/Shanghai"}
    answers = iter([httpx.ConnectError("away"), httpx.Response(503), httpx.Response(200, json=now)])

    def answer(request: httpx.Request) -> httpx.Response:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    clock = CityTime(Remote(httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://city")))
    await clock.sync()
    assert clock.speed == 60
    assert NOON <= clock.now() < NOON + timedelta(minutes=2)


async def test_a_write_without_a_key_is_never_sent_twice() -> None:
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Idempotency-Key"))
        raise httpx.ReadError("broken")

    remote = Remote(httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://city"))
    with pytest.raises(CityAway):
        await remote.post("/tasks/1/complete", {})
    assert sent == [None]
    with pytest.raises(CityAway):
        await remote.post("/cases", {}, key="the-same-key")
    assert sent[1:] == ["the-same-key"] * 5


async def test_a_city_with_errors_is_not_simulated(tmp_path: Path) -> None:
    with pytest.raises(CityInvalid, match=r"city\.yaml"):
        await run_simulation("http://127.0.0.1:9", tmp_path, ROOT / "packs")


def city_answering(*answers: httpx.Response) -> httpx.AsyncClient:
    """A client of a city that gives these answers, the last one for ever."""
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://city")


async def test_真实时间的城市不能调快_说明怎么办() -> None:
    real = {"code": "clock.real", "title": "本市使用真实时间"}
    for answer in (httpx.Response(409, json=real), httpx.Response(403, json={"code": "identity.forbidden"})):
        clock = CityTime(Remote(city_answering(answer)))
        with pytest.raises(NoSimulatedTime) as raised:
            await simulation.set_speed(clock, 60, "http://city")
        assert "demo" in raised.value.message("zh")
        assert "YIWANG_HOME" in raised.value.message("en")


async def test_服务器不认演示账号_开始前就说明(xiqing: City) -> None:
    refused = {"code": "identity.sign_in_refused", "title": "登录名或密码不对"}
    crew = Crew(xiqing, lambda: city_answering(httpx.Response(401, json=refused)))
    with pytest.raises(DemoAccountsRefused) as raised:
        await simulation.begin(crew, xiqing, "http://city")
    assert "identity.sign_in_refused" in raised.value.message("en")
    await crew.close()


async def test_没有演示账号的城市不能模拟(sound: Path) -> None:
    path = sound / "cities" / "hill" / "city.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("demo:")], encoding="utf-8")
    with pytest.raises(CityNotSimulable, match=r"city\.yaml"):
        await run_simulation("http://127.0.0.1:9", path.parent, sound / "packs")
