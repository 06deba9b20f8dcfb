"""What is killed: one process, or all of them, with SIGKILL. Nothing is asked, nothing is told."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping

from bench.crash.city import CrashCity
from bench.installation import kill


async def _web_worker(city: CrashCity, chance: random.Random) -> int:
    return _kill_one(city.members()["web worker"], chance)


async def _web_server(city: CrashCity, chance: random.Random) -> int:
    return _kill_one(city.members()["web"], chance)


async def _background(city: CrashCity, chance: random.Random) -> int:
    return _kill_one(city.members()["background"], chance)


async def _everything(city: CrashCity, chance: random.Random) -> int:
    """As a power cut: all processes at once, the database too."""
    postmaster = city.postmaster()
    if postmaster is not None:
        kill(postmaster)
    city.kill_all()
    return postmaster or 0


async def _whole_server(city: CrashCity, chance: random.Random) -> int:
    """Supervisor, web and background at once; the database lives on."""
    pid = city.members()["run"][0]
    city.kill_all()
    return pid


async def _postmaster(city: CrashCity, chance: random.Random) -> int:
    pid = city.postmaster()
    return _kill_one([pid] if pid else [], chance)


async def _backend(city: CrashCity, chance: random.Random) -> int:
    """A session of the database, at work if one is; the server then ends all sessions and recovers."""
    connection = await city.connection()
    try:
        rows = await connection.fetch(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type = 'client backend' order by state = 'active' desc, xact_start is null limit 4"
        )
    finally:
        await connection.close()
    return _kill_one([row["pid"] for row in rows], chance)


VICTIMS: Mapping[str, Callable[[CrashCity, random.Random], Awaitable[int]]] = {
    "web worker": _web_worker,
    "database backend": _backend,
    "whole server": _whole_server,
    "postmaster": _postmaster,
    "background worker": _background,
    "web server": _web_server,
    "everything": _everything,
}
"""Name → kills it, and says which process. The first five are what the short proof kills."""


def _kill_one(pids: list[int], chance: random.Random) -> int:
    if not pids:
        return 0
    pid = chance.choice(pids)
    kill(pid)
    return pid
