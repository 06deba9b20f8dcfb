"""Ranges of versions in ``needs``: what they take, and what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from yiwang.packs.versions import Need, newer, read_need

_NUMBER = some.integers(0, 30)
_VERSION = some.tuples(_NUMBER, _NUMBER, _NUMBER).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    ("need", "good", "bad"),
    [
        ("lamps", ["0.1", "7"], []),
        ("lamps ^0.2", ["0.2", "0.2.9"], ["0.1.9", "0.3", "1"]),
        ("lamps ^1.2", ["1.2", "1.9.1"], ["1.1", "2"]),
        ("lamps ^0", ["0.0.1", "0.9"], ["1"]),
        ("lamps ^0.0.3", ["0.0.3"], ["0.0.4", "0.0.2"]),
        ("lamps ~1.2", ["1.2", "1.2.7"], ["1.3", "1.1"]),
        ("lamps ~1", ["1", "1.9"], ["2"]),
        ("lamps >=0.2 <1", ["0.2", "0.99"], ["0.1", "1", "1.0.1"]),
        ("lamps =1.2", ["1.2.0"], ["1.2.1"]),
        ("lamps >1 <=1.5", ["1.0.1", "1.5"], ["1", "1.5.1"]),
    ],
)
def test_a_range_takes_what_it_says(need: str, good: list[str], bad: list[str]) -> None:
    found = read_need(need)
    assert [version for version in good if not found.takes(version)] == []
    assert [version for version in bad if found.takes(version)] == []


@pytest.mark.parametrize(
    "text", ["lamps from 2", "Lamps", "lamps >=", "lamps ^1.2.3.4", "lamps, wishes", "", "lamps >2 <1"]
)
def test_what_cannot_be_read_or_met_is_told_in_both_languages(text: str) -> None:
    with pytest.raises(ValueError, match=r" \| "):
        read_need(text)


@given(_VERSION, _VERSION)
def test_ranges_agree_with_the_order_of_versions(one: str, other: str) -> None:
    assert Need("x", f">={other}").takes(one) is not newer(other, one)
    assert Need("x", f">{other}").takes(one) is newer(one, other)
    assert Need("x", f"^{one}").takes(one)
    assert Need("x", f"~{one}").takes(one)
