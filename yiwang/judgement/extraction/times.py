"""Dates and times as people write them in Chinese: 2019年7月21日晚上10点半, 昨晚八点, 上周三, 三天前.

Relative words count from the time of the report, in the city's zone (UTC+8). Each find is a half-open period: 昨天 is a
whole day, 昨晚八点 an hour, 8:30 a minute. Owns these words; a date that does not exist is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

from yiwang.kernel.text import half_width

zone = timezone(timedelta(hours=8), "UTC+8")
Precision = Literal["minute", "hour", "part", "day", "week", "month", "year"]

_N = "[0-9]{1,4}|[零〇一二两三四五六七八九十廿]{1,3}"
_FIGURES = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_DAYS = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "昨日": -1,
    "今天": 0,
    "今日": 0,
    "当天": 0,
    "明天": 1,
    "明日": 1,
    "后天": 2,
}
_SHORT_DAYS = {
    "前晚": (-2, "晚上"),
    "昨晚": (-1, "晚上"),
    "昨夜": (-1, "夜里"),
    "今早": (0, "早上"),
    "今晨": (0, "早上"),
    "今晚": (0, "晚上"),
    "明早": (1, "早上"),
    "明晚": (1, "晚上"),
}
_PARTS: dict[str, tuple[int, int]] = {
    "凌晨": (0, 6),
    "清晨": (5, 8),
    "早晨": (5, 9),
    "早上": (5, 9),
    "上午": (8, 12),
    "中午": (11, 14),
    "下午": (12, 18),
    "傍晚": (17, 19),
    "晚上": (18, 24),
    "夜里": (20, 24),
    "夜间": (20, 24),
    "深夜": (22, 24),
    "半夜": (0, 3),
}
_WEEKDAYS = {
    "一": 0,
    "二": 1,
    "三": 2,
    "四": 3,
    "五": 4,
    "六": 5,
    "日": 6,
    "天": 6,
    "1": 0,
    "2": 1,
    "3": 2,
    "4": 3,
    "5": 4,
    "6": 5,
    "7": 6,
}
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1}
_UNITS = {
    "分钟": "minutes",
    "小时": "hours",
    "钟头": "hours",
    "天": "days",
    "日": "days",
    "周": "weeks",
    "星期": "weeks",
}

_PART = "|".join(_PARTS)
_CLOCK = (
    rf"(?P<part>{_PART})?\s*(?:(?P<hour>{_N})(?:点钟?|时)(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{_N})分?)?"
    r"|(?P<hh>[01]?\d|2[0-4])[:：](?P<mm>[0-5]\d)(?:[:：][0-5]\d)?)"
)
_DAY = (
    rf"(?:(?P<year>\d{{4}}|\d{{2}}(?=年))\s*[年/.\-]|(?P<nearyear>{'|'.join(_YEARS)}))?"
    rf"\s*(?P<month>{_N})\s*[月/.\-]\s*(?P<day>{_N})\s*[日号]?"
)
_RELATIVE = (
    rf"(?P<near>{'|'.join(_DAYS)})|(?P<short>{'|'.join(_SHORT_DAYS)})"
    r"|(?P<week>上上|上个?|这个?|本|下个?)(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天1-7])"
)
_MOMENT = re.compile(rf"(?:{_DAY}|{_RELATIVE})?\s*(?:的)?(?:{_CLOCK}|(?P<onlypart>{_PART}))?")
_AGO = re.compile(rf"(?P<count>{_N}|半)(?:多)?个?(?P<unit>分钟|小时|钟头|天|周|星期|月|年)(?:以)?前")
_MONTH = re.compile(
    rf"(?:(?P<year>\d{{4}})年|(?P<nearyear>{'|'.join(_YEARS)}))(?:(?P<month>{_N})月份?)?|(?P<nearmonth>上个月|上月|这个月|本月|当月|下个月)"
)
_STARTS = re.compile(rf"{'|'.join([*_DAYS, *_SHORT_DAYS, *_YEARS, *_PARTS])}|上上|上|这|本|下|{_N}|半|当月")


@dataclass(frozen=True, slots=True)
class FoundTime:
    """Words at ``text[start:end]`` that mean the period from ``begin`` to before ``finish`` (aware, UTC+8)."""

    start: int
    end: int
    begin: datetime
    finish: datetime
    precision: Precision


def find_times(text: str, now: datetime) -> Iterator[FoundTime]:
    """Times in the order of the text; ``now`` is when it was written (aware)."""
    text, now = half_width(text), now.astimezone(zone)
    at = 0
    while starting := _STARTS.search(text, at):
        at = starting.start()
        found = _ago(text, at, now) or _moment(text, at, now) or _month(text, at, now)
        if found is None or (at and text[at - 1].isdigit() and text[at].isdigit()):
            at = starting.end() if text[at].isdigit() else at + 1
            continue
        yield found
        at = found.end


def _number(word: str | None) -> int | None:
    """Arabic figures, or Chinese ones up to ninety-nine."""
    if not word:
        return None
    if word.isdigit():
        return int(word)
    word = word.replace("廿", "二十")
    if "十" in word:
        tens, _, ones = word.partition("十")
        if len(tens) > 1 or len(ones) > 1 or ones == "十":
            return None
        return (_FIGURES[tens] if tens else 1) * 10 + (_FIGURES[ones] if ones else 0)
    return int("".join(str(_FIGURES[figure]) for figure in word))


def _ago(text: str, at: int, now: datetime) -> FoundTime | None:
    found = _AGO.match(text, at)
    if not found:
        return None
    unit, count = found["unit"], 0.5 if found["count"] == "半" else _number(found["count"])
    if count is None or count > 1000:
        return None
    if unit in ("月", "年"):
        begin = _midnight((now - timedelta(days=count * (30 if unit == "月" else 365))).date())
        return FoundTime(at, found.end(), begin, begin + timedelta(days=1), "month" if unit == "月" else "year")
    begin = now - timedelta(**{_UNITS[unit]: count})
    if unit in ("分钟", "小时", "钟头"):
        return FoundTime(
            at,
            found.end(),
            begin,
            begin + timedelta(minutes=1 if unit == "分钟" else 60),
            "minute" if unit == "分钟" else "hour",
        )
    return FoundTime(at, found.end(), _midnight(begin.date()), _midnight(begin.date()) + timedelta(days=1), "day")


def _moment(text: str, at: int, now: datetime) -> FoundTime | None:
    found = _MOMENT.match(text, at)
    if not found or found.end() == at:
        return None
    day = _day(found, now)
    dated = any(found[name] for name in ("month", "near", "short", "weekday"))
    if day is None or not (dated or found["hour"] or found["hh"]):
        return None
    part = found["part"] or found["onlypart"] or (_SHORT_DAYS[found["short"]][1] if found["short"] else None)
    end = at + len(found.group().rstrip())
    if found["hour"] or found["hh"]:
        moment = _clock(found, day, part, (at, end))
        if moment is None or dated or moment.begin <= now:
            return moment
        day_before = timedelta(days=1)  # an hour without a day is the last one: people report what has been
        return FoundTime(at, end, moment.begin - day_before, moment.finish - day_before, moment.precision)
    if part:
        first, last = _PARTS[part]
        begin = _midnight(day)
        return FoundTime(at, end, begin + timedelta(hours=first), begin + timedelta(hours=last), "part")
    return FoundTime(at, end, _midnight(day), _midnight(day) + timedelta(days=1), "day")


def _day(found: re.Match[str], now: datetime) -> date | None:
    today = now.date()
    if found["near"]:
        return today + timedelta(days=_DAYS[found["near"]])
    if found["short"]:
        return today + timedelta(days=_SHORT_DAYS[found["short"]][0])
    if found["weekday"]:
        weeks = {"上上": -2, "上": -1, "下": 1}.get(found["week"].removesuffix("个"), 0)
        return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks, days=_WEEKDAYS[found["weekday"]])
    if not found["month"]:
        return today
    month, day = _number(found["month"]), _number(found["day"])
    separator = _between(found)
    year = _number(found["year"])
    if year is None and found["nearyear"]:
        year = today.year + _YEARS[found["nearyear"]]
    if year is None and separator != "月":
        return None  # 3-4, 1/2: numbers of houses, shares
    given = year is not None
    year = today.year if year is None else year + 2000 if year < 100 else year
    try:
        wanted = date(year, month or 0, day or 0)
    except ValueError:
        return None
    # 12月30日 written in January is of last year: people report what has been.
    return wanted if given or wanted <= today + timedelta(days=31) else _year_before(wanted)


def _between(found: re.Match[str]) -> str:
    """What stands between month and day."""
    return found.string[found.end("month") : found.start("day")].strip()


def _year_before(day: date) -> date | None:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return None


def _clock(found: re.Match[str], day: date, part: str | None, at: tuple[int, int]) -> FoundTime | None:
    hour = _number(found["hour"] or found["hh"])
    exact = bool(found["half"] or found["quarter"] or found["minute"] or found["mm"])
    minute = (
        30 if found["half"] else 15 * (_number(found["quarter"]) or 0) or _number(found["minute"] or found["mm"]) or 0
    )
    if hour is None or hour > 24 or minute > 59:
        return None
    if (
        part in ("下午", "傍晚", "晚上", "夜里", "夜间", "深夜")
        and hour < 12
        and not (part in ("夜里", "深夜", "晚上") and hour < 5)
    ) or (part == "中午" and hour < 4):
        hour += 12
    elif part in ("夜里", "深夜", "晚上", "半夜") and (hour < 5 or hour == 12):
        day, hour = day + timedelta(days=1 if part != "半夜" or hour == 12 else 0), hour % 12
    begin = _midnight(day) + timedelta(hours=hour, minutes=minute)
    return FoundTime(*at, begin, begin + timedelta(minutes=1 if exact else 60), "minute" if exact else "hour")


def _month(text: str, at: int, now: datetime) -> FoundTime | None:
    found = _MONTH.match(text, at)
    if not found:
        return None
    if found["nearmonth"]:
        shift = {"上": -1, "下": 1}.get(found["nearmonth"][0], 0)
        first = _first_of(now.year, now.month + shift)
    else:
        year = _number(found["year"]) or now.year + _YEARS[found["nearyear"]]
        month = _number(found["month"])
        if not 1900 <= year <= 2200 or (month is not None and not 1 <= month <= 12):
            return None
        if month is None:
            return FoundTime(at, found.end(), _first_of(year, 1), _first_of(year + 1, 1), "year")
        first = _first_of(year, month)
    return FoundTime(at, found.end(), first, _first_of(first.year, first.month + 1), "month")


def _first_of(year: int, month: int) -> datetime:
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=zone)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
