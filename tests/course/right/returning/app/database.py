"""From a URL to sessions: one engine, real transactions, nothing left open."""

import asyncio
import os
import re
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
    if isinstance(url, str):
        url = _read(url.strip())
    backend = url.drivername.lower().partition("+")[0]
    if backend not in DRIVERS:
        raise ValueError(f"A database URL begins with postgresql:// or sqlite://, not {backend}://")
    result = url.set(drivername=DRIVERS[backend])
    if backend == "sqlite":
        return result
    arguments = {name: value for name, value in url.query.items() if name not in LIBPQ_ONLY}
    mode = arguments.pop("sslmode", None)
    if mode is not None:
        # Said twice, the last one counts, as libpq has it; asyncpg's own word wins over libpq's.
        arguments.setdefault("ssl", mode if isinstance(mode, str) else mode[-1])
    return result.set(query=arguments)


#: What stands before "://", if that can be a scheme at all: nothing of a password.
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")


def _read(text: str) -> URL:
    """Parse a URL; whatever SQLAlchemy says of a bad one may quote it, and isn't passed on."""
    if not text:
        raise ValueError("The database URL is empty.")
    scheme = SCHEME.match(text)
    if scheme is None:
        raise ValueError("The database URL has no scheme, such as postgresql://")
    name = scheme[1].lower()
    if name.partition("+")[0] not in DRIVERS:
        raise ValueError(f"A database URL begins with postgresql:// or sqlite://, not {name}://")
    url = None
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        pass
    # Raised out here, so that no traceback leads to the original message.
    if url is None:
        raise ValueError(f"The {name}:// URL can't be read: is its port a number, its password quoted?")
    return url


def enforce_foreign_keys(engine: AsyncEngine) -> None:
    """Make SQLite check foreign keys, which each new connection leaves off.

    Listens to the "connect" event of ``engine.sync_engine`` (an ``AsyncEngine`` has no
    events of its own) and runs ``PRAGMA foreign_keys=ON`` on the DBAPI connection.
    """

    def switch_on(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA foreign_keys=ON")
        finally:
            cursor.close()

    event.listen(engine.sync_engine, "connect", switch_on)


def make_transactions_real(engine: AsyncEngine) -> None:
    """Give SQLite transactions that savepoints, DDL and reads all belong to.

    The driver begins a transaction only before some statements, so a released savepoint
    can outlive the rollback around it. Switch that off for each new connection
    (``isolation_level = None``) and say BEGIN when SQLAlchemy begins: the event "begin"
    hands over SQLAlchemy's connection, whose ``exec_driver_sql`` takes plain text.

    The execution option ``sqlite_begin`` (``connection.get_execution_options()``) says how:
    "DEFERRED", unless a writer that reads first asks for "IMMEDIATE", and waits its turn
    there rather than fail halfway.
    """


    class Manners:
        """What a connection does when it is made, when it begins, and when it is given back."""

        @staticmethod
        def connect(connection: Any, _: ConnectionPoolEntry) -> None:
            connection.isolation_level = None

        @staticmethod
        def begin(connection: Connection) -> None:
            kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
            connection.exec_driver_sql(BEGINNINGS[kind])

        @staticmethod
        def reset(connection: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState) -> None:
            # A COMMIT that a deferred key refuses leaves SQLite inside the transaction, where
            # SQLAlchemy believes it over, and would give the connection, lock and all, to others.
            if not state.terminate_only:
                connection.rollback()

    for moment in ("connect", "begin", "reset"):
        event.listen(engine.sync_engine, moment, getattr(Manners, moment))


BEGINNINGS = {kind: f"BEGIN {kind}" for kind in ("DEFERRED", "IMMEDIATE", "EXCLUSIVE")}


def build_engine(url: str | URL, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    """Return an engine whose connections are alive and keep the database's rules.

    The URL goes through ``get_async_database_url``. A connection that died in the pool is
    replaced before use (``pool_pre_ping``). ``pool_size`` and ``max_overflow`` go to
    engines whose pool is some kind of ``QueuePool``, asyncio's being a subclass; SQLite in
    memory has one that refuses them (``url.get_dialect().get_pool_class(url)`` tells). SQLite
    engines also go through ``enforce_foreign_keys`` and ``make_transactions_real``. Nothing
    connects yet.
    """
    url = get_async_database_url(url)
    options: dict[str, Any] = {"pool_pre_ping": True}
    if issubclass(url.get_dialect().get_pool_class(url), QueuePool):
        options |= {"pool_size": pool_size, "max_overflow": max_overflow}
    engine = create_async_engine(url, **options)
    if engine.dialect.name == "sqlite":
        for teach in (enforce_foreign_keys, make_transactions_real):
            teach(engine)
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
    return async_sessionmaker(bind=engine, class_=AsyncSession, expire_on_commit=False)


async def get_session() -> AsyncGenerator[AsyncSession, None]:
    """Yield one session of the process's engine and always close it.

    A dependency for FastAPI: one request, one session. What was not committed is rolled
    back, on an error and without one; the connection goes back to the pool either way.
    """
    session = build_session_factory(get_engine())()
    try:
        yield session
    finally:
        # To close is to roll back what was not committed. Shielded: who is cancelled twice still
        # gives the connection back.
        closing = asyncio.ensure_future(session.close())
        await asyncio.shield(closing)


async def create_db_and_tables(engine: AsyncEngine | None = None) -> None:
    """Create the tables that don't exist yet, on the given or the process's engine.

    All tables of ``Base.metadata``, in one transaction. Calling it again changes nothing.
    ``create_all`` is synchronous: ``connection.run_sync`` runs it.
    """
    chosen = get_engine() if engine is None else engine
    async with chosen.begin() as connection:
        await connection.run_sync(lambda sync: Base.metadata.create_all(sync, checkfirst=True))
