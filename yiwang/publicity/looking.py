"""What everybody sees of publications: issues that run now, their rows, one's own rows, and questions about a row.

A row is public while its issue runs, by the city's clock. Nothing here reads the registry: rows were masked before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from yiwang.casework.model import Report, Reporter
from yiwang.casework.service import CaseService
from yiwang.identity.directory import Directory
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.text import search_query
from yiwang.publicity import store
from yiwang.publicity.declarations import PublicationDeclaration
from yiwang.publicity.errors import IssueUnknown, NoQuestions, RowUnknown
from yiwang.publicity.model import Issue, PublicRow
from yiwang.publicity.rows import own_key
from yiwang.registry.service import RegistryService

_most_shown = 200
_most_own = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The case that a question became."""

    number: str
    code: str
    status: str


class Looking:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry
        self._casework = casework

    async def declarations(self) -> dict[str, PublicationDeclaration]:
        """All that were ever declared and still have issues to be shown, by id."""
        async with self._context.database.connection() as connection:
            return await self._declarations(connection)

    async def _declarations(self, connection: Connection) -> dict[str, PublicationDeclaration]:
        found = await store.declared(connection, "publication", all_of_them=True)
        return {item.id: PublicationDeclaration.model_validate(item.body) for item in found}

    async def running(self, publication: str, area: str) -> list[Issue]:
        """What is public now, the newest first."""
        async with self._context.database.connection() as connection:
            return await store.running(
                connection, self._context.clock.now(), publication=publication, area=area, limit=_most_shown
            )

    async def public_issue(self, issue_id: UUID) -> Issue:
        """Raises IssueUnknown when it is not public now."""
        async with self._context.database.connection() as connection:
            return await self._running(connection, issue_id)

    async def rows(
        self,
        issue: Issue,
        *,
        area: str = "",
        words: str = "",
        since: date | None = None,
        until: date | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> tuple[list[PublicRow], int | None]:
        """Rows of an issue in their order, and the cursor of the next page."""
        zone = self._context.calendar.hours.timezone
        async with self._context.database.connection() as connection:
            found = await store.rows_of(
                connection, issue.id, area=area, words=search_query(words) if words else None,
                since=datetime(since.year, since.month, since.day, tzinfo=zone) if since else None,
                until=datetime.fromordinal(until.toordinal() + 1).replace(tzinfo=zone) if until else None,
                after=after, limit=limit,
            )  # fmt: skip
        return found[:limit], found[limit - 1].nth if len(found) > limit else None

    async def own(self, name: str, digits: str) -> list[tuple[Issue, PublicRow]]:
        """What of all that is public now concerns the person with this name and these last digits, both exact."""
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            declared = await self._declarations(connection)
            keys = [
                own_key(self._registry.sealer, each.id, each.own, name, digits)
                for each in declared.values()
                if each.own is not None and len(digits) >= each.own.last
            ]
            rows = await store.own_rows(connection, keys, now, limit=_most_own)
            issues = {id: await self._running(connection, id) for id in {row.issue_id for row in rows}}
        return [(issues[row.issue_id], row) for row in rows]

    async def ask(self, row_id: UUID, actor: Actor, text: str, reporter: Reporter) -> Asked:
        """A question about a row becomes a case with that row attached.

        Raises:
            RowUnknown, NoQuestions. Else as :meth:`CaseService.report`.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            row = await store.row(connection, row_id)
            issue = await store.running_issue(connection, row.issue_id, now) if row is not None else None
            if row is None or issue is None:
                raise RowUnknown()
            asks = (await store.publication(connection, issue.publication)).asks
            if asks is None:
                raise NoQuestions()
            attached = in_words(issue, row)
            fields: JsonObject = {asks.field: attached} if asks.field is not None else {}
            whole = text if asks.field is not None else f"{text}\n【公示内容】{attached}"
            report = Report(
                type=asks.case, channel=asks.channel, text=whole, class_code=asks.class_code, reporter=reporter,
                fields=fields,
            )  # fmt: skip
            draft = self._casework.drafting.draft(report, actor, now)
            # What is asked about a village is answered for that village: the row, not the caller, says where.
            area = row.area or issue.area or draft.area
            variables = {**draft.variables, "area": area, "grid": area}
            department = issue.organisation_id
            if asks.department is not None:
                office = self._directory.serving(asks.department, area)
                department = office.id if office is not None else department
            draft = replace(draft, area=area, grid="", variables=variables, fold_since=None)
            if department is not None:
                draft = draft.given_to(department)
            opened = (await self._casework.opening.write_within(connection, [(draft, actor)]))[0]
            await store.add_question(connection, opened.id, row.id, now)
        return Asked(opened.number, opened.code, opened.status)

    async def _running(self, connection: Connection, issue_id: UUID) -> Issue:
        issue = await store.running_issue(connection, issue_id, self._context.clock.now())
        if issue is None:
            raise IssueUnknown()
        return issue


def in_words(issue: Issue, row: PublicRow) -> str:
    """A row as one line: what a question is about."""
    parts = [f"{issue.title} 第{row.nth}条"]
    for column in issue.columns:
        name = str(column["name"])
        value = row.shown.get(name)
        if value is None:
            continue
        names, words = column["names"], column["words"]
        heading = names["zh"] if isinstance(names, dict) else name
        word = words.get(str(value)) if isinstance(words, dict) else None
        parts.append(f"{heading}:{word['zh'] if isinstance(word, dict) else value}{column['unit']}")
    return ";".join(parts)[:1000]
