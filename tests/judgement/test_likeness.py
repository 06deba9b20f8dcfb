"""同件识别的尺子:evidence adds up and is explained; the planted repetitions of a real file are all found and none else."""

from __future__ import annotations

import csv
import dataclasses
import inspect
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from yiwang.cli.main import app
from yiwang.judgement.likeness import Rarity, Telling, compare, groups, metres_between, repetitions, telling
from yiwang.judgement.likeness.errors import ColumnUnknown, TableUnreadable
from yiwang.judgement.likeness.tables import read_table, read_time

NOW = datetime(2026, 6, 18, 8, 0, tzinfo=UTC)
LAMP = "实验小学东门口的路灯不亮,晚上接孩子很危险"


def _told(text: str = LAMP, hours: float = 0.0, **more: object) -> Telling:
    return telling(text, at=NOW + timedelta(hours=hours), **more)  # type: ignore[arg-type]


def test_相同的文字地点时间_是同一件() -> None:
    one, two = _told(lon=117.0, lat=39.0), _told(hours=0.5, lon=117.0001, lat=39.0)
    likeness = compare(one, two, Rarity())
    assert likeness.probability > 0.9
    assert likeness.bits == pytest.approx(-11 + sum(reason.bits for reason in likeness.reasons), abs=0.01)


@pytest.mark.parametrize(
    ("other", "feature"),
    [
        ({"lon": 117.05, "lat": 39.0}, "place"),
        ({"class_code": "0999"}, "class"),
        ({"hours": 24 * 60}, "time"),
        ({"text": "菜市场后面垃圾好几天没人收"}, "text"),
    ],
)
def test_一项不同_证据为负_并说明是哪一项(other: dict[str, object], feature: str) -> None:
    one = _told(lon=117.0, lat=39.0, class_code="0201")
    two = _told(**{"lon": 117.0, "lat": 39.0, "class_code": "0201", **other})  # type: ignore[arg-type]
    reason = next(item for item in compare(one, two, Rarity()).reasons if item.feature == feature)
    assert reason.bits < 0
    assert reason.zh
    assert reason.en


def test_没有写完的上报_没写的部分少算反证() -> None:
    begun, whole = _told("实验小学东门口"), _told()
    assert compare(begun, whole, Rarity(), unfinished=True).bits > compare(begun, whole, Rarity()).bits


def test_常见词说明不了什么_罕见词说明很多() -> None:
    rarity = Rarity({"谢谢": 0.5}, rare=0.0005)
    assert rarity.bits("谢谢") == pytest.approx(1.0)
    assert rarity.bits("麒麟") == pytest.approx(10.97, abs=0.01)
    assert rarity.rarest(["谢谢", "麒麟"], 1) == ["麒麟"]


def test_分类名称里的字不重复算作证据() -> None:
    one, two = telling("Parking Enforcement", class_code="Parking Enforcement"), telling("x", class_code="y")
    assert one.terms == frozenset()
    assert all(reason.feature != "text" for reason in compare(one, two, Rarity()).reasons)


def test_距离按球面() -> None:
    assert metres_between(117.0, 39.0, 117.0, 39.001) == pytest.approx(111.2, abs=0.3)
    assert metres_between(-180.0, 0.0, 180.0, 0.0) == pytest.approx(0.0, abs=1e-6)


def test_不使用人的任何特征() -> None:
    """姓名、证件号、来源地不在比较的字段里;同一来电人只比较是否相同,不保存。"""
    fields = {field.name for field in dataclasses.fields(Telling)}
    assert fields == {"terms", "said", "address", "lon", "lat", "class_code", "at", "caller", "number"}
    assert not {"name", "phone", "identity", "gender", "age", "origin"} & set(inspect.signature(telling).parameters)
    same = compare(_told(caller="a"), _told(caller="a"), Rarity())
    other = compare(_told(caller="a"), _told(caller="b"), Rarity())
    assert same.bits - other.bits == pytest.approx(4.0)
    assert "caller" not in {reason.feature for reason in other.reasons}


def test_三份相同的上报_算两份重复_并成一组() -> None:
    reports = [_told(hours=hours, lon=117.0, lat=39.0) for hours in (2, 0, 1)] + [_told("完全不同的另一件事情")]
    pairs = repetitions(reports)
    assert sorted((pair.earlier, pair.later) for pair in pairs) == [(1, 0), (1, 2)]
    assert groups(pairs) == [[0, 1, 2]]


def test_超出时间窗的不算重复_编号相同的除外() -> None:
    far = [_told(), _told(hours=25)]
    assert repetitions(far) == []
    assert len(repetitions(far, hours=48)) == 1
    assert len(repetitions([_told(number="A1"), _told(hours=2500, number="A1")])) == 1


def test_填充用的坐标不当作地点() -> None:
    reports = [
        telling("", class_code="停车", address=f"和平路{number}号", lon=-71.0587, lat=42.3594, at=NOW)
        for number in range(5)
    ]
    assert repetitions(reports) == []


def _boston(shared_dir: Path, name: str) -> Path:
    return shared_dir / "data" / "requests_311" / f"boston311-100-{name}.csv"


@pytest.mark.parametrize("without_numbers", [False, True])
def test_波士顿文件里埋下的二十个重复全部找到_没有多余(shared_dir: Path, tmp_path: Path, without_numbers: bool) -> None:
    source, answer = _boston(shared_dir, "20dupes-random"), _boston(shared_dir, "deduped")
    rows = list(csv.reader(source.open(encoding="utf-8")))
    if without_numbers:
        rows = [row[1:] for row in rows]
        source = tmp_path / "unnumbered.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    out = tmp_path / "rest.csv"
    result = CliRunner().invoke(app, ["duplicates", str(source), "--json", "--deduplicated", str(out)])
    assert result.exit_code == 0, result.output
    told = orjson.loads(result.stdout)
    assert told["duplicates"] == 20
    for pair in told["pairs"]:
        assert rows[pair["row"] - 1] == rows[pair["repeats"] - 1]
        assert pair["reasons"]
    left = sorted(csv.reader(out.open(encoding="utf-8")))
    wanted = [row[1:] if without_numbers else row for row in csv.reader(answer.open(encoding="utf-8"))]
    assert left == sorted(wanted)


def test_没有重复的文件里找不到重复(shared_dir: Path) -> None:
    result = CliRunner().invoke(app, ["duplicates", str(_boston(shared_dir, "deduped")), "--json"])
    assert orjson.loads(result.stdout)["duplicates"] == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", TableUnreadable),
        (b"\xff\xfe\x00a", TableUnreadable),
        (b"\x00\x01\x02", TableUnreadable),
        (b"\n\n", TableUnreadable),
    ],
)
def test_读不懂的文件被拒绝(tmp_path: Path, content: bytes, problem: type[Exception]) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(problem):
        read_table(path)


def test_没有的列被指出(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("内容,时间\n路灯不亮,2026-06-18 08:00:00\n", encoding="gb18030")
    table = read_table(path)
    assert dict(table.columns) == {"at": "时间", "text": "内容"}
    assert table.rows[0].at == NOW
    with pytest.raises(ColumnUnknown):
        read_table(path, {"class": "类别"})
    result = CliRunner().invoke(app, ["duplicates", str(path), "--column", "class=类别"])
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019/2/28 11:25:05", "2019-02-28"),
        ("04/12/2018 11:11:26 AM", "2018-04-12"),
        ("2023-12-10T12:00:00.000", "2023-12-10"),
        ("2026年6月18日 08:30", "2026-06-18"),
        ("20260618", "2026-06-18"),
        ("2026-06-18T08:30:00+08:00", "2026-06-18"),
    ],
)
def test_各种写法的时间(text: str, day: str) -> None:
    found = read_time(text)
    assert found is not None
    assert found.date().isoformat() == day
    assert found.tzinfo is not None


@given(st.text(max_size=60))
def test_任何文字都不会使读取时间出错(text: str) -> None:
    found = read_time(text)
    assert found is None or found.tzinfo is not None


@given(
    st.lists(st.tuples(st.text(max_size=30), st.integers(0, 5), st.floats(-180, 180), st.floats(-90, 90)), max_size=12)
)
def test_任何上报列表都能查重_编号小于行数_概率在0和1之间(rows: list[tuple[str, int, float, float]]) -> None:
    reports = [_told(text, hours, lon=lon, lat=lat) for text, hours, lon, lat in rows]
    for pair in repetitions(reports, least=0.01):
        assert pair.earlier != pair.later
        assert 0.01 <= pair.likeness.probability <= 1
        assert max(pair.earlier, pair.later) < len(rows)


@pytest.mark.parametrize("text", ["", "路" * 100_000, "路灯" * 50_000, "!!!", "路燈 lamp лампа 🚨", "\x00"])
def test_坏文字也能比较(text: str) -> None:
    one = _told(text)
    assert 0 <= compare(one, _told(), Rarity()).probability <= 1
    assert compare(one, one, Rarity(), unfinished=True).bits <= 20


def test_一列全是同一句话_不会两两相比() -> None:
    reports = [_told("路灯不亮", hours=number / 100) for number in range(3_000)]
    began = datetime.now(UTC)
    repetitions(reports)
    assert (datetime.now(UTC) - began).total_seconds() < 60
