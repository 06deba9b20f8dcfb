"""Event logs for process mining: XES 1.0 (IEEE 1849-2016) and CSV, written case by case.

A log tells how work went, not how people worked: the resource is the post with its organisation. Only auditors may have
persons in it, and that is journalled. Notes are never in it, because they may hold personal data.

XES: extensions concept, lifecycle, time, org. A finished step is two events, ``start`` when it came into its queue and an
end: ``complete``, or as the standard's life cycle says it, ``autoskip``, ``withdraw``, ``ate_abort``, ``pi_abort``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from xml.sax.saxutils import quoteattr

from yiwang.flow.look.naming import Naming
from yiwang.flow.look.notation import attribute
from yiwang.flow.store.eventlog import LoggedCase, LoggedStep

Activity = Callable[[UUID, str], str]
"""(definition, node) → the name of the step."""

TRANSITIONS: dict[str, str] = {
    "skipped": "autoskip",
    "withdrawn": "withdraw",
    "recalled": "withdraw",
    "jumped": "ate_abort",
    "moved": "ate_abort",
    "cancelled": "pi_abort",
}
"""How a step ended → the standard's transition; everything else completes."""

_NO_WORK = frozenset({"skipped", "moved"})
_ADDED = {"before": ("前加签", "added before"), "after": ("后加签", "added after"), "delegated": ("委派", "delegated")}

COLUMNS = (
    "case_id",
    "activity",
    "start_timestamp",
    "complete_timestamp",
    "resource",
    "role",
    "organisation",
    "outcome",
    "how",
    "lifecycle",
    "node",
    "stage",
    "version",
    "area",
    "due_timestamp",
    "overdue",
    "used_seconds",
    "case_state",
    "event_id",
)
"""Of the CSV. Times are ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class LogWriter:
    """Writes the cases of one definition. ``people``: persons as resources instead of posts."""

    key: str
    name: str
    naming: Naming
    activity: Activity
    people: bool

    # XES

    def xes_head(self) -> str:
        """The beginning of a log: extensions, global attributes, classifiers, its name."""
        extensions = "".join(
            f'<extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
            for name, prefix in (
                ("Concept", "concept"),
                ("Lifecycle", "lifecycle"),
                ("Time", "time"),
                ("Organizational", "org"),
            )
        )
        unknown = "".join(_string(key, "") for key in ("concept:name", "lifecycle:transition", "org:resource"))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">\n'
            + extensions
            + f'<global scope="trace">{_string("concept:name", "")}</global>\n'
            + f'<global scope="event">{unknown}{_date("time:timestamp", datetime(1970, 1, 1, tzinfo=UTC))}</global>\n'
            + '<classifier name="Activity" keys="concept:name"/>\n'
            + '<classifier name="Activity and transition" keys="concept:name lifecycle:transition"/>\n'
            + _string("concept:name", self.name)
            + _string("lifecycle:model", "standard")
            + _string("process", self.key)
            + "\n"
        )

    @staticmethod
    def xes_end() -> str:
        return "</log>\n"

    def xes_trace(self, case: LoggedCase, version: int) -> str:
        """A case as a trace, its events in the order of time."""
        events = [
            (moment, place, event) for place, step in enumerate(case.steps) for moment, event in self._events(step)
        ]
        body = "".join(event for _, _, event in sorted(events, key=lambda found: found[:2]))
        return (
            f"<trace>{_string('concept:name', str(case.subject_id))}{_string('kind', case.subject_kind)}"
            f"{_string('area', case.area)}{_string('state', case.state)}{_integer('version', version)}"
            f"{_date('started', case.started_at)}{_date('ended', case.ended_at) if case.ended_at else ''}\n{body}</trace>\n"
        )

    def _events(self, step: LoggedStep) -> Iterator[tuple[datetime, str]]:
        end = TRANSITIONS.get(step.how, "complete")
        common = self._common(step)
        if step.how not in _NO_WORK:
            yield step.created_at, f"<event>{common}{_moment(step.created_at, 'start')}</event>\n"
        told = _string("how", step.how) + _boolean("overdue", step.overdue) + _float("used_seconds", step.used_seconds)
        told += _string("outcome", step.outcome) if step.outcome else ""
        yield step.done_at, f"<event>{common}{_moment(step.done_at, end)}{told}</event>\n"

    def _common(self, step: LoggedStep) -> str:
        """What both events of a step have."""
        return (
            _string("concept:name", self._named(step))
            + _string("concept:instance", str(step.id))
            + _string("org:resource", self._resource(step))
            + _string("org:role", self.naming.post_code(step.post_id))
            + _string("org:group", self.naming.organisation(step.organisation_id))
            + _string("node", step.node)
            + _string("stage", step.stage)
        )

    # CSV

    @staticmethod
    def csv_head() -> str:
        return _line(COLUMNS)

    def csv_lines(self, case: LoggedCase, version: int) -> str:
        """A case as one line for each finished step, in the order in which they ended."""
        return "".join(
            _line(
                (
                    str(case.subject_id),
                    self._named(step),
                    _iso(step.created_at),
                    _iso(step.done_at),
                    self._resource(step),
                    self.naming.post_code(step.post_id),
                    self.naming.organisation(step.organisation_id),
                    step.outcome or "",
                    step.how,
                    TRANSITIONS.get(step.how, "complete"),
                    step.node,
                    step.stage,
                    str(version),
                    case.area,
                    _iso(step.due_at) if step.due_at else "",
                    "true" if step.overdue else "false",
                    f"{step.used_seconds:.0f}",
                    case.state,
                    str(step.id),
                )
            )
            for step in case.steps
        )

    def _named(self, step: LoggedStep) -> str:
        name = self.activity(step.definition_id, step.node)
        added = _ADDED.get(step.kind)
        if added is None:
            return name
        return f"{name}({added[0]})" if self.naming.language == "zh" else f"{name} ({added[1]})"

    def _resource(self, step: LoggedStep) -> str:
        if self.people:
            return step.actor_name or self.naming.person(step.actor_id)
        post = self.naming.post(step.post_id)
        organisation = self.naming.organisation(step.organisation_id)
        return "/".join(part for part in (organisation, post) if part)


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value={attribute(value)}/>'


def _date(key: str, value: datetime) -> str:
    return f"<date key={quoteattr(key)} value={quoteattr(_iso(value))}/>"


def _integer(key: str, value: int) -> str:
    return f'<int key="{key}" value="{value}"/>'


def _float(key: str, value: float) -> str:
    return f'<float key="{key}" value="{value:.3f}"/>'


def _boolean(key: str, value: bool) -> str:
    return f'<boolean key="{key}" value="{"true" if value else "false"}"/>'


def _moment(at: datetime, transition: str) -> str:
    return _date("time:timestamp", at) + _string("lifecycle:transition", transition)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _line(values: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_harmless(value) for value in values])
    return out.getvalue()


def _harmless(value: str) -> str:
    """A text that a spreadsheet would take for a formula begins with an apostrophe."""
    return "'" + value if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
