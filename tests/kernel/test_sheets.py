"""读取表格:编码、合并单元格、边界 — what a file holds is read, or told by line; what is too large is refused."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.sheets import Limits, Sheet, SheetUnreadable, harmless


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_各种编码_内容相同(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "a.csv", "姓名,地址\r\n张伟,学府路1号\r\n".encode(encoding))
    sheet = Sheet(path)
    assert (sheet.header, list(sheet.rows())) == (["姓名", "地址"], [(2, ["张伟", "学府路1号"])])


def test_一个文件两种编码_按行识别并说明(tmp_path: Path) -> None:
    content = (
        "姓名,地址\n张伟,学府路一号院\n".encode() + "王芳,友谊路二号院\n".encode("gb18030") + "刘洋,解放路\n".encode()
    )
    sheet = Sheet(written(tmp_path / "a.csv", content))
    assert [row[1] for _, row in sheet.rows()] == ["学府路一号院", "友谊路二号院", "解放路"]
    assert [remark.row for remark in sheet.remarks] == [3]


def test_两种编码都不是_说明在哪一行(tmp_path: Path) -> None:
    with pytest.raises(SheetUnreadable, match="line 2"):
        Sheet(written(tmp_path / "a.csv", b"a,b\n\xff\xff\xff,1\n"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_分隔符_由表头判断(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path / "a.txt", delimiter.join(["甲", "乙", "丙"]).encode() + b"\n")
    assert Sheet(path).header == ["甲", "乙", "丙"]


def test_解压炸弹_不展开就拒绝(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(200 * 2**20))
    with pytest.raises(SheetUnreadable, match="unfolds"):
        Sheet(path)


def test_谎报大小的压缩文件_拒绝(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", bytes(2**20))
    lying = raw.getvalue().replace((2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(SheetUnreadable):
        Sheet(written(tmp_path / "lying.xlsx", lying))


def test_行列有上限(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", b"a,b\n" + b"1,2\n" * 20)
    with pytest.raises(SheetUnreadable, match="columns"):
        Sheet(path, limits=Limits(columns=1))
    with pytest.raises(SheetUnreadable, match="10 rows"):
        Sheet(path, limits=Limits(rows=10)).count()
    with pytest.raises(SheetUnreadable):
        Sheet(written(tmp_path / "b.csv", b"a,b\n" + b"x" * 5000 + b",1\n"), limits=Limits(cell=1000)).count()


def test_不是表格的文件_说明原因(tmp_path: Path) -> None:
    for name, content in (
        ("a.xlsx", b"hello"),
        ("b.csv", b""),
        ("c.csv", b"PK\x03\x04...."),
        ("d.xls", b"\xd0\xcf\x11\xe0"),
    ):
        with pytest.raises(SheetUnreadable):
            Sheet(written(tmp_path / name, content)).count()
    with pytest.raises(SheetUnreadable):
        Sheet(tmp_path / "none.csv")


def test_会被当作公式的文字_加引号_数字照旧() -> None:
    assert [harmless(text) for text in ("=1+1", "@SUM(A1)", "+86 138", "-5.2", "正常")] == [
        "'=1+1", "'@SUM(A1)", "'+86 138", "-5.2", "正常",
    ]  # fmt: skip


CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=8))
def test_写出再读入_一字不差(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("sheets") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["甲", "乙", "丙", "丁"], *rows])
    sheet = Sheet(path)
    assert [row for _, row in sheet.rows()] == [row for row in rows if any(row)]
