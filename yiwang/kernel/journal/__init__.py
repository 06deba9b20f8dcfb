"""The journal: the append-only record of everything that happened — audit trail, timeline, outbox and replay at once.

An entry is written in the same transaction as the change it tells of. Batches are sealed later into a hash chain, so
that tampering shows and writers never wait for the chain.
"""

from yiwang.kernel.journal.entry import Entry, JournalRow, entry
from yiwang.kernel.journal.seal import SealReport, seal, verify
from yiwang.kernel.journal.store import append, append_many, appending, copy_packed, follow, open_era, pack, story

__all__ = [
    "Entry",
    "JournalRow",
    "SealReport",
    "append",
    "append_many",
    "appending",
    "copy_packed",
    "entry",
    "follow",
    "open_era",
    "pack",
    "seal",
    "story",
    "verify",
]
