"""The plan table as an Excel workbook: a sheet of rows, a sheet of clauses, a sheet of runs."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from yiwang.packs.proving.rows import LEVELS, STATES, PlanTable


def plan_workbook(table: PlanTable) -> bytes:
    """The workbook; texts that look like formulas stay texts."""
    out = io.BytesIO()
    import xlsxwriter  # 10 MB that only whoever exports needs

    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#eef2f7", "bottom": 1})

    def sheet(name: str, heads: Sequence[tuple[str, int]], rows: Iterable[Sequence[object]]) -> None:
        page = book.add_worksheet(name)
        page.freeze_panes(1, 0)
        for column, (title, width) in enumerate(heads):
            page.set_column(column, column, width)
            page.write(0, column, title, head)
        written = list(rows)
        for number, row in enumerate(written, 1):
            for column, value in enumerate(row):
                page.write(number, column, value)
        page.autofilter(0, 0, max(len(written), 1), len(heads) - 1)

    sheet(
        "条目 rows",
        [("编号 id", 32), ("名称", 32), ("name", 44), ("水平 level", 18), ("条款 clauses", 12), ("已覆盖 covered", 14),
         ("应用包 packs", 34), ("缺 missing", 60)],
        (
            (row.id, row.zh, row.en, " ".join(LEVELS[row.level]), len(row.clauses), row.covered, ", ".join(row.packs),
             ", ".join(item.id.partition("/")[2] for item in row.missing))
            for row in table.rows
        ),
    )  # fmt: skip
    sheet(
        "条款 clauses",
        [("条款 clause", 36), ("说明 words", 70), ("状态", 34), ("state", 40), ("场景 scenarios", 60)],
        ((item.id, item.words, *STATES[item.state], ", ".join(item.by)) for row in table.rows for item in row.clauses),
    )
    sheet(
        "运行 runs",
        [("应用包 pack", 34), ("版本 version", 10), ("程序 program", 14), ("时间 at (UTC)", 22), ("通过 passed", 12),
         ("失败 failed", 12), ("过时 stale", 12)],
        (
            (run.pack, run.version, run.program, "" if run.at is None else run.at.isoformat(timespec="seconds"),
             run.passed, run.failed, "是 yes" if run.stale else "")
            for run in table.runs
        ),
    )  # fmt: skip
    book.close()
    return out.getvalue()
