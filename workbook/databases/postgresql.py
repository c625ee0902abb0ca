"""A PostgreSQL database: read by a role that may only read, emptied by its owner.

Never by the admin: a view or a trigger of the student's would run with the admin's rights.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any, Protocol

import asyncpg

from workbook.databases.looking import KEPT, MOST_ROWS, MOST_SECONDS, Busy, Unreadable, first
from workbook.postgres import LogPosition

Connect = Callable[..., Awaitable[asyncpg.Connection]]
_REFUSALS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_MILLISECONDS = str(int(MOST_SECONDS * 1000))
_TABLES = """
    SELECT schemaname, tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"""


class Log(Protocol):
    """Where the server says what it executed."""

    async def position(self) -> LogPosition: ...

    async def statements(self, since: LogPosition, database: str) -> list[str]: ...


class Maker(Protocol):
    """Who lets an owner make databases beside its own, and the judge look into those."""

    async def allow(self, owner: str) -> None: ...

    async def created(self, owner: str) -> list[str]: ...

    async def enter(self, database: str, **settings: str) -> asyncpg.Connection: ...


class PostgresDatabase:
    """A database on a server, ours or one that was given."""

    kind = "postgresql"

    def __init__(
        self,
        name: str,
        url: str,
        *,
        read: Connect,
        own: Connect,
        drop: Callable[[PostgresDatabase], Awaitable[None]],
        log: Log | None = None,
        maker: Maker | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self._connect = {"read": read, "own": own}
        self._open: dict[str, asyncpg.Connection] = {}
        self._log = log
        self._maker = maker
        self._drop = drop

    async def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        try:
            return await _read(await self._connection("read"), sql, params)
        except _REFUSALS as error:
            raise Unreadable(str(error)) from error

    async def may_create_databases(self) -> None:
        """Let the owner create databases; they go when this one is dropped."""
        assert self._maker is not None
        await self._maker.allow(self.name)

    async def rows_beside(self, database: str, sql: str, *params: Any) -> list[dict[str, Any]]:
        """The rows of a SELECT in a database that the owner created; raises `Unreadable`."""
        assert self._maker is not None
        try:
            if database not in await self._maker.created(self.name):
                raise Unreadable(f"{database} isn't a database that was created here")
            connection = await self._maker.enter(database, statement_timeout=_MILLISECONDS)
            try:
                return await _read(connection, sql, params)
            finally:
                await connection.close(timeout=2)
        except _REFUSALS as error:
            raise Unreadable(str(error)) from error

    async def value(self, sql: str, *params: Any) -> Any:
        return first(await self.rows(sql, *params))

    async def tables(self) -> list[str]:
        rows = [tuple(row.values()) for row in await self.rows(_TABLES)]
        return sorted(name if schema == "public" else f"{schema}.{name}" for schema, name in rows)

    async def empty(self, keep: Collection[str] = KEPT) -> None:
        try:
            connection = await self._connection("own")
            tables = [
                f"{_quoted(schema)}.{_quoted(name)}"
                for schema, name in await connection.fetch(_TABLES)
                if name not in keep
            ]
            if tables:
                await connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise Busy(f"{self.name} can't be emptied: {error}") from error

    async def log_position(self) -> LogPosition | None:
        return None if self._log is None else await self._log.position()

    async def statements(self, since: LogPosition | None) -> list[str] | None:
        if self._log is None or since is None:
            return None
        return await self._log.statements(since, self.name)

    async def drop(self) -> None:
        await self.leave()
        await self._drop(self)

    async def leave(self) -> None:
        """Close the judge's own connections."""
        for purpose in tuple(self._open):
            connection = self._open.pop(purpose)
            with suppress(asyncpg.PostgresError, OSError):
                await connection.close(timeout=2)

    async def _connection(self, purpose: str) -> asyncpg.Connection:
        connection = self._open.get(purpose)
        if connection is None or connection.is_closed():
            connection = await self._connect[purpose](
                statement_timeout=_MILLISECONDS, lock_timeout="1000"
            )
            self._open[purpose] = connection
        return connection


async def _read(
    connection: asyncpg.Connection, sql: str, params: tuple[Any, ...]
) -> list[dict[str, Any]]:
    async with connection.transaction(readonly=True):
        cursor = await connection.cursor(sql, *params)
        found = await cursor.fetch(MOST_ROWS + 1)
    if len(found) > MOST_ROWS:
        raise Unreadable(f"more than {MOST_ROWS:,} rows")
    return [dict(row) for row in found]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
