"""Tables that people send: CSV (UTF-8 with or without BOM, UTF-16, GB18030, or lines of both) and Excel workbooks, by rows.

Owns how a file becomes a header and rows of text; knows nothing of what they mean. Rows are numbered as a spreadsheet shows
them. What was read otherwise than it stands (a title above the header, merged cells, lines in another encoding) is told in
:attr:`Sheet.remarks`. Promises bounds: of rows, columns, the length of a cell, and of what a compressed file unfolds to.
"""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import python_calamine

from yiwang.kernel.errors import Problem

EXCEL = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_PIECE = 1 << 20
_HEADER_WITHIN = 10
_MOST_LINES_NAMED = 10
_SHARP = 2.0**53
_THREE_BYTES = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
_DELIMITERS = (",", "\t", ";")


class SheetUnreadable(Problem):
    code = "sheet.unreadable"
    status = 422
    zh = "文件 {file} 不能读取:{reason_zh}"
    en = "The file {file} cannot be read: {reason_en}"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is read of one file. ``expanded``: bytes; ``ratio``: how many times its size a file may unfold to."""

    rows: int = 5_000_000
    columns: int = 500
    cell: int = 1_000_000
    expanded: int = 2**30
    ratio: int = 300


@dataclass(frozen=True, slots=True)
class Remark:
    """Something told of the file as a whole, or of a row of it."""

    row: int | None
    zh: str
    en: str


class Sheet:
    """The table of a file: ``header`` and ``rows()``; ``sheets`` names the worksheets of a workbook.

    Raises:
        SheetUnreadable: no such file or sheet, another format than its name says, broken, or beyond the limits.
    """

    def __init__(self, path: Path, *, sheet: str | None = None, limits: Limits | None = None) -> None:
        self.path = path
        self.limits = limits or Limits()
        self.remarks: list[Remark] = []
        self.sheets: list[str] = []
        self._sheet_name = sheet
        if not path.is_file():
            raise self._unreadable("文件不存在", "there is no such file")
        self._table: list[list[str]] | None = None
        self._encoding, self._delimiter = "", ","
        if path.suffix.lower() in EXCEL:
            self._table = self._workbook()
        else:
            self._encoding = self._encoding_of()
            self._delimiter = self._delimiter_of()
        self.header_row, self.header = self._find_header()
        if len(self.header) > self.limits.columns:
            raise self._unreadable(
                f"有 {len(self.header)} 列,最多 {self.limits.columns} 列",
                f"it has {len(self.header)} columns, at most {self.limits.columns} are taken",
            )

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row number, cells) below the header; rows without any text are left out."""
        most, first = self.limits.rows, self.header_row
        for number, row in self._numbered():
            if number <= first or not any(row):
                continue
            if number - first > most:
                raise self._unreadable(f"超过 {most} 行", f"it has more than {most} rows")
            yield number, row

    def count(self) -> int:
        """Rows below the header."""
        return sum(1 for _ in self.rows())

    def _find_header(self) -> tuple[int, list[str]]:
        """The first row of several cells among the first ten; above it stand titles. A table of one column: its first row."""
        first: tuple[int, list[str]] | None = None
        for number, row in self._numbered():
            filled = sum(1 for cell in row if cell.strip())
            if filled and first is None:
                first = (number, row)
            if filled > 1:
                first = (number, row)
                break
            if number >= _HEADER_WITHIN:
                break
        if first is None:
            raise self._unreadable("文件是空的", "it is empty")
        if first[0] > 1:
            self.remarks.append(
                Remark(first[0], f"第 {first[0]} 行作为表头,其上的标题行不读",
                       f"row {first[0]} is the header; titles above it are not read")
            )  # fmt: skip
        return first[0], [cell.strip() for cell in first[1]]

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        if self._table is not None:
            yield from enumerate(self._table, start=1)
            return
        csv.field_size_limit(self.limits.cell)
        number = 0
        with self._lines() as lines:
            try:
                for row in csv.reader(lines, delimiter=self._delimiter, strict=False):
                    number += 1
                    yield number, row
            except (csv.Error, UnicodeError) as error:
                raise self._unreadable(f"第 {number + 1} 行:{error}", f"row {number + 1}: {error}") from error

    def _lines(self) -> _Lines:
        return _Lines(self.path, self._encoding)

    # -- CSV ------------------------------------------------------------------------------------------------------

    def _encoding_of(self) -> str:
        """``utf-8-sig``, ``utf-16``, ``gb18030``, or ``mixed``: each line by itself."""
        with self.path.open("rb") as file:
            start = file.read(4)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
        if start == b"PK\x03\x04":
            raise self._unreadable(
                "这是压缩文件或 Excel 文件,请保留原来的扩展名", "it is a zip or Excel file; keep its suffix"
            )
        if _is_utf8(self.path):
            return "utf-8-sig"
        utf8, others = self._lines_by_encoding()
        if not utf8:
            return "gb18030"
        few, zh, en = (others, "GB18030", "GB18030") if len(others) <= len(utf8) else (utf8, "UTF-8", "UTF-8")
        named = "、".join(map(str, few[:_MOST_LINES_NAMED]))
        more = "等" if len(few) > _MOST_LINES_NAMED else ""
        told = f"编码不一致:{len(few)} 行是 {zh}(第 {named} 行{more}),已分别识别"
        said = (
            f"mixed encodings: {len(few)} lines are {en} (lines {named.replace('、', ', ')}), each was read by itself"
        )
        self.remarks.append(Remark(few[0], told, said))
        return "mixed"

    def _lines_by_encoding(self) -> tuple[list[int], list[int]]:
        """Lines that are UTF-8 beyond doubt, and lines that are only GB18030; a line that is neither is told."""
        utf8, others = [], []
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.isascii():
                    continue
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    try:
                        line.decode("gb18030")
                    except UnicodeDecodeError as error:
                        raise self._unreadable(
                            f"第 {number} 行既不是 UTF-8 也不是 GB18030,请另存为 UTF-8",
                            f"line {number} is neither UTF-8 nor GB18030; save the file as UTF-8",
                        ) from error
                    others.append(number)
                else:
                    if _THREE_BYTES.search(line):  # two bytes may be a Chinese character of GB18030 by chance
                        utf8.append(number)
        return utf8, others

    def _delimiter_of(self) -> str:
        with self._lines() as lines:
            try:
                starts = [line for line, _ in zip(lines, range(_HEADER_WITHIN), strict=False)]
            except UnicodeError as error:
                raise self._unreadable(str(error), str(error)) from error
        return max(_DELIMITERS, key=lambda each: max((line.count(each) for line in starts), default=0))

    # -- Excel ----------------------------------------------------------------------------------------------------

    def _workbook(self) -> list[list[str]]:
        if self.path.suffix.lower() != ".xls":
            check_zip(self.path, self.limits)
        try:
            book = python_calamine.CalamineWorkbook.from_path(str(self.path))
            names = self.sheets = book.sheet_names
            if self._sheet_name is not None and self._sheet_name not in names:
                known = ", ".join(names)
                raise self._unreadable(
                    f"没有名为“{self._sheet_name}”的工作表;有:{known}", f"no sheet “{self._sheet_name}”; it has {known}"
                )
            if not names:
                raise self._unreadable("没有工作表", "it has no sheet")
            sheet = book.get_sheet_by_name(self._sheet_name or names[0])
            self._within(sheet)
            table = [[_cell(value) for value in row] for row in sheet.iter_rows()]
            merged = sheet.merged_cell_ranges or []
            self._tell_digits_lost(sheet)
        except (python_calamine.CalamineError, OSError) as error:
            raise self._unreadable(str(error), str(error)) from error
        self._fill(table, merged)
        if self._sheet_name is None and len(names) > 1:
            self.remarks.append(
                Remark(
                    None,
                    f"有 {len(names)} 个工作表,只读了“{names[0]}”",
                    f"of {len(names)} sheets only “{names[0]}” was read",
                )
            )
        return table

    def _within(self, sheet: python_calamine.CalamineSheet) -> None:
        if sheet.total_width > self.limits.columns or sheet.total_height > self.limits.rows:
            raise self._unreadable(
                f"{sheet.total_height} 行 {sheet.total_width} 列,最多 {self.limits.rows} 行 {self.limits.columns} 列",
                f"{sheet.total_height} rows and {sheet.total_width} columns, at most {self.limits.rows} and"
                f" {self.limits.columns} are taken",
            )

    def _tell_digits_lost(self, sheet: python_calamine.CalamineSheet) -> None:
        """Long numbers that were typed as numbers have lost their last digits in Excel already."""
        lost = [
            number
            for number, row in enumerate(sheet.iter_rows(), start=1)
            if any(isinstance(value, float) and abs(value) > _SHARP for value in row)
        ]
        if lost:
            self.remarks.append(
                Remark(lost[0], f"{len(lost)} 行有超过 15 位的数字按数值保存,末位已丢失;请在 Excel 中把该列设为文本后重新填写",
                       f"{len(lost)} rows hold numbers of over 15 digits as numbers, their last digits are lost; make the"
                       " column text in Excel and fill it again")
            )  # fmt: skip

    def _fill(self, table: list[list[str]], merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> None:
        """Merged cells hold their value in every row; those that span columns are told, the value stays in the first."""
        downwards, across = 0, []
        for (top, left), (bottom, right) in merged:
            if top >= len(table) or left >= len(table[top]):
                continue
            for row in table[top + 1 : bottom + 1]:
                if left < len(row):
                    row[left] = table[top][left]
            downwards += bottom > top
            if right > left and sum(1 for cell in table[top] if cell) > 1:
                across.append(top + 1)
        if downwards:
            self.remarks.append(
                Remark(None, f"{downwards} 处合并单元格已逐行填充", f"{downwards} merged cells were filled in each row")
            )
        if across:
            self.remarks.append(
                Remark(across[0], f"{len(across)} 处合并单元格跨列,值只算作第一列的,请核对",
                       f"{len(across)} merged cells span columns; the value counts for the first only, check them")
            )  # fmt: skip

    def _unreadable(self, zh: str, en: str) -> SheetUnreadable:
        return SheetUnreadable(file=self.path.name, reason_zh=zh, reason_en=en)


class _Lines:
    """The lines of a text file, decoded; a context."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self._encoding = path, encoding

    def __enter__(self) -> Iterator[str]:
        if self._encoding == "mixed":
            raw = self._path.open("rb")
            self._file: IO[bytes] | IO[str] = raw
            return map(_either, raw)
        text = self._path.open(encoding=self._encoding, newline="")
        self._file = text
        return iter(text)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def check_zip(path: Path, limits: Limits) -> None:
    """Unfold a zip once without keeping anything, so that what is read afterwards is bounded and whole.

    Raises:
        SheetUnreadable: no zip, broken, or unfolding to more than the limits.
    """
    most = min(limits.expanded, max(path.stat().st_size, 100_000) * limits.ratio)

    def refused(zh: str, en: str) -> SheetUnreadable:
        return SheetUnreadable(file=path.name, reason_zh=zh, reason_en=en)

    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            too_large = refused(f"解压后超过 {most >> 20} MiB", f"it unfolds to more than {most >> 20} MiB")
            if len(members) > 10_000 or sum(member.file_size for member in members) > most:
                raise too_large
            for member in members:
                with archive.open(member) as content:  # the sizes told above are checked against what really comes
                    while content.read(_PIECE):
                        pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise refused(f"压缩内容损坏或加密({error})", f"its content is broken or encrypted ({error})") from error


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def harmless(text: str) -> str:
    """A text that a spreadsheet will not run as a formula (CSV injection)."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _plain_number(text) else text


def _plain_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _either(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("gb18030")


def _is_utf8(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(_PIECE):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
