"""Giving a whole batch of needs its offers: as many needs as can be, and among these ways the one with the best scores together.

Each need brings its best ``SHORTLIST`` offers; a sparse assignment (Jonker and Volgenant's shortest augmenting paths, as
scipy has it) is exact over these lists. What came away empty because its whole list was taken is tried again with what is left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from yiwang.matching.model import Candidate, Need
from yiwang.matching.scoring import Pool

SHORTLIST = 24
ROUNDS = 4
_NOBODY = 1e6
"""The cost of leaving a need without an offer: more than any score can make up for."""


def assign(pool: Pool, needs: Sequence[Need], shortlist: int = SHORTLIST) -> dict[int, Candidate]:
    """For each need, by its place in the list, the offer that it is given; capacities hold, and are used up in the pool."""
    given: dict[int, Candidate] = {}
    rest = list(range(len(needs)))
    for _ in range(ROUNDS):
        lists = {place: found for place in rest if (found := pool.best(needs[place], shortlist))}
        if not lists:
            break
        chosen = _solve(pool, lists)
        for place, candidate in chosen.items():
            pool.take(candidate.place)
            given[place] = candidate
        rest = [place for place in lists if place not in chosen]
        if not rest:
            break
    return given


def _solve(pool: Pool, lists: dict[int, list[Candidate]]) -> dict[int, Candidate]:
    """The assignment over these lists. An offer that can take several stands there as often, and no oftener than it is listed."""
    if len(lists) == 1:
        place, found = next(iter(lists.items()))
        return {place: found[0]}
    listed: dict[int, int] = {}
    for found in lists.values():
        for candidate in found:
            listed[candidate.place] = listed.get(candidate.place, 0) + 1
    first: dict[int, int] = {}
    owners: list[int] = []
    for offer, times in listed.items():
        first[offer] = len(owners)
        owners += [offer] * min(int(pool.capacity[offer] - pool.used[offer]), times)
    copies = {offer: min(int(pool.capacity[offer] - pool.used[offer]), times) for offer, times in listed.items()}
    rows: list[int] = []
    columns: list[int] = []
    costs: list[float] = []
    for row, found in enumerate(lists.values()):
        for candidate in found:
            for copy in range(copies[candidate.place]):
                rows.append(row)
                columns.append(first[candidate.place] + copy)
                costs.append(101.0 - candidate.score)
        rows.append(row)
        columns.append(len(owners) + row)
        costs.append(_NOBODY)
    shape = (len(lists), len(owners) + len(lists))
    from scipy.sparse import csr_matrix  # 20 MB that only whoever assigns a batch needs
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    matrix = csr_matrix((np.array(costs), (np.array(rows), np.array(columns))), shape=shape)
    matched_rows, matched_columns = min_weight_full_bipartite_matching(matrix)
    chosen: dict[int, Candidate] = {}
    places = list(lists)
    for row, column in zip(matched_rows.tolist(), matched_columns.tolist(), strict=True):
        if column < len(owners):
            place = places[row]
            chosen[place] = next(each for each in lists[place] if each.place == owners[column])
    return chosen
