"""Telephones, vehicle plates and identity numbers in a text: personal data, so that what is handed out is masked.

Plates by GA 36-2018 (five or six characters behind province and office; no I and O), mobile numbers by the numbering plan of
the MIIT (11 digits, 13…19), landlines with their area code, identity numbers by GB 11643 with their check digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from yiwang.kernel.text import half_width, mask_identity_number, mask_phone

NumberKind = Literal["phone", "plate", "identity"]

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    f"(?<![A-Za-z0-9])[{_PROVINCES}][A-HJ-NP-Z][·•.\\-\\s]?"
    "(?:[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF]|[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳])(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\dA-Za-z])(?:(?:\+?86[-\s]?)?1[3-9]\d[-\s]?\d{4}[-\s]?\d{4}|0\d{2,3}[-\s]?[2-9]\d{6,7}(?:[-转]\d{1,5})?|[48]00[-\s]?\d{3}[-\s]?\d{4})(?![\dA-Za-z])"
)
_IDENTITY = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number at ``text[start:end]``; ``shown`` is what a reader without a grant may see."""

    start: int
    end: int
    kind: NumberKind
    shown: str


def find_numbers(text: str) -> Iterator[FoundNumber]:
    """Numbers in the order of the text; full-width digits and letters count as their ordinary forms."""
    text = half_width(text)
    taken: list[tuple[int, int]] = []
    found: list[FoundNumber] = []
    for kind, pattern in (("identity", _IDENTITY), ("plate", _PLATE), ("phone", _PHONE)):
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < after and before < end for before, after in taken):
                continue
            if kind == "identity":
                if not _checks(match.group()):
                    continue
                found.append(FoundNumber(start, end, "identity", mask_identity_number(match.group())))
            elif kind == "plate":
                found.append(FoundNumber(start, end, "plate", mask_plate(match.group())))
            else:
                found.append(FoundNumber(start, end, "phone", mask_phone(match.group())))
            taken.append((start, end))
    yield from sorted(found, key=lambda number: number.start)


def mask_plate(plate: str) -> str:
    """津A·12345 → 津A***45: province, office and the last two characters stay."""
    plain = re.sub(r"[·•.\-\s]", "", plate).upper()
    return f"{plain[:2]}{'*' * (len(plain) - 4)}{plain[-2:]}"


def _checks(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == number[-1].upper()
