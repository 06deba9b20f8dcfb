"""The senses of one process, put together: what gateways, routes, the worker and commands are given."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from yiwang.kernel.context import Context
from yiwang.sensing.alarms.service import Alarms
from yiwang.sensing.devices.commands import Commands
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.secrets import DeviceSecrets, key_file_name
from yiwang.sensing.readings import Readings, ReadingWriter
from yiwang.sensing.rules.book import RuleBook


@dataclass(frozen=True, slots=True)
class Sensing:
    """The engine's parts; make with :func:`open_sensing`.

    ``writer`` is started; it opens its connection with the first reading.
    """

    context: Context
    directory: DeviceDirectory
    secrets: DeviceSecrets
    commands: Commands
    writer: ReadingWriter
    readings: Readings
    book: RuleBook
    alarms: Alarms


def key_file(context: Context) -> Path:
    """Where this installation keeps the keys of device secrets."""
    return context.settings.device_keys or context.settings.home / key_file_name


@contextlib.asynccontextmanager
async def open_sensing(context: Context) -> AsyncIterator[Sensing]:
    """The senses with a directory that is kept fresh until the block ends.

    Raises:
        Unavailable: the database does not answer.
    """
    directory = DeviceDirectory(context.database)
    secrets = DeviceSecrets(key_file(context))
    writer = ReadingWriter(context, directory)
    await directory.start()
    try:
        await writer.start()
        try:
            book, readings = RuleBook(directory, context.calendar), Readings(context)
            yield Sensing(
                context, directory, secrets, Commands(context, directory, secrets), writer, readings,
                book, Alarms(context, directory, book, readings.lake),
            )  # fmt: skip
        finally:
            await writer.stop()
    finally:
        await directory.stop()
