"""What a check says of a decision table: true of every value, as trying all of them shows; each mistake told once."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flow.tables import answer, column, table
from yiwang.flow.decisions.cells import parse_test
from yiwang.flow.decisions.checks import find_faults
from yiwang.flow.decisions.errors import UnmatchedTable
from yiwang.flow.decisions.evaluate import evaluate
from yiwang.flow.decisions.model import Finding, Table
from yiwang.flow.decisions.unary import fits
from yiwang.kernel.database import Json

NUMBERS = ["-", "1", "2", ">= 2", "< 2", "> 3", "[1..3)", "(1..2]", "not(2)", "1,3", "not(< 1, > 3)", "value in [1, 2]"]
TEXTS = ["-", '"a"', '"a","b"', 'not("c")', 'value.startsWith("b")', '"c", >= "bb"']
TRUTHS = ["-", "true", "false", "not(true)"]
SAMPLES: list[list[Json]] = [
    [0, 1, 1.5, 2, 2.5, 3, 4],
    ["a", "b", "bb", "c"],
    [True, False],
]


def small(hit: str, rows: list[tuple[str, str, str]]) -> Table:
    inputs = [column("n", "number"), column("s", "string", '"a","b","bb","c"'), column("t", "boolean")]
    return table(hit, inputs, [answer("y")], *(f"{' | '.join(row)} | {number}" for number, row in enumerate(rows)))


rules = st.lists(
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.sampled_from(TRUTHS)), min_size=1, max_size=6
)


def fitting(asked: Table) -> list[set[int]]:
    """For each combination of values the rules that fit, found by trying."""
    tests = [[parse_test(cell) for cell in rule.inputs] for rule in asked.rules]
    return [
        {at for at, row in enumerate(tests) if all(fits(test, value) for test, value in zip(row, values, strict=True))}
        for values in product(*SAMPLES)
    ]


def told(asked: Table, *codes: str, level: str = "error") -> dict[int, Finding]:
    return {
        finding.rule - 1: finding
        for finding in find_faults(asked)
        if finding.code in codes and finding.level == level and finding.rule is not None
    }


@given(rules)
def test_重叠_与逐个试过的一致(rows: list[tuple[str, str, str]]) -> None:
    asked = small("U", rows)
    seen = fitting(asked)
    found = told(asked, "overlap", "duplicate")
    for at in range(len(rows)):
        together = {other for fit in seen if at in fit for other in fit if other < at}
        assert (at in found) == bool(together)
        if at in found:
            assert {other - 1 for other in found[at].others} <= together


@given(rules)
def test_缺口_与逐个试过的一致(rows: list[tuple[str, str, str]]) -> None:
    asked = small("F", rows)
    gap = any(finding.code == "gap" for finding in find_faults(asked))
    if not told(asked, "never"):  # a rule that fits nothing is told first
        assert gap == any(not fit for fit in fitting(asked))


@given(rules)
def test_轮不到的规则_与逐个试过的一致(rows: list[tuple[str, str, str]]) -> None:
    asked = small("F", rows)
    seen = fitting(asked)
    unreached, never = told(asked, "unreached"), told(asked, "never")
    for at in range(len(rows)):
        fit_at_all = any(at in fit for fit in seen)
        first_somewhere = any(at in fit and min(fit) == at for fit in seen)
        assert (at in never) == (not fit_at_all)
        assert (at in unreached) == (fit_at_all and not first_somewhere)


@given(rules)
def test_任一策略_只说输出不同的重叠(rows: list[tuple[str, str, str]]) -> None:
    differing, alike = small("A", rows), small("A", rows)
    alike = Table(alike.key, alike.names, alike.hit, alike.inputs, alike.outputs,
                  tuple(rule.__class__(rule.id, rule.inputs, ("1",)) for rule in alike.rules))  # fmt: skip
    assert not told(alike, "overlap")
    overlapping = {max(fit) for fit in fitting(differing) if len(fit) > 1}
    assert bool(told(differing, "overlap")) == bool(overlapping)


@given(rules)
@settings(max_examples=200)
def test_不重叠时_首条与唯一的答案一样(rows: list[tuple[str, str, str]]) -> None:
    unique, first = small("U", rows), small("F", rows)
    overlapping = bool(told(unique, "overlap", "duplicate"))
    for number, text, truth in product(*SAMPLES):
        variables = {"n": number, "s": text, "t": truth}
        try:
            answered = evaluate(first, variables).outputs
        except UnmatchedTable:
            with pytest.raises(UnmatchedTable):
                evaluate(unique, variables)
            continue
        if not overlapping:
            assert evaluate(unique, variables).outputs == answered


def words(asked: Table, *, also: tuple[str, ...] = ()) -> list[str]:
    return [f"{finding.level} {finding.code} {finding.zh}" for finding in find_faults(asked, also=also)]


def test_规则重叠时说出哪两条和在哪里重叠() -> None:
    asked = table(
        "U", [column("age", "integer"), column("kind", "string")], ["y"], '[18..30] | "a","b" | 1', '>= 30 | "b" | 2'
    )
    assert words(asked) == [
        'error overlap 规则 r2 与规则 r1 都适用于 age 30、kind "b"',
        'warning gap 没有规则适用于 age < 18',
        'warning gap 没有规则适用于 age > 30、kind "a" 或其他值',
    ]  # fmt: skip


def test_whole_numbers_leave_no_gap_between_neighbours() -> None:
    rows = ["[18..21] | 1", "[22..25] | 2", "< 18, > 25 | 3"]
    assert words(table("U", [column("age", "integer")], ["y"], *rows)) == []
    assert words(table("U", [column("age", "number")], ["y"], *rows)) == ["warning gap 没有规则适用于 age (21..22)"]


def test_days_leave_no_gap_between_neighbours() -> None:
    rows = ['< date("2026-01-01") | 1', '[date("2026-01-01")..date("2026-06-30")] | 2', '>= "2026-07-01" | 3']
    assert words(table("U", [column("day", "date")], ["y"], *rows)) == []
    assert words(table("U", [column("day", "date")], ["y"], rows[0], rows[2])) == [
        'warning gap 没有规则适用于 day ["2026-01-01".."2026-07-01")'
    ]  # fmt: skip


def test_prefixes_are_seen_to_overlap_and_to_cover() -> None:
    codes = column("code", "string", '"0101","0102","0201"')
    assert words(table("U", [codes], ["y"], 'value.startsWith("01") | 1', '"0102" | 2', '"0201" | 3')) == [
        'error overlap 规则 r2 与规则 r1 都适用于 code "0102"'
    ]
    assert words(table("F", [codes], ["y"], '"0101","0102" | 1', 'value.startsWith("01") | 2', "- | 3")) == [
        "error unreached 规则 r2 永远轮不到,前面的规则 r1 已包含它的全部情况"
    ]
    free = column("code", "string")
    rows = ['value.startsWith("01") | 1', 'value in ["0101"] || value.startsWith("011") | 2', "- | 3"]
    assert words(table("F", [free], ["y"], *rows)) == [
        "error unreached 规则 r2 永远轮不到,前面的规则 r1 已包含它的全部情况"
    ]


def test_several_rules_together_may_leave_nothing() -> None:
    asked = table(
        "F",
        [column("x", "number"), column("y", "boolean")],
        ["z"],
        "< 5 | true | 1",
        "< 5 | false | 2",
        ">= 5 | - | 3",
        "- | - | 4",
    )
    assert words(asked) == ["error unreached 规则 r4 永远轮不到,前面的规则 r1, r2, r3 已包含它的全部情况"]


def test_what_only_cel_decides_is_never_an_error() -> None:
    odd, even = "value % 2 == 1 | 1", "value % 2 == 0 | 2"
    assert words(table("U", [column("x", "integer")], ["y"], odd, even)) == []
    assert words(table("F", [column("x", "integer")], ["y"], odd, even, "- | 3")) == []
    assert words(table("U", [column("x", "integer")], ["y"], odd, "- | 3")) == [
        "warning overlap 规则 r2 与规则 r1 可能都适用于 x value % 2 == 1"
    ]
    assert words(table("U", [column("x", "integer")], ["y"], odd, odd.replace("| 1", "| 3"))) == [
        "error duplicate 规则 r2 与规则 r1 的条件相同"
    ]
    assert words(table("F", [column("x", "integer")], ["y"], odd, "- | 2", odd)) == [
        "error unreached 规则 r3 永远轮不到,前面的规则 r1 已包含它的全部情况"
    ]


def test_重复的规则() -> None:
    assert words(table("C+", ["x"], [answer("y", "number")], "1 | 1", "1 | 1", "1 | 2")) == [
        "warning duplicate 规则 r2 与规则 r1 的条件和输出相同"
    ]
    assert words(table("P", ["x"], [answer("y", allowed="1,2")], "1 | 2", "1 | 1", "- | 2")) == [
        "warning duplicate 规则 r2 与规则 r1 的条件相同"
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (table("U", [column("x", "number")], ["y"], '"a" | 1'), 'kind 规则 r1 的“x”:"a" 不是数'),
        (table("U", [column("x", "integer")], ["y"], "1.5 | 1"), "kind 规则 r1 的“x”:1.5 不是整数"),
        (table("U", [column("x", "string")], ["y"], "> 5 | 1"), "kind 规则 r1 的“x”:5 不是文字"),
        (table("U", [column("x", "boolean")], ["y"], '"true" | 1'), 'kind 规则 r1 的“x”:"true" 不是真假值(true 或 false)'),
        (table("U", [column("x", "date")], ["y"], '"18.6." | 1'), 'kind 规则 r1 的“x”:"18.6." 不是日期(如 2026-06-18)'),
        (table("U", [column("x", "deadline")], ["y"], '> "3工作日" | 1'), "kind 规则 r1 的“x”:这一列的值不能比大小"),
        (table("U", [column("x", "number")], ["y"], 'value.startsWith("1") | 1'), "kind 规则 r1 的“x”:这一列不是文字"),
        (table("U", [column("x", "number")], ["y"], '["a"..5] | 1'), "cell 规则 r1 的“x”:区间两端的类型不同"),
        (table("U", ["x"], ["y"], "[true..5] | 1"), "cell 规则 r1 的“x”:只有数、文字和日期能比大小"),
        (table("U", ["x"], ["y"], 'date("2026-02-30") | 1'), "cell 规则 r1 的“x”:2026-02-30 不是日期(如 2026-06-18)"),
        (table("U", ["x"], ["y"], "“急” | 1"), "cell 规则 r1 的“x”:有全角符号““”,请改用半角(英文)标点"),
        (table("U", ["x"], ["y"], ">= | 1"), "cell 规则 r1 的“x”:看不懂(第 1 个字符处:mismatched input '>='"),
        (table("U", ["x"], ["y"], 'value.containz("a") | 1'),
         "cell 规则 r1 的“x”:看不懂(没有函数 containz,是否想写 contains?)"),
        (table("U", [column("x", "string", '"high","low"')], ["y"], '"hihg" | 1'),
         'value 规则 r1 的“x”:"hihg" 不在取值范围内。是否想写 high?'),
        (table("U", [column("x", "number", "[0..10]")], ["y"], "> 10 | 1"),
         "never 规则 r1 的“x”(> 10)不适用于任何值,这条规则永远不会命中"),
        (table("U", [column("x", "number")], ["y"], "[5..1] | 1"),
         "never 规则 r1 的“x”([5..1])不适用于任何值,这条规则永远不会命中"),
        (table("U", [column("x", "integer")], ["y"], "(1..2) | 1"),
         "never 规则 r1 的“x”((1..2))不适用于任何值,这条规则永远不会命中"),
        (table("U", ["x"], ["y"], "urgnecy == 1 | 1"), "variable 规则 r1 的“x”:没有变量 urgnecy。是否想写 urgency?"),
        (table("U", ["x"], ["y"], "- | sanitation"),
         'variable 规则 r1 的“y”:没有变量 sanitation。如果是文字,请加引号:"sanitation"'),
        (table("U", [column("x", "integer")], ["y"], "value + 1 | 1"), "not_boolean 规则 r1 的“x”:结果不是真假值"),
        (table("U", [column("x", "string")], ["y"], "value > 3 && true | 1"), "kind 规则 r1 的“x”:类型不合:No such overload"),
        (table("U", ["x"], [answer("y", "deadline")], '- | "soon"'), 'kind 规则 r1 的“y”:"soon" 不是期限(如 3工作日、4工作时)'),
        (table("U", ["x"], [answer("y", "string", '"a","b"')], '- | "c"'), 'value 规则 r1 的“y”:"c" 不在取值范围内。可用:a, b'),
        (table("U", ["x"], [answer("y", "string", default="3")], "- | null"), "kind 输出列“y”的默认值:3 不是文字"),
        (table("U", [column("x", "string", "value > 3 && true")], ["y"], "- | 1"),
         "allowed 输入列“x”的取值:取值要写成值的列表或区间"),
        (table("U", [column("x", expression="x +")], ["y"], "- | 1"), "expression 输入列“x”的表达式:"),
        (table("P", ["x"], ["y"], "- | 1"), "no_order 命中策略“优先”按输出取值的先后决定"),
        (table("O", ["x"], [answer("y", "number", "[1..3]")], "- | 1"), "no_order 命中策略“按输出顺序”按输出取值的先后决定"),
        (table("C+", ["x"], ["y", "z"], "- | 1 | 2"), "one_output 命中策略“求和”只能有一列输出"),
        (table("C<", ["x"], [answer("y", "string")], '- | "a"'), "not_number 命中策略“取最小”的输出须是数"),
        (table("C>", ["x"], ["y"], '- | "a"'), "not_number 规则 r1 的“y”:汇总的须是数"),
        (table("U", ["x"], [], "-"), "no_output 没有输出列,至少要有一列"),
        (table("U", ["x"], ["y"]), "no_rule 没有规则,至少要有一条"),
        (table("U", ["x", "x"], ["y"], "- | - | 1"), "id_twice 标识 x 与第 1 个重复"),
        (table("U", [column("年龄", expression="x")], ["y"], "- | 1"), "id 标识“年龄”只能用字母、数字和下划线等"),
        (table("U", ["x"], ["y"], "- | 1", key="一"), "id 标识“一”只能用字母、数字和下划线等"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_每种错误都说明在哪一格和怎么办(asked: Table, expected: str) -> None:
    said = words(asked, also=("urgency",))
    assert said, "nothing was told"
    assert said[0].startswith(f"error {expected}"), said


def test_one_mistake_is_told_once() -> None:
    asked = table("U", [column("x", "number")], [answer("y", "string")], '"a" | "b"', '>= 3 | "c"', '> 4 | "d"')
    assert words(asked) == ['error kind 规则 r1 的“x”:"a" 不是数']


def test_a_large_table_is_checked_in_little_time() -> None:
    rows = [f'"{number:05}" | [{number % 7}..{number % 7 + 3}) | {number}' for number in range(3000)]
    asked = table("U", [column("code", "string"), column("days", "integer")], ["y"], *rows)
    assert {finding.code for finding in find_faults(asked)} == {"gap"}


def test_too_many_combinations_are_said_to_be_too_many() -> None:
    rows = [f"[{number}..{number + 2500}] | {number}" for number in range(4000)]
    found = find_faults(table("U", [column("x", "number")], ["y"], *rows))
    assert [finding.code for finding in found] == ["not_all_checked"]
