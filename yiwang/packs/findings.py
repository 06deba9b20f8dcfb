"""Findings: what a check has to say about a file, with the place, a stable code and the words in both languages.

Every sentence stands once, in :data:`MESSAGES`; the pack reference prints the table, and a test asks for a fixture per code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from yiwang.kernel.database import JsonObject
from yiwang.packs.messages import MESSAGES, Level

KINDS = {
    "pack": ("应用包", "pack"),
    "case": ("案件类型", "case type"),
    "tree": ("分类目录", "class tree"),
    "table": ("派遣规则", "dispatch table"),
    "decision": ("决策表", "decision table"),
    "flow": ("流程", "flow"),
    "class": ("分类", "class"),
    "standard": ("立案标准", "standard"),
    "post": ("岗位", "post"),
    "role": ("角色", "role"),
    "organisation": ("机构", "organisation"),
    "account": ("账号", "account"),
    "streets": ("街镇", "street"),
    "communities": ("社区", "community"),
    "scenario": ("场景", "scenario"),
    "indicator": ("指标", "indicator"),
    "type": ("登记类型", "type of thing"),
    "resource": ("信息资源", "resource"),
    "document": ("文书", "document"),
    "plan": ("计划", "plan"),
    "breakdown": ("任务分解", "breakdown"),
    "sheet": ("评分表", "sheet"),
    "publication": ("公示事项", "publication"),
    "anomaly": ("异常规则", "anomaly rule"),
    "vote": ("表决", "vote"),
    "match": ("匹配规则", "matching rule"),
    "board": ("考核方案", "board"),
    "profile": ("设备型号", "profile"),
    "alarm rule": ("告警规则", "alarm rule"),
    "device": ("设备", "device"),
}
"""Things that have a code of their own, in both languages."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of a check. ``level`` error keeps a pack from being published, warning does not."""

    file: str
    line: int
    column: int
    code: str
    zh: str
    en: str
    level: Level = "error"

    def line_of_text(self, language: str = "zh") -> str:
        """``file:line:column: code words``, which editors turn into a link."""
        words = self.zh if language.startswith("zh") else self.en
        mark = {"error": "错误", "warning": "提醒"} if language.startswith("zh") else {}
        return f"{self.file}:{self.line}:{self.column}: {mark.get(self.level, self.level)} {self.code} {words}"

    def json(self) -> JsonObject:
        return dict(asdict(self))


class Findings:
    """A growing list of findings; engines' checks add to it and go on, so that one run tells everything."""

    def __init__(self) -> None:
        self.items: list[Finding] = []

    def add(self, place: Place, code: str, /, **data: object) -> None:
        """Say sentence ``code`` of the table about ``place``; ``data`` fills its braces."""
        message = MESSAGES[code]
        self.items.append(
            Finding(
                place.file,
                place.line,
                place.column,
                code,
                message.zh.format(**data),
                message.en.format(**data),
                message.level,
            )
        )

    def twice(self, place: Place, what: str, name: str, where: str) -> None:
        """Say that ``name`` is defined a second time; ``what`` is a key of :data:`KINDS`."""
        zh, en = KINDS[what]
        self.add(place, "schema.duplicate_id", what_zh=zh, what_en=en, id=name, where=where)

    def extend(self, findings: Iterable[Finding]) -> None:
        self.items.extend(findings)

    def sorted(self) -> list[Finding]:
        """Each finding once, by file, line and column."""
        return sorted(set(self.items), key=lambda item: (item.file, item.line, item.column, item.code, item.en))

    @property
    def errors(self) -> int:
        return sum(item.level == "error" for item in set(self.items))

    @property
    def warnings(self) -> int:
        return sum(item.level == "warning" for item in set(self.items))


def suggestion(word: str, known: Iterable[str]) -> tuple[str, str]:
    """“did you mean …” in Chinese and English, or what is known when nothing is near."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"是否想写 {near[0]}?", f"did you mean {near[0]}?"
    if not names:
        return "这里一个也没有。", "there are none here."
    if len(names) <= 25:
        listed = ", ".join(names)
        return f"可用的有:{listed}。", f"known here: {listed}."
    listed = ", ".join(names[:3])
    return f"可用的有 {len(names)} 个,如 {listed}。", f"known are {len(names)}, such as {listed}."


def shown(path: Path) -> str:
    """The path as people type it: relative to the working folder when it lies below."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def print_table(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    """A plain table for terminals; Chinese characters count as two columns."""
    widths = [max(width_of(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = [
        "  ".join(cell + " " * (widths[at] - width_of(cell)) for at, cell in enumerate(row)) for row in [heads, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def width_of(text: str) -> int:
    """Columns that a text takes in a terminal (East Asian wide and full-width characters take two)."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
