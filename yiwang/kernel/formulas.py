"""Calculated values (计算字段): CEL over other values of the same record or case.

A formula sees what it is over as one variable (``it.hours * it.rate``). Formulas may rest on one another but never in a circle;
they are asked in the order of what they rest on. Where an input is missing, or a sum cannot be made (division by zero), there is
no value: nobody reads a guess. They are pure: no clock, no other record, so that the same inputs give the same value for ever.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.expressions import cel

LONGEST: Final = 1000
_MOST_LOOPS: Final = 2
_MOST_SAMPLES: Final = 200
_DIGITS: Final = 6
_TEXT = re.compile(r"""[rR]?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter)\s*\(")
_UNDEFINED = "Undefined variable or function"


class FormulaInvalid(ValueError):
    """A formula that cannot be used; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def _round(value: float, digits: int = 0) -> float:
    """Half away from zero, as people round money."""
    scale = 10.0**digits
    return math.copysign(math.floor(abs(value) * scale + 0.5 + 1e-9) / scale, value)


def _least(one: float, other: float) -> float:
    return min(one, other)


def _most(one: float, other: float) -> float:
    return max(one, other)


def _years(since: str, until: str) -> int:
    """Whole years from one ISO date to another: an age."""
    first, last = date.fromisoformat(since[:10]), date.fromisoformat(until[:10])
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def _days(since: str, until: str) -> int:
    """Days from one ISO date to another."""
    return (date.fromisoformat(until[:10]) - date.fromisoformat(since[:10])).days


def _substring(text: str, begin: int, end: int | None = None) -> str:
    return text[begin:end]


FUNCTIONS: Final[dict[str, Callable[..., object]]] = {
    "round": _round, "least": _least, "most": _most, "years": _years, "days": _days, "substring": _substring,
}  # fmt: skip
"""What formulas may call besides CEL's own: ``round(x, digits)``, ``least(a, b)``, ``most(a, b)``, ``years(from, to)`` and
``days(from, to)`` between ISO dates, ``text.substring(begin, end)``."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula, compiled. ``inputs``: the values that it names."""

    name: str
    text: str
    program: cel.Program
    inputs: frozenset[str]


def compile_formula(name: str, text: str, subject: str) -> Formula:
    """Compile a formula over the variable ``subject``.

    Raises:
        FormulaInvalid: too long, no CEL, names another variable or function, or more than two loops.
    """
    if len(text) > LONGEST:
        raise FormulaInvalid(f"超过 {LONGEST} 个字符", f"it is longer than {LONGEST} characters")
    try:
        program = cel.compile(text)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise FormulaInvalid(f"不是 CEL 表达式:{reason}", f"it is no CEL expression: {reason}") from error
    bare = _TEXT.sub('""', text)
    if len(_LOOP.findall(bare)) > _MOST_LOOPS:
        raise FormulaInvalid(f"循环超过 {_MOST_LOOPS} 个", f"it has more than {_MOST_LOOPS} loops")
    return Formula(name, text, program, _inputs(text, subject))


def _inputs(text: str, subject: str) -> frozenset[str]:
    """What stands behind the subject: ``it.name``, ``it["name"]``."""
    dotted = re.findall(rf"(?<![\w.]){subject}\s*\.\s*([A-Za-z_]\w*)(?!\w*\s*\()", _TEXT.sub('""', text))
    quoted = re.findall(rf"""(?<![\w.]){subject}\s*\[\s*["']([^"'\\]+)["']\s*\]""", text)
    return frozenset([*dotted, *quoted])


class Formulas:
    """The formulas of one type, in the order in which they are asked. Pure; safe to use from a thread."""

    def __init__(
        self, texts: Mapping[str, str], schemas: Mapping[str, Mapping[str, Json]], subject: str = "it"
    ) -> None:
        """``schemas``: JSON Schema of every value by name, that of the calculated among them.

        Raises:
            FormulaInvalid: one cannot be compiled, or they rest on one another in a circle.
        """
        self._schemas, self._subject = schemas, subject
        self.by_name = {name: compile_formula(name, text, subject) for name, text in texts.items()}
        self.order = _ordered(self.by_name)

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def resting_on(self, names: frozenset[str]) -> frozenset[str]:
        """The formulas that rest on any of these values, directly or over others."""
        found: set[str] = set()
        for name in self.order:
            if self.by_name[name].inputs & (names | found):
                found.add(name)
        return frozenset(found)

    def filled(self, values: JsonObject, only: frozenset[str] | None = None) -> JsonObject:
        """The values with what is calculated (``only``: these) in place of whatever stood there."""
        wanted = [name for name in self.order if only is None or name in only]
        found = {name: value for name, value in values.items() if name not in wanted}
        typed: JsonObject = {name: self._typed(name, value) for name, value in found.items()}
        for name in wanted:
            try:
                answer = self._asked(name, typed)
            except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError):
                continue  # an input is missing, or there is no such sum: no value
            value = self._written(name, answer)
            if value is not None:
                found[name], typed[name] = value, self._typed(name, value)
        return found

    def _asked(self, name: str, typed: JsonObject) -> object:
        context = cel.Context(variables={self._subject: typed}, functions=FUNCTIONS)
        answer: object = self.by_name[name].program.execute(context)
        return answer

    def _typed(self, name: str, value: Json) -> Json:
        """CEL keeps whole and broken numbers apart; JSON does not."""
        kind = self._schemas.get(name, {}).get("type")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) if kind == "number" else int(value) if kind == "integer" else value
        return value

    def _written(self, name: str, answer: object) -> Json:
        """The answer as it is kept; None where it is none. Whether it fits its schema is the caller's to judge."""
        if isinstance(answer, bool | str):
            return answer
        if isinstance(answer, int | float):
            if not math.isfinite(answer):
                return None
            whole = self._schemas.get(name, {}).get("type") == "integer" and float(answer).is_integer()
            return int(answer) if whole or isinstance(answer, int) else round(answer, _DIGITS)
        return None

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """What is wrong, tried on sample values: the formula's name, the reason in zh and en."""
        for name, formula in self.by_name.items():
            strange = sorted(formula.inputs - self._schemas.keys())
            if strange:
                yield name, f"没有字段 {'、'.join(strange)}", f"there is no field {', '.join(strange)}"
                continue
            yield from self._tried(name, formula)

    def _tried(self, name: str, formula: Formula) -> Iterator[tuple[str, str, str]]:
        for sample in islice(_samples(formula.inputs, self._schemas), _MOST_SAMPLES):
            typed = {key: self._typed(key, value) for key, value in sample.items()}
            try:
                answer = self._asked(name, typed)
            except TypeError:
                yield (
                    name,
                    "类型不合(整数与小数须用 double() 或 int() 转换)",
                    "its types do not fit (convert whole and broken numbers by double() or int())",
                )
                return
            except (RuntimeError, ValueError, ArithmeticError, LookupError) as error:
                if _UNDEFINED in str(error):
                    word = str(error).partition("'")[2].partition("'")[0]
                    yield name, f"不认识“{word}”", f"“{word}” is not known"
                    return
                continue
            kind = str(self._schemas[name].get("type", ""))
            if not _fits(kind, answer):
                yield name, f"结果不是 {kind}", f"its result is no {kind}"
                return


def _ordered(formulas: Mapping[str, Formula]) -> tuple[str, ...]:
    done: dict[str, None] = {}
    way: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in way:
            ring = " → ".join([*way[way.index(name) :], name])
            raise FormulaInvalid(f"计算字段循环引用:{ring}", f"calculated fields rest on one another: {ring}")
        way.append(name)
        for other in sorted(formulas[name].inputs & formulas.keys()):
            visit(other)
        way.pop()
        done[name] = None

    for name in formulas:
        visit(name)
    return tuple(done)


def _samples(inputs: frozenset[str], schemas: Mapping[str, Mapping[str, Json]]) -> Iterator[JsonObject]:
    """Values of about the right kind; every option of every choice comes up at least once."""
    options = {name: _options(schemas[name]) for name in sorted(inputs)}
    first = {name: values[0] for name, values in options.items()}
    yield first
    for name, values in options.items():
        for value in values[1:]:
            yield {**first, name: value}


def _options(schema: Mapping[str, Json]) -> list[Json]:
    given = schema.get("enum")
    if isinstance(given, list) and given:
        return list(given)
    least = schema.get("minimum")
    number = float(least) + 1 if isinstance(least, int | float) else 1.0
    if schema.get("type") == "string":
        return ["2026-01-01" if schema.get("format") in ("date", "date-time") else "1"]
    kinds: dict[str, list[Json]] = {
        "integer": [int(number)], "number": [number], "boolean": [True, False], "array": [["1"]], "object": [{}],
    }  # fmt: skip
    return kinds.get(str(schema.get("type")), ["1"])


def _fits(kind: str, answer: object) -> bool:
    if kind == "boolean":
        return isinstance(answer, bool)
    if kind in ("integer", "number"):
        whole = isinstance(answer, int) or (isinstance(answer, float) and answer.is_integer())
        return not isinstance(answer, bool) and isinstance(answer, int | float) and (kind == "number" or whole)
    return isinstance(answer, str) if kind in ("string", "") else False
