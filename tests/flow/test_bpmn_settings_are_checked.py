"""Our settings in a flow file: what each of them says, and every way in which it can be wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flow.bpmn_sheets import Drawing, between, faults, own, read, sheet, steps
from yiwang.flow.conditions import compile_condition
from yiwang.flow.model import Auto, Overtime, UserTask, Value, Who

HOLDERS = '<yiwang:multi people="holders"/>'


def task(
    *, who: str = "", step: str = "", extra: str = "", marker: str | None = None, outcomes: str = "agree refuse"
) -> Drawing:
    """A flow of one step ``a``; ``marker``: what stands in its multi-instance marker."""
    drawing = sheet().task("a", outcomes, who=who, step=step, extra=extra)
    if marker is not None:
        marker = f"<bpmn:multiInstanceLoopCharacteristics>{marker}</bpmn:multiInstanceLoopCharacteristics>"
        drawing.parts[-1] = drawing.parts[-1].replace("</bpmn:userTask>", f"{marker}</bpmn:userTask>")
    return between(drawing, "a")


def the_task(drawing: Drawing) -> UserTask:
    return read(drawing).task("a")


def other(kind: str, *settings: str, attributes: str = "", inner: str = "") -> Drawing:
    """A flow of one other node ``a``."""
    return between(sheet().node(kind, "a", attributes, own(*settings) + inner), "a")


# Who


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('role="clerk" area="=area"', Who(role="clerk", area=Value(variable="area"))),
        ('post="leader" organisation="water"', Who(post="leader", organisation=Value("water"))),
        ('person="=starter" empty="stop"', Who(person=Value(variable="starter"), empty="stop")),
        ('manager="=starter" post="director"', Who(manager=Value(variable="starter"), post="director")),
        ('manager="water"', Who(manager=Value("water"))),
    ],
)
def test_who_may_take_it(rule: str, expected: Who) -> None:
    assert the_task(task(who=f"<yiwang:who {rule}/>")).who == expected


def test_who_may_take_it_by_an_expression() -> None:
    drawing = task(who='<yiwang:who expression="level &gt; 2 ? chief : deputy"/>')
    who = the_task(drawing).who
    assert who.expression is not None
    assert who.expression.variables == ("chief", "deputy", "level")
    assert read(drawing).variables >= {"level", "chief", "deputy"}


# Overtime and automatic steps


def test_what_happens_when_a_step_is_late() -> None:
    extra = (
        '<yiwang:overtime after="1工作日" do="remind" every="4工作时"/>'
        '<yiwang:overtime after="=limit" do="escalate"><yiwang:who post="leader"/></yiwang:overtime>'
        '<yiwang:overtime after="5工作日" do="pass"/><yiwang:overtime after="9工作日" do="return"/>'
    )
    assert the_task(task(extra=extra)).overtimes == (
        Overtime("a/1", Value("1工作日"), "remind", Value("4工作时")),
        Overtime("a/2", Value(variable="limit"), "escalate", who=Who(post="leader")),
        Overtime("a/3", Value("5工作日"), "pass"),
        Overtime("a/4", Value("9工作日"), "return"),
    )


def test_rules_that_finish_a_step() -> None:
    extra = '<yiwang:auto same="starter"/><yiwang:auto same="earlier"/>'
    extra += '<yiwang:auto when="assignee == &quot;&quot; &amp;&amp; small" outcome="refuse"/>'
    autos = the_task(task(extra=extra)).autos
    assert autos[:2] == (Auto("starter", None, "agree"), Auto("earlier", None, "agree"))
    assert autos[2].outcome == "refuse"
    assert autos[2].when is not None
    assert read(task(extra=extra)).variables == {"small", "starter", "agreed"}


def test_after_a_step_was_sent_back_and_which_clocks_stand_still() -> None:
    clock = '<yiwang:clock start="handling" deadline="5工作日"/><yiwang:clock start="hearing" deadline="3工作日"/>'
    found = the_task(task(step='back="straight" form="accept" pauses="handling, hearing"', extra=clock))
    assert found.back == Value("straight")
    assert found.form == "accept"
    assert found.pauses == ("handling", "hearing")
    assert the_task(task(step='back="=how"')).back == Value(variable="how")
    assert the_task(task()).back == Value("again")


# Mistakes

INVALID = "attribute_invalid"
MISTAKES: dict[str, tuple[Callable[[], Drawing], list[str]]] = {
    "who by nobody": (lambda: task(who='<yiwang:who area="=area"/>'), ["who_missing"]),
    "who apart from what is no name": (
        lambda: task(who='<yiwang:who post="handler" apart="a b"/>'),
        [INVALID, "step_unknown"],
    ),
    "who apart from a step that there is not": (
        lambda: task(who='<yiwang:who post="handler" apart="=withdrawn, nowhere"/>'),
        ["step_unknown"],
    ),
    "who with an expression that is none": (
        lambda: task(who='<yiwang:who expression="(("/>'),
        ["condition_invalid"],
    ),
    "who with an expression on the outcome": (
        lambda: task(who='<yiwang:who expression="outcome"/>'),
        ["condition_invalid"],
    ),
    "who with an expression that always fails": (
        lambda: task(who='<yiwang:who expression="[1][3]"/>'),
        ["condition_invalid"],
    ),
    "role of other letters": (lambda: task(who='<yiwang:who role="Clerk"/>'), [INVALID]),
    "two rules": (
        lambda: task(who='<yiwang:who post="x"/><yiwang:who post="y"/>'),
        ["extension_repeated"],
    ),
    "overtime without time": (lambda: task(extra='<yiwang:overtime do="remind"/>'), ["attribute_missing"]),
    "overtime of another kind": (
        lambda: task(extra='<yiwang:overtime after="1工作日" do="cancel"/>'),
        [INVALID],
    ),
    "overtime after a while": (
        lambda: task(extra='<yiwang:overtime after="很久" do="remind"/>'),
        ["deadline_unreadable"],
    ),
    "escalation to nobody": (
        lambda: task(extra='<yiwang:overtime after="1工作日" do="escalate"/>'),
        ["who_missing"],
    ),
    "a reminder for somebody else": (
        lambda: task(extra='<yiwang:overtime after="1工作日" do="remind"><yiwang:who post="x"/></yiwang:overtime>'),
        [INVALID],
    ),
    "passing again and again": (
        lambda: task(extra='<yiwang:overtime after="1工作日" do="pass" every="1工作日"/>'),
        [INVALID],
    ),
    "something else in an overtime": (
        lambda: task(extra='<yiwang:overtime after="1工作日" do="remind"><yiwang:sign/></yiwang:overtime>'),
        ["extension_unknown"],
    ),
    "too many overtimes": (lambda: task(extra='<yiwang:overtime after="1工作日" do="remind"/>' * 21), [INVALID]),
    "auto of two kinds": (lambda: task(extra='<yiwang:auto same="starter" when="true"/>'), [INVALID]),
    "auto of no kind": (lambda: task(extra="<yiwang:auto/>"), [INVALID]),
    "auto as somebody else": (lambda: task(extra='<yiwang:auto same="boss"/>'), [INVALID]),
    "auto with another outcome": (
        lambda: task(extra='<yiwang:auto same="starter" outcome="maybe"/>'),
        ["outcome_unknown"],
    ),
    "auto by something that is no question": (
        lambda: task(extra='<yiwang:auto when="assignee"/>'),
        ["condition_invalid"],
    ),
    "back to somewhere": (lambda: task(step='back="home"'), [INVALID]),
    "form with blanks": (lambda: task(step='form="my form"'), [INVALID]),
    "signing alone": (lambda: task(extra='<yiwang:sign rule="all"/>'), ["sign_misplaced"]),
    "signing by dice": (lambda: task(extra='<yiwang:sign rule="dice"/>', marker=own(HOLDERS)), [INVALID]),
    "signing without rule": (lambda: task(extra="<yiwang:sign/>", marker=own(HOLDERS)), ["attribute_missing"]),
    "a share of nothing": (
        lambda: task(extra='<yiwang:sign rule="share" need="0%"/>', marker=own(HOLDERS)),
        [INVALID],
    ),
    "a share of more than all": (
        lambda: task(extra='<yiwang:sign rule="share" need="101%"/>', marker=own(HOLDERS)),
        [INVALID],
    ),
    "a share without number": (
        lambda: task(extra='<yiwang:sign rule="share"/>', marker=own(HOLDERS)),
        [INVALID],
    ),
    "a count that is a share": (
        lambda: task(extra='<yiwang:sign rule="count" need="60%"/>', marker=own(HOLDERS)),
        [INVALID],
    ),
    "a count of too many": (
        lambda: task(extra='<yiwang:sign rule="count" need="201"/>', marker=own(HOLDERS)),
        [INVALID],
    ),
    "a need where none is asked": (
        lambda: task(extra='<yiwang:sign rule="first" need="2"/>', marker=own(HOLDERS)),
        [INVALID],
    ),
    "early perhaps": (
        lambda: task(extra='<yiwang:sign rule="first" early="perhaps"/>', marker=own(HOLDERS)),
        [INVALID],
    ),
    "several for whom": (lambda: task(marker=""), ["multi_invalid"]),
    "several twice": (
        lambda: task(marker=own(HOLDERS) + "<bpmn:loopCardinality>2</bpmn:loopCardinality>"),
        ["multi_invalid"],
    ),
    "several people by name": (lambda: task(marker=own('<yiwang:multi people="张三,李四"/>')), [INVALID]),
    "several of a literal list": (lambda: task(marker=own('<yiwang:multi items="a,b"/>')), [INVALID]),
    "several in a reserved variable": (
        lambda: task(marker=own('<yiwang:multi people="holders" item="outcome"/>')),
        [INVALID],
    ),
    "more times than there may be": (
        lambda: task(marker="<bpmn:loopCardinality>201</bpmn:loopCardinality>"),
        [INVALID],
    ),
    "no time at all": (lambda: task(marker="<bpmn:loopCardinality>0</bpmn:loopCardinality>"), [INVALID]),
    "until something that is no question": (
        lambda: task(marker=own(HOLDERS) + "<bpmn:completionCondition>done + 1</bpmn:completionCondition>"),
        ["condition_invalid"],
    ),
    "until in another language": (
        lambda: task(
            marker=own(HOLDERS) + '<bpmn:completionCondition language="FEEL">done = 1</bpmn:completionCondition>'
        ),
        ["condition_invalid"],
    ),
    "events of a round": (
        lambda: between(
            sheet().node(
                "serviceTask",
                "a",
                inner=own('<yiwang:work topic="t"/>')
                + '<bpmn:multiInstanceLoopCharacteristics behavior="One"><bpmn:loopCardinality>2</bpmn:loopCardinality>'
                "</bpmn:multiInstanceLoopCharacteristics>",
            ),
            "a",
        ),
        ["element_unsupported"],
    ),
    "people for a machine": (
        lambda: other(
            "serviceTask",
            '<yiwang:work topic="t"/>',
            inner="<bpmn:multiInstanceLoopCharacteristics>" + own(HOLDERS) + "</bpmn:multiInstanceLoopCharacteristics>",
        ),
        [INVALID],
    ),
    "a variable without value": (lambda: other("scriptTask", '<yiwang:set variable="n"/>'), ["attribute_missing"]),
    "a variable of other letters": (lambda: other("scriptTask", '<yiwang:set variable="N" value="1"/>'), [INVALID]),
    "a variable of the engine": (lambda: other("scriptTask", '<yiwang:set variable="by" value="1"/>'), [INVALID]),
    "a variable twice": (
        lambda: other("scriptTask", '<yiwang:set variable="n" value="1"/>', '<yiwang:set variable="n" value="2"/>'),
        [INVALID],
    ),
    "a value that cannot be kept": (
        lambda: other("scriptTask", '<yiwang:set variable="n" value="timestamp(&quot;2026-01-01T00:00:00Z&quot;)"/>'),
        ["condition_invalid"],
    ),
    "a value by the outcome": (
        lambda: other("scriptTask", '<yiwang:set variable="n" value="outcome"/>'),
        ["condition_invalid"],
    ),
    "a script": (
        lambda: other("scriptTask", '<yiwang:set variable="n" value="1"/>', inner="<bpmn:script>n = 1</bpmn:script>"),
        ["element_unsupported"],
    ),
    "a script task that waits for a worker": (
        lambda: other("scriptTask", '<yiwang:work topic="t"/>'),
        ["extension_unknown", "work_missing"],
    ),
    "work without topic": (lambda: other("serviceTask", "<yiwang:work/>"), ["attribute_missing"]),
    "work tried too often": (lambda: other("serviceTask", '<yiwang:work topic="t" tries="11"/>'), [INVALID]),
    "a decision without table": (lambda: other("businessRuleTask"), ["decision_missing"]),
    "a decision of a table with blanks": (
        lambda: other("businessRuleTask", '<yiwang:decision key="the table"/>'),
        [INVALID],
    ),
    "a decision into nothing": (
        lambda: other("businessRuleTask", '<yiwang:decision key="t" into="department, :x, a:By"/>'),
        [INVALID] * 3,
    ),
    "a call of nothing": (lambda: other("callActivity"), ["called_missing"]),
    "a message without name": (lambda: other("sendTask"), ["reference_missing"]),
    "a message that is not declared": (
        lambda: other("receiveTask", attributes='messageRef="none"'),
        ["reference_unknown"],
    ),
    "a message with a key that is no variable": (
        lambda: other("receiveTask", '<yiwang:message key="=Case No"/>', attributes='messageRef="m"'),
        [INVALID],
    ),
    "a setting beside the extension elements": (
        lambda: other("serviceTask", '<yiwang:work topic="t"/>', inner='<yiwang:work topic="t"/>'),
        ["extension_unknown"],
    ),
    "a setting as an attribute": (
        lambda: other("serviceTask", '<yiwang:work topic="t"/>', attributes='yiwang:topic="t"'),
        ["extension_unknown"],
    ),
    "a setting on a gateway": (
        lambda: other("exclusiveGateway", '<yiwang:who post="x"/>'),
        ["extension_unknown"],
    ),
    "a deadline on an event that is no timer": (
        lambda: other(
            "intermediateCatchEvent",
            "<yiwang:deadline>2工作日</yiwang:deadline>",
            inner='<bpmn:signalEventDefinition signalRef="s"/>',
        ),
        ["extension_unknown"],
    ),
    "an event without trigger": (lambda: other("intermediateCatchEvent"), ["element_unsupported"]),
    "a signal without name": (
        lambda: other("intermediateThrowEvent", inner="<bpmn:signalEventDefinition/>"),
        ["reference_missing"],
    ),
    "an escalation without code": (
        lambda: other("intermediateThrowEvent", inner="<bpmn:escalationEventDefinition/>"),
        ["reference_missing"],
    ),
    "an event without condition": (
        lambda: other(
            "intermediateCatchEvent",
            inner="<bpmn:conditionalEventDefinition><bpmn:condition/></bpmn:conditionalEventDefinition>",
        ),
        ["condition_missing"],
    ),
    "an event on a condition that is no question": (
        lambda: other(
            "intermediateCatchEvent",
            inner="<bpmn:conditionalEventDefinition><bpmn:condition>3</bpmn:condition></bpmn:conditionalEventDefinition>",
        ),
        ["condition_invalid"],
    ),
    "a link without name": (
        lambda: (
            steps(["a"])
            .without("a-end")
            .node("intermediateThrowEvent", "a2", inner="<bpmn:linkEventDefinition/>")
            .flow("a", "a2")
            .node("intermediateCatchEvent", "c", inner='<bpmn:linkEventDefinition name="c"/>')
            .flow("c", "end")
        ),
        ["link_unmatched", "no_end", "no_end", "no_end", "not_reachable", "not_reachable", "reference_missing"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_in_a_setting_is_named(name: str) -> None:
    drawing, expected = MISTAKES[name]
    assert [code for code, _ in faults(drawing())] == expected


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("<bpmn:timeDuration>P1M</bpmn:timeDuration>", "intermediateCatchEvent"),
        ("<bpmn:timeDuration>PT30S</bpmn:timeDuration>", "intermediateCatchEvent"),
        ("<bpmn:timeDuration/>", "intermediateCatchEvent"),
        ("<bpmn:timeDate>2026-10-01T08:00:00</bpmn:timeDate>", "intermediateCatchEvent"),
        ("<bpmn:timeDate>0001-01-01T00:00:00Z</bpmn:timeDate>", "intermediateCatchEvent"),
        ("<bpmn:timeDate>tomorrow</bpmn:timeDate>", "intermediateCatchEvent"),
        ("<bpmn:timeCycle>R3/PT10M</bpmn:timeCycle>", "intermediateCatchEvent"),
        ("<bpmn:timeCycle>R0/PT10M</bpmn:timeCycle>", "startEvent"),
        ("<bpmn:timeCycle>0 0 9 * * ?</bpmn:timeCycle>", "startEvent"),
        ("<bpmn:timeCycle>R/PT0M</bpmn:timeCycle>", "startEvent"),
        ("<bpmn:timeCycle>R/2026-01-01T00:00:00Z/P1D</bpmn:timeCycle>", "startEvent"),
        ("<bpmn:timeDate>=day</bpmn:timeDate>", "startEvent"),
        (own("<yiwang:deadline/>"), "intermediateCatchEvent"),
        (
            own("<yiwang:deadline>2工作日</yiwang:deadline>") + "<bpmn:timeDuration>P1D</bpmn:timeDuration>",
            "startEvent",
        ),
    ],
)
def test_a_time_that_cannot_be_used_is_named(text: str, where: str) -> None:
    definition = f"<bpmn:timerEventDefinition>{text}</bpmn:timerEventDefinition>"
    drawing = steps(["a"])
    if where == "startEvent":
        drawing = drawing.exclusive("m").without("start-a").line("start", "m", "a")
        drawing = drawing.node("startEvent", "t", inner=definition).flow("t", "m")
    else:
        drawing = drawing.without("a-end").node("intermediateCatchEvent", "t", inner=definition).line("a", "t", "end")
    assert faults(drawing) == [("timer_invalid", "t")]


def test_a_start_by_message_has_no_variables_yet() -> None:
    drawing = steps(["a"]).without("start")
    drawing.outside = sheet().outside
    inner = own('<yiwang:message key="=case_number"/>') + '<bpmn:messageEventDefinition messageRef="m"/>'
    assert faults(drawing.node("startEvent", "start", inner=inner)) == [(INVALID, "start")]


def test_the_names_that_a_completion_condition_sees_are_no_variables() -> None:
    condition = compile_condition("done * 2 > total && open < 3 && tally.refuse == 0")
    assert set(condition.variables) == {"done", "total", "open", "tally"}
