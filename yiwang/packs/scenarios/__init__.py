"""Scenarios: a day in the life of a city, executed through the public API by named people; the proof of a plan's clause."""

from yiwang.packs.scenarios.report import ScenarioReport, ScenarioResult
from yiwang.packs.scenarios.runner import OpenCity, run_scenarios

__all__ = ["OpenCity", "ScenarioReport", "ScenarioResult", "run_scenarios"]
