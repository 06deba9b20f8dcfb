"""What is covered of the plan catalogue (规划条目), told by scenarios that ran: results kept, clauses judged, tables.

Promises: a clause counts as covered only by a step of a scenario that passed in the kept run, and only while pack, cities and
program are still those of that run; what is missing is named with why.
"""

from yiwang.packs.proving.keeping import Kept, KeptScenario, kept_results, program_digest, proof_digest
from yiwang.packs.proving.rows import ClauseState, PlanClause, PlanTable, RowState, plan_table

__all__ = [
    "ClauseState",
    "Kept",
    "KeptScenario",
    "PlanClause",
    "PlanTable",
    "RowState",
    "kept_results",
    "plan_table",
    "program_digest",
    "proof_digest",
]
