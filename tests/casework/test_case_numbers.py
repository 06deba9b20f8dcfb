"""Case numbers: the pattern, its refusals, the serial."""

from datetime import date

import pytest

from yiwang.casework.numbers import parse_number_rule

DAY = date(2026, 6, 18)


@pytest.mark.parametrize(
    ("pattern", "serial", "expected"),
    [
        ("CG{date:%Y%m%d}{serial:6}", 1, "CG20260618000001"),
        ("{division}-{date:%y%m%d}-{serial:4}", 12345, "120111-260618-12345"),
        ("热线{date}{serial}", 7, "热线20260618000007"),
    ],
)
def test_案件号按规则生成(pattern: str, serial: int, expected: str) -> None:
    assert parse_number_rule(pattern).number(serial, DAY, "120111") == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "CG{serial:6}",
        "CG{date:%Y%m%d}",
        "{date}{serial:6}{serial:6}",
        "{date:%Y}{serial:6}",
        "{date}{serial:99}",
        "{who}{date}{serial}",
        "{date} {serial",
    ],
)
def test_缺日期_缺流水号_未知占位符的规则被拒绝(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|date|serial"):
        parse_number_rule(pattern)
