"""数据里的时刻: moments as entries have them are taken apart many at once, and come to what they say one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.insight.scoring.moments import NEVER, moments_of

WIDTH = 36
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30), timezones=st.one_of(st.just(UTC), ZONES))
WRITTEN = st.builds(
    lambda at, how: how(at),
    MOMENTS,
    st.sampled_from(
        (
            lambda at: at.isoformat(),
            lambda at: at.replace(microsecond=0).isoformat(),
            lambda at: at.isoformat(timespec="milliseconds"),
            lambda at: at.isoformat(sep=" "),
            lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        )
    ),
)


def _padded(texts: list[str]) -> np.ndarray:
    return np.array([text.ljust(WIDTH).encode() for text in texts], dtype=f"S{WIDTH}")


@given(st.lists(st.one_of(WRITTEN, st.just("")), max_size=20))
def test_一次拆开许多时刻与逐个解析相等(texts: list[str]) -> None:
    expected = [
        (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1) if text else NEVER for text in texts
    ]
    assert moments_of(_padded(texts)).tolist() == expected


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01T00:00:00+00:00", "2026-01-01T24:61:00+00:00", "2026-01-01T"])
def test_不是时刻的文字被指出(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|must be in"):
        moments_of(_padded([text]))
