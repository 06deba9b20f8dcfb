"""What a scenario sees of a case through the API, held against what it expects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.loaded import City
from yiwang.packs.model.scenario import Expectation
from yiwang.packs.remote import objects
from yiwang.packs.scenarios.people import KnownCase
from yiwang.packs.scenarios.report import Difference

_CLOCKS = {"blue": "paused", "grey": "none"}
_TOLERANCE = timedelta(seconds=1)


class Sight:
    """A case as seen after a step: its page and its story (for the public page the story is part of it)."""

    def __init__(
        self,
        city: City,
        cases: Mapping[str, KnownCase],
        now: datetime,
        page: JsonObject,
        story: list[JsonObject],
        posts: Mapping[str, str],
    ) -> None:
        """``posts`` is the kind of post by node, for tasks that were handed to a person."""
        self.page, self.story, self.now = page, story, now
        self._posts = posts
        self._cases = cases
        self._serves = {
            entry.code: entry.serves
            for root in (city.organisations.value.organisations if city.organisations else [])
            for _, entry in root.declaration().walk()
        }

    def differences(self, expected: Expectation) -> list[Difference]:
        """Every expectation that was given and does not hold."""
        found: list[Difference] = []
        for name in sorted(expected.model_fields_set - {"has", "lacks", "alarm", "severity", "reads", "online"}):
            wanted = getattr(expected, name)
            key = name.rstrip("_")
            check = _CHECKS.get(key)
            seen = check[0](self) if check else self.page.get(key)
            good = check[1](self, wanted, seen) if check else wanted == seen
            if not good:
                found.append(Difference(key, _shown(wanted), _shown(seen)))
        return found

    def due(self) -> datetime | None:
        """The handling deadline while its clock runs, else the live task's."""
        handling = _moment(self.page.get("due_at"))
        if handling is not None and self.page.get("handled_at") is None and self.page.get("closed_at") is None:
            return handling
        tasks = [due for task in self.tasks if (due := _moment(task.get("due_at"))) is not None]
        return min(tasks) if tasks else None

    @property
    def tasks(self) -> list[JsonObject]:
        return objects(self.page.get("tasks"))

    def overdue(self) -> bool:
        due = self.due()
        return due is not None and self.now > due

    def clock(self) -> str:
        colour = str(self.page.get("clock", "grey"))
        if colour != "grey":
            return _CLOCKS.get(colour, colour)
        timed = [task for task in self.tasks if task.get("due_at")]
        if not timed:
            return "none"
        due, warn = _moment(timed[0].get("due_at")), _moment(timed[0].get("warn_at"))
        if due is not None and self.now > due:
            return "red"
        return "yellow" if warn is not None and self.now > warn else "green"

    def nodes(self) -> list[str]:
        return sorted(str(task.get("node")) for task in self.tasks)

    def posts(self) -> list[str]:
        return sorted(str(task.get("post") or self._posts.get(str(task.get("node")))) for task in self.tasks)

    def department(self) -> list[str]:
        return self._organisation(self.page.get("department"), "code")

    def advised(self) -> list[str]:
        return self._organisation(self.page.get("advised"), "department")

    def _organisation(self, value: Json, key: str) -> list[str]:
        """Everything by which the organisation may be named: code, Chinese name, the kinds that it serves."""
        if not isinstance(value, dict):
            return []
        code = str(value.get(key))
        return [code, str(value.get("zh")), *self._serves.get(code, [])]

    def class_names(self) -> list[str]:
        return [str(self.page.get("class_code")), str(self.page.get("class_name"))]

    def reason(self) -> str:
        advised = self.page.get("advised")
        return f"{advised.get('reason_zh')} {advised.get('reason_en')}" if isinstance(advised, dict) else ""

    def head(self) -> str | None:
        """The name of the case under which this one is folded."""
        head = self.page.get("head")
        number = head.get("number") if isinstance(head, dict) else self.page.get("head_number")
        if number is None:
            return None
        return next((name for name, case in self._cases.items() if case.number == number), str(number))

    def count(self, verb: str) -> int:
        return sum(row.get("verb") == verb for row in self.story)

    def verbs(self) -> list[str]:
        return [str(row.get("verb")) for row in self.story]

    def number_of(self, key: str) -> int:
        value = self.page.get(key)
        return value if isinstance(value, int) else 0


def _moment(value: Json) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _same_moment(_: Sight, wanted: object, seen: object) -> bool:
    return isinstance(wanted, datetime) and isinstance(seen, datetime) and abs(wanted - seen) <= _TOLERANCE


def _equal(_: Sight, wanted: object, seen: object) -> bool:
    return wanted == seen


def _among(_: Sight, wanted: object, seen: object) -> bool:
    return isinstance(seen, list) and wanted in seen


def _class(_: Sight, wanted: object, seen: object) -> bool:
    return isinstance(seen, list) and str(wanted).rpartition("/")[2] in seen


def _nodes(_: Sight, wanted: object, seen: object) -> bool:
    return seen == (sorted(wanted) if isinstance(wanted, list) else [wanted])


def _matches(_: Sight, wanted: object, seen: object) -> bool:
    return re.search(str(wanted), str(seen)) is not None


def _begins(_: Sight, wanted: object, seen: object) -> bool:
    return str(seen).startswith(str(wanted))


def _holds(_: Sight, wanted: object, seen: object) -> bool:
    return str(wanted) in str(seen)


def _in_order(_: Sight, wanted: object, seen: object) -> bool:
    if not isinstance(wanted, list) or not isinstance(seen, list):
        return False
    rest = iter(seen)
    return all(verb in rest for verb in wanted)


_See = Callable[[Sight], object]
_Compare = Callable[[Sight, object, object], bool]
_CHECKS: dict[str, tuple[_See, _Compare]] = {
    "number": (lambda sight: sight.page.get("number"), _matches),
    "class": (Sight.class_names, _class),
    "department": (Sight.department, _among),
    "advised": (Sight.advised, _among),
    "reason": (Sight.reason, _holds),
    "at": (Sight.nodes, _nodes),
    "who": (Sight.posts, _among),
    "due": (Sight.due, _same_moment),
    "overdue": (Sight.overdue, _equal),
    "clock": (Sight.clock, _equal),
    "extended": (lambda sight: sight.number_of("extension_count") > 0, _equal),
    "rework": (lambda sight: sight.number_of("rework_count"), _equal),
    "reopened": (lambda sight: sight.number_of("reopen_count"), _equal),
    "urged": (lambda sight: sight.count("case.urged"), _equal),
    "folded_into": (Sight.head, _equal),
    "area": (lambda sight: sight.page.get("area"), _begins),
    "journal": (Sight.verbs, _in_order),
}


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone().isoformat(timespec="minutes")
    if isinstance(value, list):
        return "[" + ", ".join(str(item) for item in value) + "]"
    return "无" if value is None else str(value)
