"""Payloads in every declared form are read; whatever comes, no exception leaves the decoder."""

from __future__ import annotations

import zoneinfo
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.sensing.devices.compiling import compiled
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.model import Metric
from yiwang.sensing.gateways.mqtt.payloads import (
    PayloadMap,
    check_payload,
    decode,
    largest_payload,
    mapping_of,
    read_status,
    topics_match,
)

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
_NAMES = {"zh": "量", "en": "Quantity"}
_METRICS = {
    name: Metric(number, name, MetricDeclaration.model_validate({"names": _NAMES, "unit": unit}))
    for number, (name, unit) in enumerate({"level": "m", "battery": "V", "open": "state"}.items(), start=1)
}
AT = 1_781_755_200_000_000


def declared(payload: dict[str, Any], measures: dict[str, Any] | None = None) -> ProfileDeclaration:
    return ProfileDeclaration.model_validate(
        {
            "names": _NAMES,
            "protocol": "mqtt",
            "interval": "60s",
            "offline_after": "10min",
            "payload": payload,
            "measures": measures or {"level": {"unit": "cm"}, "battery": {"code": "v"}, "open": {}},
            "topics": {"readings": "a/{address}/b"},
        }
    )


def mapped(payload: dict[str, Any], measures: dict[str, Any] | None = None) -> PayloadMap:
    return mapping_of(compiled("probe", "pack", declared(payload, measures), _METRICS), ZONE)


JSON_AT = {"at": "t", "time": "milliseconds"}


@pytest.mark.parametrize(
    ("payload", "content", "values"),
    [
        ({}, {"level": 42, "v": 3.6, "open": True}, [(1, None, 0.42), (2, None, 3.6), (3, None, 1.0)]),
        ({}, {"v": "3.6"}, [(2, None, 3.6)]),
        (
            {"values": {"level": "data/depth", "battery": "data/list/1"}},
            {"data": {"depth": 5, "list": [0, 12]}},
            [(1, None, 0.05), (2, None, 12.0)],
        ),
        ({"values": {"level": "a~1b/c~0d"}}, {"a/b": {"c~d": 100}}, [(1, None, 1.0)]),
        ({"values": {"battery": "= payload.raw * 0.5 + 1.0"}}, {"raw": 4.0}, [(2, None, 3.0)]),
        ({"values": {"battery": "= payload.raw * 0.5"}}, {"raw": "x", "level": 1}, [(1, None, 0.01)]),
        ({"at": "t", "time": "iso"}, {"t": "2026-06-18T12:00:00+08:00", "v": 1}, [(2, AT, 1.0)]),
        ({"at": "t", "time": "local"}, {"t": "2026-06-18 12:00:00", "v": 1}, [(2, AT, 1.0)]),
        ({"at": "t", "time": "seconds"}, {"t": AT / 1e6, "v": 1}, [(2, AT, 1.0)]),
        (JSON_AT, {"t": AT // 1000, "v": 1}, [(2, AT, 1.0)]),
        (
            {**JSON_AT, "list": "rows"},
            {"rows": [{"t": AT // 1000, "v": 1}, {"t": AT // 1000 + 1, "v": 2}]},
            [(2, AT, 1.0), (2, AT + 1000, 2.0)],
        ),
        ({**JSON_AT, "list": "rows"}, {"t": AT // 1000, "rows": [{"v": 1}, {"v": 2}]}, [(2, AT, 1.0), (2, AT, 2.0)]),
        (
            {"format": "sparkplug"},
            {
                "timestamp": AT // 1000,
                "metrics": [
                    {"name": "v", "value": 1},
                    {"name": "level", "value": 7, "timestamp": AT // 1000 + 5},
                    {"name": "other", "value": 1},
                    {"name": "v", "isNull": True},
                ],
            },
            [(2, AT, 1.0), (1, AT + 5000, 0.07)],
        ),
    ],
)
def test_json_is_read_as_declared(
    payload: dict[str, Any], content: dict[str, Any], values: list[tuple[int, int | None, float]]
) -> None:
    assert check_payload(declared(payload)) is None
    found = decode(mapped(payload), orjson.dumps(content))
    assert [(value.metric, value.at, pytest.approx(value.value)) for value in found.values] == values


def test_csv_is_read_by_columns() -> None:
    mapping = mapped({"format": "csv", "at": "1", "time": "seconds", "values": {"level": "2", "battery": "4"}})
    found = decode(mapping, f"{AT // 10**6},42,x,3.6\n\n{AT // 10**6 + 60};;\n{AT // 10**6 + 60},43,,".encode())
    assert [(value.metric, value.at, pytest.approx(value.value)) for value in found.values] == [
        (1, AT, 0.42),
        (2, AT, 3.6),
        (1, AT + 60_000_000, 0.43),
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"\xff", "encoding"),
        (b"x" * (largest_payload + 1), "size"),
        (b'{"v":NaN}', "json"),
        (b'{"v":"high"}', "value"),
        (b'{"v":[]}', "value"),
        (b'{"v":"nan"}', "value"),
        (b'{"v":"1_0"}', "value"),
        (b"{}", "empty"),
        (b'{"v":1,"t":"x"}', "time"),
        (b'{"v":1,"t":-5}', "time"),
        (b'{"v":1,"t":1e300}', "time"),
        (b'{"v":1,"t":true}', "time"),
        (b"[" * 100_000, "json"),
        (b"1" * 10_000, "json"),
        (b'"text"', "empty"),
    ],
)
def test_what_cannot_be_read_is_named(content: bytes, fault: str) -> None:
    found = decode(mapped(JSON_AT), content)
    assert found.values == []
    assert found.faults == [fault]


def test_one_bad_value_spoils_only_itself() -> None:
    found = decode(mapped({}), b'{"level": 1, "v": "broken"}')
    assert [value.metric for value in found.values] == [1]
    assert found.faults == ["value"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"values": {"level": "=payload."}}, "CEL"),
        ({"values": {"level": "=other + 1"}}, "other"),
        ({"values": {"level": "a//b"}}, "a//b"),
        ({"values": {"level": "=payload.map(x, x)"}}, "loops"),
        ({"format": "csv", "values": {"level": "depth"}}, "column"),
        ({"values": {"level": "=" + "payload+" * 100 + "1"}}, "500"),
    ],
)
def test_paths_that_cannot_be_used_are_told_by_check(payload: dict[str, Any], words: str) -> None:
    wrong = check_payload(declared(payload))
    assert wrong is not None
    assert words in wrong.en
    assert decode(mapped(payload), b'{"level": 1}').values == []


def test_the_address_is_one_level_of_the_topic() -> None:
    assert topics_match("a/{address}/b", "a/x/b") == "x"
    for topic in ("a/b", "a/x/y/b", "a//b", "x/a/b", "a/x/b/", "A/x/b", ""):
        assert topics_match("a/{address}/b", topic) is None


@pytest.mark.parametrize(
    ("content", "online"),
    [
        (b"online", True),
        (b" Offline ", False),
        (b'{"status":"offline"}', False),
        (b'{"online":true}', True),
        (b"1", True),
        (b"?", None),
        (b"\xff", None),
        (b"{}", None),
        (b"[1]", None),
    ],
)
def test_status_words(content: bytes, online: bool | None) -> None:
    assert read_status(content) is online


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["level", "v", "open", "t", "rows", "metrics", "name", "value", "timestamp", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
_forms = st.sampled_from(
    [
        {},
        JSON_AT,
        {"at": "t", "time": "iso"},
        {**JSON_AT, "list": "rows"},
        {"format": "sparkplug"},
        {"values": {"level": "=payload.v + payload.x"}},
        {"format": "csv", "at": "1", "time": "local", "values": {"level": "2"}},
    ]
)


@settings(max_examples=400)
@given(
    _forms,
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | _json.map(lambda value: orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS) if _dumps(value) else b""),
)
def test_no_payload_makes_the_decoder_fail(form: dict[str, Any], content: bytes) -> None:
    found = decode(mapped(form), content)
    assert found.values or found.faults or form.get("format") == "sparkplug" or content == b""


def _dumps(value: object) -> bool:
    try:
        orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return False
    return True
