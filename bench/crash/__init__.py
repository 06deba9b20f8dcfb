"""Crash proof: kill -9 under load, restart, and look whether anything that was acknowledged is missing or doubled.

``python -m bench.crash --rounds 50`` (make crash). Rooms: ``city`` (a whole private installation as ``yiwang run`` brings
it up), ``clients`` (who load it and write down every answer), ``victims`` (what is killed), ``proof`` (what must hold
afterwards), ``rounds`` (one round after the other).
"""

from bench.crash.city import CrashCity
from bench.crash.rounds import RoundReport, run_rounds
from bench.crash.victims import VICTIMS

__all__ = ["VICTIMS", "CrashCity", "RoundReport", "run_rounds"]
