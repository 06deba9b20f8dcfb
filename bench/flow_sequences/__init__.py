"""Random legal sequences of office operations on random definitions, against the real engine and database.

``python -m bench.flow_sequences --runs 10000`` looks for a lost or doubled token, a task with nobody, a held task without
what it waits for, an instance both finished and open, a round that comes back to the wrong people, and an operation that
the table of operations and the engine see differently. Every run follows from its number, so a fault can be walked again.
"""

from bench.flow_sequences.laws import Broken
from bench.flow_sequences.runs import Tally, run_sequences

__all__ = ["Broken", "Tally", "run_sequences"]
