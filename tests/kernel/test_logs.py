"""Logs: one JSON object a line, everything else looks alike, private facts never pass."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from yiwang.kernel import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def line(stream: io.StringIO) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return parsed


def test_每行一个JSON对象_带请求号和时长(written: io.StringIO) -> None:
    with logs.bound(request="r-1"):
        logs.get("casework").info("case opened", case="120111-1", milliseconds=3.5)
    found = line(written)
    assert found["message"] == "case opened"
    assert (found["logger"], found["level"], found["request"]) == ("yiwang.casework", "info", "r-1")
    assert found["milliseconds"] == 3.5
    assert str(found["timestamp"]).endswith("Z")


def test_other_libraries_write_the_same_lines(written: io.StringIO) -> None:
    logging.getLogger("granian").info("listening on %s", "127.0.0.1")
    assert (line(written)["message"], line(written)["logger"]) == ("listening on 127.0.0.1", "granian")


def test_below_the_level_nothing_is_written(written: io.StringIO) -> None:
    logs.get("geo").debug("noise")
    assert written.getvalue() == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("phone", "13812341234"),
        ("password", "x"),
        ("note", "call 13812341234 today"),
        ("note", "身份证11010519491231002X。"),
        ("header", "Bearer yw_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("url", "postgresql://yiwang:hunter2@db/yiwang"),
    ],
)
def test_个人信息和口令不进日志(written: io.StringIO, key: str, value: str) -> None:
    logs.get("identity").info("seen", **{key: value})
    text = written.getvalue()
    for secret in ("13812341234", "11010519491231002X", "abcdefghijkl", "hunter2"):
        assert secret not in text
    assert logs.withheld in text


def insert_twice() -> None:
    raise ValueError("Key (phone)=(13812341234) already exists")


def test_errors_come_with_their_traceback_and_without_private_text(written: io.StringIO) -> None:
    try:
        insert_twice()
    except ValueError:
        logs.get("casework").exception("create failed")
    found = line(written)
    assert "ValueError" in str(found["exception"])
    assert "13812341234" not in written.getvalue()


def test_console_form_is_for_the_eye() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    logs.configure("info", "console", stream)
    logs.get("cli").info("ready", url="http://127.0.0.1:8000")
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    assert "ready" in stream.getvalue()
    assert "{" not in stream.getvalue()
