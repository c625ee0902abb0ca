"""From a URL to sessions: one engine, real transactions, nothing left open."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import closing
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

    Raises ``ValueError`` for an empty URL, one that can't be read, or another scheme;
    the message never holds the password.
    """
    parsed = _parse(url)
    backend = parsed.drivername.partition("+")[0].lower()
    if backend not in DRIVERS:
        known = ", ".join(f"{scheme}://" for scheme in DRIVERS)
        raise ValueError(f"A database URL starts with one of {known}, not with {backend}://.")
    translated = parsed.set(drivername=DRIVERS[backend])
    if backend == "sqlite":
        return translated
    return translated.set(query=_asyncpg_arguments(translated.query))


def _parse(url: str | URL) -> URL:
    """Read a URL; the reason it can't be read may quote it, so that is left out."""
    try:
        return make_url(url.strip() if isinstance(url, str) else url)
    except (ArgumentError, ValueError):
        raise ValueError("The database URL is empty, or can't be read.") from None


def _asyncpg_arguments(
    query: Mapping[str, str | tuple[str, ...]],
) -> dict[str, str | tuple[str, ...]]:
    """Translate the arguments of libpq; an ``ssl`` that is already there wins."""
    arguments = {name: value for name, value in query.items() if name not in LIBPQ_ONLY}
    sslmode = arguments.pop("sslmode", None)
    if sslmode is not None:
        arguments.setdefault("ssl", sslmode)
    return arguments


def enforce_foreign_keys(engine: AsyncEngine) -> None:
    """Make SQLite check foreign keys, which each new connection leaves off.

    Listens to the "connect" event of ``engine.sync_engine`` (an ``AsyncEngine`` has no
    events of its own) and runs ``PRAGMA foreign_keys=ON`` on the DBAPI connection.
    """

    def switch_on(dbapi_connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        with closing(dbapi_connection.cursor()) as cursor:
            cursor.execute("PRAGMA foreign_keys=ON")

    event.listen(engine.sync_engine, "connect", switch_on)


def make_transactions_real(engine: AsyncEngine) -> None:
    """Give SQLite transactions that savepoints, DDL and reads all belong to.

    The driver begins a transaction only before some statements, so a released savepoint
    can outlive the rollback around it. Switch that off for each new connection
    (``isolation_level = None``) and say BEGIN when SQLAlchemy begins (event "begin").

    The execution option ``sqlite_begin`` says how: "DEFERRED", unless a writer that reads
    first asks for "IMMEDIATE", and waits its turn there rather than fail halfway.
    """
    _RealTransactions().attach(engine)


class _RealTransactions:
    """The three moments in a SQLite connection's life that the driver gets wrong."""

    MODES = frozenset({"DEFERRED", "IMMEDIATE", "EXCLUSIVE"})

    def attach(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "connect", self.take_over)
        event.listen(engine.sync_engine, "begin", self.begin)
        event.listen(engine.sync_engine, "reset", self.clean_up)

    def take_over(self, dbapi_connection: Any, _: ConnectionPoolEntry) -> None:
        dbapi_connection.isolation_level = None

    def begin(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") == "AUTOCOMMIT":
            return
        mode = str(options.get("sqlite_begin", "DEFERRED")).upper()
        if mode not in self.MODES:
            raise ValueError(f"sqlite_begin is one of {', '.join(sorted(self.MODES))}.")
        connection.exec_driver_sql(f"BEGIN {mode}")

    def clean_up(
        self, dbapi_connection: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState
    ) -> None:
        # A COMMIT that SQLite refuses leaves its transaction open, and SQLAlchemy thinks
        # that it is over; without this it would go to the pool's next customer.
        if state.transaction_was_reset and not state.terminate_only:
            dbapi_connection.rollback()


def build_engine(url: str | URL, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    """Return an engine whose connections are alive and keep the database's rules.

    The URL goes through ``get_async_database_url``. A connection that died in the pool is
    replaced before use (``pool_pre_ping``). ``pool_size`` and ``max_overflow`` go to
    engines whose pool is a ``QueuePool``; SQLite in memory has one that refuses them
    (``url.get_dialect().get_pool_class(url)`` tells). SQLite engines also go through
    ``enforce_foreign_keys`` and ``make_transactions_real``. Nothing connects yet.
    """
    address = get_async_database_url(url)
    pool_class = address.get_dialect().get_pool_class(address)
    sizes = {"pool_size": pool_size, "max_overflow": max_overflow}
    engine = create_async_engine(
        address,
        poolclass=pool_class,
        pool_pre_ping=True,
        **(sizes if issubclass(pool_class, QueuePool) else {}),
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
    return async_sessionmaker(bind=engine, class_=AsyncSession, expire_on_commit=False)


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
    async with (get_engine() if engine is None else engine).begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
