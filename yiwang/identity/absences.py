"""Who is away and who acts meanwhile (请假与代理): an index of absences, asked at a moment of city time. Pure: no database.

Promises: nobody who is away, and nobody out of service, is ever named as the one who acts; a deputy who is away too
passes on to their own, at most five times, so that deputies who name each other end at the first who is present, or at
nobody. An absence that names kinds of business says who acts for those; one without says who acts for all the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from yiwang.identity.model import AbsenceRow

most_passes = 5
"""How often a deputy who is away passes on."""

Active = Callable[[UUID], bool]


class Absences:
    """Absences that hold or begin later; ``kinds`` are the names of a business: its definition's key, its case type."""

    __slots__ = ("_by_account", "_by_deputy", "rows")

    def __init__(self, rows: Iterable[AbsenceRow] = ()) -> None:
        self.rows = tuple(rows)
        by_account: dict[UUID, list[AbsenceRow]] = defaultdict(list)
        by_deputy: dict[UUID, dict[UUID, None]] = defaultdict(dict)
        for row in self.rows:
            by_account[row.account_id].append(row)
            by_deputy[row.deputy_id][row.account_id] = None
        self._by_account = {account: tuple(found) for account, found in by_account.items()}
        self._by_deputy = {deputy: tuple(found) for deputy, found in by_deputy.items()}

    def __bool__(self) -> bool:
        return bool(self.rows)

    def changes(self, after: datetime) -> Iterator[datetime]:
        """The moments after ``after`` at which an absence begins or ends."""
        for row in self.rows:
            if row.starts_at > after:
                yield row.starts_at
            if row.ends_at > after:
                yield row.ends_at

    def away(self, account_id: UUID, kinds: Collection[str], at: datetime) -> AbsenceRow | None:
        """The absence that keeps somebody from business of these kinds: one that names it, else one from all business."""
        from_all = None
        for row in self._by_account.get(account_id, ()):
            if row.holds(at):
                if not row.kinds:
                    from_all = from_all or row
                elif not row.kinds.isdisjoint(kinds):
                    return row
        return from_all

    def acting(self, account_id: UUID, active: Active, kinds: Collection[str], at: datetime) -> UUID | None:
        """Who acts for an account: itself while it is there; None when nobody is, or it is out of service."""
        current = account_id
        for _ in range(most_passes + 1):
            if not active(current):
                return None
            absence = self.away(current, kinds, at)
            if absence is None:
                return current
            current = absence.deputy_id
        return None

    def naming(self, deputy_id: UUID) -> tuple[UUID, ...]:
        """Whoever has named the account as deputy, at second hand too, whether it acts for them now or not."""
        found: dict[UUID, None] = {}
        waiting: list[UUID] = [deputy_id]
        for _ in range(most_passes):
            waiting = [account for one in waiting for account in self._by_deputy.get(one, ()) if account not in found]
            found.update(dict.fromkeys(waiting))
        found.pop(deputy_id, None)
        return tuple(found)
