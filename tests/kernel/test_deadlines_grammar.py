"""The words of limits: each form of packs and of the cities' workbooks is read, anything doubtful refused with help."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.deadline_grammar import _UNITS, Dialect
from yiwang.kernel.deadlines import (
    Deadline,
    DeadlineOutOfRange,
    DeadlineRecordInvalid,
    DeadlineUnreadable,
    Unit,
    parse_deadline,
)

deadlines = st.sampled_from(Unit).flatmap(
    lambda unit: st.decimals(Decimal("0.0001"), _UNITS[unit].largest, places=4).map(
        lambda amount: Deadline(unit, amount)
    )
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("3工作日", "3工作日"),
        ("3 个工作日", "3工作日"),
        ("３　工作日", "3工作日"),
        ("三个工作日", "3工作日"),
        ("7(工作日)", "7工作日"),
        ("７（工作日）", "7工作日"),
        ("5天（工作日）", "5工作日"),
        ("半个工作日", "0.5工作日"),
        ("两个半工作日", "2.5工作日"),
        ("3 working days", "3工作日"),
        ("1 Working Day", "1工作日"),
        ("5 business-days", "5工作日"),
        ("within 2 workdays", "2工作日"),
        ("4工作时", "4工作时"),
        ("4工作小时", "4工作时"),
        ("4 working hours", "4工作时"),
        ("30工作分钟", "30工作分钟"),
        ("2紧急工作时", "2紧急工作时"),
        ("2 urgent hours", "2紧急工作时"),
        ("2 urgent working hours", "2紧急工作时"),
        ("1紧急工作日", "1紧急工作日"),
        ("20紧急分钟", "20紧急分钟"),
        ("15自然日", "15自然日"),
        ("10个日历日", "10自然日"),
        ("10 calendar days", "10自然日"),
        ("30天(自然日)", "30自然日"),
        ("30分钟", "30分钟"),
        ("90m", "90分钟"),
        ("45 mins", "45分钟"),
        ("不超过3个工作日", "3工作日"),
        ("3个工作日内", "3工作日"),
        ("一百零五工作日", "105工作日"),
        ("一百二十分钟", "120分钟"),
        ("贰拾个工作日", "20工作日"),
        ("0.25工作日", "0.25工作日"),
    ],
)
@pytest.mark.parametrize("dialect", ["plain", "standards"])
def test_两种读法相同的期限(text: str, canonical: str, dialect: Dialect) -> None:
    deadline = parse_deadline(text, dialect=dialect)
    assert str(deadline) == canonical
    assert deadline.raw == text


@pytest.mark.parametrize(
    ("text", "plain", "standards"),
    [
        ("24小时", "24自然小时", "24工作时"),
        ("2 hours", "2自然小时", "2工作时"),
        ("1.5h", "1.5自然小时", "1.5工作时"),
        ("15天", "15自然日", "15工作日"),
        ("十五日", "15自然日", "15工作日"),
        ("3 days", "3自然日", "3工作日"),
    ],
)
def test_只写小时和天_两种读法不同(text: str, plain: str, standards: str) -> None:
    assert str(parse_deadline(text)) == plain
    assert str(parse_deadline(text, dialect="standards")) == standards


@pytest.mark.parametrize(
    ("text", "canonical", "note"),
    [
        ("1紧急工作时制止", "1紧急工作时", "制止"),
        ("种植季节15工作日", "15工作日", "种植季节"),
        (" 5工作日", "5工作日", ""),
        ("2小时(汛期)", "2自然小时", "(汛期)"),
        ("3工作日内，修复完成", "3工作日", "修复完成"),
    ],
)
def test_期限旁的文字留作备注(text: str, canonical: str, note: str) -> None:
    deadline = parse_deadline(text)
    assert (str(deadline), deadline.note, deadline.raw) == (canonical, note, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "尽快",
        "天",
        "3",
        "3个作日",
        "x3工作日",
        "3工作日天",
        "3天半",
        "3-5工作日",
        "3至5工作日",
        "三五天",
        "三、五个工作日",
        "三 五个工作日",
        "五个工作日、十",
        "一百五天",
        "2小时或3天",
        "1天12小时",
        "每3天",
        "至少3天",
        "约3天",
        "-3天",
        "1,000天",
        "1.2.3天",
        "5天(小时)",
        "5工作日(自然日)",
        "紧急3天",
        "3月",
        "٣工作日",
        "3工作日" + "。" * 200,
        "3\x00工作日",
    ],
)
def test_读不准的期限被拒绝_并给出写法(text: str) -> None:
    for dialect in ("plain", "standards"):
        with pytest.raises(DeadlineUnreadable) as refusal:
            parse_deadline(text, dialect=dialect)
    assert refusal.value.code == "deadline.unreadable"
    for language, form in (("zh", "3工作日、4工作时、2紧急工作时"), ("en", "3 working days")):
        message = refusal.value.message(language)
        assert form in message
        assert text[:40].replace("\x00", " ") in message


@pytest.mark.parametrize("text", ["0天", "0.0工作日", "零小时", "4000天", "99999工作日", "1.00001小时"])
def test_期限须大于零且不超过十年(text: str) -> None:
    with pytest.raises(DeadlineOutOfRange) as refusal:
        parse_deadline(text)
    assert text in refusal.value.message("zh")
    assert "at most" in refusal.value.message("en")


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("3工作日", "3个工作日", "3 working days"),
        ("1工作日", "1个工作日", "1 working day"),
        ("4工作时", "4工作时", "4 working hours"),
        ("2紧急工作时", "2紧急工作时", "2 urgent hours"),
        ("1紧急工作日", "1紧急工作日", "1 urgent day"),
        ("24小时", "24小时", "24 hours"),
        ("10天", "10个自然日", "10 calendar days"),
        ("30分钟", "30分钟", "30 minutes"),
    ],
)
def test_期限的中英文写法(text: str, zh: str, en: str) -> None:
    deadline = parse_deadline(text)
    assert (deadline.zh, deadline.en) == (zh, en)


def test_一工作日等于八工作时() -> None:
    day, hours = parse_deadline("1工作日"), parse_deadline("8工作时")
    assert day.seconds(28_800) == hours.seconds(28_800) == 28_800
    assert day.seconds(27_000) == 27_000  # a city that works 7.5 hours
    assert parse_deadline("1紧急工作日").seconds(28_800) == 86_400


@given(deadlines)
def test_规范写法可读回(deadline: Deadline) -> None:
    assert parse_deadline(str(deadline), dialect="plain") == deadline
    assert parse_deadline(str(deadline), dialect="standards") == deadline
    assert parse_deadline(deadline.zh) == deadline
    assert parse_deadline(deadline.en) == deadline


@given(deadlines)
def test_期限可存可取(deadline: Deadline) -> None:
    noted = Deadline(deadline.unit, deadline.amount, "制止", "原文")
    back = Deadline.from_json(noted.to_json())
    assert (back, back.note, back.raw) == (noted, "制止", "原文")


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"unit": "fortnight", "amount": "1"},
        {"unit": "clock_day", "amount": "x"},
        {"unit": "clock_day", "amount": "0"},
    ],
)
def test_损坏的期限记录被指出(record: object) -> None:
    with pytest.raises(DeadlineRecordInvalid):
        Deadline.from_json(record)


@given(st.integers(1, 9999), st.sampled_from(["天", "分钟", "工作时"]))
def test_中文数字与阿拉伯数字同义(number: int, unit: str) -> None:
    spoken = _spoken(number) + unit
    try:
        expected = parse_deadline(f"{number}{unit}")
    except DeadlineOutOfRange:
        with pytest.raises(DeadlineOutOfRange):
            parse_deadline(spoken)
        return
    assert parse_deadline(spoken) == expected


def _spoken(number: int) -> str:
    """The usual Chinese reading of 1–9999."""
    digits, words = "零一二三四五六七八九", ""
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        if digit:
            words += digits[digit] + name
        elif words and not words.endswith("零") and number % place:
            words += "零"
    return words.replace("一十", "十", 1) if words.startswith("一十") else words


@given(st.text(max_size=60))
def test_任何文字要么读出要么明确拒绝(text: str) -> None:
    try:
        deadline = parse_deadline(text)
    except (DeadlineUnreadable, DeadlineOutOfRange):
        return
    assert parse_deadline(str(deadline)) == deadline


_pieces = [
    *"三十百零半个两.35()日天时小每至或内",
    "工作日",
    "工作时",
    "小时",
    "紧急",
    "自然日",
    "分钟",
    "working days",
    "hours",
    " ",
]


@given(st.lists(st.sampled_from(_pieces), max_size=9))
def test_由期限词随意拼成的文字不会误读两个期限(parts: list[str]) -> None:
    try:
        deadline = parse_deadline("".join(parts))
    except (DeadlineUnreadable, DeadlineOutOfRange):
        return
    assert not any(part in deadline.note for part in (*"0123456789.", "工作", "小时", "分钟", "紧急", "自然", "每"))


def test_运城立案标准的全部时限可读(shared_dir: Path) -> None:
    path = shared_dir / "data/urban_management/yuncheng_case_standards.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[1].index("处置时限")
    read = [parse_deadline(row[column], dialect="standards") for row in rows[2:]]
    assert len(read) == 279
    assert Counter(deadline.unit for deadline in read) == {
        Unit.WORKING_DAY: 234,
        Unit.WORKING_HOUR: 26,
        Unit.URGENT_HOUR: 19,
    }
    assert {deadline.note for deadline in read} == {"", "种植季节"}


def test_运城工作簿摘录的全部写法可读(shared_dir: Path) -> None:
    """The listing of the whole workbook (components and events) writes several limits of a class in one line."""
    text = (shared_dir / "standards/04b-time-limits-yuncheng.md").read_text(encoding="utf-8")
    lines = [line.split(" ", 2)[2] for line in text.splitlines() if line[:1].isdigit() and line.count(" ") >= 2]
    limits = [limit.strip() for line in lines for limit in line.split("/") if any(digit.isdigit() for digit in limit)]
    read = [parse_deadline(limit, dialect="standards") for limit in limits]
    assert len(read) > 300
    assert "制止" in {deadline.note for deadline in read}
