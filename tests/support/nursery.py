"""Processes for tests to kill, forked from one that has imported their module already.

A fork takes milliseconds, an interpreter with its imports seconds; what is killed is a process of its own all the same.
``python -m support.nursery MODULE`` reads lines of JSON: the path of a pipe for the child's standard output, the path of a
file for its errors, and the arguments of ``MODULE.run(*arguments)``; it answers each with the child's process id.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

_TESTS = Path(__file__).resolve().parents[1]
_START_SECONDS = 120.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(slots=True)
class Child:
    """A process; ``stdout`` ends with it."""

    pid: int
    stdout: asyncio.StreamReader
    errors: Path
    _pipe: asyncio.ReadTransport

    @property
    def alive(self) -> bool:
        """Whether it runs; the nursery buries the dead at once."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def ended_well(self) -> bool:
        """Whether it came to its end by itself, without an error."""
        return self.errors.with_suffix(".ended").exists()

    def kill(self) -> None:
        """kill -9."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    async def wait(self, seconds: float = 60.0) -> None:
        """Until it is gone."""
        for _ in range(int(seconds / 0.005)):
            if not self.alive:
                self._pipe.close()
                return
            await asyncio.sleep(0.005)
        raise TimeoutError(f"process {self.pid} does not end")

    async def line(self, seconds: float = _START_SECONDS) -> str:
        """The next line that it says."""
        found = await asyncio.wait_for(self.stdout.readline(), seconds)
        if not found:
            raise RuntimeError(f"it ended: {self.errors.read_text()[-2000:]}")
        return found.decode().strip()


class Nursery:
    """See :func:`nursery`."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process, self._folder = process, folder
        self._born = 0
        self._children: list[Child] = []

    async def start(self, *arguments: str) -> Child:
        """A new process that runs ``MODULE.run(*arguments)``."""
        self._born += 1
        pipe, errors = self._folder / f"out-{self._born}", self._folder / f"errors-{self._born}"
        os.mkfifo(pipe)
        reading = os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), reading
        )
        asked = orjson.dumps({"stdout": str(pipe), "stderr": str(errors), "arguments": arguments})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(asked + b"\n")
        answer = await asyncio.wait_for(self._process.stdout.readline(), _START_SECONDS)
        child = Child(int(answer), reader, errors, transport)
        self._children.append(child)
        return child

    async def close(self) -> None:
        """Kill all that are left, and the nursery."""
        for child in self._children:
            child.kill()
        self._process.kill()
        await self._process.wait()


@contextlib.asynccontextmanager
async def nursery(module: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Nursery]:
    """A process that has imported ``module`` and forks others; all of them are gone at the end."""
    inherited = {**(environment or os.environ), "PYTHONPATH": f"{_TESTS}{os.pathsep}{_TESTS.parent}"}
    with tempfile.TemporaryDirectory(prefix="yiwang-nursery-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "support.nursery", module,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=inherited,
        )  # fmt: skip
        found = Nursery(process, Path(folder))
        try:
            yield found
        finally:
            await found.close()


def _serve(module: str) -> None:
    """The nursery's own loop: it has no threads and no event loop of which a child could inherit half."""
    run = importlib.import_module(module).run
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are buried by the kernel
    for line in sys.stdin.buffer:
        asked = orjson.loads(line)
        pid = os.fork()
        if pid == 0:
            ctypes.CDLL(None).prctl(
                _DIE_WITH_PARENT, signal.SIGKILL
            )  # nobody is left when the tests themselves are killed
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for path, number, how in (
                (os.devnull, 0, os.O_RDONLY),
                (asked["stdout"], 1, os.O_WRONLY),
                (asked["stderr"], 2, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
            ):
                opened = os.open(path, how)
                os.dup2(opened, number)
                os.close(opened)
            status = 1
            try:
                run(*asked["arguments"])
                status = 0
                Path(asked["stderr"]).with_suffix(".ended").touch()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
