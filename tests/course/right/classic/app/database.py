"""Database configuration."""

import logging
import os
from collections.abc import AsyncGenerator
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from . import models  # noqa: F401  (create_all only knows tables that were imported)
from .libpq import LIBPQ_ONLY

logger = logging.getLogger(__name__)

DEFAULT_URL = "sqlite+aiosqlite:///task_api.db"
POSTGRES_DRIVERS = (
    "postgres",
    "postgresql",
    "postgresql+psycopg2",
    "postgresql+psycopg",
    "postgresql+asyncpg",
)
SQLITE_DRIVERS = ("sqlite", "sqlite+aiosqlite")


def get_async_database_url(url: str) -> str:
    """Return the async form of a database URL, as a string."""
    text = str(url).strip() if isinstance(url, str) else url.render_as_string(hide_password=False)
    if not text:
        raise ValueError("DATABASE_URL is empty")
    try:
        parsed = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("DATABASE_URL is not a valid database URL") from None

    driver = parsed.drivername.lower()
    if driver in SQLITE_DRIVERS:
        parsed = parsed.set(drivername="sqlite+aiosqlite")
    elif driver in POSTGRES_DRIVERS:
        query = dict(parsed.query)
        sslmode = query.pop("sslmode", None)
        if sslmode is not None and "ssl" not in query:
            query["ssl"] = sslmode
        for name in LIBPQ_ONLY:
            query.pop(name, None)
        parsed = parsed.set(drivername="postgresql+asyncpg", query=query)
    else:
        raise ValueError(f"Unsupported database: {driver} (use postgresql or sqlite)")
    return parsed.render_as_string(hide_password=False)


def _is_memory(url: str) -> bool:
    parsed = make_url(url)
    return parsed.database in (None, "", ":memory:") or parsed.query.get("mode") == "memory"


def _configure_sqlite(engine: AsyncEngine) -> None:
    def on_connect(dbapi_connection: Any, connection_record: Any) -> None:
        # sqlite3 must not open transactions by itself, see on_begin
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        try:
            cursor.execute("PRAGMA foreign_keys = ON")
        finally:
            cursor.close()

    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)


def build_engine(url: str, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    """Create an async engine for the URL."""
    async_url = get_async_database_url(url)
    is_sqlite = async_url.startswith("sqlite")
    if is_sqlite and _is_memory(async_url):
        engine = create_async_engine(async_url, echo=False, pool_pre_ping=True)
    else:
        engine = create_async_engine(
            async_url,
            echo=False,
            pool_pre_ping=True,
            pool_recycle=1800,
            pool_size=pool_size,
            max_overflow=max_overflow,
        )
    if is_sqlite:
        _configure_sqlite(engine)
    return engine


_engine: AsyncEngine | None = None


def get_engine() -> AsyncEngine:
    """Return the engine of this process."""
    global _engine
    if _engine is None:
        _engine = build_engine(
            os.getenv("DATABASE_URL") or DEFAULT_URL,
            pool_size=int(os.getenv("DB_POOL_SIZE", "5")),
            max_overflow=int(os.getenv("DB_MAX_OVERFLOW", "10")),
        )
    return _engine


def build_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Create the session factory."""
    return async_sessionmaker(
        bind=engine,
        class_=AsyncSession,
        autoflush=True,
        expire_on_commit=False,
    )


async def get_session() -> AsyncGenerator[AsyncSession, None]:
    """FastAPI dependency."""
    factory = build_session_factory(get_engine())
    session = factory()
    try:
        yield session
    except BaseException:
        logger.debug("rolling back the session of a failed request")
        await session.rollback()
        raise
    finally:
        await session.close()


async def create_db_and_tables(engine: AsyncEngine | None = None) -> None:
    """Create all tables (development only, production uses Alembic)."""
    if engine is None:
        engine = get_engine()
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all, checkfirst=True)
