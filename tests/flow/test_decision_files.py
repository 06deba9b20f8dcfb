"""A table as declared (YAML, JSON), as DMN 1.3 and as a sheet: what is written is read back; what cannot be is refused."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.tables import answer, column, table
from yiwang.flow.decisions.checks import find_faults
from yiwang.flow.decisions.declared import DecisionTable, Misplaced, declared_of, document_of
from yiwang.flow.decisions.dmn import read_dmn, write_dmn
from yiwang.flow.decisions.errors import DecisionRefused, DecisionUnreadable
from yiwang.flow.decisions.evaluate import evaluate
from yiwang.flow.decisions.examples import run_examples
from yiwang.flow.decisions.model import (
    KINDS,
    NO_WORDS,
    Document,
    Example,
    HitPolicy,
    Input,
    Kept,
    Output,
    Rule,
    Table,
    most_rules,
)
from yiwang.flow.decisions.sheet import read_sheet, write_sheet
from yiwang.flow.model import Names

names = st.text(string.ascii_letters + "_", min_size=1, max_size=3).flatmap(
    lambda first: st.text(string.ascii_letters + string.digits + "_", max_size=5).map(lambda rest: first + rest)
)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
words = texts.filter(lambda text: text.strip() != "")
labels = st.builds(Names, words, words)
cells = st.one_of(
    st.sampled_from(["-", '"a","b"', ">= 3", "[1..5)", 'not("a")', "value > 3 && x == 1", "true", "-5", "'a'", "''", "@x", "=1",
                     'date("2026-06-18")', "> limit", '"0101"', 'value.startsWith("02")', "[a..b]", '"多行\n文字"']),
    words,
)  # fmt: skip
answers = st.one_of(
    st.sampled_from(["", '"x"', "5", "5.0", "1e3", "null", "true", '[1, {"a": null}]', "x + 1", "-1", "'x'", '{"cell": "x"}']),
    words,
)  # fmt: skip
kinds = st.sampled_from(sorted(KINDS))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    ids = draw(st.lists(names, min_size=0, max_size=3, unique=True))
    outputs = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    rule_ids = draw(st.lists(names, min_size=0, max_size=4, unique=True))
    return Table(
        draw(names),
        draw(labels),
        draw(st.sampled_from(HitPolicy)),
        tuple(Input(name, draw(labels), draw(st.one_of(st.just(name), words)), draw(kinds),
                    draw(st.one_of(st.just(""), cells)))
              for name in ids),
        tuple(Output(name, draw(labels), draw(kinds), draw(st.one_of(st.just(""), cells)), draw(answers)) for name in outputs),
        tuple(
            Rule(name, tuple(draw(cells) for _ in ids), tuple(draw(answers) for _ in outputs),
                 draw(st.one_of(st.just(NO_WORDS), labels)))
            for name in rule_ids
        ),
    )  # fmt: skip


@given(tables())
def test_声明的写法_读回来一样(written: Table) -> None:
    shown = Document(
        written, (Example(Names("例", ""), {"x": [1, None]}, {"y": 1.5}, ("a",)),), (Kept("table", "@a", "b"),)
    )
    assert document_of(declared_of(shown)) == shown
    assert document_of(DecisionTable.model_validate_json(declared_of(shown).model_dump_json())) == shown
    assert (
        document_of(DecisionTable.model_validate(yaml.safe_load(yaml.safe_dump(declared_of(shown).model_dump()))))
        == shown
    )


@given(tables())
def test_表格文件_读回来一样(written: Table) -> None:
    read = read_sheet(write_sheet(written))
    assert read == written
    assert write_sheet(read) == write_sheet(written)


@given(tables())
def test_DMN_读回来一样(written: Table) -> None:
    examples = (Example(Names("例", "an example"), {"x": "<&>\"'"}, None), Example(NO_WORDS, {}, [{"y": 1}], ()))
    shown = Document(written, examples)
    xml = write_dmn(shown)
    assert read_dmn(xml) == shown
    assert write_dmn(read_dmn(xml.encode())) == xml


FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
    xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" xmlns:tool="http://tool.example/ns" id="defs" name="Days off"
    namespace="http://tool.example/days" exporter="Some Modeler" tool:colour="green">
  <extensionElements><tool:memo>kept <tool:b>as it</tool:b> is</tool:memo></extensionElements>
  <itemDefinition name="tLevel"><typeRef>string</typeRef>
    <allowedValues><text>"low", "high"</text></allowedValues></itemDefinition>
  <inputData id="in_age" name="Years of Service"><variable name="Years of Service" typeRef="number"/></inputData>
  <decision id="daysOff" name="年假天数">
    <question>How many?</question>
    <variable id="v" name="Days" typeRef="number"/>
    <informationRequirement id="req"><requiredInput href="#in_age"/></informationRequirement>
    <decisionTable id="dt" hitPolicy="COLLECT" aggregation="MAX" outputLabel="Days" preferredOrientation="Rule-as-Row">
      <input id="i1" label="工龄" tool:width="100">
        <extensionElements><tool:tip t="1"/></extensionElements>
        <inputExpression id="ie1" typeRef="number"><text>Years of Service</text></inputExpression>
      </input>
      <input id="i2"><inputExpression typeRef="tLevel"><text>level</text></inputExpression></input>
      <output id="o1" typeRef="number"><defaultOutputEntry><text>0</text></defaultOutputEntry></output>
      <annotation name="Why"/>
      <rule id="rule1"><description>ignored, there is a note</description>
        <inputEntry id="c1"><text>&gt;= 30</text></inputEntry><inputEntry><text>-</text></inputEntry>
        <outputEntry><text>5</text></outputEntry><annotationEntry><text>long service</text></annotationEntry></rule>
      <rule id="rule2" tool:mark="x">
        <inputEntry><text>[15..30)</text></inputEntry><inputEntry><text>starts with(?, "h"), "low"</text></inputEntry>
        <outputEntry><text>Years of Service * 0.1</text></outputEntry><annotationEntry><text/></annotationEntry></rule>
      <rule><description>from the description</description>
        <inputEntry><text>? &gt; 1 and not(? &gt; 4)</text></inputEntry>
        <inputEntry expressionLanguage="https://cel.dev"><text>value.size() == 3</text></inputEntry>
        <outputEntry expressionLanguage="https://cel.dev"><text>size(level)</text></outputEntry>
        <annotationEntry><text/></annotationEntry></rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI><dmndi:DMNDiagram id="d"><dmndi:DMNShape dmnElementRef="daysOff"><dc:Bounds height="80" width="180" x="1" y="2"/>
  </dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
"""


def test_别的工具画的DMN能读能算() -> None:
    shown = read_dmn(FOREIGN)
    read = shown.table
    assert (read.key, read.names.zh, read.hit) == ("daysOff", "年假天数", HitPolicy.MAX)
    assert read.inputs == (
        Input("i1", Names("工龄", "工龄"), "Years_of_Service", "number"),
        Input("i2", Names("level", "level"), "level", "string", '"low", "high"'),
    )
    assert read.outputs == (Output("Days", Names("Days", "Days"), "number", "", "0"),)
    assert [rule.annotation.zh for rule in read.rules] == ["long service", "", "from the description"]
    assert [rule.id for rule in read.rules] == ["rule1", "rule2", "r3"]
    assert [finding.code for finding in find_faults(read) if finding.level == "error"] == []
    given = {"Years_of_Service": 20, "level": "high"}
    assert evaluate(read, given).outputs == {"Days": 2.0}
    assert evaluate(read, {**given, "Years_of_Service": 30}).rules == ("rule1",)
    assert evaluate(read, {"Years_of_Service": 3, "level": "low"}).outputs == {"Days": 3}
    assert evaluate(read, {"Years_of_Service": 0, "level": "low"}).outputs == {"Days": 0}


def test_别的工具写的扩展导出时还在() -> None:
    shown = read_dmn(FOREIGN)
    xml = write_dmn(shown)
    for part in (
        "<tool:memo>kept <tool:b>as it</tool:b> is</tool:memo>", '<tool:tip t="1"/>', 'tool:width="100"', 'tool:mark="x"',
        'tool:colour="green"', 'exporter="Some Modeler"', 'name="Days off"', "<question>How many?</question>",
        '<dc:Bounds height="80" width="180" x="1" y="2"/>', '<requiredInput href="#in_age"/>', 'outputLabel="Days"',
        '<inputData id="in_age" name="Years of Service">', 'namespace="http://tool.example/days"',
    ):  # fmt: skip
        assert xml.count(part) == 1, part
    assert read_dmn(xml) == shown
    changed = replace(shown, table=replace(shown.table, rules=shown.table.rules[:1]))
    assert "<tool:tip" in write_dmn(changed)
    assert "tool:mark" not in write_dmn(changed), "what belonged to a rule goes with it"


@pytest.mark.parametrize(
    "uri", ["http://www.omg.org/spec/DMN/20180521/MODEL/", "https://www.omg.org/spec/DMN/20211108/MODEL/"]
)
def test_neighbouring_editions_are_read_and_written_as_1_3(uri: str) -> None:
    shown = read_dmn(FOREIGN.replace("https://www.omg.org/spec/DMN/20191111/MODEL/", uri))
    assert shown == read_dmn(FOREIGN)
    assert uri not in write_dmn(shown)


REFUSED = [
    ("<decisionTable", "<literalExpression><text>1</text></literalExpression><decisionTable", "daysOff", "literalExpression"),
    ("</decision>", '</decision><decision id="second" name="x"/>', "second", "只能有一个决策"),
    ("</decision>", '</decision><businessKnowledgeModel id="bkm" name="x"/>', "bkm", "业务知识模型"),
    ("</decision>", '</decision><decisionService id="svc" name="x"/>', "svc", "决策服务"),
    ('<requiredInput href="#in_age"/>', '<requiredDecision href="#other"/>', "req", "依赖别的决策"),
    ('aggregation="MAX"', 'aggregation="MEDIAN"', "dt", "没有命中策略 COLLECT MEDIAN"),
    ("<text>&gt;= 30</text>", "<text>every x in y satisfies x</text>", "c1", "不支持“every”处的写法"),
    ("<text>&gt;= 30</text>", "<text>upper case(?) = 3</text>", "c1", "不支持“case”处的写法"),
    ("<text>&gt;= 30</text>", "<text>median(?) &gt; 3</text>", "c1", "不支持函数 median"),
    ('id="c1"', 'id="c1" expressionLanguage="http://www.w3.org/TR/XPath"', "c1", "不支持表达式语言"),
    ("<inputEntry><text>-</text></inputEntry>", "", "rule1", "单元格数与列数不同"),
    ("<text>Years of Service</text>", "<text>some x in y satisfies x &gt; 1</text>", "ie1", "不支持“some”处的写法"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "element", "reason"), REFUSED, ids=[row[3] for row in REFUSED])
def test_不能执行的逐个元素拒绝(old: str, new: str, element: str, reason: str) -> None:
    assert old in FOREIGN
    with pytest.raises(DecisionRefused) as refused:
        read_dmn(FOREIGN.replace(old, new, 1))
    error = refused.value.errors[0]
    line, _, name = error.where.removeprefix(":").partition("#")
    assert (name, int(line) > 1) == (element, True)
    assert reason in error.zh
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in error.en)


BOMB = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        b"", b"   ", b"<", b"<a/>", b"\xff\xfe<a/>", "<定义/>".encode("gb18030"), b'<?xml version="1.0" encoding="GBK"?><a/>',
        FOREIGN.replace("<definitions", BOMB + "<definitions", 1).encode(),
        FOREIGN.replace("?>", '?><!DOCTYPE definitions SYSTEM "file:///etc/passwd">', 1).encode(),
        FOREIGN.replace("<question>How many?</question>", "<a>" * 100 + "</a>" * 100).encode(),
        FOREIGN.replace("<question>How many?</question>", "<a/>" * 260_000).encode(),
        FOREIGN.replace("How many?", "x" * 5_000_000).encode(), FOREIGN.replace("How many?", "\0").encode(),
        b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>',
    ],
    ids=range(14),
)  # fmt: skip
def test_XML_炸弹与坏文件都被拒绝(data: bytes) -> None:
    with pytest.raises(DecisionUnreadable) as refused:
        read_dmn(data)
    assert refused.value.message("zh").startswith("决策表文件无法读取:")


def test_a_hundred_thousand_rules_are_refused_with_words() -> None:
    small = table("F", ["x"], ["y"], "1 | 1")
    head, rule = write_sheet(small).rsplit(b"r1,", 1)
    many = head + b"".join(b"r%d,%s" % (number, rule) for number in range(100_000))
    with pytest.raises(DecisionUnreadable) as unreadable:
        read_sheet(many)
    assert f"规则超过 {most_rules} 条" in unreadable.value.message("zh")
    xml = write_dmn(Document(small))
    one = xml[xml.index("<rule") : xml.index("</rule>") + 7]
    with pytest.raises((DecisionRefused, DecisionUnreadable)):
        read_dmn(xml.replace(one, "".join(one.replace('"r1"', f'"r{number}"') for number in range(100_000))))
    short = "<rule><inputEntry><text>1</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>"
    with pytest.raises(DecisionRefused) as refused:
        read_dmn(xml.replace(one, short * (most_rules + 1)))
    assert f"最多 {most_rules} 条规则" in refused.value.errors[0].zh
    rows = [{"when": {"x": 1}, "then": {"y": 1}}] * 100_000
    with pytest.raises(ValueError, match="at most 5000"):
        DecisionTable.model_validate({**declared_of(Document(small)).model_dump(), "rules": rows})


SHEET = (
    "decision,days-off,年假,Days off\r\nhit policy,F\r\ncolumn,input,output,annotation zh,annotation en\r\nid,years,days,,\r\n"
    "label zh,工龄,天数,,\r\nlabel en,Years,Days,,\r\nexpression,years,,,\r\ntype,integer,integer,,\r\nallowed,[0..60],,,\r\n"
    "default,,,,\r\nrules,,,,\r\nlong,>= 20,15,满二十年,twenty years\r\n\r\nusual,-,5,,\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_电子表格存出来的文件都能读(encoding: str) -> None:
    read = read_sheet(SHEET.encode(encoding))
    assert read.names == Names("年假", "Days off")
    assert read.rules[0] == Rule("long", (">= 20",), ("15",), Names("满二十年", "twenty years"))
    assert evaluate(read, {"years": 3}).outputs == {"days": 5}
    assert read_sheet(SHEET.replace("usual,-", "usual,TRUE").encode(encoding)).rules[1].inputs == ("true",)


def test_表格文件的错误说明在第几行() -> None:
    for old, new, line, reason in (
        ("decision,", "Entscheidung,", 1, "应以“decision”开头"),
        ("hit policy,F", "hit policy,X", 2, "没有命中策略“X”"),
        ("column,input,output", "column,output,input", 11, "列的种类依次是"),
        ("type,integer,integer", "type,int,integer", 10, "没有类型“int”"),
        ("usual,-,5", "usual,-,5,a,b,c", 14, "单元格比列多"),
        ("rules,,,,", "ruler,,,,", 11, "应以“rules”开头"),
        ("long,>= 20", 'long,">= 20', 14, "不是有效的 CSV"),
        ("满二十年", "满" * 20_001, 12, "单元格超过"),
    ):
        with pytest.raises(DecisionUnreadable) as unreadable:
            read_sheet(SHEET.replace(old, new, 1).encode())
        said = unreadable.value.message("zh")
        assert reason in said
        assert f"第 {line} 行" in said or line > 2, said
    for data in (b"", b"\xff\xff\xff", b"a" * 5_000_000, SHEET.replace("usual", "\0").encode()):
        with pytest.raises(DecisionUnreadable):
            read_sheet(data)


def test_表格里不会被当成公式() -> None:
    risky = table("F", ["x"], ["y"], "- | 1")
    risky = replace(risky, rules=(Rule("r1", ("-",), ("1",), Names('=HYPERLINK("http://x")', "+1-@")),))
    lines = write_sheet(risky).decode("utf-8-sig").splitlines()
    assert all(not cell.strip('"').startswith(("=", "+", "@")) for line in lines for cell in line.split(","))
    assert read_sheet(write_sheet(risky)) == risky


DECLARED = """
id: leave-days
names: {zh: 年假天数, en: Days of leave}
hit: FIRST
inputs:
  - {id: years, label: {zh: 工龄, en: Years of service}, type: integer, allowed: "[0..60]"}
  - {id: level, type: string, allowed: [junior, senior]}
  - {id: name_length, expression: size(name), type: integer}
outputs:
  - {name: days, type: integer, default: 0}
  - {name: note, type: string}
rules:
  - {when: {years: ">= 20"}, then: {days: 15, note: many}, reason: {zh: 工龄长, en: Long service}}
  - {id: senior, when: {level: [senior], years: ">= 5"}, then: {days: {cell: years + 5}}}
  - {when: {level: '"junior"', years: 3}, then: {days: 5, note: null}}
examples:
  - {given: {years: 20, level: junior, name: x}, expect: {days: 15}, rules: [r1]}
"""


def test_应用包里的写法() -> None:
    shown = document_of(DecisionTable.model_validate(yaml.safe_load(DECLARED)))
    assert shown.table.rules == (
        Rule("r1", (">= 20", "-", "-"), ("15", '"many"'), Names("工龄长", "Long service")),
        Rule("senior", (">= 5", '"senior"', "-"), ("years + 5", "")),
        Rule("r3", ("3", '"junior"', "-"), ("5", "null")),
    )
    assert evaluate(shown.table, {"years": 7, "level": "senior", "name": ""}).outputs == {"days": 12, "note": None}
    assert document_of(declared_of(shown)) == shown


def test_操作指南里的表() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs/how-to/write-a-decision-table.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- example: rules/street-works.yaml -->\n```yaml\n(.*?)```", guide, re.DOTALL)
    assert block is not None
    shown = document_of(DecisionTable.model_validate(yaml.safe_load(block[1])))
    assert find_faults(shown.table) == ()
    assert run_examples(shown.table, shown.examples) == ()
    assert read_dmn(write_dmn(shown)) == shown
    assert read_sheet(write_sheet(shown.table)) == shown.table


def test_没有的列说出哪一条规则() -> None:
    declared = yaml.safe_load(DECLARED)
    declared["rules"][1]["when"]["yaers"] = 3
    with pytest.raises(Misplaced) as misplaced:
        document_of(DecisionTable.model_validate(declared))
    assert misplaced.value.trail == ("rules", 1, "when", "yaers")


def test_deep_values_are_refused() -> None:
    declared = yaml.safe_load(DECLARED)
    deep: object = 1
    for _ in range(30):
        deep = [deep]
    for place in ("then", "given"):
        spoilt = yaml.safe_load(DECLARED)
        (spoilt["rules"][0] if place == "then" else spoilt["examples"][0])[place]["days"] = deep
        with pytest.raises(ValueError, match="嵌套超过"):
            DecisionTable.model_validate(spoilt)
    assert DecisionTable.model_validate(declared).hit == "FIRST"


def test_generated_input_data_is_only_for_other_tools() -> None:
    shown = Document(
        table("F", [column("x", "number"), column("long", expression="size(y)")], [answer("z")], "1 | - | 1")
    )
    xml = write_dmn(shown)
    assert xml.count("<inputData ") == 2
    assert xml.count("<requiredInput ") == 2
    assert read_dmn(xml) == shown
