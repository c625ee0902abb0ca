"""Databases of a server that is there already, made with the rights of its address."""

from __future__ import annotations

import secrets
from functools import partial

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from workbook.databases.postgresql import PostgresDatabase
from workbook.postgres import DatabaseUnavailable

# The address itself stays out of the message: it may hold a password.
_UNFIT = "--db-url takes the address of a PostgreSQL server: postgresql://user:password@host/name"
_REFUSALS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class GivenServer:
    """A server named by `--db-url`. Its log isn't ours to read, so nothing is counted."""

    def __init__(self, address: str) -> None:
        self._url = _parsed(address)
        self._taken: dict[str, PostgresDatabase] = {}
        self._before: dict[str, set[str]] = {}
        self._entered: set[str] = set()

    async def open(self) -> None:
        """Connect; a server that refuses raises `DatabaseUnavailable` in one clear line."""
        try:
            self._admin = await self._connect(self._url.database)
        except ValueError:
            raise DatabaseUnavailable(_UNFIT) from None
        except _REFUSALS as error:
            raise DatabaseUnavailable(self._refusal("refused the connection", error)) from error

    async def take(self) -> PostgresDatabase:
        name = f"workbook_{secrets.token_hex(8)}"
        try:
            await self._admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        except _REFUSALS as error:
            raise DatabaseUnavailable(self._refusal("made no database", error)) from error
        connect = partial(self._connect, name)
        database = self._taken[name] = PostgresDatabase(
            name,
            self._url.set(database=name).render_as_string(hide_password=False),
            read=partial(connect, default_transaction_read_only="on"),
            own=connect,
            drop=self._drop,
            maker=self,
        )
        return database

    async def allow(self, owner: str) -> None:
        """Its role made this database, so it may make others: only remember what was there."""
        self._before[owner] = await self._names()

    async def created(self, owner: str) -> list[str]:
        return sorted(await self._names() - self._before[owner] - {*self._taken})

    async def enter(self, database: str, **settings: str) -> asyncpg.Connection:
        self._entered.add(database)  # of what else is new here, nobody says that it is ours
        return await self._connect(database, **settings)

    async def _names(self) -> set[str]:
        mine = "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = current_user"
        return {row["datname"] for row in await self._admin.fetch(mine)}

    async def close(self) -> None:
        for database in tuple(self._taken.values()):
            await database.drop()
        await self._admin.close(timeout=5)

    async def _drop(self, database: PostgresDatabase) -> None:
        if self._taken.pop(database.name, None):
            for name in (*self._entered, database.name):
                quoted = name.replace('"', '""')
                await self._admin.execute(f'DROP DATABASE IF EXISTS "{quoted}" WITH (FORCE)')
            self._entered.clear()

    async def _connect(self, database: str | None, **settings: str) -> asyncpg.Connection:
        url, query = self._url, dict(self._url.query)
        if "ssl" in query:  # SQLAlchemy's name for it
            query["sslmode"] = query.pop("ssl")
        dsn = url.set(drivername="postgresql", database=database, query=query)
        return await asyncpg.connect(
            dsn.render_as_string(hide_password=False),
            timeout=10, statement_cache_size=0, server_settings=settings,
        )  # fmt: skip

    def _refusal(self, what: str, error: BaseException) -> str:
        where = str(self._url.query.get("host") or self._url.host or "this machine")
        if self._url.port:
            where += f":{self._url.port}"
        reason = " ".join(str(error).split()) or type(error).__name__
        if self._url.password:
            reason = reason.replace(str(self._url.password), "***")
        return f"PostgreSQL at {where} {what}: {reason}. Check --db-url, or leave it out."


def _parsed(address: str) -> URL:
    scheme, mark, rest = address.strip().partition("://")
    if not mark or scheme.lower().partition("+")[0] not in ("postgres", "postgresql"):
        raise DatabaseUnavailable(_UNFIT)
    try:
        return make_url(f"postgresql+asyncpg://{rest}")
    except (ArgumentError, ValueError):
        raise DatabaseUnavailable(_UNFIT) from None
