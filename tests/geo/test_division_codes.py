"""Division codes: structure, tree, ranges, and the real codes of five places."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.geo import divisions
from yiwang.geo.divisions import Kind, Level
from yiwang.geo.errors import InvalidDivisionCode


@pytest.mark.parametrize(
    ("text", "code", "level", "kind", "parent"),
    [
        ("12", "12", Level.PROVINCE, Kind.PROVINCE, None),
        ("120000", "12", Level.PROVINCE, Kind.PROVINCE, None),
        ("211100", "2111", Level.CITY, Kind.CITY, "21"),
        ("120111", "120111", Level.DISTRICT, Kind.DISTRICT, "1201"),
        ("120111001", "120111001", Level.STREET, Kind.STREET, "120111"),
        ("120111000000", "120111", Level.DISTRICT, Kind.DISTRICT, "1201"),
        ("120111106", "120111106", Level.STREET, Kind.TOWN, "120111"),
        ("431382200", "431382200", Level.STREET, Kind.TOWNSHIP, "431382"),
        ("120111450", "120111450", Level.STREET, Kind.STATISTICAL_UNIT, "120111"),
        ("120111001001", "120111001001", Level.COMMUNITY, Kind.RESIDENTS_COMMITTEE, "120111001"),
        ("120111100206", "120111100206", Level.COMMUNITY, Kind.VILLAGERS_COMMITTEE, "120111100"),
        ("120111450498", "120111450498", Level.COMMUNITY, Kind.STATISTICAL_UNIT, "120111450"),
        (" 120111001001001 ", "120111001001001", Level.UNIT_GRID, Kind.UNIT_GRID, "120111001001"),
        ("441900003", "441900003", Level.STREET, Kind.STREET, "4419"),
    ],
)
def test_code_level_kind_and_parent(text: str, code: str, level: Level, kind: Kind, parent: str | None) -> None:
    found = divisions.parse(text)
    assert (found.code, found.level, found.kind, found.parent) == (code, level, kind, parent)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "12011",
        "1201110010010",
        "12O111",
        "991111",
        "１２０１１１",
        "120111-001",
        "120111000001",
        "120011000001",
    ],
)
def test_wrong_codes_are_refused_with_a_reason(text: str) -> None:
    assert not divisions.is_valid(text)
    with pytest.raises(InvalidDivisionCode) as refusal:
        divisions.parse(text)
    assert refusal.value.data["reason_zh"]
    assert refusal.value.data["reason_en"]


codes = st.from_regex(r"1[1-5]([0-9][1-9]){2}([0-9][0-9][1-9]){0,3}", fullmatch=True)


@given(codes, codes)
def test_the_subtree_is_exactly_the_range(code: str, other: str) -> None:
    low, high = divisions.subtree_range(code)
    assert (low <= other < high) == other.startswith(code) == divisions.is_within(other, code)
    assert low <= f"{code}R01" < high, "codes of responsibility grids lie in the range of their community"


@given(codes)
def test_every_code_descends_from_its_ancestors(code: str) -> None:
    above = divisions.parent(code)
    while above is not None:
        assert divisions.is_within(code, above)
        assert divisions.ancestor(code, divisions.level_of(above)) == above
        above = divisions.parent(above)


def test_a_city_without_districts_has_none_above_its_streets() -> None:
    assert divisions.ancestor("441900003", Level.DISTRICT) is None
    assert divisions.ancestor("441900003", Level.CITY) == "4419"
    assert divisions.national_code("2111") == "211100"


@pytest.mark.parametrize(
    ("place", "streets", "communities"),
    [("120111", 15, 289), ("431382", 20, 506), ("110115", 26, 758), ("211100", 50, 544), ("310117", 20, 386)],
)
def test_五地区划代码成树_无孤儿(
    place: str, streets: int, communities: int, real_divisions: Callable[[str], list[tuple[str, str]]]
) -> None:
    top = divisions.area_code(place)
    found = [divisions.parse(code) for _, code in real_divisions(top)]
    districts = {d.parent for d in found if d.level is Level.STREET}
    assert divisions.orphans([top, *(d for d in districts if d), *(d.code for d in found)]) == []
    assert sum(d.level is Level.STREET for d in found) == streets
    assert sum(d.level is Level.COMMUNITY for d in found) == communities


def test_统计用虚拟单位_保留并标记(real_divisions: Callable[[str], list[tuple[str, str]]]) -> None:
    found = {code: (name, divisions.parse(code)) for name, code in real_divisions("120111")}
    assert all(division.is_statistical_unit for name, division in found.values() if "虚拟" in name or "开发区" in name)
    flagged = {code for code, (_, division) in found.items() if division.is_statistical_unit and len(code) == 9}
    assert flagged == {"120111400", "120111401", "120111450"}


def test_orphans_are_named() -> None:
    assert divisions.orphans(["120111", "120111001", "120111002001"]) == ["120111002001"]
