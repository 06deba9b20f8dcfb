"""The words of a time limit (处置时限): ``3工作日`` becomes a :class:`Deadline`, or an error that names the forms.

Bare words are read in two ways, so the reader says which text it has (``dialect``): ``plain`` for packs, settings and
forms, ``standards`` for the cities' workbooks of filing and closing standards (立案、处置和结案标准).

| text                                        | plain                 | standards         |
|---------------------------------------------|-----------------------|-------------------|
| N工作日, N working/business days            | working days          | working days      |
| N工作时, N工作小时, N working hours         | working hours         | working hours     |
| N工作分钟, N working minutes                | working minutes       | working minutes   |
| N紧急工作日, N urgent (working) days        | days of 24 h on end   | the same          |
| N紧急工作时, N urgent (working) hours       | hours on end          | the same          |
| N紧急分钟, N urgent minutes                 | minutes on end        | the same          |
| N自然日, N日历日, N calendar days           | days of 24 h on end   | the same          |
| N自然小时, N连续小时, N clock hours         | hours on end          | the same          |
| N分钟, N minutes, Nm                        | minutes on end        | the same          |
| N天, N日, N days, Nd                        | **days of 24 h**      | **working days**  |
| N小时, N hours, Nh                          | **hours on end**      | **working hours** |

N is a decimal number, full-width or not, or a Chinese numeral (三, 十五, 两, 半, 一百零五). 个, 内/以内, 不超过,
within, brackets around the unit (``7(工作日)``) and a bracket that makes a bare unit exact (``5天(工作日)``) are
understood. Chinese words before or after the limit (种植季节15工作日, 1紧急工作时制止) are kept as its note; words that
would change the limit (每, 至少, a second limit) make it unreadable rather than half read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Literal, NamedTuple

from yiwang.kernel.errors import Problem

Dialect = Literal["plain", "standards"]

longest_text = 120


class DeadlineUnreadable(Problem):
    code = "deadline.unreadable"
    status = 422
    zh = "期限“{text}”无法识别。可写:3工作日、4工作时、2紧急工作时、1紧急工作日、15天、15自然日、24小时、30分钟。"
    en = (
        "The limit “{text}” cannot be read. Write for example: 3 working days, 4 working hours, 2 urgent hours, "
        "15 days, 15 calendar days, 24 hours, 30 minutes."
    )


class DeadlineOutOfRange(Problem):
    code = "deadline.out_of_range"
    status = 422
    zh = "期限“{text}”超出范围:应大于 0,最多 {largest_zh},小数最多 4 位。"
    en = "The limit “{text}” is out of range: it must be above 0, at most {largest_en}, with at most 4 decimals."


class DeadlineRecordInvalid(Problem):
    code = "deadline.record_invalid"
    status = 500
    zh = "库中的期限记录无法读取({reason}),请联系管理员核对数据。"
    en = "A stored deadline cannot be read ({reason}); ask the administrator to check the data."


class Unit(StrEnum):
    """What a limit counts. Working units count only the calendar's working time; urgent and clock units never stop."""

    WORKING_DAY = "working_day"
    WORKING_HOUR = "working_hour"
    WORKING_MINUTE = "working_minute"
    URGENT_DAY = "urgent_day"
    URGENT_HOUR = "urgent_hour"
    URGENT_MINUTE = "urgent_minute"
    CLOCK_DAY = "clock_day"
    CLOCK_HOUR = "clock_hour"
    CLOCK_MINUTE = "clock_minute"

    @property
    def counts_working_time(self) -> bool:
        """Whether nights, weekends and holidays are left out."""
        return self.value.startswith("working_")

    @property
    def length(self) -> str:
        """``day``, ``hour`` or ``minute``."""
        return self.value.rpartition("_")[2]


class _Words(NamedTuple):
    """How a unit is written and how long it may be; ``largest`` is ten years of it."""

    canonical: str
    zh: str
    en: str
    largest: int
    readings: tuple[str, ...]


_UNITS: dict[Unit, _Words] = {
    Unit.WORKING_DAY: _Words(
        "工作日",
        "个工作日",
        "working day",
        2_610,
        ("工作日", "工作天", "working day", "work day", "workday", "business day", "wd"),
    ),
    Unit.WORKING_HOUR: _Words(
        "工作时",
        "工作时",
        "working hour",
        20_880,
        ("工作时", "工作小时", "working hour", "work hour", "business hour", "wh"),
    ),
    Unit.WORKING_MINUTE: _Words(
        "工作分钟",
        "工作分钟",
        "working minute",
        1_252_800,
        ("工作分钟", "working minute", "work minute", "business minute"),
    ),
    Unit.URGENT_DAY: _Words(
        "紧急工作日",
        "紧急工作日",
        "urgent day",
        3_653,
        ("紧急工作日", "紧急工作天", "紧急日", "urgent day", "urgent working day"),
    ),
    Unit.URGENT_HOUR: _Words(
        "紧急工作时",
        "紧急工作时",
        "urgent hour",
        87_672,
        ("紧急工作时", "紧急工作小时", "紧急小时", "紧急时", "urgent hour", "urgent working hour"),
    ),
    Unit.URGENT_MINUTE: _Words(
        "紧急分钟",
        "紧急分钟",
        "urgent minute",
        5_260_320,
        ("紧急分钟", "紧急工作分钟", "urgent minute", "urgent working minute"),
    ),
    Unit.CLOCK_DAY: _Words(
        "自然日",
        "个自然日",
        "calendar day",
        3_653,
        ("自然日", "自然天", "日历日", "日历天", "calendar day", "natural day", "clock day"),
    ),
    Unit.CLOCK_HOUR: _Words(
        "自然小时",
        "小时",
        "hour",
        87_672,
        ("自然小时", "日历小时", "连续小时", "clock hour", "calendar hour", "continuous hour"),
    ),
    Unit.CLOCK_MINUTE: _Words(
        "分钟", "分钟", "minute", 5_260_320, ("分钟", "自然分钟", "minute", "min", "m", "clock minute")
    ),
}
_BARE: dict[Dialect, dict[Unit, tuple[str, ...]]] = {
    "plain": {Unit.CLOCK_DAY: ("天", "日", "day", "d"), Unit.CLOCK_HOUR: ("小时", "hour", "hr", "h")},
    "standards": {Unit.WORKING_DAY: ("天", "日", "day", "d"), Unit.WORKING_HOUR: ("小时", "hour", "hr", "h")},
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time limit: so many units. Equal when unit and amount are; ``note`` and ``raw`` tell what the text also said.

    Raises:
        DeadlineOutOfRange: amount not above 0, over ten years, or with more than 4 decimals.
    """

    unit: Unit
    amount: Decimal
    note: str = field(default="", compare=False)
    raw: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        largest = _UNITS[self.unit].largest
        amount = Decimal(self.amount)
        if not (amount.is_finite() and 0 < amount <= largest and amount == round(amount, 4)):
            raise DeadlineOutOfRange(
                text=_shown(self.raw) or f"{amount} {_UNITS[self.unit].en}",
                largest_zh=f"{largest}{_UNITS[self.unit].zh}",
                largest_en=f"{largest} {_UNITS[self.unit].en}s",
            )
        object.__setattr__(self, "amount", amount.normalize())

    def __str__(self) -> str:
        """The canonical form, which both dialects read alike: 3工作日, 2紧急工作时, 15自然日, 24自然小时, 30分钟."""
        return f"{self.amount:f}{_UNITS[self.unit].canonical}"

    @property
    def zh(self) -> str:
        """For people: 3个工作日, 4工作时, 2紧急工作时, 15个自然日, 24小时, 30分钟."""
        return f"{self.amount:f}{_UNITS[self.unit].zh}"

    @property
    def en(self) -> str:
        """For people: 3 working days, 1 working hour, 2 urgent hours, 15 calendar days, 24 hours, 30 minutes."""
        return f"{self.amount:f} {_UNITS[self.unit].en}{'' if self.amount == 1 else 's'}"

    def seconds(self, nominal_day_seconds: int) -> float:
        """The limit in seconds of its kind (working or clock); ``nominal_day_seconds``: see ``WorkingCalendar``."""
        day = nominal_day_seconds if self.unit.counts_working_time else 86_400
        return float(self.amount * {"day": day, "hour": 3_600, "minute": 60}[self.unit.length])

    def to_json(self) -> dict[str, object]:
        """For a jsonb column; the amount is a text, so that no decimal is lost."""
        return {"unit": self.unit.value, "amount": f"{self.amount:f}", "note": self.note, "raw": self.raw}

    @classmethod
    def from_json(cls, record: object) -> Deadline:
        """Read what :meth:`to_json` wrote.

        Raises:
            DeadlineRecordInvalid: the record has another shape.
        """
        if not isinstance(record, Mapping):
            raise DeadlineRecordInvalid(reason="not an object")
        try:
            amount = Decimal(str(record["amount"]))
            return cls(Unit(record["unit"]), amount, str(record.get("note", "")), str(record.get("raw", "")))
        except (KeyError, ValueError, InvalidOperation, DeadlineOutOfRange) as error:
            raise DeadlineRecordInvalid(reason=f"{type(error).__name__}: {error}") from error


def parse_deadline(text: str, *, dialect: Dialect = "plain") -> Deadline:
    """Read one time limit; see the table at the top of the module.

    Raises:
        DeadlineUnreadable: none, or more than one, limit is found, or other words would change it.
        DeadlineOutOfRange: the amount is 0 or more than ten years.
    """
    words = " ".join(unicodedata.normalize("NFKC", text[: longest_text + 1]).casefold().split())
    grammar = _GRAMMARS[dialect]
    found = list(grammar.limit.finditer(words))
    if len(text) > longest_text or len(found) != 1:
        raise DeadlineUnreadable(text=_shown(text))
    match = found[0]
    amount = _amount(match["amount"], half=match["half"] is not None)
    unit = grammar.unit(match)
    note = _note(words[: match.start()], words[match.end() :])
    if amount is None or unit is None or note is None:
        raise DeadlineUnreadable(text=_shown(text))
    return Deadline(unit, amount, note, text)


_NUMERALS = "零〇一二两三四五六七八九十百千半壹贰叁肆伍陆柒捌玖拾佰仟"
_PLAIN_NUMERALS = str.maketrans("〇两壹贰叁肆伍陆柒捌玖拾佰仟", "零二一二三四五六七八九十百千")
_CHINESE_NUMBER = re.compile(
    r"(?:([一二三四五六七八九])千)?(?:([一二三四五六七八九])百)?(零)?(?:([一二三四五六七八九])?(十))?([一二三四五六七八九])?"
)
_NOTE = re.compile(r"[\u4e00-\u9fff,。、;:()《》“” ]{0,60}")
# Words beside a limit that would change what it says, so that leaving them in a note would be a wrong reading.
_CHANGES_LIMIT = re.compile(r"工作|紧急|自然|日历|连续|小时|分钟|秒|[每第前约]|至少|少于|超过|以上|左右")
_JOINED_BEFORE = re.compile(rf"[{_NUMERALS}0-9.,、:至到或和几数个] ?$")
_JOINED_AFTER = re.compile(rf"[,、 ]*[{_NUMERALS}日天时分秒刻周月年个多余几来或和至到]")


class _Grammar:
    """The compiled words of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        spelled = {word: unit for unit, words in _UNITS.items() for word in words.readings}
        bare = {word: unit for unit, words in _BARE[dialect].items() for word in words}
        self.units = {_compact(word): unit for word, unit in (spelled | bare).items()}
        self.bare = bare.keys()
        longest_first = sorted(spelled | bare, key=len, reverse=True)
        unit = "|".join(f"{word}s?(?![a-z])" if word.isascii() else word for word in longest_first).replace(
            " ", "[ -]?"
        )
        self.limit = re.compile(
            rf"(?P<amount>[0-9]+(?:\.[0-9]+)?|[{_NUMERALS}]+) ?(?:个(?P<half>半)?)? ?"
            rf"(?:\( ?(?P<enclosed>{unit}) ?\)|(?P<unit>{unit})(?: ?\( ?(?P<correction>{unit}) ?\))?)"
        )

    def unit(self, match: re.Match[str]) -> Unit | None:
        """The unit that the words mean; a correction in brackets may only make a bare word exact (5天(工作日))."""
        word = _compact(match["enclosed"] or match["unit"])
        if match["correction"] is None:
            return self.units[word]
        corrected = self.units[_compact(match["correction"])]
        same_length = self.units[word].length == corrected.length
        return corrected if word in self.bare and same_length else None


def _compact(word: str) -> str:
    """One key for `working days`, `working-day` and `workingday`."""
    return word.replace(" ", "").replace("-", "").removesuffix("s")


_GRAMMARS: dict[Dialect, _Grammar] = {"plain": _Grammar("plain"), "standards": _Grammar("standards")}


def _amount(text: str, *, half: bool) -> Decimal | None:
    """The number of units, or None when it is not a number (三五, 一百五)."""
    if text[0] in "0123456789":
        number = Decimal(text)
    elif text == "半":
        number = Decimal("0.5")
    else:
        whole = _chinese_number(text.translate(_PLAIN_NUMERALS))
        if whole is None:
            return None
        number = Decimal(whole)
    return number + Decimal("0.5") if half else number


def _chinese_number(text: str) -> int | None:
    if text == "零":
        return 0
    match = _CHINESE_NUMBER.fullmatch(text)
    if match is None:
        return None
    thousands, hundreds, zero, tens, ten, ones = match.groups()
    # 一百五 is 150 in speech and 105 to a careless reader: a skipped place must be said with 零.
    skips = bool(ones and not ten and (hundreds or thousands)) or bool(ten and not hundreds and thousands)
    skips = skips or bool(ones and thousands and not hundreds)
    if skips != bool(zero):
        return None
    digit = "零一二三四五六七八九".index
    return (
        digit(thousands or "零") * 1000
        + digit(hundreds or "零") * 100
        + (digit(tens or "一") * 10 if ten else 0)
        + digit(ones or "零")
    )


def _note(before: str, after: str) -> str | None:
    """The words around the limit, without 不超过/within and 内/以内; None when they would change it."""
    before = re.sub(r"(?:不超过|不大于|within|in)? ?$", "", before)
    after = re.sub(r"^ ?(?:以内|之内|内)?", "", after)
    if _JOINED_BEFORE.search(before) or _JOINED_AFTER.match(after):
        return None
    if any(_CHANGES_LIMIT.search(words) or not _NOTE.fullmatch(words) for words in (before, after)):
        return None
    return "".join(words.strip(" ,。、;:") for words in (before, after))


def _shown(text: str) -> str:
    """The raw text as it may stand in a message: short, without control characters."""
    visible = "".join(character if character.isprintable() else " " for character in text[:40])
    return visible + ("…" if len(text) > 40 else "")
