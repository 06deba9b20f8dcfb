"""Packs of a running city: upgraded with its cases untouched, given up with its history kept, taken up again.

One city that runs from the first test to the last, as a city does.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from yiwang.http.services import Services
from yiwang.http.trial import Trial, open_trial, publish, trial_settings
from yiwang.kernel.database import JsonObject
from yiwang.packs.errors import PacksWouldLose
from yiwang.packs.install import InstallReport, install_city, surveyed_city
from yiwang.packs.remote import Refused, Remote, objects
from yiwang.packs.upgrading.moves import Survey

SOUND = Path(__file__).parent / "sound"
PASSWORD = "Hill-city-2026"  # of the tests' city's demo accounts
POST_TYPE = """id: lamp-post
names: {zh: 灯杆, en: Lamp post}
geometry: none
area: none
attributes:
  code: {names: {zh: 编号, en: Number}, schema: {type: string, maxLength: 20}, required: true}
  height: {names: {zh: 高度, en: Height}, schema: {type: number}}
keys: {code: [code]}
presentation: {title: [code], list: [code], detail: [[code]]}
"""
LEAVING = "packs: [lamps]\nretired: [wishes]"


@dataclass
class Running:
    """The city, its folder, and those who act in it."""

    root: Path
    trial: Trial
    people: dict[str, Remote]

    @property
    def services(self) -> Services:
        return self.trial.services

    async def person(self, login: str = "") -> Remote:
        if login not in self.people:
            self.people[login] = Remote(self.trial.client(), len(self.people))
            if login:
                await self.people[login].sign_in(login, PASSWORD)
        return self.people[login]

    def write(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text("utf-8")
        assert old in text, f"{old} in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    async def look(self) -> Survey:
        return await surveyed_city(self.services.context, self.root / "cities/hill")

    async def up(self) -> InstallReport:
        report = await install_city(self.services.context, self.services, self.root / "cities/hill")
        await self.services.refresh()
        return report

    async def report(self, type: str, channel: str) -> JsonObject:
        resident = await self.person()
        return await resident.post("/cases", {"type": type, "channel": channel, "text": "学校门口路灯不亮了"})

    async def tasks(self, login: str, case: JsonObject) -> list[JsonObject]:
        found = objects((await (await self.person(login)).get("/tasks")).get("items"))
        return [task for task in found if isinstance(task["case"], dict) and task["case"]["number"] == case["number"]]

    async def finish(self, case: JsonObject) -> None:
        """Take a case through all its steps."""
        office = self.services.identity.directory.organisation_by_code("lighting-office")
        assert office is not None
        for login, body in (
            ("acceptor1", {"outcome": "file", "department": "lighting-office"}),
            ("handler1", {"outcome": "finish"}),
        ):
            task = (await self.tasks(login, case))[0]
            await (await self.person(login)).post(f"/tasks/{task['id']}/complete", dict(body))

    async def state(self, case: JsonObject) -> str:
        async with self.services.context.database.connection() as connection:
            return str(await connection.fetchval("select state from case_file where number = $1", case["number"]))

    async def version(self, case: JsonObject) -> int:
        """The version of its flow by which a case walks."""
        async with self.services.context.database.connection() as connection:
            found: int = await connection.fetchval(
                "select d.version from case_file c join flow_instance i on i.id = c.id"
                " join flow_definition d on d.id = i.definition_id where c.number = $1",
                case["number"],
            )
            return found


@pytest.fixture(scope="module")
async def running(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    root = tmp_path_factory.mktemp("city")
    shutil.copytree(SOUND, root, dirs_exist_ok=True)
    types = root / "packs/wishes/types"
    types.mkdir()
    (types / "lamp-post.yaml").write_text(POST_TYPE, encoding="utf-8")
    (root / "packs/wishes/roles.yaml").write_text(
        "posts:\n  - {code: handler, names: {zh: 处置员, en: Handler}, roles: [post-keeping]}\n"
        "roles:\n  - code: post-keeping\n    names: {zh: 灯杆登记, en: Keeper of posts}\n"
        "    grants:\n      - {kind: thing-lamp-post, verbs: [read, record]}\n",
        encoding="utf-8",
    )
    wish = root / "packs/wishes/cases/wish.yaml"
    wish.write_text(wish.read_text("utf-8") + 'default_class: "01"\n', encoding="utf-8")
    settings = trial_settings(root / "home", root / "cities/hill", root / "packs")
    await publish(settings, database_url)
    async with open_trial(settings, database_url, datetime(2026, 6, 18, 0, 30, tzinfo=UTC)) as trial:
        yield Running(root, trial, {})


async def test_升级_先说明变化_在办案件仍按原版本(running: Running) -> None:
    assert (await running.look()).moves == ()
    case = await running.report("lamp-case", "resident")
    handler = await running.person("handler1")
    assert (await handler.post("/things/lamp-post", {"attributes": {"code": "A1", "height": 8}}))["outcome"] == "new"
    running.write("packs/lamps/pack.yaml", 'version: "0.1"', 'version: "0.2"')
    running.write("packs/lamps/flows/lamp-life.bpmn", 'deadline="1工作时"', 'deadline="2工作时"')
    running.write(
        "packs/lamps/cases/lamp-case.yaml",
        "fields:",
        "fields:\n  lane:\n    names: {zh: 车道, en: Lane}\n    schema: {type: string}",
    )
    found = await running.look()
    assert [(one.pack, one.move, one.before, one.after) for one in found.moves] == [("lamps", "upgraded", "0.1", "0.2")]
    told = {(one.kind, one.id): one for one in found.changes}
    assert told["flow", "lamp-life"].running == 1
    assert "2工作时" in told["flow", "lamp-life"].lines[0].zh
    assert told["case", "lamp-case"].lines[0].zh == "新增字段 lane"
    assert found.losses == ()
    assert await running.version(case) == 1, "looking changes nothing"
    await running.up()
    later = await running.report("lamp-case", "resident")
    assert (await running.version(case), await running.version(later)) == (1, 2)
    await running.finish(case)
    assert await running.state(case) == "closed"
    assert (await running.look()).moves == ()


async def test_会丢失记录的升级被拒绝_并说明办法(running: Running) -> None:
    running.write(
        "packs/wishes/types/lamp-post.yaml", "  height: {names: {zh: 高度, en: Height}, schema: {type: number}}\n", ""
    )
    before = await _everything(running)
    with pytest.raises(PacksWouldLose) as raised:
        await running.up()
    assert [item.code for item in raised.value.errors] == ["packs.values_there"]
    assert raised.value.errors[0].where.endswith("packs/wishes/types/lamp-post.yaml:5")
    assert "older" in raised.value.errors[0].zh
    assert await _everything(running) == before
    running.write(
        "packs/wishes/types/lamp-post.yaml",
        "geometry: none",
        "version: 2\nolder: [{version: 1, dropped: [height]}]\ngeometry: none",
    )
    assert (await running.look()).losses == ()
    await running.up()
    handler = await running.person("handler1")
    item = objects((await handler.get("/things/lamp-post"))["items"])[0]
    assert item["title"] == "A1"


async def test_有在办案件或记录的应用包不能直接移除(running: Running) -> None:
    case = await running.report("wish", "web")
    running.write("cities/hill/city.yaml", "packs: [lamps, wishes]", "packs: [lamps]")
    with pytest.raises(PacksWouldLose) as raised:
        await running.up()
    assert {item.code for item in raised.value.errors} == {"packs.cases_running", "packs.records_there"}
    assert all("retired: [wishes]" in item.zh for item in raised.value.errors)
    assert await running.state(case) == "open"
    running.write("cities/hill/city.yaml", "packs: [lamps]", LEAVING)
    found = await running.look()
    assert [(one.pack, one.move) for one in found.moves] == [("wishes", "retired")]
    assert {(one.id, one.what, one.running, one.records) for one in found.changes} == {
        ("wish", "gone", 1, 0),
        ("lamp-post", "gone", 0, 1),
    }


async def test_停用后不再受理_在办的办完_记录可查(running: Running) -> None:
    wish = await running.report("wish", "web")
    await running.up()
    with pytest.raises(Refused) as refused:
        await running.report("wish", "web")
    assert refused.value.code == "case.type_retired"
    offered = objects((await (await running.person()).get("/case-types"))["items"])
    assert [item["id"] for item in offered] == ["lamp-case"]
    await running.finish(wish)
    assert await running.state(wish) == "closed"
    handler = await running.person("handler1")
    assert objects((await handler.get("/things/lamp-post"))["items"])[0]["title"] == "A1"
    with pytest.raises(Refused) as refused:
        await handler.post("/things/lamp-post", {"attributes": {"code": "A2"}})
    assert refused.value.code == "identity.forbidden"
    assert not (await running.up()).changed
    running.write("cities/hill/city.yaml", LEAVING, "packs: [lamps]")
    with pytest.raises(PacksWouldLose) as raised:
        await running.up()
    assert {item.code for item in raised.value.errors} == {"packs.cases_running", "packs.records_there"}
    running.write("cities/hill/city.yaml", "packs: [lamps]", LEAVING)


async def test_重新启用后接着办(running: Running) -> None:
    running.write("cities/hill/city.yaml", LEAVING, "packs: [lamps, wishes]")
    assert [(one.pack, one.move) for one in (await running.look()).moves] == [("wishes", "back")]
    await running.up()
    case = await running.report("wish", "web")
    assert await running.state(case) == "open"
    handler = await running.person("handler1")
    assert (await handler.post("/things/lamp-post", {"attributes": {"code": "A2"}}))["outcome"] == "new"
    async with running.services.context.database.connection() as connection:
        row = await connection.fetchrow("select standing, version from installed_pack where id = 'wishes'")
    assert row is not None
    assert tuple(row) == ("here", "0.1")


async def test_没有牵挂的应用包可以移除_历史照旧可读(running: Running) -> None:
    """Another pack, which never had a record, leaves; what its closed cases were stays readable."""
    pack = running.root / "packs/benches"
    for room in ("cases", "classes"):
        (pack / room).mkdir(parents=True)
    source = running.root / "packs/wishes"
    for file in ("pack.yaml", "README.md", "cases/wish.yaml", "classes/wish-kinds.yaml"):
        text = (
            (source / file).read_text("utf-8").replace("wishes", "benches").replace("wish", "bench").replace("W{", "B{")
        )
        (pack / file.replace("wish", "bench")).write_text(text, encoding="utf-8")
    running.write("cities/hill/city.yaml", "packs: [lamps, wishes]", "packs: [lamps, wishes, benches]")
    await running.up()
    case = await running.report("bench", "web")
    await running.finish(case)
    running.write("cities/hill/city.yaml", "packs: [lamps, wishes, benches]", "packs: [lamps, wishes]")
    await asyncio.to_thread(shutil.rmtree, pack)
    found = await running.look()
    assert [(one.pack, one.move) for one in found.moves] == [("benches", "left")]
    entries = await _journal(running)
    await running.up()
    with pytest.raises(Refused) as refused:
        await running.report("bench", "web")
    assert refused.value.code == "case.type_retired"
    page = await (await running.person()).post("/cases/follow", {"number": case["number"], "code": case["code"]})
    assert page["number"] == case["number"]
    assert (await _journal(running))[: len(entries)] == entries
    assert (await running.look()).moves == ()


async def _everything(running: Running) -> list[object]:
    async with running.services.context.database.connection() as connection:
        return [
            await connection.fetchval(f"select count(*) from {table}")
            for table in ("case_type", "flow_definition", "thing_type", "journal", "role", "installed_pack")
        ]


async def _journal(running: Running) -> list[str]:
    async with running.services.context.database.connection() as connection:
        rows = await connection.fetch("select verb from journal order by tx, seq")
        return [row["verb"] for row in rows]
