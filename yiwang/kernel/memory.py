"""What this process keeps of the machine's memory: long-lived processes give back what they no longer use."""

from __future__ import annotations

import ctypes
import gc

_whole, _young = 2, 1
_large_block, _kept_on_top = 8 * 2**20, 16 * 2**20  # bytes
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -3, -1  # of the GNU C library's malloc.h
_settled = False


def settle() -> None:
    """After a start: what was read stands apart from the rubbish that is looked for later, and the rest goes back.

    Looks at everything once: a quarter of a second for the 370,000 objects of a web process. From here on large blocks go
    back as soon as they are free: the 19 MiB that hashing a password takes, a photo that is made smaller.
    """
    global _settled
    _return_large_blocks()
    gc.collect(_whole)
    gc.freeze()
    _settled = True
    _trim()


def give_back() -> None:
    """Look for rubbish and hand pages that hold nothing any more back to the system.

    The GNU C library keeps them otherwise, since freed memory lies between used memory. Takes less than a millisecond in a
    process that has settled, as only what came since is looked at (some 30 ms for each 100,000 objects that live on); in one
    that has not, only what is young is looked at. Another library does as it likes: nothing happens.
    """
    gc.collect(_whole if _settled else _young)
    _trim()


def _return_large_blocks() -> None:
    """Left to itself, the GNU C library takes the first large block that is freed for the measure of what to keep."""
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(_M_MMAP_THRESHOLD, _large_block)
        choose(_M_TRIM_THRESHOLD, _kept_on_top)


def _trim() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
