"""The embedded database by hand: ``python -m yiwang.kernel.cluster start|stop|status|url|psql|binaries|destroy``.

Works on ``YIWANG_HOME`` (``.yiwang``); never on one's own server. ``status`` exits 3 when the server does not run.
``binaries`` finds or installs PostgreSQL and prints its folder, which ``YIWANG_PG_BIN`` takes.
"""

from __future__ import annotations

import asyncio
import os
import sys

from yiwang.kernel.cluster.binaries import ensure_binaries
from yiwang.kernel.cluster.server import EmbeddedServer
from yiwang.kernel.cluster.system import speaks_chinese
from yiwang.kernel.errors import Problem
from yiwang.kernel.settings import load_settings

not_running = 3


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    match arguments:
        case ["start"]:
            server = _server()
            server.start()
            print(asyncio.run(server.ensure_database()))
        case ["stop"]:
            _server().stop()
        case ["destroy"]:
            _server().destroy()
        case ["binaries"]:
            print(ensure_binaries(load_settings().home).folder)
        case ["url"]:
            print(_server().dsn())
        case ["status"]:
            status = _server().status()
            print(f"{status.state} pid={status.pid or '-'} version={status.major or '-'} data={status.data}")
            return 0 if status.state == "running" else not_running
        case ["psql", *rest]:
            _psql(_server(), rest)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def _server() -> EmbeddedServer:
    return EmbeddedServer(load_settings().home)


def _psql(server: EmbeddedServer, rest: list[str]) -> None:
    """Become psql on the database."""
    server.start()
    binaries = ensure_binaries(server.home, major=server.major)
    program = str(binaries.program("psql"))
    os.execve(program, [program, server.dsn(), *rest], {**os.environ, **binaries.environment})  # noqa: S606 - no shell


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        sys.exit("yiwang: " + problem.message("zh" if speaks_chinese() else "en"))
