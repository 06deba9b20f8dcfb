"""Who gets a step: its rule (办理人规则) and the instance's variables, answered by the directory, become one queue.

The order of asking: the person, if the variable names one in service; else the posts of that kind, in the organisation
or for the area that the rule gives. Of several posts that are held, the one whose area fits the place best is taken
(its responsibility grid, else the longest area code), then the lowest id. A post that nobody holds is nobody: its task
would be seen by no one, so the rule's declared answer for that case applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from yiwang.flow.errors import NobodyForStep
from yiwang.flow.model.directory import Directory, Post
from yiwang.flow.model.graph import UserTask, Value
from yiwang.kernel.database import Json


@dataclass(frozen=True, slots=True)
class Queue:
    """Where a task waits: at a post, or with a person; never both."""

    post_id: int | None
    organisation_id: int | None
    assignee_id: UUID | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the instance's subject lies: area code, and responsibility grid code or ""."""

    area: str
    grid: str

    def fit(self, area: str) -> int:
        """How well a post's area fits: 0 everywhere, longer codes better, its own grid best, -1 not at all."""
        if not area:
            return 0
        if area == self.grid:
            return 1000
        return len(area) if self.area.startswith(area) else -1


class Assignment:
    """Answers for one directory; ``fallback_post`` is the kind of post that gets what nobody else may take."""

    def __init__(self, directory: Directory, fallback_post: str) -> None:
        self.directory = directory
        self.fallback_post = fallback_post

    def queue(self, task: UserTask, variables: Mapping[str, Json], place: Place) -> Queue | None:
        """The queue of a new task; None when nobody may take it and the rule says to pass over the step.

        Raises:
            NobodyForStep: nobody may take it and the rule says to stop, or there is not even a vacant post.
        """
        found = self._person(task.who.person, variables) or self._post(task, variables, place)
        if found is not None or task.who.empty == "skip":
            return found
        if task.who.empty == "administrator":
            # Where there is no administrator either, the task waits at the vacant post: a citizen's report is not
            # refused because nobody has been appointed yet.
            found = (
                self._best(self.directory.posts(self.fallback_post), place)
                or self._post(task, variables, place, vacant=True)
                or self._best(self.directory.posts(self.fallback_post), place, vacant=True)
            )
        if found is None:
            raise NobodyForStep(
                node=task.id,
                name=task.names.zh,
                who_zh=self._described(task, variables, "岗位"),
                who_en=self._described(task, variables, "post"),
            )
        return found

    def for_person(self, person_id: UUID) -> Queue | None:
        """The queue of a person in service; None when there is no such person."""
        person = self.directory.person(person_id)
        return Queue(None, person.organisation_id, person_id) if person is not None and person.active else None

    def _person(self, value: Value | None, variables: Mapping[str, Json]) -> Queue | None:
        text = value.of(variables) if value is not None else None
        if not isinstance(text, str):
            return None
        try:
            return self.for_person(UUID(text))
        except ValueError:
            return None

    def _post(
        self, task: UserTask, variables: Mapping[str, Json], place: Place, *, vacant: bool = False
    ) -> Queue | None:
        who = task.who
        if not who.post:
            return None
        if who.area is not None:
            area = who.area.of(variables)
            if not isinstance(area, str) or not area:
                return None
            # Either kind of code may be given. The subject's own place is asked for by both, so that where its grid has
            # no post the area around it answers.
            place = place if area in (place.grid, place.area) else Place(area, area)
        if who.organisation is not None:
            organisation_id = self._organisation(who.organisation, variables)
            if organisation_id is None:
                return None
            return self._best(self.directory.posts(who.post, organisation_id), place, vacant=vacant)
        if who.area is not None:
            found = self.directory.posts_of_area(who.post, place.area, place.grid or None)
            return self._best(found, place, vacant=vacant)
        return self._best(self.directory.posts(who.post), place, vacant=vacant)

    def _organisation(self, value: Value, variables: Mapping[str, Json]) -> int | None:
        given = value.of(variables)
        if isinstance(given, int) and not isinstance(given, bool):
            return given
        if isinstance(given, str) and given:
            organisation = self.directory.organisation_by_code(given)
            return None if organisation is None else organisation.id
        return None

    def _best(self, posts: Iterable[Post], place: Place, *, vacant: bool = False) -> Queue | None:
        held = [post for post in posts if vacant or self.directory.holders(post.id)]
        if not held:
            return None
        best = held[0] if len(held) == 1 else min(held, key=lambda post: (-place.fit(post.area), post.id))
        return Queue(best.id, best.organisation_id, None)

    def _described(self, task: UserTask, variables: Mapping[str, Json], word: str) -> str:
        who = task.who
        parts = [f"{word} {who.post}"] if who.post else []
        for name, value in (("organisation", who.organisation), ("area", who.area), ("person", who.person)):
            if value is not None:
                given = value.of(variables)
                parts.append(
                    f"{name} {f'={value.variable} ' if value.variable else ''}{given if given is not None else '?'}"
                )
        return ", ".join(parts)
