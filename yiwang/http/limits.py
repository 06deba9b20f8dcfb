"""Limits per address for those without an account: a token bucket each, in this process, bounded in memory.

Several worker processes count apart, so the effective limit lies between the set one and its multiple by the workers.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict

_most_addresses = 20_000


class AddressLimit:
    """At most ``per_minute`` calls an address and minute, with a burst of the same size."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> int:
        """Count one call of ``address``. 0: it may pass; otherwise the seconds after which it may try again."""
        now = time.monotonic()
        tokens, then = self._buckets.pop(address, (float(self.per_minute), now))
        tokens = min(float(self.per_minute), tokens + (now - then) * self.per_minute / 60)
        wait = 0 if tokens >= 1 else math.ceil((1 - tokens) * 60 / self.per_minute)
        self._buckets[address] = (tokens - 1 if wait == 0 else tokens, now)
        if len(self._buckets) > _most_addresses:
            self._buckets.popitem(last=False)
        return wait
