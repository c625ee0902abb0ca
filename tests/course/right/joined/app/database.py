"""From a URL to sessions: one engine, real transactions, nothing left open."""

import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import cache

from sqlalchemy import URL, Connection, QueuePool, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState
from sqlalchemy.util.concurrency import in_greenlet
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
    parsed: URL | None = None
    # Both may quote what they were given, so neither goes along, not even as the context.
    with suppress(ArgumentError, ValueError):
        parsed = make_url(url.strip() if isinstance(url, str) else url)
    if parsed is None:
        empty = isinstance(url, str) and not url.strip()
        raise ValueError(f"The database URL {'is empty' if empty else 'can not be read'}.")

    scheme = parsed.drivername.lower().partition("+")[0]
    if scheme not in DRIVERS:
        raise ValueError(f"The database URL is for {scheme!r}: use PostgreSQL or SQLite.")
    parsed = parsed.set(drivername=DRIVERS[scheme])
    if scheme == "sqlite":
        return parsed

    mode = parsed.query.get("sslmode")
    parsed = parsed.difference_update_query(LIBPQ_ONLY | {"sslmode"})
    # Who says both means asyncpg's own word.
    return parsed if mode is None else parsed.update_query_dict({"ssl": mode} | {**parsed.query})


def enforce_foreign_keys(engine: AsyncEngine) -> None:
    """Make SQLite check foreign keys, which each new connection leaves off.

    Listens to the "connect" event of ``engine.sync_engine`` (an ``AsyncEngine`` has no
    events of its own) and runs ``PRAGMA foreign_keys=ON`` on the DBAPI connection.
    """
    event.listen(engine.sync_engine, "connect", _check_keys)


def _check_keys(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA foreign_keys=ON")
    finally:
        cursor.close()


def make_transactions_real(engine: AsyncEngine) -> None:
    """Give SQLite transactions that savepoints, DDL and reads all belong to.

    The driver begins a transaction only before some statements, so a released savepoint
    can outlive the rollback around it. Switch that off for each new connection
    (``isolation_level = None``) and say BEGIN when SQLAlchemy begins: the event "begin"
    hands over SQLAlchemy's connection, whose ``exec_driver_sql`` takes plain text. A COMMIT
    that SQLite refuses leaves its transaction open: roll back on the event "reset", before the
    pool hands the connection on.

    The execution option ``sqlite_begin`` (``connection.get_execution_options()``) says how:
    "DEFERRED", unless a writer that reads first asks for "IMMEDIATE", and waits its turn
    there rather than fail halfway.
    """
    for name, listener in (
        ("connect", _leave_transactions_to_us),
        ("begin", _begin),
        ("reset", _end_what_is_open),
        ("invalidate", _undo_before_closing),
    ):
        event.listen(engine.sync_engine, name, listener)


def _leave_transactions_to_us(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    how = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {how}")


def _end_what_is_open(
    connection: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState
) -> None:
    if not state.terminate_only:  # that one is closed, and nothing may be awaited for it
        connection.rollback()


def _undo_before_closing(
    connection: DBAPIConnection, _: ConnectionPoolEntry, __: BaseException | None
) -> None:
    # A connection that is closed while a cursor is alive, as after a cancelled statement, keeps
    # its transaction and the lock on the file until the garbage is collected.
    if in_greenlet():
        with suppress(Exception):
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
    address = get_async_database_url(url)
    pool = address.get_dialect().get_pool_class(address)
    sizes = {"pool_size": pool_size, "max_overflow": max_overflow}
    engine = create_async_engine(
        address, pool_pre_ping=True, **(sizes if issubclass(pool, QueuePool) else {})
    )
    if address.get_backend_name() == "sqlite":
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
        try:
            yield session
        finally:
            await session.rollback()


async def create_db_and_tables(engine: AsyncEngine | None = None) -> None:
    """Create the tables that don't exist yet, on the given or the process's engine.

    All tables of ``Base.metadata``, in one transaction. Calling it again changes nothing.
    ``create_all`` is synchronous: ``connection.run_sync`` runs it.
    """
    async with (get_engine() if engine is None else engine).begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
