"""From a URL to sessions: one engine, real transactions, nothing left open."""

import os
from collections.abc import AsyncGenerator
from functools import cache
from typing import Any

from sqlalchemy import URL, Connection, QueuePool, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState
from sqlmodel.ext.asyncio.session import AsyncSession

from .libpq import LIBPQ_ONLY
from .models import Base

DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}


def get_async_database_url(url: str | URL) -> URL:
    """Return the async form of a PostgreSQL or SQLite URL.

    ``postgres://`` and ``postgresql://`` get the driver asyncpg, ``sqlite://`` gets
    aiosqlite, whatever driver was named before (``DRIVERS``). Surrounding space and
    upper-case schemes are accepted. For PostgreSQL, ``sslmode`` becomes asyncpg's ``ssl``
    and the arguments in ``LIBPQ_ONLY`` are dropped. Passwords and all other arguments stay
    as they are, and the result given in again comes out unchanged.

    Raises ``ValueError`` for an empty URL, one that can't be read, or another scheme, which
    the message names; it never holds the password.
    """
    if isinstance(url, str) and not url.strip():
        raise ValueError("The database URL is empty: set it to postgresql://… or sqlite:///….")
    try:
        parsed = make_url(url.strip() if isinstance(url, str) else url)
    except (ArgumentError, ValueError):
        # "from None": the parser's own message may quote a part of the password.
        raise ValueError("The database URL can't be read: expected scheme://….") from None
    scheme = parsed.drivername.lower().partition("+")[0]
    if scheme not in DRIVERS:
        raise ValueError(f"No async driver for {scheme}://: use postgresql:// or sqlite://.")
    if scheme != "sqlite":
        query = {name: value for name, value in parsed.query.items() if name not in LIBPQ_ONLY}
        if "sslmode" in query:
            sslmode = query.pop("sslmode")
            query.setdefault("ssl", sslmode)
        parsed = parsed.set(query=query)
    return parsed.set(drivername=DRIVERS[scheme])


def enforce_foreign_keys(engine: AsyncEngine) -> None:
    """Make SQLite check foreign keys, which each new connection leaves off.

    Listens to the "connect" event of ``engine.sync_engine`` (an ``AsyncEngine`` has no
    events of its own) and runs ``PRAGMA foreign_keys=ON`` on the DBAPI connection.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def switch_on(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def make_transactions_real(engine: AsyncEngine) -> None:
    """Give SQLite transactions that savepoints, DDL and reads all belong to.

    The driver begins a transaction only before some statements, so a released savepoint
    can outlive the rollback around it. Switch that off for each new connection
    (``isolation_level = None``) and say BEGIN when SQLAlchemy begins: the event "begin"
    hands over SQLAlchemy's connection, whose ``exec_driver_sql`` takes plain text. A COMMIT
    that SQLite refuses leaves its transaction open: the event "reset" hands over the DBAPI
    connection on its way back to the pool, its record and a state. Roll back where the pool
    won't, as it thinks that it was done (``state.transaction_was_reset``), and where one may
    wait (``state.asyncio_safe``).

    The execution option ``sqlite_begin`` (``connection.get_execution_options()``) says how:
    "DEFERRED", unless a writer that reads first asks for "IMMEDIATE" (``begin_writing``), and
    waits its turn there rather than fail halfway.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def leave_transactions_to_us(connection: Any, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    @event.listens_for(engine.sync_engine, "reset")
    def end(connection: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState) -> None:
        # A COMMIT refused by a deferred key leaves SQLite's transaction open while
        # SQLAlchemy counts it as over: don't hand it on to the next session.
        if state.transaction_was_reset and state.asyncio_safe:
            connection.rollback()


def build_engine(url: str | URL, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    """Return an engine whose connections are alive and keep the database's rules.

    The URL goes through ``get_async_database_url``. A connection that died in the pool is
    replaced before use (``pool_pre_ping``). ``pool_size`` and ``max_overflow`` go to
    engines whose pool is some kind of ``QueuePool``, asyncio's being a subclass; SQLite in
    memory has one that refuses them (``url.get_dialect().get_pool_class(url)`` tells). SQLite
    engines also go through ``enforce_foreign_keys`` and ``make_transactions_real``. Nothing
    connects yet.
    """
    async_url = get_async_database_url(url)
    dialect: Any = async_url.get_dialect()  # its type hints don't know get_pool_class
    options: dict[str, Any] = {"pool_pre_ping": True}
    if issubclass(dialect.get_pool_class(async_url), QueuePool):
        options |= {"pool_size": pool_size, "max_overflow": max_overflow}
    engine = create_async_engine(async_url, **options)
    if dialect.name == "sqlite":
        enforce_foreign_keys(engine)
        make_transactions_real(engine)
    return engine


@cache
def get_engine() -> AsyncEngine:
    """Given: the process's one engine, made on first use from the environment.

    ``DATABASE_URL`` (a SQLite file by default), ``DB_POOL_SIZE``, ``DB_MAX_OVERFLOW``.
    """
    return build_engine(
        os.environ.get("DATABASE_URL", "sqlite:///task_api.db"),
        pool_size=int(os.environ.get("DB_POOL_SIZE", "5")),
        max_overflow=int(os.environ.get("DB_MAX_OVERFLOW", "10")),
    )


def build_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return a maker of SQLModel sessions whose objects stay readable after a commit.

    The class is SQLModel's ``AsyncSession`` (SQLAlchemy's has no ``exec``), with
    ``expire_on_commit=False``: an expired attribute would need a query, and plain attribute
    access can't await one.
    """
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


async def get_session() -> AsyncGenerator[AsyncSession, None]:
    """Yield one session of the process's engine and always close it.

    A dependency for FastAPI: one request, one session. What was not committed is rolled
    back, on an error and without one; the connection goes back to the pool either way.
    """
    async with build_session_factory(get_engine())() as session:
        yield session


async def create_db_and_tables(engine: AsyncEngine | None = None) -> None:
    """Create the tables that don't exist yet, on the given or the process's engine.

    All tables of ``Base.metadata``, in one transaction. Calling it again changes nothing.
    ``create_all`` is synchronous: ``connection.run_sync`` runs it.
    """
    async with (engine or get_engine()).begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
