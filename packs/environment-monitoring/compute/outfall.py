"""污染源排口: discharge against the permit (排污许可) of the outfall, hour by hour.

Limits stand in the register of each outfall (mg/L, ``permit_cod``, ``permit_ammonia``, ``permit_ph`` as ``6-9``); where none is
written, those of class 1A of GB 18918-2002 are taken.
"""

from __future__ import annotations

from decimal import Decimal

from yiwang.sensing.computing.window import Window

CLASS_1A = {"cod": "50", "ammonia": "5", "ph": "6-9"}
SHARE_OF_AN_HOUR = Decimal("0.75")
FACTORS = ("ph", "cod", "ammonia")
"""The number of the worst factor counts from 1 in this order."""


def _number(text: str, otherwise: str) -> Decimal:
    cleaned = text.replace(".", "", 1)
    return Decimal(text) if cleaned.isdecimal() else Decimal(otherwise)


def acidity(text: str) -> tuple[Decimal, Decimal]:
    """``6-9`` as its two ends."""
    low, _, high = (text or CLASS_1A["ph"]).partition("-")
    return _number(low.strip(), "6"), _number(high.strip(), "9")


def ratio_of(factor: str, value: Decimal, permit: str) -> Decimal:
    """How many times the permitted value it is: above 1 is above the limit. Of pH the distance from the middle of the range."""
    if factor == "ph":
        low, high = acidity(permit)
        half = (high - low) / 2
        return abs(value - (low + high) / 2) / half if half > 0 else Decimal()
    limit = _number(permit, CLASS_1A[factor])
    return value / limit if limit > 0 else Decimal()


def hourly(window: Window) -> dict[str, Decimal | int | None]:
    """``ratio``: the worst of the hour's means against its permit; ``worst``: which; ``load``: COD discharged in kg; ``meets``: 1
    where all are within (达标)."""
    ratios: dict[str, Decimal] = {}
    for factor in FACTORS:
        mean = window.mean(factor, SHARE_OF_AN_HOUR)
        if mean is not None:
            ratios[factor] = ratio_of(factor, mean, window.fact(f"permit_{factor}"))
    cod, flow = window.mean("cod", SHARE_OF_AN_HOUR), window.mean("discharge", SHARE_OF_AN_HOUR)
    load = None if cod is None or flow is None else cod * flow * 3600 / 1_000_000  # mg/L · L/s · s, in kg
    if not ratios:
        return {"ratio": None, "worst": None, "load": load, "meets": None}
    highest = max(ratios.values())
    worst = next(place for place, name in enumerate(FACTORS, 1) if ratios.get(name) == highest)
    return {"ratio": highest, "worst": worst if highest > 1 else 0, "load": load, "meets": int(highest <= 1)}
