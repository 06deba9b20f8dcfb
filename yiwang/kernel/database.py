"""The one database: a pool of asyncpg connections, transactions, and the JSON codec.

Engines write plain SQL in their ``store.py`` against a :data:`Connection`; a verb of a ``service.py`` opens one
:meth:`Database.transaction` and passes the connection down, so that state, journal and outgoing messages commit together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import orjson

from yiwang.kernel.errors import Unavailable

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Record: TypeAlias = asyncpg.Record
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool
    Record = asyncpg.Record

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""Any JSON value."""
JsonObject: TypeAlias = "dict[str, Json]"

_JSONB_VERSION = b"\x01"


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def _decode_jsonb(value: bytes) -> Json:
    decoded: Json = orjson.loads(value[1:])
    return decoded


async def prepare_connection(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Teach a fresh connection our JSON codec; every connection of the process goes through here."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


async def _nothing_to_reset(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Returning a connection costs no round trip: nobody leaves session state on a pooled one (settings are ``set local``,
    locks end with their transaction, listeners have connections of their own), and an open transaction is rolled back
    by the pool itself."""


async def connect(url: str) -> asyncpg.Connection[asyncpg.Record]:
    """One connection outside any pool, for commands and listeners; the caller closes it."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "yiwang", "jit": "off"})
    await prepare_connection(connection)
    return connection


class Database:
    """A pool. Obtain with :meth:`open`; close with :meth:`close`."""

    def __init__(self, pool: Pool, url: str) -> None:
        self.pool = pool
        self.url = url

    @classmethod
    async def open(cls, url: str, *, connections: int = 8, statement_seconds: float = 30) -> Database:
        """Open a pool of at most ``connections``; a statement that runs longer than ``statement_seconds`` is cancelled."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            init=prepare_connection,
            reset=_nothing_to_reset,
            max_inactive_connection_lifetime=300,
            server_settings={
                "application_name": "yiwang",
                "jit": "off",
                "statement_timeout": str(int(statement_seconds * 1000)),
                "idle_in_transaction_session_timeout": "60000",
            },
        )
        return cls(pool, url)

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reading, each statement seeing its own snapshot.

        Raises:
            Unavailable: the database does not answer.
        """
        try:
            async with self.pool.acquire(timeout=10) as connection:
                try:
                    yield connection
                except asyncpg.InterfaceError as error:
                    if connection.is_closed():
                        raise Unavailable(reason="database") from error
                    raise
        except _GONE as error:
            raise Unavailable(reason="database") from error
        except asyncpg.InterfaceError as error:
            if self.pool.is_closing():
                raise Unavailable(reason="database") from error
            raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside one transaction (read committed): commits at the end of the block, or not at all."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def retry(self, work: Callable[[], Awaitable[None]], *, times: int = 3) -> None:
        """Run ``work`` again when the database reports a serialisation failure or deadlock."""
        for attempt in range(times):
            try:
                return await work()
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                if attempt + 1 == times:
                    raise
                await asyncio.sleep(0.01 * 2**attempt)


_GONE = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)

AWAY = (Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a loop that lives as long as its process meets when the database goes away and comes back: it waits, connects anew and
goes on. The client's own internal error is among them: a connection that breaks in the middle of a COPY is left in no state."""
