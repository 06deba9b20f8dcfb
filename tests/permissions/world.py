"""A little of everything: cases in every stage, in every area, with every kind of office, for the matrix to be held against."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from permissions.declared import Person, Place
from support.http_city import HttpCity, jpeg

from yiwang.casework.model import Opened

WORD = "矩阵试验"
FIRST, SECOND, WEST = (117.0182, 39.004), (117.0132, 39.013), (117.0042, 39.005)


@dataclass(frozen=True, slots=True)
class Task:
    """A live task: who has it."""

    id: UUID
    post: tuple[str, str, str] | None
    login: str | None

    def with_person(self, person: Person) -> bool:
        return person.account == self.login if self.login is not None else self.post in person.posts


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as it stands: the facts that decide who may see it and what may be done."""

    name: str
    id: UUID
    number: str
    code: str
    state: str
    stage: str
    place: Place
    located: bool
    tasks: tuple[Task, ...]
    attachments: tuple[UUID, ...]
    suspended: bool
    closed_at: bool
    walkers: frozenset[str]

    def has_task(self, person: Person) -> bool:
        return any(task.with_person(person) for task in self.tasks)

    def listed_for(self, person: Person) -> bool:
        return person.may_on("read", self.place)

    def readable_for(self, person: Person) -> bool:
        return self.listed_for(person) or self.has_task(person)


async def build(city: HttpCity) -> list[Standing]:
    """The cases, each described by what is stored of it."""
    client = await city.client()
    made: dict[str, Opened | dict[str, Any]] = {}

    async def opened(name: str, at: tuple[float, float], text: str = "路灯不亮了", **more: object) -> Opened:
        # Far enough from each other not to be taken for the same matter.
        lon, lat = at[0] + 0.0006 * (len(made) % 4), at[1] + 0.0006 * (len(made) // 4)
        photo = (await client.post("/api/v1/attachments", files={"file": ("a.jpg", jpeg(colour="red"))})).json()
        body = city.body(
            text=f"{WORD}:{name},{text}",
            lon=lon,
            lat=lat,
            photos=[{"id": photo["id"], "claim": photo["claim"]}],
            **more,
        )
        answer = await client.post("/api/v1/cases", json=body)
        assert answer.status_code == 201, answer.text
        found = answer.json()
        made[name] = found
        names = [item.name for item in fields(Opened)]
        receipt = Opened(**{**{key: found[key] for key in names}, "id": UUID(found["id"])})
        return receipt

    async def dispatched(name: str, at: tuple[float, float], department: str) -> Opened:
        found = await opened(name, at)
        await city.to(found, "dispatch")
        await city.step(found.id, "dispatch", department=department)
        return found

    await opened("西街待核实", WEST)
    await opened("东街一社区待核实", FIRST)
    await city.to(await opened("东街二社区待受理", SECOND), "accept")
    await city.to(await opened("西街待派遣", WEST), "dispatch")
    head = await dispatched("东街一社区待城管接收", FIRST, "city-management")
    section = await dispatched("西街环卫所处置", WEST, "city-management")
    await city.step(section.id, "assign", section="sanitation-team")
    await city.to(await dispatched("东街二社区联络员自办", SECOND, "city-management"), "handle")
    await city.to(await dispatched("西街水务待反馈", WEST, "water-bureau"), "confirm")
    await city.to(await dispatched("东街一社区待核查", FIRST, "general-office"), "check")
    await city.to(await dispatched("西街待结案", WEST, "utility-company"), "close")
    await city.close(await dispatched("东街二社区已结案", SECOND, "city-management"))
    shift, acceptor = await city.actor("shift1"), await city.actor("acceptor1")
    for name, at, department in (
        ("西街水务作废", WEST, "water-bureau"),
        ("东街城管作废", FIRST, "city-management"),
        ("东街街道作废", SECOND, "dongjie"),
    ):
        await city.cases.operations.void((await dispatched(name, at, department)).id, acceptor, "试")
    await city.cases.operations.void((await opened("西街受理前作废", WEST)).id, acceptor, "试")
    refused = await opened("东街二社区不予受理", SECOND)
    await city.to(refused, "accept")
    await city.step(refused.id, "not_accept", note="不归本市管")
    back = await dispatched("西街水务退回", WEST, "water-bureau")
    await city.step(back.id, "back", note="不属于我们")
    held = await dispatched("东街一社区公用公司挂账", FIRST, "utility-company")
    await city.cases.operations.suspend(held.id, shift, "等配件")
    folded = await opened("东街一社区并案", FIRST)
    await city.cases.operations.fold(folded.id, shift, head.number)
    await _without_place(city, made)
    return [await standing_of(city, name, made[name]) for name in made]


async def _without_place(city: HttpCity, made: dict[str, Any]) -> None:
    """A hotline appeal that nobody has put on the map, and a matter of the grid."""
    client = await city.client()
    body = city.body(type="hotline-case", channel="web", text=f"{WORD}:热线咨询供暖时间", lon=..., lat=...)
    made["热线无位置"] = (await client.post("/api/v1/cases", json=body)).json()
    worker = await city.client("worker1")
    lon, lat = FIRST[0] - 0.0003, FIRST[1] + 0.0004
    types = {item["id"]: item for item in (await client.get("/api/v1/case-types")).json()}
    classes = (await client.get("/api/v1/case-types/grid-event/classes")).json()
    channel = next(key for key, needs in types["grid-event"]["needs"].items() if "photo" not in needs)
    body = city.body(
        type="grid-event", channel=channel, text=f"{WORD}:网格事件", lon=lon, lat=lat, class_code=classes[0]["code"]
    )
    answer = await worker.post("/api/v1/cases", json=body)
    assert answer.status_code == 201, answer.text
    made["东街一社区网格事件"] = answer.json()


async def standing_of(city: HttpCity, name: str, receipt: dict[str, Any]) -> Standing:
    case_id = UUID(receipt["id"])
    directory = city.services.identity.directory
    async with city.services.context.database.connection() as connection:
        row = await connection.fetchrow(
            "select number, state, stage, area, grid, organisation_id, lon, suspended_at, closed_at,"
            " array(select id from case_attachment where case_id = c.id order by id) as attachments,"
            " array(select distinct actor_id from flow_step where instance_id = c.id and actor_id is not null) as walkers"
            " from case_file c where id = $1",
            case_id,
        )
        tasks = await connection.fetch("select id, post_id, assignee_id from flow_task where instance_id = $1", case_id)
    assert row is not None

    def code(organisation_id: int | None) -> str | None:
        found = directory.organisation(organisation_id) if organisation_id is not None else None
        return found.code if found else None

    def login(account_id: UUID) -> str:
        person = directory.person(account_id)
        assert person is not None
        return person.login

    def post(post_id: int) -> tuple[str, str, str]:
        found = directory.post(post_id)
        assert found is not None
        return found.code, code(found.organisation_id) or "", found.area

    return Standing(
        name=name,
        id=case_id,
        number=row["number"],
        code=receipt["code"],
        state=row["state"],
        stage=row["stage"],
        place=Place(row["area"], row["grid"], code(row["organisation_id"])),
        located=row["lon"] is not None,
        tasks=tuple(
            Task(
                task["id"],
                post(task["post_id"]) if task["post_id"] is not None else None,
                login(task["assignee_id"]) if task["assignee_id"] is not None else None,
            )
            for task in tasks
        ),
        attachments=tuple(row["attachments"]),
        suspended=row["suspended_at"] is not None,
        closed_at=row["closed_at"] is not None,
        walkers=frozenset(login(one) for one in row["walkers"]),
    )
