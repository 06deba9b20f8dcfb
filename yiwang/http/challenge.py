"""Proof of work for the public's forms (防滥用): asked above a rate, answered by the browser itself, without any outside service.

Who sends little never meets it. Above a quarter of the hard limit of an address (or when the whole city is being flooded)
a request to one of the public's forms is refused once with ``input.proof_needed``; its data names a stamp to compute: the
first text ``1:<bits>:<time>:<path>:<random>:<counter>`` whose SHA-256 begins with ``bits`` zero bits. Sent along as
``X-Proof-Of-Work`` it is good for one request within five minutes. Pages without scripts cannot compute; they are asked to
wait instead.

Nothing is kept outside of this process and no secret is needed: several worker processes count apart, so a stamp may be
used once in each of them, which costs a flooder the same work divided by the workers.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from yiwang.kernel.errors import ProofNeeded, TooManyRequests

HEADER = "X-Proof-Of-Work"

FORMS = (
    "/api/v1/cases",
    "/api/v1/cases/follow",
    "/api/v1/records/told",
    "/api/v1/cases/records-read",
    "/api/v1/cases/add",
    "/api/v1/cases/rate",
    "/api/v1/cases/reopen",
    "/api/v1/public/own-rows",
    "/api/v1/public/publicity-questions",
    "/api/v1/attachments",
    "/plain/report",
    "/plain/follow",
)
"""What the public sends; questions that are asked while typing are not among them."""

LEAST_BITS = 14
"""About 16,000 hashes: a third of a second on a four-year-old telephone."""

MOST_BITS = 20
VALID_SECONDS = 300
_free_share = 4  # a quarter of the hard limit passes without a proof
_whole_city = 20  # so many addresses at their free rate make a flood
_longest_stamp = 200
_most_addresses = 20_000


class Challenge:
    """One per process. ``per_minute`` is the hard limit of an address; ``now`` gives Unix seconds (machine time)."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.time) -> None:
        self.free = max(1, per_minute // _free_share)
        self._now = now
        self._recent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._spent: OrderedDict[str, float] = OrderedDict()

    def check(self, address: str, path: str, stamp: str) -> None:
        """Let the request of ``address`` to the form at ``path`` pass, or refuse it; ``stamp`` is what it brought along.

        Raises:
            ProofNeeded: a stamp has to be computed first. TooManyRequests: the same on a page that cannot compute.
        """
        if path not in FORMS:
            return
        pressure = max(self._count(address) / self.free, self._count("") / (self.free * _whole_city))
        if pressure <= 1:
            return
        if path.startswith("/plain/"):
            raise TooManyRequests(seconds=max(1, math.ceil(60 * math.log(pressure))))
        bits = min(MOST_BITS, LEAST_BITS + int(math.log2(pressure) * 2))
        if not self._good(stamp, path, bits):
            raise ProofNeeded(header=HEADER, version=1, bits=bits, time=int(self._now()), path=path)

    def _count(self, address: str) -> float:
        """Requests of the last minute or so, this one included: each loses weight with its age."""
        now = self._now()
        count, then = self._recent.pop(address, (0.0, now))
        count = count * math.exp(min(0.0, then - now) / 60) + 1
        self._recent[address] = (count, now)
        if len(self._recent) > _most_addresses:
            self._recent.popitem(last=False)
        return count

    def _good(self, stamp: str, path: str, bits: int) -> bool:
        """Whether the stamp is well made, young, for this form, worth its bits, and new; it is spent then."""
        if len(stamp) > _longest_stamp or not stamp.isascii():
            return False
        parts = stamp.split(":")
        if len(parts) != 6 or parts[0] != "1" or parts[3] != path or not parts[2].isdigit():
            return False
        now, made = self._now(), int(parts[2])
        # The work that was asked for a moment ago counts although more is asked by now.
        if not -5 <= now - made <= VALID_SECONDS or zero_bits(stamp) < max(LEAST_BITS, bits - 2):
            return False
        while self._spent and next(iter(self._spent.values())) < now - VALID_SECONDS:
            self._spent.popitem(last=False)
        if stamp in self._spent:
            return False
        self._spent[stamp] = now
        return True


def zero_bits(stamp: str) -> int:
    """With how many zero bits the SHA-256 of the stamp begins."""
    digest = int.from_bytes(hashlib.sha256(stamp.encode("ascii")).digest())
    return 256 - digest.bit_length()
