"""Same or new (同件识别): is a report one that was heard before, and what speaks for it.

``evidence`` weighs two reports feature by feature, in bits; ``rarity`` says how much a word tells; ``pairing`` finds the
repetitions in a list; ``tables`` reads such a list from a file of any column names.
"""

from yiwang.judgement.likeness.evidence import (
    SAME_MATTER,
    Likeness,
    Reason,
    Telling,
    compare,
    metres_between,
    telling,
)
from yiwang.judgement.likeness.pairing import Pair, groups, repetitions
from yiwang.judgement.likeness.rarity import Rarity

__all__ = [
    "SAME_MATTER",
    "Likeness",
    "Pair",
    "Rarity",
    "Reason",
    "Telling",
    "compare",
    "groups",
    "metres_between",
    "repetitions",
    "telling",
]
