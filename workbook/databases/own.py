"""Databases of our own server: made ahead, dropped behind, counted in its log."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial

import asyncpg

from workbook.databases import quota
from workbook.databases.postgresql import PostgresDatabase
from workbook.postgres import (
    DatabaseUnavailable,
    LogPosition,
    Server,
    allow_databases,
    create_database,
    created_databases,
    drop_database,
    sweep,
)
from workbook.postgres.settings import READER


class OwnServer:
    """A server that we started, with a few databases always ready."""

    def __init__(self, server: Server, *, ahead: int, limited: bool = False) -> None:
        """`limited`: a database that outgrows `quota.MOST_BYTES` is closed to its owner."""
        self._server = server
        self._ahead = ahead
        self._limited = limited
        self._watching: asyncio.Task[None] | None = None
        self._coming: deque[asyncio.Task[str | None]] = deque()
        self._behind: set[asyncio.Task[None]] = set()
        self._closing = False
        self._taken: dict[str, PostgresDatabase] = {}
        # A connection does one thing at a time: a slow DROP must not hold up a CREATE.
        self._making, self._dropping, self._reading = (asyncio.Lock() for _ in range(3))

    async def open(self) -> None:
        """Connect as the admin and begin to make databases."""
        self._maker = await self._server.connect()
        self._dropper = await self._server.connect()
        self._reader = await self._server.connect(log_statement="all")
        self._later(self._sweep())
        self._order()
        if self._limited:
            watcher = await self._server.connect()
            log = self._server.log.folder
            self._watching = asyncio.create_task(quota.keep(watcher, log, lambda: self._taken))

    async def take(self) -> PostgresDatabase:
        """An empty database; usually it is ready."""
        self._order()
        coming = self._coming.popleft()
        self._order()
        try:
            try:
                name = await coming
            except asyncpg.PostgresError:
                if not self._limited:
                    raise
                async with self._making:
                    await quota.end_all(self._maker)
                name = await self._make()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise DatabaseUnavailable(f"PostgreSQL made no database: {error}") from error
        if name is None:
            raise DatabaseUnavailable("These databases are closed.")
        server = self._server
        database = PostgresDatabase(
            name,
            server.url(name).render_as_string(hide_password=False),
            # The path, because its owner may have set the database another one, in which
            # operators of theirs come before PostgreSQL's.
            read=partial(
                server.connect,
                READER,
                name,
                restrict_nonsystem_relation_kind="view,foreign-table",
                search_path="public",
            ),
            own=partial(server.connect, name),
            drop=self._give_back,
            log=self,
            maker=self,
        )
        self._taken[name] = database
        return database

    async def close(self) -> None:
        """Drop everything that was made here and leave."""
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
        for name in await asyncio.gather(*self._coming, return_exceptions=True):
            if isinstance(name, str):
                self._later(self._drop(name))
        for database in tuple(self._taken.values()):
            await database.drop()
        await asyncio.gather(*self._behind, return_exceptions=True)
        for connection in (self._maker, self._dropper, self._reader):
            with suppress(asyncpg.PostgresError, OSError):
                await connection.close(timeout=2)

    async def allow(self, owner: str) -> None:
        async with self._making:
            await allow_databases(self._maker, owner)

    async def created(self, owner: str) -> list[str]:
        async with self._making:
            return await created_databases(self._maker, owner)

    async def enter(self, database: str, **settings: str) -> asyncpg.Connection:
        return await self._server.connect(READER, database, **settings)

    async def position(self) -> LogPosition:
        async with self._reading:
            return await self._server.log_position(self._reader)

    async def statements(self, since: LogPosition, database: str) -> list[str]:
        async with self._reading:
            return await self._server.statements(since, database, self._reader)

    def _order(self) -> None:
        while len(self._coming) < max(1, self._ahead):
            self._coming.append(asyncio.create_task(self._make()))

    async def _make(self) -> str | None:
        async with self._making:
            if self._closing:
                return None
            return await create_database(self._server, self._maker)

    async def _give_back(self, database: PostgresDatabase) -> None:
        if self._taken.pop(database.name, None):
            self._later(self._drop(database.name))

    async def _drop(self, name: str) -> None:
        async with self._dropping:
            await drop_database(self._dropper, name)

    async def _sweep(self) -> None:
        async with self._dropping:
            await sweep(self._server, self._dropper)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
