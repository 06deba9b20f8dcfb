"""The people of the simulated city: demo accounts, signed in when there is something for them, and who they work with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from yiwang.kernel.database import JsonObject
from yiwang.packs.errors import CityNotSimulable
from yiwang.packs.loaded import City, held_posts, organisation_parents
from yiwang.packs.model.city import DemoAccount
from yiwang.packs.remote import Refused, Remote

WATCHER_POSTS = ("supervisor", "shift-leader", "dispatcher", "acceptor")
"""Kinds of post whose holders can usually see every case; one of them looks who has the next task."""


@dataclass(slots=True)
class Member:
    """A demo account at work. ``posts`` are (kind, organisation code, area); ``offered``: tasks that were taken up."""

    account: DemoAccount
    posts: tuple[tuple[str, str, str | None], ...]
    remote: Remote
    offered: set[str] = field(default_factory=set)
    signed_in: bool = False

    @property
    def login(self) -> str:
        return self.account.login

    def holds(self, post: str) -> bool:
        return any(kind == post for kind, _, _ in self.posts)


class Crew:
    """All members. ``connect`` makes a client to the city."""

    def __init__(self, city: City, connect: Callable[[], httpx.AsyncClient], leave: Collection[str] = ()) -> None:
        """``leave``: logins and kinds of post that people take over; the simulation does nothing in their place."""
        demo = city.file.value.demo
        if demo is None:
            raise CityNotSimulable(
                city=city.id,
                reason_zh="没有演示账号。请在 city.yaml 里写 demo(password、accounts)。",
                reason_en="it has no demo accounts; write demo (password, accounts) in city.yaml.",
            )
        self._password = demo.password.get_secret_value()
        self._street = connect()
        self._places = itertools.count(1)
        self._parents = organisation_parents(city)
        self.members = {
            account.login: Member(account, tuple(held_posts(account)), Remote(connect(), next(self._places)))
            for account in demo.accounts
            if account.login not in leave and not {kind for kind, _, _ in held_posts(account)} & set(leave)
        }
        self._by_id: dict[UUID, str] = {}

    def stranger(self) -> Remote:
        """Somebody new without an account: a resident. All share one client, since none of them has a cookie."""
        return Remote(self._street, next(self._places))

    async def close(self) -> None:
        for member in self.members.values():
            await member.remote.close()
        await self._street.aclose()

    async def at_work(self, login: str) -> Member:
        """The member, signed in; raises Refused for a changed password or a locked account, CityAway."""
        member = self.members[login]
        if not member.signed_in:
            await member.remote.sign_in(login, self._password)
            member.signed_in = True
            if member.remote.account_id is not None:
                self._by_id[member.remote.account_id] = login
        return member

    def signed_out(self, refused: Refused, login: str) -> bool:
        """Whether a refusal means that the sign-in has ended; the member will sign in again."""
        if refused.status == 401:
            self.members[login].signed_in = False
        return refused.status == 401

    def holding(self, post: str) -> list[Member]:
        return [member for member in self.members.values() if member.holds(post)]

    def reporters(self, post: str, street: str) -> list[Member]:
        """Holders of the post who work around the street; else all of them."""
        near = [
            member
            for member in self.holding(post)
            if any(
                kind == post and area and (area.startswith(street) or street.startswith(area))
                for kind, _, area in member.posts
            )
        ]
        return near if near and street else self.holding(post)

    def watchers(self) -> list[Member]:
        return [member for post in WATCHER_POSTS for member in self.holding(post)]

    def handlers(self, department: str) -> list[Member]:
        """Who can handle in the department: its people with the post handler, else its desks."""
        inside = [member for member in self.members.values() if department in self._above(member.account.organisation)]
        return [member for member in inside if member.holds("handler")] or inside

    def facing(self, task: JsonObject) -> list[Member]:
        """The members in whose list the task stands, as far as the case page tells."""
        assignee = task.get("assignee")
        if isinstance(assignee, str):
            login = self._by_id.get(UUID(assignee))
            name = task.get("assignee_name")
            found = [member for member in self.members.values() if member.login == login or member.account.name == name]
            return found[:1]
        post, organisation, area = task.get("post"), task.get("organisation"), task.get("post_area")
        return [
            member
            for member in self.members.values()
            if any(
                kind == post and place == organisation and (held is None or held == area)
                for kind, place, held in member.posts
            )
        ]

    def _above(self, code: str) -> list[str]:
        chain = [code]
        while (parent := self._parents.get(chain[-1])) is not None:
            chain.append(parent)
        return chain
