"""Load of a pole."""
from decimal import Decimal

from yiwang.sensing.computing.window import Window


def load(window: Window) -> dict[str, Decimal | None]:
    return {"load": window.mean("lamp_current")}
