"""What is true of a vehicle from one position to the next: fences, stay, driving time, trips. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sensing.vehicles.facts import VehicleFacts, VehicleState, vehicle_facts
from yiwang.sensing.vehicles.fences import Fences, Ground, metres_between
from yiwang.sensing.vehicles.model import FIXED, IGNITION, Fence, Hours, Point, Shape
from yiwang.sensing.vehicles.tracks import segments, simplified
from yiwang.sensing.vehicles.trips import TripState, advance, all_trips

CHINA = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 6, 18, 1, 0, tzinfo=UTC)  # 09:00 in China
DEGREE = 85_400.0  # metres of a degree of longitude about 40° north


def at(seconds: float, metres: float = 0.0, speed: float = 0.0, *, fixed: bool = True, ignition: bool = True, alarm: int = 0,
       mileage: float | None = None) -> Point:  # fmt: skip
    status = FIXED * fixed | IGNITION * ignition
    return Point(
        1, START + timedelta(seconds=seconds), 117.0 + metres / DEGREE, 40.0, speed, 90, alarm, status, mileage
    )


def walk(points: Iterable[Point], fences: Fences | None = None) -> list[VehicleFacts]:
    state, found = None, []
    for point in points:
        state, facts = vehicle_facts(point, state, fences or Fences(), CHINA)
        if facts is not None:
            found.append(facts)
    return found


def fence(shape: Shape, **more: object) -> Fence:
    return Fence(UUID(int=7), 1, "f", "围栏", "Fence", shape, members=frozenset({1}), **more)  # type: ignore[arg-type]


CIRCLE = Shape("circle", ((117.0, 40.0),), 200.0)


def test_距离与圆_误差千分之一以内() -> None:
    assert metres_between(117.0, 40.0, 118.0, 40.0) == pytest.approx(85_394, rel=1e-3)
    assert metres_between(117.0, 40.0, 117.0, 41.0) == pytest.approx(111_035, rel=1e-3)
    assert Ground(CIRCLE).metres_outside(117.0 + 300 / DEGREE, 40.0) == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("shape", "inside", "outside"),
    [
        (CIRCLE, (117.001, 40.0), (117.01, 40.0)),
        (Shape("rectangle", ((117.0, 40.1), (117.1, 40.0))), (117.05, 40.05), (117.05, 40.11)),
        (Shape("polygon", ((117.0, 40.0), (117.1, 40.0), (117.0, 40.1))), (117.02, 40.02), (117.08, 40.08)),
        (Shape("route", ((117.0, 40.0), (117.1, 40.0), (117.1, 40.1)), 100.0), (117.05, 40.0004), (117.05, 40.0006)),
    ],
)
def test_四种围栏(shape: Shape, inside: tuple[float, float], outside: tuple[float, float]) -> None:
    assert Ground(shape).metres_outside(*inside) == 0
    assert Ground(shape).metres_outside(*outside) > 0


def test_进出围栏_边上抖动不算进出() -> None:
    points = [at(0, 500, 40), at(10, 100, 40), at(20, 205, 5), at(30, 195, 5), at(40, 210, 5), at(50, 260, 40)]
    facts = walk(points, Fences([fence(CIRCLE)]))
    assert [len(each.entered) for each in facts] == [0, 1, 0, 0, 0, 0]
    assert [len(each.left) for each in facts] == [0, 0, 0, 0, 0, 1]


def test_围栏只在时段内有效_可跨午夜() -> None:
    night = Hours(22 * 60, 6 * 60)
    assert night.hold(datetime(2026, 6, 18, 23, 0))
    assert night.hold(datetime(2026, 6, 18, 5, 59))
    assert not night.hold(datetime(2026, 6, 18, 6, 0))
    assert not Hours(since=date(2026, 7, 1)).hold(datetime(2026, 6, 18, 9, 0))
    assert walk([at(0)], Fences([fence(CIRCLE, hours=night)]))[0].inside == ()  # 09:00


def test_不归它管的围栏不看() -> None:
    other = Fence(UUID(int=8), 2, "o", "", "", CIRCLE, members=frozenset({2}))
    everyone = Fence(UUID(int=9), 3, "e", "", "", CIRCLE, everyone=True)
    assert [hit.code for hit in walk([at(0)], Fences([other, everyone]))[0].inside] == ["e"]


def test_偏离路线_多远() -> None:
    route = Shape("route", ((116.9, 40.0), (117.1, 40.0)), 100.0)
    [on] = walk([at(0)], Fences([fence(route, keep="inside")]))
    assert on.outside == ()
    away = at(0)._replace(lat=40.01)
    [off] = walk([away], Fences([fence(route, keep="inside")]))
    assert off.values()["vehicle.deviation"] == pytest.approx(1110 - 50, abs=3)


def test_围栏限速_取最低的() -> None:
    slow = fence(CIRCLE, speed_limit=30.0)
    slower = Fence(UUID(int=8), 2, "s", "", "", CIRCLE, speed_limit=20.0, everyone=True)
    [facts] = walk([at(0, 0, 50)], Fences([slow, slower]))
    assert facts.over_limit == 30.0


def test_停留_从停下算起_开动清零() -> None:
    points = [at(0, 0, 40), at(60, 500, 0), at(360, 510, 0), at(660, 495, 2), at(700, 800, 40)]
    assert [each.stay_seconds for each in walk(points)] == [0, 0, 300, 600, 0]


def test_连续驾驶_休息满二十分钟才清零() -> None:
    drive = [at(seconds, seconds * 10, 36) for seconds in range(0, 3600, 60)]
    short = [at(3600 + seconds, 36_000, 0) for seconds in range(0, 900, 60)]
    again = [at(4500 + seconds, 36_000 + seconds * 10, 36) for seconds in range(0, 1800, 60)]
    long = [at(6300 + seconds, 54_000, 0) for seconds in range(0, 1260, 60)]
    facts = walk([*drive, *short, *again, *long])
    assert facts[59].driving_seconds == 59 * 60
    assert facts[74].driving_seconds == 3600  # a quarter of an hour is no rest
    assert max(each.driving_seconds for each in facts) == 5400
    assert facts[-1].driving_seconds == 0
    assert facts[-1].day_driving_seconds == 5400


def test_失联期间_位置说明它开着就算驾驶() -> None:
    assert walk([at(0, 0, 60), at(3600, 50_000, 60)])[-1].driving_seconds == 3600
    assert walk([at(0, 0, 60), at(3600, 100, 0)])[-1].driving_seconds == 0


def test_终端报警位有名字() -> None:
    assert walk([at(0, alarm=0b111)])[0].alarms == {"emergency", "overspeed", "fatigue"}
    assert walk([at(0, alarm=1 << 1)])[0].values()["vehicle.alarm.overspeed"] == 1.0


def test_迟到的与未定位的不改变现状() -> None:
    points = [at(0), at(60, 100, 40), at(30, 5000, 99), at(90, 9000, 40, fixed=False), at(60, 1, 1)]
    assert [each.at for each in walk(points)] == [points[0].at, points[1].at]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 20_000), st.floats(0, 120)), min_size=1, max_size=40))
def test_state_survives_being_written_down(steps: list[tuple[int, int, float]]) -> None:
    seconds, state, trip = 0.0, None, None
    fences = Fences([fence(CIRCLE)])
    for step, metres, speed in steps:
        seconds += step
        point = at(seconds, metres, speed)
        if state is not None:
            state = VehicleState.from_json(state.to_json())
        if trip is not None:
            trip = TripState.from_json(trip.to_json())
        before = state
        state, facts = vehicle_facts(point, state, fences, CHINA)
        assert facts is None or (facts.stay_seconds >= 0 and facts.driving_seconds >= 0)
        assert VehicleState.from_json(state.to_json()) == state
        assert before is None or state.at >= before.at
        trip, _ = advance(point, trip)
        assert TripState.from_json(trip.to_json()) == trip


def test_行程_点火行驶到长停() -> None:
    drive = [at(seconds, seconds * 10, 36, mileage=100 + seconds / 100) for seconds in range(0, 1200, 30)]
    park = [at(1200 + seconds, 11_700, 0, ignition=False, mileage=111.7) for seconds in range(0, 900, 30)]
    back = [
        at(2100 + seconds, 11_700 - seconds * 10, 36, mileage=111.7 + seconds / 100) for seconds in range(0, 600, 30)
    ]
    _, trips = all_trips([*drive, *park, *back])
    assert [trip.open for trip in trips] == [False, True]
    first = trips[0]
    assert first.started_at == START
    assert first.ended_at == START + timedelta(seconds=1170)  # where it moved last
    assert first.kilometres == pytest.approx(11.7)
    assert first.driving_seconds == 1170
    assert first.greatest_speed == 36


def test_行程_里程表没有就按位置算() -> None:
    _, [trip] = all_trips([at(seconds, seconds * 10, 36) for seconds in range(0, 600, 30)])
    assert trip.kilometres == pytest.approx(5.7, rel=0.01)


def test_行程_短停不断开_失联半小时断开() -> None:
    stop = [at(0, 0, 36), at(60, 600, 36), *(at(60 + step, 600, 0) for step in range(30, 270, 30)), at(330, 900, 36)]
    assert len(all_trips(stop)[1]) == 1
    assert len(all_trips([at(0, 0, 36), at(60, 600, 36), at(60 + 1800, 9000, 36), at(1900, 9300, 36)])[1]) == 2


@given(st.lists(st.tuples(st.integers(1, 2400), st.integers(-3000, 3000), st.booleans()), max_size=60))
def test_trips_do_not_overlap_and_stay_within_their_positions(steps: list[tuple[int, int, bool]]) -> None:
    seconds, metres, points = 0, 0, []
    for step, way, moving in steps:
        seconds, metres = seconds + step, metres + way
        points.append(at(seconds, metres, 40 if moving else 0))
    trips = sorted(all_trips(points)[1], key=lambda trip: trip.started_at)
    for trip in trips:
        assert trip.started_at <= trip.ended_at
        assert trip.kilometres >= 0
    for one, other in itertools.pairwise(trips):
        assert one.ended_at <= other.started_at
        assert not one.open


@given(st.integers(3, 400), st.integers(2, 60), st.randoms())
def test_轨迹简化_不超过要的点数_首尾都在(count: int, most: int, random) -> None:  # type: ignore[no-untyped-def]
    points = [
        at(index * 10, random.uniform(0, 5000), 30)._replace(lat=40 + random.uniform(0, 0.05)) for index in range(count)
    ]
    kept = simplified(points, most)
    assert 2 <= len(kept) <= max(most, 2)
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert all(point in points for point in kept)
    assert [point.at for point in kept] == sorted(point.at for point in kept)


def test_轨迹在断讯处断开() -> None:
    points = [at(0), at(30), at(60), at(2000), at(2030)]
    assert [len(part) for part in segments(points, timedelta(minutes=5))] == [3, 2]
