"""Who acts in a scenario: the city's demo accounts, signed in as they are needed, and residents who only have a receipt."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from yiwang.kernel.database import JsonObject
from yiwang.packs.loaded import City, held_posts, organisation_parents
from yiwang.packs.model.city import DemoAccount
from yiwang.packs.remote import Refused, Remote, objects


class Door(Protocol):
    """A city that can be entered over HTTP."""

    def client(self) -> httpx.AsyncClient:
        """A new client with no cookies, whose base URL is the city."""
        ...

    async def settle(self) -> None:
        """Return when the city's background has done what is due: no act of a scenario overtakes a timer."""
        ...

    async def count(self) -> None:
        """Return when boards and indicators count what has happened: no look overtakes what follows the journal."""
        ...


@dataclass(slots=True)
class KnownCase:
    """What a scenario knows of a case: id, number, the reporter's code, and who was seen to be able to read it."""

    id: str
    number: str
    code: str
    type: str
    reader: str = ""


@dataclass(slots=True)
class Resident:
    """Somebody without an account; the same name is the same person."""

    name: str
    phone: str
    remote: Remote


@dataclass(slots=True)
class _Choice:
    """The person who last acted for a kind of post."""

    by_post: dict[str, str] = field(default_factory=dict)


class NobodyCan(Exception):
    """No demo account can do what the step asks."""


class People:
    """The people of one scenario."""

    def __init__(self, city: City, door: Door) -> None:
        self.city, self.door = city, door
        demo = city.file.value.demo
        self.accounts = {account.login: account for account in demo.accounts} if demo else {}
        self._password = demo.password.get_secret_value() if demo else ""
        self._remotes: dict[str, Remote] = {}
        self._residents: dict[str, Resident] = {}
        self._choice = _Choice()
        self._parents = organisation_parents(city)

    async def close(self) -> None:
        for remote in [*self._remotes.values(), *(resident.remote for resident in self._residents.values())]:
            await remote.close()

    def resident(self, name: str) -> Resident:
        """The resident of that name, with a made-up phone number of a range that is given to nobody."""
        found = self._residents.get(name)
        if found is None:
            number = sum(ord(character) * (place + 7) for place, character in enumerate(name)) % 10_000
            found = Resident(name or "市民", f"1990000{number:04d}", Remote(self.door.client(), next(_places)))
            self._residents[name] = found
        return found

    async def signed_in(self, login: str) -> Remote:
        """The demo account, signed in once per scenario."""
        if login not in self._remotes:
            remote = Remote(self.door.client(), next(_places))
            await remote.sign_in(login, self._password)
            self._remotes[login] = remote
        return self._remotes[login]

    def with_post(self, post: str) -> list[DemoAccount]:
        """Accounts that hold the kind of post, by login."""
        found = [one for one in self.accounts.values() if post in {kind for kind, _, _ in held_posts(one)}]
        return sorted(found, key=lambda account: account.login)

    async def choose(self, post: str, case: KnownCase | None, view: JsonObject | None) -> str:
        """The login that acts for the post: see the scenario format; the same as last time while it still may."""
        candidates = self.with_post(post)
        if not candidates:
            raise NobodyCan(f"演示账号里没有人担任 {post} · no demo account holds {post}")
        logins = [account.login for account in candidates]
        before = self._choice.by_post.get(post)
        if before in logins:
            logins.remove(before)
            logins.insert(0, before)
        chosen = await self._who_can(post, logins, case, view) if case and view else None
        chosen = chosen or before or self._nearest(post, candidates, view) or logins[0]
        self._choice.by_post[post] = chosen
        return chosen

    async def _who_can(self, post: str, logins: list[str], case: KnownCase, view: JsonObject) -> str | None:
        """The first who has the case's live task in their list."""
        tasks = [task for task in objects(view.get("tasks")) if task.get("post") in (post, None)]
        if not tasks:
            return None
        wanted = {str(task["id"]) for task in tasks}
        organisations = {str(task.get("organisation")) for task in tasks}
        likely = [login for login in logins if self._works_for(self.accounts[login], organisations)]
        for login in [*likely, *(login for login in logins if login not in likely)]:
            remote = await self.signed_in(login)
            if wanted & {str(task["id"]) for task in await all_tasks(remote)}:
                return login
        return None

    def _works_for(self, account: DemoAccount, organisations: set[str]) -> bool:
        return any(organisation in organisations for _, organisation, _ in held_posts(account))

    def _nearest(self, post: str, candidates: list[DemoAccount], view: JsonObject | None) -> str | None:
        """One inside the case's department, else one whose post's area covers the place."""
        if view is None:
            return None
        department = view.get("department")
        code = str(department["code"]) if isinstance(department, dict) else ""
        for account in candidates:
            if code and code in self._above(account.organisation):
                return account.login
        place = str(view.get("area") or "")
        covering = [
            (len(area or ""), account.login)
            for account in candidates
            for kind, _, area in held_posts(account)
            if kind == post and area and place.startswith(area)
        ]
        return max(covering)[1] if covering else None

    def _above(self, code: str) -> list[str]:
        chain = [code]
        while (parent := self._parents.get(chain[-1])) is not None:
            chain.append(parent)
        return chain

    async def handler_for(self, department: str) -> str | None:
        """The login that would handle in the department: inside it, with the post handler, lowest login."""
        inside = [one.login for one in self.with_post("handler") if department in self._above(one.organisation)]
        return inside[0] if inside else None

    async def read(self, case: KnownCase, actor: str | None) -> JsonObject:
        """The case page, by the actor where they may read it, else by anybody of the city who may.

        Raises:
            NobodyCan: no demo account may read it.
        """
        order = [login for login in (actor, case.reader) if login in self.accounts]
        order += [account.login for post in _READERS for account in self.with_post(post)]
        order += sorted(self.accounts)
        tried: set[str] = set()
        for login in order:
            if login is None or login in tried:
                continue
            tried.add(login)
            try:
                view = await (await self.signed_in(login)).get(f"/cases/{case.id}")
            except Refused:
                continue
            case.reader = login
            return view
        raise NobodyCan(f"演示账号里没有人能看到案件 {case.number} · no demo account may read {case.number}")


_places = itertools.count(1)
_READERS = ("supervisor", "shift-leader", "dispatcher", "acceptor", "leader")


async def all_tasks(remote: Remote) -> list[JsonObject]:
    """My whole list of tasks, page by page."""
    tasks: list[JsonObject] = []
    query: dict[str, str | int | float] = {"limit": 200}
    while True:
        page = await remote.get("/tasks", query)
        tasks += objects(page.get("items"))
        following = page.get("next")
        if not isinstance(following, str):
            return tasks
        query["after"] = following
