"""``yiwang flow diff``, ``migrate`` and ``simulate``: versions of flows from the machine itself."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.flow.offices import steps
from yiwang.cli.environment import services
from yiwang.cli.output import NOT_IN_ORDER, REFUSED
from yiwang.http.services import Services
from yiwang.kernel.access import SYSTEM

KEY = "leave"


@pytest.fixture(autouse=True)
def in_city(yiwang: Command, city_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_DATABASE_URL", city_url)


def with_services(work: Callable[[Services], Awaitable[None]]) -> None:
    async def run() -> None:
        async with services() as opened:
            await work(opened)

    asyncio.run(run())


def named(key: str, *names: str) -> str:
    return steps(names, key).xml


async def begin(opened: Services, key: str) -> None:
    """Three instances of version 1, one of them a step further; then version 2."""
    flow, now = opened.flow, opened.context.clock.now()
    async with opened.context.database.transaction() as connection:
        definition = await flow.publish(connection, key, named(key, "a", "b"), SYSTEM, now)
        answers = [await flow.begin(connection, definition, {}, SYSTEM, now) for _ in range(3)]
        await flow.complete(connection, answers[0].new_tasks[0].id, SYSTEM, "ok", {}, now)
        await flow.publish(connection, key, named(key, "a", "c"), SYSTEM, now)


def test_两个文件或两个版本的不同(yiwang: Command, tmp_path: Path) -> None:
    files = [tmp_path / "old.bpmn", tmp_path / "new.bpmn"]
    files[0].write_text(named(KEY, "a"), encoding="utf-8")
    files[1].write_text(named(KEY, "a", "b"), encoding="utf-8")
    assert "新增步骤(b),在步骤(a)之后" in yiwang("flow", "diff", *map(str, files)).out
    found = yiwang("flow", "diff", *map(str, files), "--json").json()
    assert {change["kind"] for change in found["changes"]} == {"added", "connected"}
    assert "step (b) is new" in yiwang("flow", "diff", *map(str, files), "--lang", "en").out
    with_services(lambda opened: begin(opened, "compared-here"))
    assert "步骤(c)" in yiwang("flow", "diff", "compared-here", "--from", "1", "--to", "2").out
    missing = yiwang("flow", "diff", "compared-here")
    assert (missing.code, "没有草稿" in missing.error) == (REFUSED, True)


def test_默认只试运行_写明不能迁移的_再真的迁移(yiwang: Command, tmp_path: Path) -> None:
    with_services(lambda opened: begin(opened, KEY))
    sheet = tmp_path / "cannot.csv"
    tried = yiwang("flow", "migrate", KEY, "--from", "1", "--to", "2", "--report", str(sheet))
    assert tried.code == NOT_IN_ORDER
    assert "可以迁移 2,不能迁移 1" in tried.out
    assert "step_gone" in tried.out
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["at"], row["code"]) for row in rows] == [("b", "step_gone")]
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("steps: {b: c}\n", encoding="utf-8")
    done = yiwang("flow", "migrate", KEY, "--from", "1", "--to", "2", "--mapping", str(mapping), "--execute", "--json")
    found = done.json()
    assert (done.code, found["moved"], found["refused"], found["dry_run"]) == (0, 3, 0, False)
    again = yiwang("flow", "migrate", KEY, "--from", "1", "--to", "2", "--execute", "--resume", found["id"], "--json")
    assert (again.code, again.json()["moved"]) == (0, 3)
    mapping.write_text("steps: [b]\n", encoding="utf-8")
    assert yiwang("flow", "migrate", KEY, "--from", "1", "--to", "2", "--mapping", str(mapping)).code == REFUSED


def test_试算一个文件(yiwang: Command, tmp_path: Path) -> None:
    with_services(lambda opened: begin(opened, "simulated-here"))
    file, assume = tmp_path / "new.bpmn", tmp_path / "assume.json"
    file.write_text(named("simulated-here", "a", "new", "b"), encoding="utf-8")
    assume.write_text(json.dumps({"durations": {"new": "1工作日", "b": "1工作时"}}), encoding="utf-8")
    period = ("--from", "2020-01-01", "--to", "2070-01-01")
    words = ("flow", "simulate", "simulated-here", *period, "--file", str(file), "--assume", str(assume))
    found = yiwang(*words, "--json").json()
    assert (found["found"], found["simulated"]["ended"], found["real"]["ended"]) == (3, 3, 0)
    assert {step["node"]: list(step["grounds"]) for step in found["steps"]}["new"] == ["given"]
    table = yiwang(*words).out
    assert "试算" in table
    assert "给定" in table
    assert yiwang("flow", "simulate", "simulated-here", "--from", "2001-01-01", "--to", "2001-02-01").code == REFUSED
    assume.write_text('{"share": -1}', encoding="utf-8")
    assert yiwang(*words).code == REFUSED
