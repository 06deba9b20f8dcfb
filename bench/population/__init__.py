"""An archive of any size, made inside the database: real cases of each stage, varied a million times.

A few cases are driven through the public API to every stage; their rows of all tables are the prototypes. The archive
repeats them with other ids, numbers, times (ten years, open ones in the last month), places, texts and search terms.
What a column means is therefore decided by the product, and a column that comes new is carried along.

Kept small where the size decides nothing that is measured: a closed case keeps two of its journal entries (opened,
closed) and one of its finished steps.
"""

from bench.population.fill import Archive, fill, verify_terms
from bench.population.pools import make_pools

__all__ = ["Archive", "fill", "make_pools", "verify_terms"]
