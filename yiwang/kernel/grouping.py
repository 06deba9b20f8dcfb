"""Group commit: those who ask while a group is being written form the next one, and share its flush to disk.

Promises: nobody waits for company, a lone one is written at once; everybody is answered or told why not, whatever happens to
the group; groups are written one after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


def _unanswered() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, kw_only=True)
class Waiting(Generic[Answer]):
    """One who asks; a subclass says what for. Whoever gave up meanwhile is answered in vain."""

    answer: asyncio.Future[Answer] = field(default_factory=_unanswered, compare=False)

    def resolve(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def refuse(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


One = TypeVar("One", bound=Waiting[Any])
Chosen = tuple[list[One], list[One]]
"""Those of the next group, and those who keep their place behind it."""


class Groups(Generic[One]):
    """One per process and matter. ``write`` answers each of a group; what it raises, those without an answer are told."""

    def __init__(
        self, name: str, choose: Callable[[list[One]], Chosen[One]], write: Callable[[list[One]], Awaitable[None]]
    ) -> None:
        self._name, self._choose, self._write = name, choose, write
        self._waiting: list[One] = []
        self._writer: asyncio.Task[None] | None = None

    def add(self, one: One) -> None:
        """Have it written with the next group; its ``answer`` is to be awaited."""
        self._waiting.append(one)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name=self._name)

    async def _write_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._choose(self._waiting)
            try:
                await self._write(group)
            except BaseException as error:
                for one in group:
                    one.refuse(error)
                if not isinstance(error, Exception):
                    raise


def oldest(limit: int) -> Callable[[list[One]], Chosen[One]]:
    """Groups of at most so many, in the order in which they came."""
    return lambda waiting: (waiting[:limit], waiting[limit:])
