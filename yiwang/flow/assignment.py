"""Who gets a step: its rule (办理人规则) and the instance's variables, answered by the directory, become queues.

The parts of a rule are asked in the order of :class:`~yiwang.flow.model.Who`; the first that finds somebody decides. Of
several posts the one whose area fits the place best is taken (its responsibility grid, else the longest area code), then
the lowest id. A post for which nobody is there is nobody: its task would be seen by no one, so the next part is asked,
and at last the rule's declared answer applies. A task never goes to a person who is out of service or away: while they
are away it goes to whoever acts for them (代理), and its queue says for whom.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from yiwang.flow.conditions import value_of
from yiwang.flow.errors import ConditionFailed, NobodyForStep, RoundTooLarge
from yiwang.flow.model import Condition, Directory, Post, UserTask, Value, Who, most_instances
from yiwang.kernel.database import Json

leader_post = "leader"
"""The kind of post that a rule by ``manager`` asks for where it names none."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Where a task waits: at a post, or with a person; never both. ``for_id``: whose deputy that person is (代), if anybody's."""

    post_id: int | None
    organisation_id: int | None
    assignee_id: UUID | None
    for_id: UUID | None = None


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


@dataclass(frozen=True, slots=True)
class _Question:
    """A rule with all that it is asked under. ``kinds``: by which an absence may be limited to this business."""

    task: UserTask
    who: Who
    variables: Mapping[str, Json]
    place: Place
    at: datetime | None
    kinds: Collection[str]

    @property
    def apart(self) -> frozenset[UUID]:
        return kept_apart(self.who, self.variables)


_Found: TypeAlias = UUID | Sequence[Post]
"""What one part of a rule finds: a person, or posts that are equally near, the best first."""


class Assignment:
    """Answers for one directory; ``fallback_post`` is the kind of post that gets what nobody else may take."""

    def __init__(self, directory: Directory, fallback_post: str) -> None:
        self.directory = directory
        self.fallback_post = fallback_post

    def queue(
        self,
        task: UserTask,
        variables: Mapping[str, Json],
        place: Place,
        at: datetime | None = None,
        *,
        kinds: Collection[str] = (),
        who: Who | None = None,
    ) -> Queue | None:
        """The queue of a new task; None when nobody may take it and the rule says to pass over the step.

        ``variables["by"]`` maps steps to the accounts that finished them last. ``kinds`` are the definition's key and the
        subject's type, by which absences may be limited; ``who`` is asked instead of the step's own rule.

        Raises:
            NobodyForStep: nobody may take it and the rule says to stop, or there is not even a vacant post.
            ConditionFailed: the rule's expression cannot be computed.
        """
        asked = _Question(task, who or task.who, variables, place, at, kinds)
        found = self._first(asked)
        return found if found is not None else self._nobody(asked)

    def people(
        self,
        task: UserTask,
        variables: Mapping[str, Json],
        place: Place,
        at: datetime | None = None,
        *,
        kinds: Collection[str] = (),
    ) -> list[Queue]:
        """One queue for each person who does a step together with others (会签 …), absent ones with their deputies.

        Of a list variable those in service, in its order; with ``holders`` everyone who holds the posts that the rule
        finds, by post and length of service. Nobody twice; but whoever acts for somebody has a task for each of the two.
        Nobody at all: the queue of the administrator, [] to pass over, or a refusal, as the rule says.

        Raises:
            RoundTooLarge: more than 200. NobodyForStep, ConditionFailed: as :meth:`queue`.
            ValueError: the step is not done by people together.
        """
        if task.multi is None or task.multi.people is None:
            raise ValueError(f"{task.id} is not done by several people")
        asked = _Question(task, task.who, variables, place, at, kinds)
        holders = task.multi.people == Value("holders")
        given = self._holders(asked) if holders else _accounts(task.multi.people.of(variables))
        given = [person for person in given if person not in asked.apart]
        found = [queue for person in given if (queue := self.for_person(person, kinds, at)) is not None]
        if len(found) > most_instances:
            raise RoundTooLarge(name=task.names.zh, count=len(found), most=most_instances)
        if not found:
            nobody = self._nobody(asked)
            return [] if nobody is None else [nobody]
        return found

    def for_person(self, person_id: UUID, kinds: Collection[str] = (), at: datetime | None = None) -> Queue | None:
        """The queue of a person in service, or of whoever acts for them while they are away; None when nobody does.

        The task stays the business of the person's organisation.
        """
        person = self.directory.person(person_id)
        acting = self.directory.acting(person_id, kinds, at)
        if person is None or acting is None:
            return None
        return Queue(None, person.organisation_id, acting, None if acting == person_id else person_id)

    def returned(
        self, for_id: UUID, deputy_id: UUID, kinds: Collection[str] = (), at: datetime | None = None
    ) -> Queue | None:
        """Where an open task belongs that a deputy has for somebody: None while it is the deputy's to do.

        After the absence it is the person's own again; under another absence the next deputy's.
        """
        if self.directory.acting(for_id, kinds, at) == deputy_id:
            return None
        return self.for_person(for_id, kinds, at)

    # -- the parts of a rule --------------------------------------------------------------------------------------

    def _parts(self, asked: _Question) -> Iterator[_Found]:
        """What each part of the rule finds, in the order of asking; of posts the nearest first."""
        who, variables = asked.who, asked.variables
        if who.person is not None:
            yield from _accounts([who.person.of(variables)])
        if who.step:
            by = variables.get("by")
            yield from _accounts([by.get(who.step)] if isinstance(by, dict) else [])
        if who.expression is not None:
            yield from self._computed(who.expression, asked)
        if who.manager is not None:
            yield from self._managers(who.manager, asked)
        if who.role:
            yield from self._posts(self.directory.kinds_of_role(who.role), asked)
        if who.post and who.manager is None:  # else it is the kind of post that manages
            yield from self._posts((who.post,), asked)

    def _first(self, asked: _Question, *, vacant: bool = False) -> Queue | None:
        for found in self._parts(asked):
            if not isinstance(found, UUID):
                queue = self._best(found, asked, vacant=vacant)
            else:
                queue = None if vacant or found in asked.apart else self.for_person(found, asked.kinds, asked.at)
                if queue is not None and queue.assignee_id in asked.apart:
                    queue = None
            if queue is not None:
                return queue
        return None

    def _holders(self, asked: _Question) -> list[UUID]:
        """The person, or all holders of the posts, that the first part finds for whom somebody is there."""
        for found in self._parts(asked):
            if isinstance(found, UUID):
                holders = [found]
            else:
                ordered = sorted({post.id for post in found})
                holders = list(dict.fromkeys(holder for post in ordered for holder in self.directory.holders(post)))
            holders = [holder for holder in holders if holder not in asked.apart]
            if any(self.directory.acting(holder, asked.kinds, asked.at) is not None for holder in holders):
                return holders
        return []

    def _nobody(self, asked: _Question) -> Queue | None:
        """The declared answer where nobody may take the step."""
        empty = asked.who.empty
        if empty == "skip":
            return None
        found = None
        if empty == "administrator":
            # Where there is no administrator either, the task waits at the vacant post: a citizen's report is not
            # refused because nobody has been appointed yet.
            administrators = _by_fit(list(self.directory.posts(self.fallback_post)), asked.place)
            found = (
                self._best(administrators, asked)
                or self._first(asked, vacant=True)
                or self._best(administrators, asked, vacant=True)
            )
        if found is None:
            raise NobodyForStep(
                node=asked.task.id,
                name=asked.task.names.zh,
                who_zh=described(asked.who, asked.variables, "zh"),
                who_en=described(asked.who, asked.variables, "en"),
            )
        return found

    def _computed(self, expression: Condition, asked: _Question) -> Iterator[_Found]:
        answer = value_of(expression, asked.variables, asked.task.id)
        if isinstance(answer, int) and not isinstance(answer, bool):
            post = self.directory.post(answer)
            if post is not None and post.active:
                yield [post]
        elif isinstance(answer, str):
            yield from _accounts([answer])
        elif answer is not None:
            raise ConditionFailed(
                flow=asked.task.id,
                text=expression.text,
                reason_zh="结果不是账号(文字)、岗位编号(整数)或空",
                reason_en="it gives neither an account (text), nor a post id (integer), nor null",
            )

    def _managers(self, value: Value, asked: _Question) -> Iterator[_Found]:
        """The leaders over a person or an organisation, from the nearest up; never posts of the person's own."""
        given = value.of(asked.variables)
        person_id = next(_accounts([given]), None)
        if person_id is not None:
            person = self.directory.person(person_id)
            organisation_id = person.organisation_id if person is not None else None
        else:
            organisation_id = self._organisation(value, asked.variables)
        organisation = self.directory.organisation(organisation_id) if organisation_id is not None else None
        for above in reversed(organisation.path) if organisation is not None else ():
            posts = self.directory.posts(asked.who.post or leader_post, above)
            others = [post for post in posts if person_id is None or not self._is_theirs(post, person_id, asked)]
            yield _by_fit(others, asked.place)

    def _is_theirs(self, post: Post, person_id: UUID, asked: _Question) -> bool:
        """Whether a person holds a post, or acts for one who holds it."""
        if person_id in self.directory.holders(post.id):
            return True
        substitute = self.directory.substitute(post.id, asked.kinds, asked.at)
        acting = substitute[1] if substitute is not None else None
        return person_id == acting or person_id in self.directory.attending(post.id, asked.kinds, asked.at)

    def _posts(self, kinds: Sequence[str], asked: _Question) -> Iterator[Sequence[Post]]:
        """The posts of these kinds in the rule's organisation, for its area (the finest first), or in the whole city."""
        who, place = asked.who, asked.place
        if who.area is not None:
            area = who.area.of(asked.variables)
            if not isinstance(area, str) or not area:
                return
            place = _around(place, area)
        if who.organisation is not None:
            organisation_id = self._organisation(who.organisation, asked.variables)
            if organisation_id is not None:
                yield _by_fit([post for kind in kinds for post in self.directory.posts(kind, organisation_id)], place)
            return
        if who.area is None:
            yield _by_fit([post for kind in kinds for post in self.directory.posts(kind)], place)
            return
        covering = [
            post for kind in kinds for post in self.directory.posts_of_area(kind, place.area, place.grid or None)
        ]
        fits = {post.area: place.fit(post.area) for post in covering}
        for fit in sorted(set(fits.values()), reverse=True):
            yield _by_fit([post for post in covering if fits[post.area] == fit], place)

    def _organisation(self, value: Value, variables: Mapping[str, Json]) -> int | None:
        given = value.of(variables)
        if isinstance(given, int) and not isinstance(given, bool):
            return given
        if isinstance(given, str) and given:
            organisation = self.directory.organisation_by_code(given)
            return None if organisation is None else organisation.id
        return None

    def _best(self, posts: Iterable[Post], asked: _Question, *, vacant: bool = False) -> Queue | None:
        """The queue of the first of these posts for which somebody is there."""
        for post in posts:
            there = self.directory.attending(post.id, asked.kinds, asked.at)
            if vacant or any(person not in asked.apart for person in there):
                return Queue(post.id, post.organisation_id, None)
            # Everybody who would see the post's queue is away from this business; one of them may have a deputy for it.
            substitute = self.directory.substitute(post.id, asked.kinds, asked.at)
            if substitute is not None and not asked.apart.intersection(substitute):
                return Queue(None, post.organisation_id, substitute[1], substitute[0])
        return None


def kept_apart(who: Who, variables: Mapping[str, Json]) -> frozenset[UUID]:
    """The accounts that may not take a step: whoever did the steps that its rule names, and who its variables name."""
    if not who.apart:
        return frozenset()
    by = variables.get("by")
    found: set[UUID] = set()
    for name in who.apart:
        given = variables.get(name[1:]) if name.startswith("=") else by.get(name) if isinstance(by, dict) else None
        found.update(_accounts(given if isinstance(given, list) else [given]))
    return frozenset(found)


def described(who: Who, variables: Mapping[str, Json], language: str) -> str:
    """A rule in words, with what its variables hold."""
    chinese = language == "zh"
    named = (
        ("岗位", "post", who.post),
        ("角色", "role", who.role),
        ("步骤办理人", "whoever did", who.step),
        ("表达式", "expression", who.expression.text if who.expression is not None else ""),
    )
    parts = [f"{zh if chinese else en} {text}" for zh, en, text in named if text]
    values = (
        ("机构", "organisation", who.organisation),
        ("区域", "area", who.area),
        ("人员", "person", who.person),
        ("上级", "manager of", who.manager),
    )
    for zh, en, value in values:
        if value is not None:
            given = value.of(variables)
            source = f"={value.variable} " if value.variable else ""
            parts.append(f"{zh if chinese else en} {source}{given if given is not None else '?'}")
    return ", ".join(parts)


def _by_fit(posts: list[Post], place: Place) -> list[Post]:
    return posts if len(posts) < 2 else sorted(posts, key=lambda post: (-place.fit(post.area), post.id))


def _around(place: Place, area: str) -> Place:
    """The place that a rule's area names, by either kind of code.

    The subject's own place is asked for by both, so that where its grid has no post the area around it answers.
    """
    return place if area in (place.grid, place.area) else Place(area, area)


def _accounts(given: Json) -> Iterator[UUID]:
    """The account ids in a list, each once; what is none is passed over."""
    seen: set[UUID] = set()
    for item in given if isinstance(given, list) else ():
        try:
            account = UUID(item) if isinstance(item, str) else None
        except ValueError:
            continue
        if account is not None and account not in seen:
            seen.add(account)
            yield account
