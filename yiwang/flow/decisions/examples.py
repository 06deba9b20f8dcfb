"""Examples (样例) beside a table: what is given, what must come out; every difference is told in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from yiwang.flow.decisions.cells import literal_text
from yiwang.flow.decisions.errors import UnmatchedTable
from yiwang.flow.decisions.evaluate import Compiled, alike
from yiwang.flow.decisions.model import Decision, Example, Finding, Table
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import Problem


def run_examples(table: Table, examples: Sequence[Example]) -> tuple[Finding, ...]:
    """Ask the table about every example; one finding per example that comes out otherwise.

    Raises:
        DecisionRefused: a cell of the table cannot be read.
    """
    compiled = Compiled(table)
    return tuple(finding for at, example in enumerate(examples) for finding in _differences(compiled, at, example))


def _differences(compiled: Compiled, at: int, example: Example) -> Iterator[Finding]:
    name = example.names.zh or example.names.en
    where_zh = f"样例 {at + 1}" + (f"({name})" if name else "")
    where_en = f"example {at + 1}" + (f" ({example.names.en or name})" if name else "")
    try:
        decision = compiled.decide(example.given)
    except UnmatchedTable as unmatched:
        if example.expect is not None:
            zh, en = unmatched.message("zh"), unmatched.message("en")
            yield Finding("example", ("examples", at), f"{where_zh}:{zh}", f"{where_en}: {en}")
        return
    except Problem as problem:
        zh, en = problem.message("zh"), problem.message("en")
        yield Finding("example", ("examples", at), f"{where_zh}:{zh}", f"{where_en}: {en}")
        return
    told = _unlike(decision, example)
    if told is not None:
        by_zh = f"(规则 {', '.join(decision.rules)})" if decision.rules else "(没有规则适用)"
        by_en = f" (rule {', '.join(decision.rules)})" if decision.rules else " (no rule fits)"
        yield Finding("example", ("examples", at), f"{where_zh}:{told[0]}{by_zh}", f"{where_en}: {told[1]}{by_en}")


def _unlike(decision: Decision, example: Example) -> tuple[str, str] | None:
    """How the answer differs from what the example expects, or None."""
    seen = decision.outputs
    if example.expect is None:
        if seen == [] or (not decision.rules and isinstance(seen, list)):
            return None
        return f"应无规则适用,实际得到 {_said(seen)}", f"no rule should fit, but it gives {_said(seen)}"
    if isinstance(example.expect, dict) and isinstance(seen, dict):
        told = _unlike_row(seen, example.expect)
        if told is not None:
            return told
    elif isinstance(example.expect, list) and isinstance(seen, list):
        if len(example.expect) != len(seen):
            return (
                f"应得到 {len(example.expect)} 个结果,实际 {len(seen)} 个:{_said(seen)}",
                f"{len(example.expect)} answers expected, there are {len(seen)}: {_said(seen)}",
            )
        for row, wanted in zip(seen, example.expect, strict=True):
            expected: Mapping[str, Json] = wanted if isinstance(wanted, dict) else dict.fromkeys(row, wanted)
            told = _unlike_row(row, expected)
            if told is not None:
                return told
    else:
        kind_zh, kind_en = ("一组", "a list of") if isinstance(seen, list) else ("一个", "one")
        return f"这张表给出{kind_zh}结果:{_said(seen)}", f"this table gives {kind_en} answers: {_said(seen)}"
    if example.rules is not None and example.rules != decision.rules:
        wanted_rules = ", ".join(example.rules) or "—"
        return f"应由规则 {wanted_rules} 给出", f"rule {wanted_rules} should give it"
    return None


def _unlike_row(seen: JsonObject, expected: Mapping[str, Json]) -> tuple[str, str] | None:
    for name, value in expected.items():
        if name not in seen:
            return f"没有输出 {name}", f"there is no output {name}"
        if not alike(seen[name], value):
            return (
                f"{name} 应为 {_said(value)},实际为 {_said(seen[name])}",
                f"{name} should be {_said(value)}, is {_said(seen[name])}",
            )
    return None


def _said(value: Json | list[JsonObject]) -> str:
    text = literal_text(list(value) if isinstance(value, list) else value)
    return text if len(text) <= 120 else text[:119] + "…"
