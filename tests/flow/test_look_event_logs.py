"""Event logs for process mining: well-formed XES of the standard's form and CSV, without persons unless an auditor asks."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree

import pytest

from tests.flow.offices import AREA, Office, actor, at, steps
from yiwang.flow.look import service as look_service
from yiwang.flow.look.eventlog import COLUMNS, TRANSITIONS
from yiwang.flow.look.service import FlowLook, LogFormat, LogRequest
from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.errors import Forbidden, NotFound

READER = actor("受理员", Grant("matter", frozenset({"read"})))
AUDITOR = actor("审核员", Grant("journal", frozenset({"*"})))
XES = "{http://www.xes-standard.org/}"
SINCE, UNTIL = at(0, day=1), at(23, day=30)


async def log(
    office: Office,
    key: str,
    format: LogFormat = "xes",
    who: Actor = READER,
    *,
    people: bool = False,
    since: datetime = SINCE,
    until: datetime = UNTIL,
    version: int | None = None,
    area: str = "",
) -> str:
    wanted = LogRequest(key, version, since, until, area, format, people)
    pieces = await FlowLook(office.flow).log(wanted, who, "zh")
    return b"".join([piece async for piece in pieces]).decode()


async def worked(office: Office, key: str, cases: int = 1) -> list[UUID]:
    """Cases of two steps, the first sent back once: accepted at 9, handled at 10, back, and again until 13."""
    sheet = steps(["a", "b"], key)
    sheet.parts = [part.replace('name="a"', 'name="受理 &amp; &lt;登记&gt;"') for part in sheet.parts]
    definition = await office.publish(sheet)
    found = []
    for number in range(cases):
        office.set_clock(at(9) + timedelta(seconds=number))
        case = (await office.start(definition)).instance_id
        for hour, node in ((10, "a"), (11, ""), (12, "a"), (13, "b")):
            office.set_clock(at(hour) + timedelta(seconds=number))
            if node:
                await office.complete(case, node, who=actor("受理员"))
            else:
                await office.send_back(case, "b", "a", actor("受理员"))
        found.append(case)
    return found


def values(element: ElementTree.Element) -> dict[str, str]:
    return {child.get("key", ""): child.get("value", "") for child in element if child.get("key")}


async def test_XES的结构符合标准(office: Office) -> None:
    (case,) = await worked(office, "standard")
    root = ElementTree.fromstring(await log(office, "standard"))
    assert root.tag == f"{XES}log"
    assert (root.get("xes.version"), root.get("xes.features")) == ("1849.2016", "")
    order = [child.tag.removeprefix(XES) for child in root]
    assert order == ["extension"] * 4 + ["global"] * 2 + ["classifier"] * 2 + ["string"] * 3 + ["trace"]
    prefixes = {(item.get("name"), item.get("prefix"), item.get("uri")) for item in root.findall(f"{XES}extension")}
    assert prefixes == {
        (name, prefix, f"http://www.xes-standard.org/{prefix}.xesext")
        for name, prefix in (
            ("Concept", "concept"),
            ("Lifecycle", "lifecycle"),
            ("Time", "time"),
            ("Organizational", "org"),
        )
    }
    everywhere = {item.get("scope"): set(values(item)) for item in root.findall(f"{XES}global")}
    trace = root.find(f"{XES}trace")
    assert trace is not None
    assert values(trace)["concept:name"] == str(case)
    assert everywhere["trace"] <= values(trace).keys()
    events = [values(event) for event in trace.findall(f"{XES}event")]
    assert all(everywhere["event"] <= event.keys() for event in events)
    standard = {"schedule", "assign", "start", "complete", "autoskip", "withdraw", "ate_abort", "pi_abort"}
    assert {event["lifecycle:transition"] for event in events} <= standard
    assert set(TRANSITIONS.values()) <= standard
    moments = [datetime.fromisoformat(event["time:timestamp"]) for event in events]
    assert moments == sorted(moments)
    for element in root.iter():
        if element.get("key"):
            assert element.tag.removeprefix(XES) in {"string", "date", "int", "float", "boolean"}
            assert re.fullmatch(r"[a-z_]+(:[a-z]+)?", element.get("key", ""))


async def test_每一步一个开始一个结束(office: Office) -> None:
    await worked(office, "pairs")
    root = ElementTree.fromstring(await log(office, "pairs"))
    events = [values(event) for event in root.iter(f"{XES}event")]
    named = [(event["concept:name"], event["lifecycle:transition"], event.get("how", "")) for event in events]
    first = "受理 & <登记>"
    assert named == [
        (first, "start", ""),
        (first, "complete", "done"),
        ("b", "start", ""),
        ("b", "complete", "sent_back"),
        (first, "start", ""),
        (first, "complete", "done"),
        ("b", "start", ""),
        ("b", "complete", "done"),
    ]
    assert [event.get("outcome") for event in events if "how" in event] == ["ok", None, "ok", "ok"]
    instances = [event["concept:instance"] for event in events]
    assert len(set(instances)) == 4
    assert instances[::2] == instances[1::2]
    assert {event["org:resource"] for event in events} == {"指挥中心/acceptor"}
    assert {event["org:group"] for event in events} == {"指挥中心"}


async def test_日志里没有人名_也没有办理意见(office: Office) -> None:
    await worked(office, "no-names")
    for format in ("xes", "csv"):
        text = await log(office, "no-names", format)  # type: ignore[arg-type]
        assert "受理员" not in text
        assert str(actor("受理员").account_id) not in text
        assert "材料不全" not in text


async def test_人名只给审计员_并且留痕(office: Office) -> None:
    await worked(office, "with-names")
    with pytest.raises(Forbidden):
        await log(office, "with-names", people=True)
    text = await log(office, "with-names", "csv", AUDITOR, people=True)
    assert "受理员" in text
    assert "材料不全" not in text
    async with office.database.connection() as connection:
        entry = await connection.fetchrow("select * from journal where verb = 'definition.log_exported'")
    assert entry is not None
    assert entry["actor_id"] == AUDITOR.account_id
    assert entry["data"]["key"] == "with-names"


async def test_CSV一行一步_时间带时区(office: Office) -> None:
    (case,) = await worked(office, "lines")
    text = await log(office, "lines", "csv")
    assert text.startswith("\ufeffcase_id,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["activity"], row["how"], row["outcome"]) for row in rows] == [
        ("受理 & <登记>", "done", "ok"),
        ("b", "sent_back", ""),
        ("受理 & <登记>", "done", "ok"),
        ("b", "done", "ok"),
    ]
    assert {row["case_id"] for row in rows} == {str(case)}
    assert (rows[0]["start_timestamp"], rows[0]["complete_timestamp"]) == (
        "2026-06-15T01:00:00.000+00:00",
        "2026-06-15T02:00:00.000+00:00",
    )
    assert {row["resource"] for row in rows} == {"指挥中心/acceptor"}


async def test_formulas_in_names_stay_text(office: Office) -> None:
    sheet = steps(["a"], "formula")
    sheet.parts = [part.replace('name="a"', "name=\"=cmd|'/c calc'!A1\"") for part in sheet.parts]
    definition = await office.publish(sheet)
    office.set_clock(at(9))
    await office.complete((await office.start(definition)).instance_id, "a")
    (row,) = csv.DictReader(io.StringIO((await log(office, "formula", "csv")).removeprefix("\ufeff")))
    assert row["activity"] == "'=cmd|'/c calc'!A1"


async def test_every_case_comes_once_however_many_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = await worked(office, "paged", 7)
    monkeypatch.setattr(look_service, "cases_a_page", 3)
    wanted = LogRequest("paged", None, SINCE, UNTIL, "", "csv", people=False)
    pieces = [piece async for piece in await FlowLook(office.flow).log(wanted, READER, "zh")]
    assert len(pieces) == 4  # the head, and 3 + 3 + 1 cases
    rows = list(csv.DictReader(io.StringIO(b"".join(pieces).decode().removeprefix("\ufeff"))))
    assert [row["case_id"] for row in rows[::4]] == [str(case) for case in cases]
    assert len(rows) == 4 * 7


async def test_cases_that_started_in_the_period_and_lie_in_the_area(office: Office) -> None:
    cases = await worked(office, "chosen", 3)

    async def logged(**limits: object) -> set[str]:
        text = await log(office, "chosen", "csv", **limits)  # type: ignore[arg-type]
        return {row["case_id"] for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))}

    assert await logged() == {str(case) for case in cases}
    assert await logged(since=at(9) + timedelta(seconds=1)) == {str(case) for case in cases[1:]}
    assert await logged(until=at(9) + timedelta(seconds=1)) == {str(cases[0])}
    assert await logged(area=AREA[:6]) == {str(case) for case in cases}
    assert await logged(area="110101") == set()
    assert await logged(version=1) == {str(case) for case in cases}
    with pytest.raises(NotFound):
        await log(office, "chosen", version=2)


async def test_whole_cases_or_none(office: Office) -> None:
    """A grant that reaches single organisations would show torn cases, so it shows none."""
    await worked(office, "whole")
    for grants, lines in (
        ((Grant("matter", frozenset({"read"}), AREA[:6]),), 4),
        ((Grant("matter", frozenset({"read"}), organisations=frozenset({1})),), 0),
        ((Grant("matter", frozenset({"read"}), "110101"),), 0),
        ((Grant("other", frozenset({"read"})),), 0),
        ((Grant("journal", frozenset({"read"})),), 4),
    ):
        text = await log(office, "whole", "csv", actor("受理员", *grants))
        assert len(text.splitlines()) == 1 + lines
    with pytest.raises(Forbidden):
        await log(office, "whole", "csv", actor("受理员"))


async def test_passed_over_steps_are_skipped_in_the_standards_words(office: Office) -> None:
    sheet = steps(["a", "c"], "skipping").task("k", who='<yiwang:who post="vacant" empty="skip"/>')
    definition = await office.publish(sheet.without("a-c").line("a", "k", "c"))
    office.set_clock(at(9))
    case = (await office.start(definition)).instance_id
    office.set_clock(at(10))
    await office.complete(case, "a")
    async with office.database.transaction() as connection:
        await office.flow.cancel(connection, case, SYSTEM, "重复", office.now)
    root = ElementTree.fromstring(await log(office, "skipping"))
    named = [(event["concept:name"], event["lifecycle:transition"]) for event in map(values, root.iter(f"{XES}event"))]
    assert sorted(named) == [("a", "complete"), ("a", "start"), ("c", "pi_abort"), ("c", "start"), ("k", "autoskip")]


async def test_an_empty_log_is_a_good_one(office: Office) -> None:
    await office.publish(steps(["a"], "empty"))
    root = ElementTree.fromstring(await log(office, "empty"))
    assert root.findall(f"{XES}trace") == []
    assert (await log(office, "empty", "csv")).splitlines() == ["\ufeff" + ",".join(COLUMNS)]


_MINING = """
import sys, pm4py
log = pm4py.read_xes(sys.argv[1])
print(len(log), log["case:concept:name"].nunique(), sorted(log["concept:name"].unique()))
import pandas
table = pandas.read_csv(sys.argv[2])
table = pm4py.format_dataframe(table, case_id="case_id", activity_key="activity", timestamp_key="complete_timestamp")
graph, starts, ends = pm4py.discover_dfg(table)
print(sorted(graph.items()), starts, ends)
"""


def _mining_python() -> str:
    """An interpreter that has pm4py: this one, or the one that YIWANG_PM4PY_PYTHON names."""
    for found in filter(None, (os.environ.get("YIWANG_PM4PY_PYTHON"), sys.executable)):
        if subprocess.run([found, "-c", "import pm4py"], capture_output=True, check=False).returncode == 0:
            return found
    pytest.skip(
        "pm4py is not installed (AGPL, 500 MB with what it needs); YIWANG_PM4PY_PYTHON may name a Python that has it"
    )


async def test_pm4py_reads_both(office: Office, tmp_path: Path) -> None:
    python = await asyncio.to_thread(_mining_python)
    await worked(office, "mined", 3)
    xes, table = tmp_path / "log.xes", tmp_path / "log.csv"
    xes.write_text(await log(office, "mined"), encoding="utf-8")
    table.write_text(await log(office, "mined", "csv"), encoding="utf-8")
    run = await asyncio.to_thread(
        subprocess.run, [python, "-c", _MINING, xes, table], capture_output=True, text=True, check=False, timeout=240
    )
    assert run.returncode == 0, run.stderr
    lines = [line for line in run.stdout.splitlines() if line.strip()]
    first = "受理 & <登记>"
    assert lines[0] == f"24 3 ['b', '{first}']"
    assert lines[1] == f"[(('b', '{first}'), 3), (('{first}', 'b'), 6)] {{'{first}': 3}} {{'b': 3}}"
