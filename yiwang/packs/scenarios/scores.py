"""Verbs of scenarios that read evaluation: a board's scores and an indicator's values, held against what is expected."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.model.scenario import SCORE_VERBS, Amount, Expectation, ScenarioStep, ScoreSeen
from yiwang.packs.remote import Remote, objects
from yiwang.packs.scenarios.report import Difference

_COUNTED = ("/boards/", "/indicators/")


def counted(step: ScenarioStep) -> bool:
    """Whether the step reads what follows the journal, so that the counts must have caught up first."""
    return step.do in SCORE_VERBS or (step.do == "view" and (step.path or "").startswith(_COUNTED))


async def see_scores(step: ScenarioStep, remote: Remote, expected: Expectation | None) -> list[Difference]:
    """Read the board or the indicator and hold its rows against what is expected.

    Raises:
        Refused: the city refuses it.
    """
    query: dict[str, str | int | float] = {}
    if step.period is not None:
        query["period"] = step.period
    if step.day is not None:
        query["day"] = step.day.isoformat()
    if step.do == "score":
        table = await remote.get(f"/boards/{step.board}/scores", query)
    else:
        table = await remote.get(f"/indicators/{step.indicator}/values", {**query, "kind": step.kind})
    if expected is None:
        return []
    rows = objects(table.get("rows"))
    fitting = "rows" if step.do == "score" else "values"
    found = [Difference(key, "–", f"{step.do} 看不到") for key in sorted(expected.model_fields_set - {fitting})]
    wanted: Mapping[str, ScoreSeen | Amount] = (expected.rows if step.do == "score" else expected.values) or {}
    for name, one in wanted.items():
        row, where = _row(rows, name), f"{fitting} {name}"
        if row is None:
            found.append(
                Difference(where, "有一行", f"没有;有的是 {', '.join(_called(each)[1] for each in rows) or '无'}")
            )
        elif isinstance(one, ScoreSeen):
            found += _of_row(where, row, one)
        else:
            found += _of_value(where, row.get("value"), one)
    return found


def _row(rows: list[JsonObject], name: str) -> JsonObject | None:
    """The row of an object by its key or its Chinese name."""
    return next((row for row in rows if name in _called(row)), None)


def _called(row: JsonObject) -> tuple[str, str]:
    one = row.get("object")
    names = one.get("names") if isinstance(one, dict) else None
    return str(one.get("key")) if isinstance(one, dict) else "", str(names.get("zh")) if isinstance(names, dict) else ""


def _of_row(where: str, row: JsonObject, wanted: ScoreSeen) -> list[Difference]:
    found = []
    for key in ("score", "grade", "rank"):
        if key in wanted.model_fields_set and getattr(wanted, key) != row.get(key):
            found.append(Difference(f"{where}.{key}", _shown(getattr(wanted, key)), _shown(row.get(key))))
    measures = {str(one.get("indicator")): one for one in objects(row.get("measures"))}
    for indicator, value in wanted.values.items():
        found += _of_value(f"{where}.values.{indicator}", measures.get(indicator), value)
    return found


def _of_value(where: str, seen: Json, wanted: Amount) -> list[Difference]:
    shown = _amount(seen) if isinstance(seen, Mapping) else "无"
    return [] if shown == str(wanted) else [Difference(where, str(wanted), shown)]


def _amount(value: Mapping[str, Json]) -> str:
    """A value as scenarios write it: ``3/4``, or ``3`` where there is nothing to divide by."""
    below = value.get("denominator")
    return str(value.get("numerator")) if below is None else f"{value.get('numerator')}/{below}"


def _shown(value: object) -> str:
    return "无" if value is None else str(value)
