"""``yiwang exchange``: the resource catalogue as a list, and monthly statements of what offices took from one another."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli.environment import run_async, services
from yiwang.cli.output import Json, print_json, print_table
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from yiwang.exchange.catalogue.model import Resource
    from yiwang.exchange.sharing.model import StatementLine

app = typer.Typer(no_args_is_help=True, help="Sharing between offices. 数据共享:目录、对账单。")


@app.command()
def resources(
    open_only: Annotated[bool, typer.Option("--open", help="Only what is open to the public.")] = False,
    as_json: Json = False,
) -> None:
    """The published resources.

    列出已发布的信息资源。
    """
    found = run_async(_resources(open_only))
    if as_json:
        print_json(
            [
                {
                    "code": each.code,
                    "name": each.name_zh,
                    "provider": each.provider_name,
                    "share_type": each.share_type,
                    "open": each.open,
                    "items": len(each.items),
                }
                for each in found
            ]
        )
        return
    print_table(
        ["代码 code", "名称 name", "提供方 provider", "共享 sharing", "开放 open", "信息项 items"],
        [
            (each.code, each.name_zh, each.provider_name, each.share_type, "是" if each.open else "", len(each.items))
            for each in found
        ],
    )


@app.command()
def statement(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="2026-07")],
    as_json: Json = False,
) -> None:
    """What was taken in a month, by provider, consumer and resource.

    月度对账单:按提供方、使用方、资源列出调用次数、行数和字节。
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        fault = FieldError(where="MONTH", code="input.value", zh="月份应写作 2026-07", en="write the month as 2026-07")
        raise InvalidInput(errors=[fault], count=1) from error
    lines = run_async(_statement(first))
    if as_json:
        print_json(
            [
                {
                    "provider": provider,
                    "consumer": line.consumer_name,
                    "resource": line.resource_code,
                    "delivery": line.delivery,
                    "requests": line.requests,
                    "refused": line.refused,
                    "rows": line.rows,
                    "bytes": line.bytes,
                }
                for provider, line in lines
            ]
        )
        return
    print_table(
        [
            "提供方 provider",
            "使用方 consumer",
            "资源 resource",
            "方式 by",
            "次数 requests",
            "拒绝 refused",
            "行数 rows",
            "字节 bytes",
        ],
        [
            (
                provider,
                line.consumer_name,
                f"{line.resource_code} {line.resource_name}",
                line.delivery,
                line.requests,
                line.refused,
                line.rows,
                line.bytes,
            )
            for provider, line in lines
        ],
    )


async def _resources(open_only: bool) -> list[Resource]:
    from yiwang.exchange.catalogue.store import published

    async with services() as found, found.context.database.connection() as connection:
        return await published(connection, open_only=open_only)


async def _statement(first: date) -> list[tuple[str, StatementLine]]:
    async with services() as found:
        lines = await found.exchange.sharing.statement(SYSTEM, first, "")
        names = {each.id: each.name_zh for each in found.identity.directory.organisations()}
    return [(names.get(line.provider_id, str(line.provider_id)), line) for line in lines]
