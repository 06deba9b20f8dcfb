"""``yiwang devices``: the register from the machine itself — list, who is knocking, adopt, retire, command, keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from yiwang.cli.environment import run_async, services
from yiwang.cli.output import Json, print_json, print_table, say
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound

if TYPE_CHECKING:
    from yiwang.kernel.database import Json as JsonValue
    from yiwang.kernel.database import JsonObject
    from yiwang.sensing.devices.model import Command, Device, Knock
    from yiwang.sensing.devices.registry import DeviceForm, Registered

app = typer.Typer(no_args_is_help=True, help="Devices of the city. 设备台账。")
Code = Annotated[str, typer.Argument(help="The city's own code of the device.")]
_MOST = 500


@app.command("list")
def list_(
    protocol: Annotated[str | None, typer.Option(help="Only hj212, jt808, mqtt or http.")] = None,
    profile: Annotated[str | None, typer.Option(help="Only this kind of device.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Only those that are offline.")] = False,
    as_json: Json = False,
) -> None:
    """List devices with how they stand.

    列出设备及在线状态。
    """
    found = run_async(_list(protocol, profile, offline))
    if as_json:
        print_json(
            [_told(one.device) | {"online": one.state.online, "last_seen": one.state.last_seen} for one in found]
        )
        return
    print_table(
        ["编号 code", "型号 profile", "地址 address", "名称 name", "在线 online", "最近 last seen", "帧 frames", "坏帧 bad"],
        [
            (one.device.code, one.device.profile, one.device.address, one.device.name_zh, "●" if one.state.online else "○",
             one.state.last_seen, one.state.frames, one.state.bad_frames)
            for one in found
        ],
    )  # fmt: skip


@app.command()
def knocking(
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Those that were put aside.")] = False,
    as_json: Json = False,
) -> None:
    """Who is knocking: addresses that spoke and belong to no device, or spoke badly.

    谁在敲门:未登记或报文有误的地址。
    """
    found = run_async(_knocking(dismissed))
    if as_json:
        print_json([
            {"protocol": one.protocol, "address": one.address, "reason": one.reason, "remote": one.remote,
             "first_at": one.first_at, "last_at": one.last_at, "times": one.times, "sample": one.sample.hex()}
            for one in found
        ])  # fmt: skip
        return
    print_table(
        ["协议 protocol", "地址 address", "原因 reason", "来自 remote", "次数 times", "最近 last"],
        [(one.protocol, one.address, one.reason, one.remote, one.times, one.last_at) for one in found],
    )


@app.command()
def adopt(
    protocol: Annotated[str, typer.Argument(help="hj212, jt808, mqtt or http.")],
    address: Annotated[str, typer.Argument(help="The address that knocks.")],
    code: Annotated[str, typer.Option(help="The city's own code for it.")],
    profile: Annotated[str, typer.Option(help="Which kind of device it is.")],
    name: Annotated[str, typer.Option(help="What people call it, in Chinese.")],
    name_en: Annotated[str, typer.Option(help="The same in English.")] = "",
    at: Annotated[str | None, typer.Option(help="LON,LAT in degrees.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Code of the organisation whose it is.")] = None,
    as_json: Json = False,
) -> None:
    """Make a device of whoever knocks under an address.

    把敲门者登记为设备。
    """
    from yiwang.sensing.devices.registry import DeviceForm

    form = DeviceForm(code, profile, address, name, name_en, organisation, _place(at))
    _show(run_async(_adopt(protocol, address, form)), as_json, "已登记", "registered")


@app.command()
def retire(
    code: Code, reason: Annotated[str, typer.Option(help="Why; it is journalled.")], as_json: Json = False
) -> None:
    """Take a device out of service; its address becomes free.

    停用设备。
    """
    _show(run_async(_retire(code, reason)), as_json, "已停用", "retired")


@app.command()
def command(
    code: Code,
    verb: Annotated[
        str, typer.Argument(help="sync-time, set-interval, set-password, fetch-history, control, restart …")
    ],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="NAME=VALUE; a value is read as JSON where it is; repeat.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the answer.", min=0, max=600)] = 30,
    as_json: Json = False,
) -> None:
    """Tell a device something, and wait for what it answers.

    向设备下发指令并等待答复。
    """
    done = run_async(_command(code, verb, dict(_parameter(one) for one in parameter or ()), wait))
    if as_json:
        print_json({"id": done.id, "state": done.state, "answer": done.answer})
        return
    answer = orjson.dumps(done.answer).decode() if done.answer is not None else "—"
    say(f"{code} {verb}: {done.state} {answer}", f"{code} {verb}: {done.state} {answer}")


@app.command()
def rotate(as_json: Json = False) -> None:
    """Make a new key for device secrets and seal them all anew. Back the key file up afterwards.

    更换设备密码的密钥并重新加密。
    """
    key, count = run_async(_rotate())
    if as_json:
        print_json({"key": key, "sealed": count})
        return
    say(
        f"新密钥 {key},重新加密 {count} 台设备的密码;请备份密钥文件",
        f"new key {key}, {count} secrets sealed anew; back up",
    )


async def _list(protocol: str | None, profile: str | None, offline: bool) -> list[Registered]:
    from yiwang.sensing.devices.registry import Filter

    wanted = Filter(profile=profile, protocol=protocol, online=False if offline else None)
    found: list[Registered] = []
    async with services() as opened:
        while True:
            after = found[-1].device.id if found else 0
            page = await opened.devices.page(SYSTEM, wanted, after=after, limit=_MOST)
            found += page
            if len(page) < _MOST:
                return found


async def _knocking(dismissed: bool) -> list[Knock]:
    async with services() as opened:
        return await opened.devices.knocks(SYSTEM, protocol=None, dismissed=dismissed, before=None, limit=_MOST)


async def _adopt(protocol: str, address: str, form: DeviceForm) -> Device:
    async with services() as opened, opened.context.database.transaction() as connection:
        return await opened.devices.adopt(connection, SYSTEM, protocol, address, form)


async def _retire(code: str, reason: str) -> Device:
    async with services() as opened, opened.context.database.transaction() as connection:
        device = opened.sensing.directory.by_code(code)
        if device is None:
            raise NotFound(what=f"设备 {code}")
        return await opened.devices.retire(connection, SYSTEM, device.id, reason)


async def _command(code: str, verb: str, parameters: JsonObject, wait: float) -> Command:
    from yiwang.sensing.devices.store import commands as store

    async with services() as opened:
        device = opened.sensing.directory.by_code(code)
        if device is None:
            raise NotFound(what=f"设备 {code}")
        database = opened.context.database
        async with database.transaction() as connection:
            given = await opened.sensing.commands.give(connection, SYSTEM, device.id, verb, parameters)
        for _ in range(int(wait * 2)):
            await asyncio.sleep(0.5)
            async with database.connection() as connection:
                found = await store.get(connection, device.id, given.id)
            if found is not None and found.state not in ("queued", "sent"):
                return found
        return found if wait and found is not None else given


async def _rotate() -> tuple[str, int]:
    from yiwang.sensing.devices.keys import rotate_keys

    async with services() as opened:
        return await rotate_keys(opened.context, opened.sensing.secrets)


def _show(device: Device, as_json: bool, zh: str, en: str) -> None:
    if as_json:
        print_json(_told(device))
    else:
        say(f"{zh} {device.code}({device.address})", f"{en} {device.code} ({device.address})")


def _told(device: Device) -> dict[str, object]:
    return {
        "id": device.id, "code": device.code, "profile": device.profile, "protocol": device.protocol,
        "address": device.address, "names": {"zh": device.name_zh, "en": device.name_en}, "area": device.area,
        "at": None if device.lon is None else [device.lon, device.lat], "retired_at": device.retired_at,
    }  # fmt: skip


def _place(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    lon, _, lat = text.partition(",")
    try:
        return float(lon), float(lat)
    except ValueError as error:
        wrong = FieldError(where="--at", code="input.place", zh="应为 经度,纬度", en="must be LON,LAT")
        raise InvalidInput(errors=[wrong], count=1) from error


def _parameter(text: str) -> tuple[str, JsonValue]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        wrong = FieldError(where="--parameter", code="input.option", zh="应为 名称=值", en="must be NAME=VALUE")
        raise InvalidInput(errors=[wrong], count=1)
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value
