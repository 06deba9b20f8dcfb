"""The server's first process (postmaster): is it alive, is it ours, does it answer. Reads, and signals only orphans.

Why not only its pid file: after ``kill -9`` the file stays, and its number may belong to a zombie or to a stranger.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from yiwang.kernel.cluster.system import arguments_of

answer_patience_seconds = 5.0
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""The cheapest question of the protocol: a living server answers one byte, even while it refuses sessions."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A living server, from its pid file."""

    pid: int
    ready: bool
    stopping: bool


def find_postmaster(data: Path) -> Postmaster | None:
    """The living server of the data folder, None where none lives."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    if not _serves(arguments_of(pid), data):
        return None
    word = lines[7].strip() if len(lines) > 7 else "starting"
    return Postmaster(pid, ready=word == "ready", stopping=word == "stopping")


def answers(socket_file: Path) -> bool:
    """Whether a server answers there. A process that has just been killed may still be listed, but says nothing."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(answer_patience_seconds)
        try:
            connection.connect(str(socket_file))
            connection.sendall(_SSL_REQUEST)
            return connection.recv(1) in (b"N", b"S")
        except OSError:
            return False


def end_orphans(data: Path, how: signal.Signals) -> None:
    """Signal the sessions that outlived a killed postmaster: PostgreSQL's processes whose working folder is ``data``."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            ours = (entry / "cwd").samefile(data) and (entry / "cmdline").read_bytes().startswith(b"postgres:")
            if ours:
                os.kill(int(entry.name), how)
        except OSError:
            continue  # gone meanwhile, or not ours to look at


def _serves(arguments: list[str], data: Path) -> bool:
    if not arguments or Path(arguments[0].rstrip(":")).name not in {"postgres", "postmaster"}:
        return False
    folders = [Path(value) for word, value in itertools.pairwise(arguments) if word == "-D"]
    # a folder that is gone: the home was moved while its server ran
    return any(not folder.exists() or folder.samefile(data) for folder in folders)
