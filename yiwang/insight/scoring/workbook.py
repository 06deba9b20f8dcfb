"""A board as a workbook (导出): counts are numbers; rates, points, scores, grades and ranks are formulas over them.

Whoever changes a weight, a threshold or a count in the file sees what follows; the values stored beside the formulas are
those that the system shows, so that readers which do not reckon show them, too.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from yiwang.insight.indicators.declared import Grade
from yiwang.insight.scoring.reading import BoardReading, Row
from yiwang.insight.scoring.reckoning import Earned

_HEAD_ROWS: Final = 7
"""Rows of the score sheet above the first object: title, span, weights, thresholds, directions, names, columns."""
_MEASURE_COLUMNS: Final = 4
"""Numerator, denominator, rate, points of each measure."""
_FIRST: Final = 2


def workbook_of(reading: BoardReading) -> bytes:
    """The XLSX file."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": reading.board.names.zh, "comments": f"as of {reading.as_of.isoformat()}"})
    _Sheets(book, reading).write()
    book.close()
    return out.getvalue()


class _Sheets:
    def __init__(self, book: xlsxwriter.Workbook, reading: BoardReading) -> None:
        self.reading = reading
        self.bold = book.add_format({"bold": True})
        self.head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        self.percent = book.add_format({"num_format": "0.0%"})
        self.points = book.add_format({"num_format": "0.00"})
        self.score = book.add_format({"num_format": "0.00", "bold": True})
        self.scores = book.add_worksheet("得分 scores")
        self.grades = book.add_worksheet("等次 grades")
        self.words = book.add_worksheet("指标 indicators")

    def write(self) -> None:
        self._write_head()
        rows = self.reading.rows
        for at, row in enumerate(rows):
            self._write_row(_HEAD_ROWS + at, row, _HEAD_ROWS, _HEAD_ROWS + len(rows) - 1)
        self.scores.freeze_panes(_HEAD_ROWS, _FIRST)
        self.scores.set_column(0, 0, 14)
        self.scores.set_column(1, 1, 28)
        self._write_grades(self.reading.board.grades)
        self._write_words()

    def _columns(self) -> tuple[int, int, int]:
        score = _FIRST + _MEASURE_COLUMNS * len(self.reading.board.measures)
        return score, score + 1, score + 2

    def _write_head(self) -> None:
        sheet, reading = self.scores, self.reading
        sheet.write(0, 0, f"{reading.board.names.zh} {reading.board.names.en}", self.bold)
        sheet.write(1, 0, f"{reading.span.first} – {reading.span.last}")
        for at, label in enumerate(("权重 weight", "满分线 full at", "方向 direction", "指标 indicator"), start=2):
            sheet.write(at, 1, label)
        for number, measure in enumerate(reading.board.measures):
            column = _FIRST + _MEASURE_COLUMNS * number
            indicator = reading.indicators[measure.indicator]
            weight = indicator.weight if measure.weight is None else measure.weight
            sheet.write_number(2, column + 3, weight)
            if measure.full_at is not None:
                sheet.write_number(3, column + 3, measure.full_at, self.percent)
            sheet.write_number(4, column + 3, 1 if indicator.direction == "higher" else -1)
            sheet.write(5, column, f"{indicator.names.zh} {indicator.names.en}", self.bold)
            for offset, label in enumerate(("分子", "分母", "比率 rate", "得分 points")):
                sheet.write(6, column + offset, label, self.head)
        score, grade, rank = self._columns()
        sheet.write(5, 0, "最少权重占比 least share of weights")
        sheet.write_number(5, 1, reading.board.least_weight / 100, self.percent)
        for column, label in (
            (0, "编码 key"),
            (1, "评价对象 object"),
            (score, "总分 score"),
            (grade, "等次 grade"),
            (rank, "名次 rank"),
        ):
            sheet.write(6, column, label, self.head)

    def _write_row(self, at: int, row: Row, first: int, last: int) -> None:
        sheet = self.scores
        sheet.write_string(at, 0, row.object.key)
        sheet.write_string(at, 1, row.object.zh)
        weights, points = [], []
        for number, earned in enumerate(row.score.earned):
            column = _FIRST + _MEASURE_COLUMNS * number
            self._write_measure(at, column, earned)
            weights.append(xl_rowcol_to_cell(2, column + 3, row_abs=True, col_abs=True))
            points.append(xl_rowcol_to_cell(at, column + 3))
        score, grade, rank = self._columns()
        most = "+".join(weights)
        counted = "+".join(f'IF({point}="",0,{weight})' for point, weight in zip(points, weights, strict=True))
        total = f'IF(({counted})<MAX($B$6*({most}),0.000001),"",SUM({",".join(points)})/({counted})*({most}))'
        sheet.write_formula(at, score, f"={total}", self.score, _shown(row.score.total))
        cell = xl_rowcol_to_cell(at, score)
        if self.reading.board.grades:
            table = f"'等次 grades'!$A$2:$B${len(self.reading.board.grades) + 1}"
            given = row.score.grade.id if row.score.grade is not None else ""
            sheet.write_formula(
                at, grade, f'=IF({cell}="","",IFERROR(VLOOKUP(ROUND({cell},6),{table},2,TRUE),""))', None, given
            )
        if self.reading.board.ranking:
            column = xl_rowcol_to_cell(first, score, row_abs=True, col_abs=True)
            end = xl_rowcol_to_cell(last, score, row_abs=True, col_abs=True)
            sheet.write_formula(at, rank, f'=IF({cell}="","",RANK({cell},{column}:{end}))', None, row.score.rank or "")

    def _write_measure(self, at: int, column: int, earned: Earned) -> None:
        sheet = self.scores
        sheet.write_number(at, column, earned.value.numerator)
        sheet.write_number(at, column + 1, earned.value.denominator or 0)
        above, below, rate = (xl_rowcol_to_cell(at, column + offset) for offset in range(3))
        sheet.write_formula(
            at, column + 2, f'=IF({below}>0,{above}/{below},"")', self.percent, _shown(earned.value.rate)
        )
        weight, full, way = (xl_rowcol_to_cell(line, column + 3, row_abs=True, col_abs=True) for line in (2, 3, 4))
        good = f"IF({way}>0,{rate},1-{rate})"
        best = f'IF({full}="",1,IF({way}>0,{full},1-{full}))'
        share = f"MIN(1,MAX(0,IF({best}>0,({good})/({best}),1)))"
        sheet.write_formula(at, column + 3, f'=IF({rate}="","",{weight}*{share})', self.points, _shown(earned.points))

    def _write_grades(self, grades: Sequence[Grade]) -> None:
        for column, label in enumerate(("起点分 from", "等次 grade", "名称 name")):
            self.grades.write(0, column, label, self.head)
        for at, grade in enumerate(sorted(grades, key=lambda one: one.at_least), start=1):
            self.grades.write_number(at, 0, grade.at_least)
            self.grades.write_string(at, 1, grade.id)
            self.grades.write_string(at, 2, f"{grade.names.zh} {grade.names.en}")

    def _write_words(self) -> None:
        for column, label in enumerate(("指标 indicator", "分子 numerator", "分母 denominator", "来源 source")):
            self.words.write(0, column, label, self.head)
        for at, indicator in enumerate(self.reading.indicators.values(), start=1):
            self.words.write_string(at, 0, f"{indicator.names.zh} {indicator.names.en}")
            self.words.write_string(at, 1, str(indicator.numerator))
            self.words.write_string(at, 2, str(indicator.denominator or ""))
            self.words.write_string(at, 3, indicator.source)
        self.words.set_column(0, 3, 32)


def _shown(number: float | None) -> float | str:
    return "" if number is None else number
