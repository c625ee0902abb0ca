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
        )
        return database

    async def close(self) -> None:
        for database in tuple(self._taken.values()):
            await database.drop()
        await self._admin.close(timeout=5)

    async def _drop(self, database: PostgresDatabase) -> None:
        if self._taken.pop(database.name, None):
            await self._admin.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")

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
