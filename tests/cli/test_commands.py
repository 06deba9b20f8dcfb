"""Commands: what they print, what they change, and the exit codes that they promise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.cli.conftest import ROOT, Command
from yiwang.cli.documentation import pages
from yiwang.cli.main import app
from yiwang.kernel import jobs
from yiwang.kernel.database import connect

pytestmark = pytest.mark.usefixtures("in_city")


@pytest.fixture
def in_city(city_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_DATABASE_URL", city_url)


def test_help_names_every_command_in_both_languages(yiwang: Command) -> None:
    answer = yiwang("--help")
    assert answer.code == 0
    for name in (
        *("run", "serve", "worker", "migrate", "up", "check", "scenario", "simulate", "packs", "doctor", "journal"),
        *("import", "report", "account", "clock", "jobs", "bench", "backup", "restore", "docs"),
    ):
        assert re.search(rf"^│ {name} ", answer.out, re.MULTILINE), name
    assert re.search(r"[\u4e00-\u9fff]", answer.out)
    assert app.info.name == "yiwang"


def test_wrong_command_line_exits_2(yiwang: Command) -> None:
    assert yiwang("no-such-command").code == 2
    assert yiwang("clock", "set", "--speed", "-3").code == 2


def test_设置有误_退出码4_指出变量(yiwang: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_PORT", "70000")
    monkeypatch.setenv("YIWANG_WORKERS", "many")
    answer = yiwang("clock", "show")
    assert answer.code == 4
    assert "YIWANG_PORT" in answer.error
    assert "YIWANG_WORKERS" in answer.error


def test_城市文件夹不对_退出码4_说明怎么办(yiwang: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YIWANG_CITY", str(tmp_path))
    answer = yiwang("clock", "show")
    assert answer.code == 4
    assert "yiwang check" in answer.error


def test_数据库结构过旧_退出码4_提示升级(
    yiwang: Command, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIWANG_DATABASE_URL", empty_database_url)
    answer = yiwang("jobs", "list")
    assert answer.code == 4
    assert "yiwang migrate" in answer.error
    done = yiwang("migrate", "--json").json()
    assert done["applied"][0] == "0001"
    assert done["revision"] == done["applied"][-1]
    assert yiwang("migrate", "--json").json()["applied"] == []
    assert yiwang("jobs", "list", "--json").json()["waiting"] == 0


@pytest.fixture
async def empty_database_url(server: Any) -> Any:
    name = "empty_for_commands"
    await server.drop_database(name)
    yield await server.ensure_database(name)
    await server.drop_database(name)


def test_clock_shows_and_turns_only_forward(yiwang: Command) -> None:
    before = yiwang("clock", "show", "--json").json()
    assert before["simulated"] is True
    after = yiwang("clock", "set", "--speed", "0", "--to", "2026-06-18T09:00", "--json").json()
    assert after == {"now": "2026-06-18T09:00:00+08:00", "simulated": True, "speed": 0.0}
    back = yiwang("clock", "set", "--to", "2026-06-18T08:00")
    assert back.code == 3
    assert "clock.backwards" in back.error
    assert yiwang("clock", "set", "--to", "tomorrow").code == 3


def test_account_create_reset_unlock(yiwang: Command) -> None:
    made = yiwang("account", "create", "newadmin", "新管理员", "--administrator", "system", "--json").json()
    assert (made["login"], made["role"]) == ("newadmin", "system-admin")
    assert len(made["one_time_password"]) >= 8
    again = yiwang("account", "create", "newadmin", "又一个")
    assert (again.code, "identity.login_taken" in again.error) == (3, True)
    reset = yiwang("account", "reset", "newadmin", "--json").json()
    assert reset["one_time_password"] != made["one_time_password"]
    assert yiwang("account", "reset", "nobody").code == 3
    assert yiwang("account", "unlock", "newadmin").code == 0
    assert yiwang("account", "unlock", "nobody").code == 3


def test_journal_seal_verify_export(yiwang: Command, tmp_path: Path) -> None:
    yiwang("journal", "seal")
    report = yiwang("journal", "verify", "--json").json()
    assert report["whole"] is True
    assert report["entries"] > 0
    out = tmp_path / "journal.jsonl"
    assert yiwang("journal", "export", str(out)).code == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) >= report["entries"]
    rest = tmp_path / "rest.jsonl"
    yiwang("journal", "export", str(rest), "--after", lines[4]["cursor"])
    assert json.loads(rest.read_text(encoding="utf-8").splitlines()[0]) == lines[5]


async def _tamper(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("alter table journal disable trigger journal_append_only")
    await connection.execute("update journal set actor_name = '另一人' where seq = (select min(seq) from journal)")
    await connection.execute("alter table journal enable trigger journal_append_only")
    await connection.close()


def test_日志被改动_校验失败_退出码1(yiwang: Command, city_url: str) -> None:
    import asyncio

    yiwang("journal", "seal")
    asyncio.run(_tamper(city_url))
    answer = yiwang("journal", "verify", "--json")
    assert answer.code == 1
    assert answer.json()["broken"] == 1


async def _dead_job(url: str) -> int:
    connection = await connect(url)
    from pydantic import BaseModel

    class Nothing(BaseModel):
        pass

    number = await jobs.enqueue(connection, jobs.Kind("test.dead", Nothing), Nothing())
    await connection.execute("update pgqueuer set status = 'failed' where id = $1", number)
    await connection.close()
    assert number is not None
    return number


def test_放弃的任务可见_可重试(yiwang: Command, city_url: str) -> None:
    import asyncio

    number = asyncio.run(_dead_job(city_url))
    listed = yiwang("jobs", "list", "--json")
    assert listed.code == 1
    assert [item["id"] for item in listed.json()["dead_jobs"]] == [number]
    assert yiwang("jobs", "retry", str(number), "--json").json() == {"retried": 1}
    assert yiwang("jobs", "list", "--json").code == 0


def test_up_again_changes_nothing(yiwang: Command) -> None:
    report = yiwang("up", "--json").json()
    assert report["city"] == "small"
    assert report["changed"] is False


def test_check_and_packs_answer_in_json(yiwang: Command) -> None:
    checked = yiwang("check", "--city", str(ROOT / "tests" / "cities" / "small"), "--json")
    assert checked.code in (0, 1)
    shipped = {path.parent.name for path in (ROOT / "packs").glob("*/pack.yaml")}
    assert {"urban-management", "hotline-12345", "grid-management"} < shipped
    assert checked.json()["checked"]["packs"] == len(shipped)
    assert {row["id"] for row in yiwang("packs", "--json").json()} == shipped


def test_timeliness_of_an_empty_history(yiwang: Command) -> None:
    answer = yiwang("report", "timeliness", "--json").json()
    assert answer["total"]["cases"] == 0
    assert answer["total"]["rate"] is None


def test_doctor_names_what_is_wrong_in_json(yiwang: Command) -> None:
    answer = yiwang("doctor", "--json")
    assert {item["level"] for item in answer.json()} <= {"ok", "warn", "fail"}
    assert answer.code == int(any(item["level"] == "fail" for item in answer.json()))


@pytest.mark.parametrize("name", ["errors", "settings", "cli", "http"])
def test_生成的参考文档与代码一致(name: str) -> None:
    path = ROOT / "docs" / "reference" / f"{name}.md"
    assert path.read_text(encoding="utf-8") == pages()[name], f"{path} is out of date; run: make docs"
