"""Whatever is asked: an answer or a refusal that says why; no exception, no statement of the caller's making, bounded work."""

from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensing.sensorthings.conftest import ROOT, Town
from support.sensing_app import READER

from yiwang.sensing.sensorthings.errors import EntityMissing, QueryInvalid
from yiwang.sensing.sensorthings.odata import Options, parse_expression, parse_options, parse_path
from yiwang.sensing.sensorthings.odata.expressions import deepest, most_tokens


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name eq",
        "name eq 'x",
        "eq 1",
        "(1 eq 1",
        "1 eq 1)",
        "name eq 1",
        "result eq 'x'",
        "result gt true",
        "nothing eq 1",
        "Nothing/x eq 1",
        "foo(result) eq 1",
        "length(result) eq 1",
        "substring(name) eq 'x'",
        "result add 'x' gt 1",
        "name in ('a')",
        "result gt 1 2",
        "result gt 1; drop table reading",
        "result gt 1 -- x",
        "phenomenonTime gt 2026-13-01T00:00:00Z",
        "phenomenonTime gt '2026'",
        "phenomenonTime gt 2026-01-01T00:00:00",
        "Datastream eq 1",
        "Datastream/Thing/Datastreams eq 1",
        "st_within(name, geography'POINT(1 1)')",
        "st_within(FeatureOfInterest/feature, geography'POLYGON((0 0, 1 1, 0 1, 1 0, 0 0))')",
        "st_within(FeatureOfInterest/feature, geography'POINT(500 1)')",
        "geo.distance(FeatureOfInterest/feature, geography'x') lt 1",
        "FeatureOfInterest/feature eq geography'POINT(1 1)'",
        "st_relate(FeatureOfInterest/feature, FeatureOfInterest/feature, name)",
        "result div 1",
        "not",
        "not 1",
        "- 'x' eq 1",
        "@iot.id lt",
        "id gt '1-1'",
        "result/x eq 1",
        "/name eq 1",
        "name eq \x00",
        "(" * (deepest + 1) + "1 eq 1" + ")" * (deepest + 1),
        "result gt " + "9" * 400,
        "result gt 1 and " * most_tokens + "true",
        "year('2026') eq 1",
        "date(result) eq 2026-01-01",
        "duration'P' eq duration'P1D'",
        "result gt $1",
        "result gt ?",
    ],
)
async def test_a_filter_that_cannot_be_understood_is_refused(town: Town, text: str) -> None:
    body = await town.refused("/Observations", filter=text)
    assert body["code"] == "sensorthings.query_invalid", body
    assert "Traceback" not in str(body)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top", "-1"),
        ("top", "x"),
        ("top", "1e3"),
        ("skip", "-1"),
        ("skip", "100001"),
        ("count", "yes"),
        ("orderby", "nothing"),
        ("orderby", "name desc asc x"),
        ("orderby", "Observations/result"),
        ("orderby", "name,,name"),
        ("select", "nothing"),
        ("select", "a;b"),
        ("expand", "Nothing"),
        ("expand", "Thing("),
        ("expand", "Thing($top)"),
        ("expand", "Thing(top=1)"),
        ("expand", "Thing($filter=x eq 1)"),
        ("expand", "Thing/" * 9 + "Thing"),
        ("expand", "Thing,Thing($top=1)"),
        ("expand", "Observations($expand=Datastream($expand=" * 3 + "Sensor" + "))" * 3),
        ("resultFormat", "csv"),
        ("skiptoken", "x"),
        ("skiptoken", "WzFd"),
        ("skiptoken", "W10"),
        ("skiptoken", "🙂"),
        ("apply", "x"),
        ("skiptoken", "WyJ4IiwieSJd"),
        ("filter", "x" * 5000),
    ],
)
async def test_an_option_that_does_not_fit_is_refused(town: Town, name: str, value: str) -> None:
    body = await town.refused("/Datastreams", **{name: value})
    assert body["code"] == "sensorthings.query_invalid", body


async def test_values_out_of_range_are_the_callers_mistake_not_ours(town: Town) -> None:
    for filter_ in (
        "result mul 1e308 mul 1e308 gt 1",
        "substring(Datastream/name, 1e300) eq 'x'",
        "result div 0 gt 1",
        "result mod 0 eq 1",
        "phenomenonTime add duration'P999999D' gt maxdatetime()",
        "mindatetime() lt phenomenonTime",
        "id eq 5 or id eq 'x' or Datastream/id eq 1e300",
        "Datastream/id eq -1 or Datastream/id eq 1.5",
        "totaloffsetminutes(phenomenonTime) eq 0",
        "null eq null",
        "null gt 5",
        "result eq null",
        "result lt null",
    ):
        answer = await town.get("/Observations", filter=filter_)
        assert answer.status_code in (200, 400), (filter_, answer.text)


async def test_quotes_and_statements_stay_texts(town: Town) -> None:
    for text in ("'; drop table device; --", "' or '1'='1", "$1", "%s", "\\'; select 1", "{t}", "{scope}"):
        assert await town.values("/Things", filter=f"name eq '{text.replace(chr(39), chr(39) * 2)}'") == []
        quoted = text.replace("'", "''")
        assert (await town.get(f"/Sensors('{quoted}')")).status_code == 404
        await town.refused("/Things", orderby=text)
    assert len(await town.values("/Things")) == 10


async def test_an_ordinary_page_is_bounded(town: Town) -> None:
    found = await town.get("/Observations", top="100000", count="true")
    assert found.json()["@iot.count"] == 408
    assert "@iot.nextLink" not in found.json()
    async with town.doors.client(READER) as client:
        answer = await client.get(ROOT + "/Things", params={"$filter": "name eq '" + "x" * 20_000 + "'"})
    assert answer.status_code == 400


_words = st.sampled_from(
    [
        "result",
        "name",
        "id",
        "phenomenonTime",
        "Datastream/name",
        "eq",
        "ne",
        "gt",
        "and",
        "or",
        "not",
        "(",
        ")",
        ",",
        "1",
        "1.5",
        "-",
        "'x'",
        "''",
        "null",
        "true",
        "add",
        "div",
        "mod",
        "contains(",
        "geo.distance(",
        "st_within(",
        "now()",
        "length(",
        "2026-06-18T00:00:00Z",
        "2026-06-18",
        "10:00",
        "duration'PT1H'",
        "geography'POINT(1 2)'",
        "properties/a",
        "Thing",
        "/",
        "@iot.id",
    ]
)


@settings(max_examples=300)
@given(st.lists(_words, max_size=14).map(" ".join) | st.text(max_size=60) | st.text(string.printable, max_size=60))
def test_parsing_ends_in_a_tree_or_a_refusal(text: str) -> None:
    for parse in (
        parse_expression,
        lambda found: parse_options([("$filter", found), ("$expand", found), ("$orderby", found)]),
        parse_path,
    ):
        with contextlib.suppress(QueryInvalid, EntityMissing):
            parse(text)


@settings(max_examples=60)
@given(st.lists(_words, min_size=3, max_size=12).map(" ".join))
def test_options_of_any_words_are_options_or_refused(text: str) -> None:
    with contextlib.suppress(QueryInvalid):
        assert isinstance(parse_options([("$expand", f"Thing($filter={text};$top=3)")]), Options)


_operand = st.sampled_from(
    [
        "result",
        "1",
        "2.5",
        "null",
        "length(Datastream/name)",
        "year(phenomenonTime)",
        "resultQuality/code",
        "-3",
        "Datastream/id",
    ]
)
_comparison = st.tuples(_operand, st.sampled_from(["eq", "ne", "gt", "le"]), _operand).map(" ".join)
_condition = st.recursive(
    _comparison,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | inner.map("not {}".format)
    ),
    max_leaves=5,
)


async def test_any_sound_filter_is_sound_sql(town: Town) -> None:
    """Hypothesis cannot await: what it would draw is drawn beforehand."""
    drawn: list[str] = []

    @settings(max_examples=80, database=None)
    @given(_condition)
    def draw(text: str) -> None:
        drawn.append(text)

    draw()
    for text in dict.fromkeys(drawn):
        answer = await town.get("/Observations", filter=text, top="1")
        assert answer.status_code == 200, (text, answer.text)
