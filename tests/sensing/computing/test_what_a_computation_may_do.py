"""计算文件只做算术: what may stand in a pack's compute file, and what is never run."""

from __future__ import annotations

import pytest

from yiwang.sensing.computing.sandbox import CodeRefused, faults_of, function_of, functions_in, load

GOOD = '''"""Says something."""
from __future__ import annotations
from decimal import Decimal
from yiwang.sensing.computing.window import Window
LIMIT = 3
def hourly(window: Window) -> dict[str, Decimal | None]:
    return {"twice": Decimal(2) * LIMIT}
def _helper(value: int) -> int:
    return value
'''


def test_arithmetic_is_run() -> None:
    assert faults_of(GOOD) == []
    assert functions_in(GOOD) == {"hourly"}
    function = function_of(load("good", GOOD), "hourly")
    assert function is not None
    assert function(None) == {"twice": 6}  # type: ignore[arg-type]  # it does not look at its window


@pytest.mark.parametrize(
    "text",
    [
        "import os", "import decimal", "from os import path", "from typing import sys", "from statistics import random",
        "from math import *", "from . import other", "from yiwang.kernel import database", "from decimal import __name__",
        "x = open('a')", "print(1)", "x = __builtins__", "x = eval('1')", "x = getattr(1, 'real')", "x = globals()",
        "def f(w):\n return w.__class__", "def f(w):\n return w._secret", "def f(w):\n return '{0.x}'.format(w)",
        "def f(w):\n while True: pass", "def f(w, kept=[]):\n return kept", "def f(w):\n global x", "class A: pass",
        "def f(w):\n yield 1", "async def f(w): pass", "with x: pass", "for x in range(3): pass", "def f(w): return w.now()",
        "def (", "x = '\0'", "del x",
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_not_run(text: str) -> None:
    faults = faults_of(text)
    assert faults
    assert all(fault.line >= 1 and fault.column >= 1 and fault.zh and fault.en for fault in faults)
    with pytest.raises(CodeRefused):
        load("bad", text)


def test_a_fault_names_its_line() -> None:
    assert [(fault.line, fault.column) for fault in faults_of("X = 1\n\ndef f(w):\n    return open(w)\n")] == [(4, 12)]
