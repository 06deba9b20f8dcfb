"""Units of measurement and which of them convert into which: only what is written here converts.

A conversion is linear: ``value in the metric's unit = value on the wire × factor + offset``. Parts per million of a gas do not
convert to mg/m³ without molar mass, temperature and pressure, so they are a dimension of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

_SPELLINGS = str.maketrans({"μ": "µ", "℃": "°C", "㎡": "m²", "％": "%", "³": "³", " ": ""})
_ALIASES: Mapping[str, str] = {
    "ug/m3": "µg/m³", "ug/m³": "µg/m³", "µg/m3": "µg/m³", "mg/m3": "mg/m³", "ng/m3": "ng/m³", "g/m3": "g/m³",
    "ug/L": "µg/L", "mg/l": "mg/L", "ug/l": "µg/L", "µg/l": "µg/L", "l/s": "L/s", "l": "L", "l/min": "L/min",
    "m3": "m³", "m3/h": "m³/h", "m3/s": "m³/s", "m2": "m²", "C": "°C", "degC": "°C", "celsius": "°C", "F": "°F",
    "dBA": "dB(A)", "dB": "dB(A)", "deg": "°", "kph": "km/h", "lx": "lux", "us/cm": "µS/cm", "uS/cm": "µS/cm",
    "kWh": "kW·h", "kwh": "kW·h", "boolean": "state", "bool": "state", "count": "1", "": "1",
}  # fmt: skip
"""Other ways of writing a unit."""

_UNITS: Mapping[str, tuple[str, float, float]] = {
    # unit: (dimension, factor to the dimension's base, offset to it)
    "1": ("number", 1, 0), "%": ("share", 0.01, 0), "‰": ("share", 0.001, 0), "state": ("state", 1, 0), "pH": ("pH", 1, 0),
    "ng/m³": ("mass in air", 1e-3, 0), "µg/m³": ("mass in air", 1, 0), "mg/m³": ("mass in air", 1e3, 0),
    "g/m³": ("mass in air", 1e6, 0), "ppm": ("parts", 1, 0), "ppb": ("parts", 1e-3, 0),
    "µg/L": ("mass in water", 1, 0), "mg/L": ("mass in water", 1e3, 0), "g/L": ("mass in water", 1e6, 0),
    "°C": ("temperature", 1, 0), "K": ("temperature", 1, -273.15), "°F": ("temperature", 5 / 9, -160 / 9),
    "mm": ("length", 1e-3, 0), "cm": ("length", 1e-2, 0), "dm": ("length", 0.1, 0), "m": ("length", 1, 0),
    "km": ("length", 1e3, 0), "m²": ("area", 1, 0), "m³": ("volume", 1, 0), "L": ("volume", 1e-3, 0),
    "m³/s": ("flow", 1, 0), "m³/h": ("flow", 1 / 3600, 0), "L/s": ("flow", 1e-3, 0), "L/min": ("flow", 1e-3 / 60, 0),
    "m/s": ("speed", 1, 0), "km/h": ("speed", 1 / 3.6, 0), "mm/h": ("rain", 1, 0), "mm/min": ("rain", 60, 0),
    "Pa": ("pressure", 1, 0), "hPa": ("pressure", 100, 0), "mbar": ("pressure", 100, 0), "kPa": ("pressure", 1e3, 0),
    "bar": ("pressure", 1e5, 0), "MPa": ("pressure", 1e6, 0), "mmHg": ("pressure", 133.322, 0),
    "mH2O": ("pressure", 9806.65, 0), "dB(A)": ("sound", 1, 0), "°": ("angle", 1, 0), "rad": ("angle", 57.29577951308232, 0),
    "ms": ("time", 1e-3, 0), "s": ("time", 1, 0), "min": ("time", 60, 0), "h": ("time", 3600, 0), "d": ("time", 86400, 0),
    "mg": ("mass", 1e-6, 0), "g": ("mass", 1e-3, 0), "kg": ("mass", 1, 0), "t": ("mass", 1e3, 0), "kg/h": ("mass flow", 1, 0),
    "mV": ("voltage", 1e-3, 0), "V": ("voltage", 1, 0), "kV": ("voltage", 1e3, 0), "mA": ("current", 1e-3, 0),
    "A": ("current", 1, 0), "W": ("power", 1, 0), "kW": ("power", 1e3, 0), "W·h": ("energy", 1, 0),
    "kW·h": ("energy", 1e3, 0), "Hz": ("frequency", 1, 0), "1/min": ("frequency", 1 / 60, 0),
    "NTU": ("turbidity", 1, 0), "lux": ("light", 1, 0),
    "µS/cm": ("conductivity", 1, 0), "mS/cm": ("conductivity", 1e3, 0), "mS/m": ("conductivity", 10, 0),
    "dBm": ("radio", 1, 0), "cells/L": ("cells", 1, 0), "mm/s": ("vibration", 1, 0), "µSv/h": ("dose", 1, 0),
    "nSv/h": ("dose", 1e-3, 0), "%LEL": ("explosive limit", 1, 0),
}  # fmt: skip


def normal_unit(unit: str) -> str:
    """The unit as it is written here, whatever spelling it came in; an unknown one comes back as it was."""
    plain = unit.strip().translate(_SPELLINGS)
    return plain if plain in _UNITS else _ALIASES.get(plain, plain)


def known_units() -> tuple[str, ...]:
    """Every unit that may be declared."""
    return tuple(_UNITS)


def conversion(wire: str, metric: str) -> tuple[float, float] | None:
    """(factor, offset) from the unit on the wire to the metric's unit; None where none is declared."""
    given, wanted = _UNITS.get(normal_unit(wire)), _UNITS.get(normal_unit(metric))
    if given is None or wanted is None or given[0] != wanted[0]:
        return None
    return given[1] / wanted[1], (given[2] - wanted[2]) / wanted[1]
