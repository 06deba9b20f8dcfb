"""``yiwang account``: accounts from the machine itself — the first administrators, and a way back in.

Whoever may run this command owns the machine; what it does is journalled as the system's own act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yiwang.cli import absences
from yiwang.cli.environment import run_async, services
from yiwang.cli.output import Json, print_facts, print_json, say

if TYPE_CHECKING:
    from yiwang.identity.model import AccountRow
    from yiwang.identity.service import Created, IdentityService

app = typer.Typer(no_args_is_help=True, help="Accounts: create, reset, unlock, absences. 账号:新建、重置、解锁、请假。")
app.add_typer(absences.app, name="absence")

_ROLES = {"system": "system-admin", "security": "security-admin", "audit": "audit-admin"}


@app.command()
def create(
    login: Annotated[str, typer.Argument(help="Sign-in name.")],
    name: Annotated[str, typer.Argument(help="The person's name.")],
    administrator: Annotated[
        Literal["system", "security", "audit"] | None, typer.Option(help="Make them one of the three administrators.")
    ] = None,
    organisation: Annotated[str | None, typer.Option(help="Code of the organisation.")] = None,
    as_json: Json = False,
) -> None:
    """Make an account with a one-time password, shown once.

    新建账号并给出一次性密码(只显示这一次)。
    """
    created, role = run_async(_create(login, name, administrator, organisation))
    _tell(created, as_json, {"role": role} if role else {})


@app.command()
def reset(login: Annotated[str, typer.Argument(help="Sign-in name.")], as_json: Json = False) -> None:
    """Give an account a new one-time password; its sessions and tokens end.

    重置密码,原有登录和令牌全部失效。
    """
    _tell(run_async(_reset(login)), as_json, {})


@app.command()
def unlock(login: Annotated[str, typer.Argument(help="Sign-in name.")], as_json: Json = False) -> None:
    """Let an account in again that an administrator locked.

    解除锁定。
    """
    run_async(_unlock(login))
    if as_json:
        print_json({"login": login, "state": "active"})
    else:
        say(f"{login} 已解锁", f"{login} is unlocked")


async def _create(login: str, name: str, administrator: str | None, organisation: str | None) -> tuple[Created, str]:
    from yiwang.identity.errors import OrganisationMissing
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        identity = opened.identity
        found = identity.directory.organisation_by_code(organisation) if organisation else None
        if organisation and found is None:
            raise OrganisationMissing()
        created = await identity.accounts.create(SYSTEM, login, name, found.id if found else None)
        role = _ROLES.get(administrator or "", "")
        if role:
            await identity.holdings.grant(SYSTEM, created.account.id, role)
        return created, role


async def _reset(login: str) -> Created:
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        return await opened.identity.accounts.reset_password(SYSTEM, (await find_account(opened.identity, login)).id)


async def _unlock(login: str) -> None:
    from yiwang.kernel.access import SYSTEM

    async with services() as opened:
        await opened.identity.accounts.unlock(
            SYSTEM, (await find_account(opened.identity, login)).id, "yiwang account unlock"
        )


def _tell(created: Created, as_json: bool, more: dict[str, str]) -> None:
    facts = {
        "login": created.account.login,
        "name": created.account.name,
        "one_time_password": created.password,
        **more,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)
        say("首次登录后须改密码", "the password has to be changed at the first sign-in")


async def find_account(identity: IdentityService, login: str) -> AccountRow:
    """The account of a login. Raises: AccountMissing."""
    from yiwang.identity.errors import AccountMissing
    from yiwang.identity.store.accounts import Page
    from yiwang.kernel.access import SYSTEM

    for row in await identity.accounts.page(SYSTEM, Page(words=login.lower(), limit=200)):
        if row.login == login.lower():
            return row
    raise AccountMissing()
