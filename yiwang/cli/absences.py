"""``yiwang account absence``: who is away and who does their tasks, from the machine itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from yiwang.cli.environment import run_async, services, settings
from yiwang.cli.output import Json, print_json, print_table

if TYPE_CHECKING:
    from yiwang.http.services import Services
    from yiwang.identity.model import AbsenceRow

app = typer.Typer(no_args_is_help=True, help="Absences and deputies. 请假与代理。")

From = Annotated[str | None, typer.Option("--from", help="City time, ISO 8601; default: now.")]
Until = Annotated[str, typer.Option(help="City time, ISO 8601; without a zone: the city's.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only this definition or case type; may be repeated.")]
Reason = Annotated[str, typer.Option(help="Seen by the person, the deputy and administrators.")]
Told = list[dict[str, object]]


@app.command()
def declare(
    login: Annotated[str, typer.Argument(help="Who is away.")],
    deputy: Annotated[str, typer.Argument(help="Sign-in name of the deputy.")],
    until: Until,
    begin: From = None,
    kind: Kinds = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Say that somebody is away and who does their tasks meanwhile.

    登记请假和代理人。
    """
    _show(run_async(_declare(login, deputy, until, begin, kind or [], reason)), as_json)


@app.command()
def change(
    absence: Annotated[UUID, typer.Argument(help="Id of the absence.")],
    deputy: Annotated[str | None, typer.Option(help="Sign-in name of another deputy.")] = None,
    until: Annotated[str | None, typer.Option(help="Another end.")] = None,
    begin: From = None,
    kind: Kinds = None,
    reason: Annotated[str | None, typer.Option(help="Another reason.")] = None,
    as_json: Json = False,
) -> None:
    """Change an absence that is not over; what is not given stays.

    修改请假。
    """
    _show(run_async(_change(absence, deputy, until, begin, kind, reason)), as_json)


@app.command()
def end(absence: Annotated[UUID, typer.Argument(help="Id of the absence.")], as_json: Json = False) -> None:
    """End an absence now; one that has not begun never will.

    销假。
    """
    _show(run_async(_end(absence)), as_json)


@app.command("list")
def list_(
    login: Annotated[
        str | None, typer.Argument(help="Only this person's, and those in which they are the deputy.")
    ] = None,
    past: Annotated[bool, typer.Option("--past", help="Those that are over, too.")] = False,
    as_json: Json = False,
) -> None:
    """List absences, the newest first; at most 200.

    查看请假记录。
    """
    _show(run_async(_list(login, past)), as_json)


async def _declare(login: str, deputy: str, until: str, begin: str | None, kinds: Sequence[str], reason: str) -> Told:
    from yiwang.cli.accounts import find_account
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        person = await find_account(opened.identity, login)
        other = await find_account(opened.identity, deputy)
        starts = _moment(begin, "--from") if begin else None
        row = await opened.identity.absences.declare(
            SYSTEM, person.id, other.id, _moment(until, "--until"), starts, kinds=kinds, reason=reason
        )
        return [_told(opened, row)]


async def _change(
    absence: UUID,
    deputy: str | None,
    until: str | None,
    begin: str | None,
    kinds: Sequence[str] | None,
    reason: str | None,
) -> Told:
    from yiwang.cli.accounts import find_account
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        other = await find_account(opened.identity, deputy) if deputy else None
        row = await opened.identity.absences.change(
            SYSTEM,
            absence,
            deputy_id=other.id if other else None,
            starts_at=_moment(begin, "--from") if begin else None,
            ends_at=_moment(until, "--until") if until else None,
            kinds=kinds,
            reason=reason,
        )
        return [_told(opened, row)]


async def _end(absence: UUID) -> Told:
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        return [_told(opened, await opened.identity.absences.end(SYSTEM, absence))]


async def _list(login: str | None, past: bool) -> Told:
    from yiwang.cli.accounts import find_account
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        person = await find_account(opened.identity, login) if login else None
        rows = await opened.identity.absences.page(
            SYSTEM, person.id if person else None, everyone=person is None, past=past, limit=200
        )
        return [_told(opened, row) for row in rows]


def _told(opened: Services, row: AbsenceRow) -> dict[str, object]:
    zone = opened.context.calendar.hours.timezone

    def login(account: UUID | None) -> str | None:
        person = opened.identity.directory.person(account) if account is not None else None
        return person.login if person is not None else None

    return {
        "id": str(row.id),
        "login": login(row.account_id),
        "deputy": login(row.deputy_id),
        "acting": login(opened.identity.absences.acting(row)),
        "from": row.starts_at.astimezone(zone).isoformat(timespec="minutes"),
        "until": row.ends_at.astimezone(zone).isoformat(timespec="minutes"),
        "kinds": sorted(row.kinds),
        "reason": row.reason,
    }


def _show(told: Told, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    columns = ("id", "login", "deputy", "acting", "from", "until", "kinds", "reason")
    print_table(columns, [[_cell(row[name]) for name in columns] for row in told])


def _cell(value: object) -> object:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else value


def _moment(text: str, option: str) -> datetime:
    from yiwang.http.city import read_city
    from yiwang.kernel.errors import FieldError, InvalidInput

    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        wrong = FieldError(
            where=option,
            code="input.time",
            zh="应为时间,如 2026-06-18T08:30",
            en="must be a time such as 2026-06-18T08:30",
        )
        raise InvalidInput(errors=[wrong], count=1) from error
    zone = read_city(settings().city).calendar.hours.timezone
    return found if found.tzinfo else found.replace(tzinfo=zone)
