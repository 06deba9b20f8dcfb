"""Cells: what each way of writing fits, in our grammar and in FEEL of other tools; nothing that is written fits by accident."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.flow.decisions.cells import CellInvalid, parse_answer, parse_test
from yiwang.flow.decisions.feel import FeelUnsupported, expression_as_cel, unary_as_cel
from yiwang.flow.decisions.regions import Domain, settled
from yiwang.flow.decisions.unary import ANYTHING, Asked, fits
from yiwang.kernel.database import Json

YES, NO = True, False


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        ("-", None, YES), ("", 5, YES), ("  ", "x", YES),
        ('"a"', "a", YES), ('"a"', "A", NO), ('"a"', None, NO), ('"a","b"', "b", YES), ('"a", 3, true', 3, YES),
        ("3", 3.0, YES), ("3", "3", NO), ("-5", -5, YES), ("true", True, YES),
        ("true", 1, NO), ("null", None, YES), ("null", 0, NO),
        (">= 3", 3, YES), ("> 3", 3, NO), ("< 3", 2.9, YES), ("<= 3", "2", NO), (">= 3", None, NO), (">= 3", True, NO),
        ("[1..5]", 5, YES), ("[1..5)", 5, NO), ("(1..5]", 1, NO), ("]1..5[", 1, NO), ("]1..5[", 1.1, YES),
        ("[-5..-1]", -3, YES), ("[1.5..2.5]", 2, YES), ("< 3, > 7", 8, YES), ("< 3, > 7", 5, NO),
        ('not("a")', "b", YES), ('not("a")', "a", NO), ('not("a","b")', "b", NO), ("not(< 3)", 3, YES), ('not("a")', None, YES),
        ('date("2026-06-18")', "2026-06-18", YES), ('>= date("2026-06-18")', "2026-10-01", YES),
        ('[date("2026-01-01")..date("2026-02-01"))', "2026-02-01", NO), ('>= "b"', "a", NO), ('["a".."c"]', "bcd", YES),
        ('value.startsWith("02")', "0201", YES), ('value.startsWith("02")', "0102", NO), ('value.startsWith("02")', None, NO),
        ('value in ["a", \'b\'] || value.startsWith("c")', "cc", YES), ('value in ["a", \'b\']', "b", YES),
        ('value.contains("电") || value.endsWith("水")', "漏水", YES),
        ("value == 3 || value > 7", 8, YES), ("value < 'b'", "a", YES),
        ('"say \\"hi\\" \\u4f60"', 'say "hi" 你', YES), ('"a,b"', "a,b", YES), ('"]"', "]", YES),
    ],
)  # fmt: skip
def test_每种写法适用于什么(cell: str, value: Json, expected: bool) -> None:
    test = parse_test(cell)
    assert not isinstance(test, Asked)
    assert fits(test, value) is expected


def test_a_column_of_one_variable_may_be_called_by_its_name() -> None:
    assert fits(parse_test('text.contains("电")', "text"), "停电")
    assert isinstance(parse_test('text.contains("电")', "other"), Asked)


@pytest.mark.parametrize(
    "cell", ["x", "value > 3 && x", "value % 2 == 0", "> limit", "[low..high]", "value in list", "value == 1u"]
)
def test_anything_else_is_cel(cell: str) -> None:
    assert isinstance(parse_test(cell), Asked)


@pytest.mark.parametrize(
    "cell",
    ['"a', "[1..", "[1..5", '["a"..5]', "[true..false]", "> true", "not(", "not(x)", '"a" "b"', ",", '"a",', "= 3", "1..5",
     "“a”", "≥ 3", "a b", 'date("x")', "value.foo()", "(" * 500, "x" * 1001, "\0", '"\\x"'],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_both_languages(cell: str) -> None:
    with pytest.raises(CellInvalid) as refused:
        parse_test(cell)
    assert refused.value.zh
    assert refused.value.en


@pytest.mark.parametrize(
    ("text", "cel"),
    [
        ('starts with(?, "04"), "x"', 'value.startsWith("04") || value == "x"'),
        ("? > 3 and ? < 5", "(value > 3 && value < 5)"),
        ("not(? > 3) or ? = 5", "(!(value > 3) || value == 5)"),
        ('not(starts with(?, "a"), "b")', '!(value.startsWith("a") || value == "b")'),
        ("dateE", "value == dateE"), ("> Date of Birth", "value > Date_of_Birth"), ("a.b.c", "value == a.b.c"),
        ("[numB..numC + 1]", "(numB <= value && value <= (double(numC) + 1.0))"),
        ('? in ("a", "b")', 'value in ["a", "b"]'), ("? in [1..3)", "(1 <= value && value < 3)"),
        ("? between 1 and x", "(1 <= value && value <= x)"), ("list contains(?, 3)", "(3 in value)"),
        ("x > 3", "x > 3"), ("-x, -3", "value == -double(x) || value == -3"), ("null, true", "value == null || value == true"),
        ("string length(?) >= 3", "size(value) >= 3"), ('matches(?, "[a-z]+")', 'value.matches("[a-z]+")'),
    ],
)  # fmt: skip
def test_FEEL_的单元测试译成_CEL(text: str, cel: str) -> None:
    assert unary_as_cel(text, {"Date of Birth": "Date_of_Birth"}) == cel


@pytest.mark.parametrize(
    ("text", "cel"),
    [
        ("Amount * 0.1", "(double(Amount) * 0.1)"), ('"a" + b', '("a" + b)'), ("[1, x]", "[1, x]"), ("count(x)", "size(x)"),
        ('if x > 3 then "a" else "b"', '(x > 3 ? "a" : "b")'), ("(a + 1) / 2", "(((double(a) + 1.0)) / 2.0)"),
        ('date("2026-06-18")', '"2026-06-18"'),
    ],
)  # fmt: skip
def test_FEEL_的输出译成_CEL(text: str, cel: str) -> None:
    assert expression_as_cel(text, {}) == cel


@pytest.mark.parametrize(
    "text",
    ["for x in y return x", "some x in y satisfies x", "sum(x)", "x ** 2", "{a: 1}", "x[1]", "年龄", "upper case(x)", "a b", "",
     "(", ")", "(" * 5000, "if x then y", "x between 1", 'date("x")', "date(x)", "@\"2020-01-01\"", "function(x) x"],
)  # fmt: skip
def test_FEEL_beyond_that_is_refused_in_both_languages(text: str) -> None:
    for read in (unary_as_cel, expression_as_cel):
        with pytest.raises(FeelUnsupported) as refused:
            read(text, {})
        assert refused.value.zh
        assert refused.value.en


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for read in (parse_test, parse_answer):
        with contextlib.suppress(CellInvalid):
            read(text)
    for translate in (unary_as_cel, expression_as_cel):
        with contextlib.suppress(FeelUnsupported):
            translate(text, {"a b": "a_b"})


pieces = st.sampled_from(
    ["1", "2", '"a"', '"b"', "true", "null", "> 1", "<= 2", "[1..2)", '>= "a"', '["a".."b")', 'value.startsWith("a")',
     'value in ["ab", 1]', "not(1)", 'not("a", > 2)', "-"]
)  # fmt: skip
values = st.sampled_from([None, True, False, 0, 1, 1.5, 2, 3, "", "a", "aa", "ab", "ac", "b", "ba"])


@given(st.lists(pieces, min_size=1, max_size=6), values)
def test_a_value_lies_in_exactly_the_pieces_of_the_cells_that_it_fits(cells: list[str], value: Json) -> None:
    """Two cells share a piece if some value fits both: the arithmetic of sets agrees with asking."""
    tests = [parse_test(cell) for cell in cells]
    assert all(settled(test) for test in tests)
    domain = Domain("any", tests, ANYTHING)
    fitting = [test for test in tests if fits(test, value)]
    shared = domain.full
    for test in fitting:
        shared &= domain.mask(test)
    for test in tests:
        if test not in fitting:
            shared &= ~domain.mask(test)
    assert shared, "no piece holds what this value fits and does not fit"
