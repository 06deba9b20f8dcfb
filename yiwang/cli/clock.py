"""``yiwang clock``: show the city's time; turn a demo city's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from yiwang.cli.environment import one_connection, run_async, settings
from yiwang.cli.output import Json, print_facts, print_json
from yiwang.http.city import read_city
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import ClockState, read_clock, real_now, set_clock
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput

app = typer.Typer(no_args_is_help=True, help="The city's clock. 城市时钟。")


@app.command()
def show(as_json: Json = False) -> None:
    """Show the city's time.

    显示城市时间。
    """
    _tell(run_async(_read()), as_json)


@app.command("set")
def set_(
    speed: Annotated[
        float | None, typer.Option(help="City seconds per real second; 0 stops.", min=0, max=100_000)
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="Jump forward to this time, ISO 8601; without a zone: the city's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Turn a demo city's clock: its speed, or forward to a time.

    调整演示城市的时间。
    """
    _tell(run_async(_set(speed, _moment(to) if to else None)), as_json)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        wrong = FieldError(
            where="--to",
            code="input.time",
            zh="应为时间,如 2026-06-18T08:30",
            en="must be a time such as 2026-06-18T08:30",
        )
        raise InvalidInput(errors=[wrong], count=1) from error
    zone = read_city(settings().city).calendar.hours.timezone
    return found if found.tzinfo else found.replace(tzinfo=zone)


async def _read() -> ClockState:
    async with one_connection() as connection:
        return await read_clock(connection)


async def _set(speed: float | None, to: datetime | None) -> ClockState:
    async with one_connection() as connection, connection.transaction():
        state = await set_clock(connection, to=to, speed=speed)
        data: JsonObject = {"now": state.city_anchor.isoformat(), "speed": state.speed}
        await journal.append(
            connection, journal.entry(SYSTEM, state.city_anchor, "clock.changed", "clock", None, data=data)
        )
        return state


def _tell(state: ClockState, as_json: bool) -> None:
    zone = read_city(settings().city).calendar.hours.timezone
    now = state.at(real_now())
    facts = {
        "now": now.astimezone(zone).isoformat(timespec="seconds"),
        "simulated": state.simulated,
        "speed": state.speed,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)
