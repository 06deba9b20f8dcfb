"""数据传输率与有效率: of the values that a station owes in a day, how many came, and how many of these were valid."""

from __future__ import annotations

from decimal import Decimal

from yiwang.sensing.computing.window import Window


def daily(window: Window) -> dict[str, Decimal | None]:
    """Per cent: ``transmitted`` of those due, at most 100; ``valid`` of those that came; ``effective`` their product.

    A day is whole at its end: before, what has yet to come is missing.
    """
    due = window.expected * len(window.inputs)
    came, valid = sum(window.came.values()), sum(window.valid.values())
    if not came or not due:
        return {"transmitted": None, "valid": None, "effective": None}
    transmitted = min(Decimal(came) / due, Decimal(1)) * 100
    share = Decimal(valid) / came * 100
    return {"transmitted": transmitted, "valid": share, "effective": transmitted * share / 100}
