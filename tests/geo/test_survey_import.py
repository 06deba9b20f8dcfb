"""Survey files: three formats, coordinate systems, and a report by row that never costs a good row."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry
from surveys import Feature, write_geojson, write_geopackage, write_shapefile

from yiwang.geo import survey_files
from yiwang.geo.coordinates import from_cgcs2000
from yiwang.geo.errors import DatumNeedsParameters, SurveyTooLarge, SurveyUnreadable
from yiwang.geo.survey import CheckedRow, Fields, check_areas, check_responsibility_grids
from yiwang.geo.survey_files import read_survey
from yiwang.kernel.errors import FieldError

COMMUNITY = "120199001001"
GROUND = shapely.box(117.0, 39.0, 117.01, 39.01)
KNOWN: dict[str, BaseGeometry | None] = {"120199": None, "120199001": None, COMMUNITY: GROUND}
Writer = Callable[[Path, list[Feature]], Path]
FORMATS: list[tuple[str, Writer]] = [
    ("grids.geojson", write_geojson),
    ("grids.zip", write_shapefile),
    ("grids.gpkg", write_geopackage),
]


def cell(column: int, row: int = 0) -> BaseGeometry:
    return shapely.box(117.0 + column * 0.001, 39.0 + row * 0.001, 117.001 + column * 0.001, 39.001 + row * 0.001)


def grid(serial: int, shape: BaseGeometry | None, **more: object) -> Feature:
    return {"code": f"{COMMUNITY}{serial:03d}", "name": f"网格{serial}", **more}, shape


def check(
    path: Path, crs: str = "EPSG:4490", fields: Fields | None = None
) -> tuple[list[CheckedRow], list[FieldError], int]:
    return check_areas(read_survey(path), crs=crs, known=KNOWN, fields=fields)


@pytest.mark.parametrize(("name", "write"), FORMATS)
def test_good_rows_of_every_format_are_read_alike(tmp_path: Path, name: str, write: Writer) -> None:
    rows, problems, count = check(write(tmp_path / name, [grid(1, cell(0)), grid(2, cell(1))]))
    assert problems == []
    assert count == 2
    assert [(row.code, row.name_zh, row.row) for row in rows] == [
        (f"{COMMUNITY}001", "网格1", 1),
        (f"{COMMUNITY}002", "网格2", 2),
    ]
    assert rows[0].geometry.equals(cell(0))


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09", "EPSG:4548", "EPSG:4527", "EPSG:3857"])
def test_coordinates_are_converted_on_the_way_in(tmp_path: Path, crs: str) -> None:
    moved = shapely.transform(cell(0), lambda xy: np.column_stack(from_cgcs2000(xy[:, 0].copy(), xy[:, 1].copy(), crs)))
    rows, problems, _ = check(write_geopackage(tmp_path / "g.gpkg", [grid(1, moved)]), crs)
    assert problems == []
    corners = shapely.get_coordinates(rows[0].geometry)
    assert np.abs(np.sort(corners, axis=0) - np.sort(shapely.get_coordinates(cell(0)), axis=0)).max() < 1e-9


@pytest.mark.parametrize(("name", "write"), FORMATS)
def test_三条错行_不影响好行_逐行说明原因(tmp_path: Path, name: str, write: Writer) -> None:
    bow_tie = shapely.Polygon([(117.005, 39.0), (117.006, 39.001), (117.006, 39.0), (117.005, 39.001)])
    features = [
        grid(1, cell(0)),
        grid(1, cell(1)),
        ({"code": "12019900100100O", "name": "字母"}, cell(2)),
        ({"code": "12019900100101", "name": "14位"}, cell(2)),
        grid(4, bow_tie),
        grid(5, shapely.box(117.0005, 39.0, 117.0015, 39.001)),
        grid(6, shapely.box(117.0095, 39.0, 117.0105, 39.001)),
        ({"code": "120199002001001", "name": "孤儿"}, cell(3)),
        grid(8, None),
        grid(9, cell(4)),
    ]
    rows, problems, count = check(write(tmp_path / name, features))
    assert count == 10
    assert [row.code[-3:] for row in rows] == ["001", "009"]
    found = {error.where.split(",")[0]: error.code.removeprefix("geo.survey.") for error in problems}
    assert found == {
        "row 2": "duplicate_code",
        "row 3": "bad_code",
        "row 4": "bad_code",
        "row 5": "invalid_geometry",
        "row 6": "overlap",
        "row 7": "outside_parent",
        "row 8": "no_parent",
        "row 9": "no_geometry",
    }
    assert all(error.zh and error.en for error in problems)
    overlap = next(error for error in problems if error.code.endswith("overlap"))
    assert "第 1 行" in overlap.zh
    assert "50%" in overlap.en


def test_a_refused_parent_refuses_its_children_by_name(tmp_path: Path) -> None:
    features: list[Feature] = [
        ({"code": "120199001002"}, shapely.Point(117.02, 39.0)),
        ({"code": "120199001002001"}, shapely.box(117.02, 39.0, 117.021, 39.001)),
    ]
    rows, problems, _ = check(write_geojson(tmp_path / "g.geojson", features))
    assert rows == []
    assert [error.code for error in problems] == ["geo.survey.invalid_geometry", "geo.survey.no_parent"]


def test_a_whole_tree_in_one_file_needs_no_stored_parent(tmp_path: Path) -> None:
    features: list[Feature] = [
        ({"code": "120199001001001"}, cell(0)),
        ({"code": "120199001001"}, GROUND),
        ({"code": "120199001"}, GROUND),
        ({"code": "120199"}, GROUND),
    ]
    path = write_geojson(tmp_path / "g.geojson", features)
    rows, problems, _ = check_areas(read_survey(path), crs="EPSG:4490", known={})
    assert problems == []
    assert [row.code for row in rows] == ["120199", "120199001", "120199001001", "120199001001001"]


def test_small_overlaps_within_survey_tolerance_are_taken(tmp_path: Path) -> None:
    shifted = shapely.box(117.000995, 39.0, 117.002, 39.001)
    rows, problems, _ = check(write_geojson(tmp_path / "g.geojson", [grid(1, cell(0)), grid(2, shifted)]))
    assert problems == []
    assert len(rows) == 2


def test_wrong_declared_coordinates_are_noticed(tmp_path: Path) -> None:
    metric = shapely.box(500_000, 4_300_000, 500_100, 4_300_100)
    _, problems, _ = check(write_geojson(tmp_path / "g.geojson", [grid(1, metric)]))
    assert [error.code for error in problems] == ["geo.survey.invalid_geometry"]
    assert "EPSG:4490" in problems[0].zh
    with pytest.raises(DatumNeedsParameters):
        check(tmp_path / "g.geojson", "EPSG:4610")


def test_fields_may_be_named(tmp_path: Path) -> None:
    features: list[Feature] = [({"WGBH": 120199001001001.0, "MINGCHENG": "甲\u200b 乙", "code": "x"}, cell(0))]
    path = write_geojson(tmp_path / "g.geojson", features)
    rows, problems, _ = check(path, fields=Fields(code="WGBH", name_zh="MINGCHENG"))
    assert problems == []
    assert (rows[0].code, rows[0].name_zh) == ("120199001001001", "甲 乙")


@pytest.mark.parametrize(("encoding", "declare"), [("utf-8", True), ("gbk", True), ("gbk", False), ("utf-8", False)])
def test_attribute_tables_in_gbk_and_utf8(tmp_path: Path, encoding: str, declare: bool) -> None:
    path = write_shapefile(tmp_path / "g.zip", [grid(1, cell(0))], encoding=encoding, declare=declare)
    rows, _, _ = check(path)
    assert rows[0].name_zh == "网格1"


def test_one_layer_of_several_must_be_named(tmp_path: Path) -> None:
    path = write_geopackage(tmp_path / "g.gpkg", [grid(1, cell(0))], table="单元网格")
    write_geopackage(path, [grid(2, cell(1))], table='odd "name', envelope=False)
    with pytest.raises(SurveyUnreadable) as refusal:
        list(read_survey(path))
    assert "单元网格" in refusal.value.message("zh")
    assert [row.values["name"] for row in read_survey(path, layer='odd "name')] == ["网格2"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("g.geojson", b"{"),
        ("g.geojson", b"[]"),
        ("g.geojson", b'{"type": "Feature"}'),
        ("g.zip", b"PK\x03\x04 not really"),
        ("g.gpkg", b"SQLite format 3\x00" + b"\x00" * 200),
        ("g.gpkg", b"nothing"),
        ("g.dwg", b"AC1032"),
    ],
)
def test_files_that_are_broken_as_a_whole_say_so(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SurveyUnreadable) as refusal:
        list(read_survey(path))
    assert "GeoJSON" in refusal.value.message("en")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SurveyUnreadable):
        list(read_survey(tmp_path / "none.geojson"))


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_files, "UNPACKED_LIMIT", 2**20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", b"\0" * 2**21)
        archive.writestr("a.dbf", b"")
    with pytest.raises(SurveyTooLarge):
        list(read_survey(path))


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_files, "ROW_LIMIT", 1)
    path = write_geojson(tmp_path / "g.geojson", [grid(1, cell(0)), grid(2, cell(1))])
    with pytest.raises(SurveyTooLarge):
        list(read_survey(path))


def test_a_geopackage_without_its_tables_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.gpkg"
    with sqlite3.connect(path) as package:
        package.execute("create table gpkg_contents (table_name text, data_type text)")
    with pytest.raises(SurveyUnreadable):
        list(read_survey(path))


@given(st.binary(max_size=60))
def test_any_blob_is_a_geometry_or_a_fault(blob: bytes) -> None:
    row = survey_files._geopackage_row(1, {}, b"GP\x00\x01" + blob)
    assert (row.geometry is None) == bool(row.fault)


def test_geojson_features_of_any_kind_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "g.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[1,null,{},{"geometry":{"type":"Polygon"}},{"geometry":'
        '{"type":"Polygon","coordinates":[[["a"]]]}},{"properties":[],"geometry":{"type":"Blob","coordinates":[]}}]}'
    )
    rows = list(read_survey(path))
    assert [row.geometry for row in rows] == [None] * 6
    assert all(row.fault for row in rows)


def test_责任网格的代码_重叠与上级(tmp_path: Path) -> None:
    features: list[Feature] = [
        ({"code": f"{COMMUNITY}R01", "name": "一"}, shapely.box(117.0, 39.0, 117.005, 39.01)),
        ({"code": f"{COMMUNITY}R02", "name": "二"}, shapely.box(117.004, 39.0, 117.01, 39.01)),
        ({"code": f"{COMMUNITY}003", "name": "三"}, cell(1)),
        ({"code": "120199001009R01", "name": "四"}, cell(1)),
        ({"code": f"{COMMUNITY}w001", "name": "五"}, shapely.box(117.005, 39.0, 117.01, 39.01)),
    ]
    path = write_geojson(tmp_path / "g.geojson", features)
    rows, problems, _ = check_responsibility_grids(read_survey(path), crs="EPSG:4490", known={COMMUNITY: GROUND})
    assert [row.code for row in rows] == [f"{COMMUNITY}R01", f"{COMMUNITY}W001"]
    assert [error.code.rsplit(".", 1)[-1] for error in problems] == ["overlap", "bad_code", "no_parent"]
