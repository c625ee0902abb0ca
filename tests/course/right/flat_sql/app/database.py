"""One engine, its sessions, and a SQLite that behaves like a database."""

import os
from collections.abc import AsyncGenerator
from functools import cache
from typing import Any

from sqlalchemy import URL, AsyncAdaptedQueuePool, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from . import models as models  # every table registers itself with SQLModel.metadata
from .libpq import LIBPQ_ONLY


def get_async_database_url(url: str | URL) -> URL:
    """The async form of a PostgreSQL or SQLite URL; anything else is a ValueError."""
    text = url.render_as_string(hide_password=False) if isinstance(url, URL) else url.strip()
    if not text:
        raise ValueError("The database URL is empty.")
    try:
        parsed = make_url(text)
    except (ArgumentError, ValueError):
        # Whatever the parser says may quote the password.
        raise ValueError("The database URL can't be read: it needs scheme://...") from None
    match parsed.drivername.lower().partition("+")[0]:
        case "sqlite":
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgres" | "postgresql":
            query = {k: v for k, v in parsed.query.items() if k not in LIBPQ_ONLY}
            if mode := query.pop("sslmode", None):
                # libpq lets the last of several count.
                query.setdefault("ssl", mode if isinstance(mode, str) else mode[-1])
            return parsed.set(drivername="postgresql+asyncpg", query=query)
        case scheme:
            raise ValueError(f"No PostgreSQL or SQLite URL: the scheme is {scheme!r}.")


def build_engine(url: str | URL, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    """An engine whose connections are alive and keep the database's rules; nothing connects yet."""
    address = get_async_database_url(url)
    dialect = address.get_dialect()
    options: dict[str, Any] = {"pool_pre_ping": True}
    if issubclass(dialect.get_pool_class(address), AsyncAdaptedQueuePool):
        options |= {"pool_size": pool_size, "max_overflow": max_overflow}
    if dialect.name == "sqlite":
        # The driver is to keep out of transactions; on_begin says BEGIN instead.
        options["connect_args"] = {"isolation_level": None}
    engine = create_async_engine(address, **options)
    if dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", on_connect)
        event.listen(engine.sync_engine, "begin", on_begin)
        event.listen(engine.sync_engine, "reset", on_reset)
    return engine


def on_connect(dbapi_connection: Any, _: object) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def on_begin(connection: Connection) -> None:
    """BEGIN for all of SQLAlchemy's transactions; writers that read first ask for IMMEDIATE."""
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    driver = connection.connection.driver_connection
    if driver is not None and driver.in_transaction:
        connection.exec_driver_sql("ROLLBACK")  # left behind by a COMMIT that was refused
    connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")


def on_reset(dbapi_connection: Any, _: object, state: Any) -> None:
    """Nothing open goes back to the pool, and the driver still keeps out."""
    if state.asyncio_safe:
        dbapi_connection.rollback()
        dbapi_connection.isolation_level = None


@cache
def get_engine() -> AsyncEngine:
    """Given: the process's one engine, made on first use from the environment."""
    return build_engine(
        os.environ.get("DATABASE_URL", "sqlite:///task_api.db"),
        pool_size=int(os.environ.get("DB_POOL_SIZE", "5")),
        max_overflow=int(os.environ.get("DB_MAX_OVERFLOW", "10")),
    )


def build_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions whose objects stay readable after the commit."""
    return async_sessionmaker(bind=engine, class_=AsyncSession, expire_on_commit=False)


async def get_session() -> AsyncGenerator[AsyncSession, None]:
    """One request, one session; what wasn't committed is rolled back by the closing."""
    session = build_session_factory(get_engine())()
    try:
        yield session
    finally:
        await session.close()


async def create_db_and_tables(engine: AsyncEngine | None = None) -> None:
    """All tables, in one transaction; those that are there stay as they are."""
    async with (engine or get_engine()).begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
