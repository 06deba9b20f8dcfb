"""Identifiers of the national standards: whether they are well formed, and what stands in them.

Each function takes the text as people write it and returns the normal form, or None when it cannot be right. Sources: GB 11643
(citizen), GB 32100 (unified social credit), GB 11714 (organisation), GB/T 2260 and the statistical code (divisions), GB/T 30428.2
and GB/T 47678.5 (urban components), GB/T 35658-like plate forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

from yiwang.kernel.text import half_width

_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PLATE = re.compile(
    r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z]"
    r"(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]|[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF])$"
)


_blanks = re.compile(r"[\s\-]")
_citizen_form = re.compile(r"[1-9][0-9]{16}[0-9X]")
_citizen_digits = tuple({str(digit): digit * weight for digit in range(10)} for weight in _CITIZEN_WEIGHTS)


def _tidy(text: str) -> str:
    if text.isalnum() and text.isascii():
        return text.upper()
    return _blanks.sub("", half_width(text)).upper()


def citizen_number(text: str) -> str | None:
    """Citizen identity number 公民身份号码, 18 characters; a 15-digit one of before 1999 is made into 18.

    A check that passes proves that the number was not mistyped, not whose it is. Divisions that no longer exist are right.
    """
    number = _tidy(text)
    if len(number) == 15 and re.fullmatch(r"[0-9]{15}", number):
        number = f"{number[:6]}19{number[6:]}"
        number += _CITIZEN_CHECKS[sum(w * int(d) for w, d in zip(_CITIZEN_WEIGHTS, number, strict=True)) % 11]
    if not _citizen_form.fullmatch(number):
        return None
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    if born.year < 1800 or born.year > 2200:
        return None
    total = sum([weighed[digit] for weighed, digit in zip(_citizen_digits, number, strict=False)])
    return number if number[17] == _CITIZEN_CHECKS[total % 11] else None


def born_on(number: str) -> date | None:
    """The day of birth that a citizen number says."""
    right = citizen_number(number)
    return date(int(right[6:10]), int(right[10:12]), int(right[12:14])) if right else None


def credit_code(text: str) -> str | None:
    """Unified social credit code 统一社会信用代码, 18 characters."""
    code = _tidy(text)
    if len(code) != 18 or any(letter not in _CREDIT_ALPHABET for letter in code):
        return None
    total = sum(w * _CREDIT_ALPHABET.index(c) for w, c in zip(_CREDIT_WEIGHTS, code[:17], strict=True))
    return code if code[17] == _CREDIT_ALPHABET[(31 - total % 31) % 31] else None


def organisation_code(text: str) -> str | None:
    """Organisation code 组织机构代码, 8 characters and a check."""
    code = _tidy(text)
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code):
        return None
    total = sum(w * int(c, 36) for w, c in zip(_ORGANISATION_WEIGHTS, code[:8], strict=True))
    check = 11 - total % 11
    return code if code[8] == {10: "X", 11: "0"}.get(check, str(check)) else None


@lru_cache(maxsize=8192)
def division_code(text: str) -> str | None:
    """Division code 区划代码: 2, 4, 6, 9 or 12 digits; trailing zeros of whole levels are taken away."""
    code = _tidy(text)
    if not re.fullmatch(r"[1-9][0-9]*", code) or len(code) not in (2, 4, 6, 9, 12):
        return None
    for shorter in (9, 6, 4, 2):
        if len(code) > shorter and not code[shorter:].strip("0"):
            code = code[:shorter]
    return code


def component_code(text: str) -> str | None:
    """Identification code of an urban component 部件标识码: 16 digits (6 division, 2 main class, 2 class, 6 serial), or
    17 in cities that follow GB/T 47678.5."""
    code = _tidy(text)
    return code if re.fullmatch(r"[1-9][0-9]{15,16}", code) and code.strip("0") else None


def phone_number(text: str) -> str | None:
    """Telephone number of the mainland: a mobile number of 11 digits, or a fixed one with its area code."""
    number = re.sub(r"[\s\-()()]", "", half_width(text))
    number = re.sub(r"^(?:\+|00)86", "", number)
    return number if re.fullmatch(r"1[3-9][0-9]{9}|0[0-9]{9,11}|[2-8][0-9]{6,7}", number) else None


def plate_number(text: str) -> str | None:
    """Vehicle plate 号牌 of the mainland, with those of new-energy vehicles."""
    plate = _tidy(text).replace("·", "")
    return plate if _PLATE.match(plate) else None


FORMATS: Mapping[str, tuple[Callable[[str], str | None], str, str]] = {
    "citizen-number": (
        citizen_number,
        "公民身份号码(18 位,校验位须正确)",
        "a citizen identity number (18 characters, check digit)",
    ),
    "credit-code": (
        credit_code,
        "统一社会信用代码(18 位,校验位须正确)",
        "a unified social credit code (18 characters, check digit)",
    ),
    "organisation-code": (
        organisation_code,
        "组织机构代码(9 位,校验位须正确)",
        "an organisation code (9 characters, check digit)",
    ),
    "division-code": (division_code, "区划代码(2、4、6、9 或 12 位)", "a division code (2, 4, 6, 9 or 12 digits)"),
    "component-code": (component_code, "部件标识码(16 或 17 位数字)", "a component code (16 or 17 digits)"),
    "phone-number": (
        phone_number,
        "电话号码(手机或带区号的固定电话)",
        "a telephone number (mobile, or fixed with area code)",
    ),
    "plate-number": (plate_number, "车辆号牌", "a vehicle plate"),
}
"""JSON Schema formats that types may use: the function, and what is expected in Chinese and English."""
