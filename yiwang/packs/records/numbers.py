"""Invented numbers that nobody has: right check digits, but a division (120199) and a mobile prefix (154) never given out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from yiwang.registry.identifiers import citizen_number, credit_code, organisation_code

NOWHERE = "120199"
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def identity_number(born: date, order: int) -> str:
    """A citizen number of the division that never was; ``order`` (1–999) is odd for men and even for women."""
    body = f"{NOWHERE}{born:%Y%m%d}{order:03}"
    return _checked(body, "0123456789X", citizen_number)


def social_code(office: str, number: int) -> str:
    """A unified social credit code. ``office``: registration department and category (``91`` enterprise, ``92`` sole trader,
    ``12`` institution, ``52`` private unit); ``number`` below 100 million."""
    organisation = _checked(f"{number:08}", "0123456789X", organisation_code)
    return _checked(f"{office}{NOWHERE}{organisation}", _ALPHABET, credit_code)


def mobile(number: int) -> str:
    """A mobile number with a prefix that no operator has."""
    return f"154{number % 100_000_000:08}"


def landline(number: int) -> str:
    """A fixed number of Tianjin's zone in a block that is not in use."""
    return f"0220000{number % 10_000:04}"


def _checked(body: str, checks: str, normal: Callable[[str], str | None]) -> str:
    return next(body + check for check in checks if normal(body + check) is not None)
