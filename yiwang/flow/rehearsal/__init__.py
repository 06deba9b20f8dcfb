"""Rehearsals (演练): definitions walk in memory, with the real walk, people, clocks and tables, and without a database.

Owns nothing that lasts: rows are kept in dictionaries and are gone with the rehearsal. Promises: what is written and answered
is what the service would write and answer, since only reading and writing rows is done here.
"""

from yiwang.flow.rehearsal.rehearsal import Rehearsal
from yiwang.flow.rehearsal.rows import Rows, RowsBroken
from yiwang.flow.rehearsal.stage import Moment
from yiwang.flow.rehearsal.tracing import Trodden
from yiwang.flow.rehearsal.waiting import Waiting

__all__ = ["Moment", "Rehearsal", "Rows", "RowsBroken", "Trodden", "Waiting"]
