"""Engine, sessions, tables. One module knows what a URL means; nobody else parses one."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from . import models as _models  # noqa: F401  (maps every table into SQLModel.metadata)
from .libpq import LIBPQ_ONLY

_ASYNC = {"postgres": "asyncpg", "postgresql": "asyncpg", "sqlite": "aiosqlite"}


def get_async_database_url(url: str | URL) -> URL:
    """Async spelling of a PostgreSQL or SQLite URL; idempotent; ValueError for anything else."""
    given: Any = url.strip() if isinstance(url, str) else url
    if not given:
        raise ValueError("the database URL is empty")
    parsed: URL | None = None
    with suppress(ArgumentError, ValueError):
        parsed = make_url(given)
    if parsed is None:  # raised out here: neither cause nor context may quote the password
        raise ValueError("the database URL is malformed, expected scheme://user@host/database")

    backend = parsed.drivername.lower().split("+", 1)[0]
    if backend not in _ASYNC:
        raise ValueError(f"unsupported database scheme {backend!r}: want postgresql or sqlite")
    dialect = "sqlite" if backend == "sqlite" else "postgresql"
    result = parsed.set(drivername=f"{dialect}+{_ASYNC[backend]}")
    if dialect == "sqlite":
        return result

    mode = result.query.get("sslmode")
    if mode is not None and "ssl" not in result.query:
        last = mode if isinstance(mode, str) else mode[-1]  # libpq: the last one counts
        result = result.update_query_dict({"ssl": last})
    return result.difference_update_query([*LIBPQ_ONLY, "sslmode"])


class _SQLiteManners:
    """What PostgreSQL does by itself: foreign keys, and transactions that are transactions."""

    @staticmethod
    def connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # the driver never says BEGIN again
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute("PRAGMA foreign_keys = ON")
        finally:
            cursor.close()

    @staticmethod
    def begin(connection: Any) -> None:
        how = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {how}")

    @staticmethod
    def reset(dbapi_connection: Any, _record: Any, state: Any) -> None:
        # a COMMIT refused by a deferred key leaves the transaction open
        if not state.terminate_only:
            dbapi_connection.rollback()

    @classmethod
    def teach(cls, engine: AsyncEngine) -> None:
        for name in ("connect", "begin", "reset"):
            event.listen(engine.sync_engine, name, getattr(cls, name))


def build_engine(url: str | URL, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    """An engine that pings before it lends, sized where its pool has a size."""
    address = get_async_database_url(url)
    sizes: dict[str, Any] = {"pool_size": pool_size, "max_overflow": max_overflow}
    try:
        engine = create_async_engine(address, pool_pre_ping=True, **sizes)
    except TypeError:  # SQLite in memory: one connection, no sizes
        engine = create_async_engine(address, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        _SQLiteManners.teach(engine)
    return engine


@cache
def get_engine() -> AsyncEngine:
    """The process's one engine, on first use, from the environment."""
    env = os.environ
    return build_engine(
        env.get("DATABASE_URL", "sqlite:///task_api.db"),
        pool_size=int(env.get("DB_POOL_SIZE", "5")),
        max_overflow=int(env.get("DB_MAX_OVERFLOW", "10")),
    )


def build_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(bind=engine, class_=AsyncSession, expire_on_commit=False)


async def get_session() -> AsyncGenerator[AsyncSession, None]:
    """FastAPI dependency: leaving the block closes, and closing rolls back."""
    async with build_session_factory(get_engine())() as session:
        yield session


async def create_db_and_tables(engine: AsyncEngine | None = None) -> None:
    target = get_engine() if engine is None else engine
    async with target.begin() as connection:
        await connection.run_sync(lambda sync: SQLModel.metadata.create_all(sync, checkfirst=True))
