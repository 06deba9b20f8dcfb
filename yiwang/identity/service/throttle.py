"""Throttle of failed sign-ins by network address, in the memory of one process; bounded in size."""

from __future__ import annotations

from datetime import datetime, timedelta

from yiwang.kernel.errors import TooManyRequests

window = timedelta(minutes=5)
failures_per_window = 30
"""Per process; an office behind one address fails less often than this, a guesser soon more."""
most_addresses = 10_000


class AddressThrottle:
    """Counts failures of each address in windows of five minutes. Times are machine time."""

    def __init__(self, limit: int = failures_per_window) -> None:
        self._limit = limit
        self._counts: dict[str, tuple[datetime, int]] = {}

    def check(self, address: str, now: datetime) -> None:
        """Refuse an address that has failed too often.

        Raises:
            TooManyRequests: with the seconds until its window ends.
        """
        began, count = self._counts.get(address, (now, 0))
        left = began + window - now
        if count >= self._limit and left > timedelta(0):
            raise TooManyRequests(seconds=int(left.total_seconds()) + 1)

    def failed(self, address: str, now: datetime) -> None:
        """Count a failure. Calls from inside the process (address "") are not counted."""
        if not address:
            return
        began, count = self._counts.get(address, (now, 0))
        if now - began >= window:
            began, count = now, 0
        if address not in self._counts and len(self._counts) >= most_addresses:
            self._counts.pop(next(iter(self._counts)))
        self._counts[address] = (began, count + 1)
