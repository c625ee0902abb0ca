"""Engine, sessions, tables."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import StaticPool
from sqlmodel.ext.asyncio.session import AsyncSession

from .models import Entity
from .urls import to_async

__all__ = [
    "build_engine",
    "build_session_factory",
    "create_db_and_tables",
    "get_async_database_url",
    "get_engine",
    "get_session",
]


class Session(AsyncSession):
    """The session of this application; see ``expire_on_commit`` in the factory."""


def get_async_database_url(url: str | URL) -> str:
    return to_async(url if isinstance(url, str) else url.render_as_string(hide_password=False))


@event.listens_for(Engine, "connect")
def _enable_foreign_keys(connection: Any, record: Any) -> None:
    """SQLAlchemy's own recipe: for each SQLite connection of any engine."""
    if "sqlite" in type(connection).__module__:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def _own_transactions(engine: Engine) -> None:
    event.listen(engine, "connect", lambda dbapi, _: setattr(dbapi, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN DEFERRED"))


def build_engine(url: str | URL, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    address = get_async_database_url(url)
    probe = create_async_engine(address)  # connects to nothing; knows its own pool class
    options: dict[str, Any] = {"pool_pre_ping": True}
    if not isinstance(probe.pool, StaticPool):
        options.update(pool_size=pool_size, max_overflow=max_overflow, pool_timeout=30)
    engine = create_async_engine(address, **options)
    if engine.dialect.name == "sqlite":
        _own_transactions(engine.sync_engine)
    return engine


class _Process:
    engine: AsyncEngine | None = None
    lock = threading.Lock()


def get_engine() -> AsyncEngine:
    with _Process.lock:
        if _Process.engine is None:
            _Process.engine = build_engine(
                os.environ.get("DATABASE_URL", "sqlite:///./task_api.db"),
                pool_size=int(os.environ.get("DB_POOL_SIZE", "5")),
                max_overflow=int(os.environ.get("DB_MAX_OVERFLOW", "10")),
            )
        return _Process.engine


def build_session_factory(engine: AsyncEngine) -> async_sessionmaker[Session]:
    return async_sessionmaker(engine, class_=Session, expire_on_commit=False)


async def get_session() -> AsyncIterator[Session]:
    session = build_session_factory(get_engine())()
    try:
        yield session
    finally:
        await session.close()  # rolls back what nobody committed


async def create_db_and_tables(engine: AsyncEngine | None = None) -> None:
    target = engine or get_engine()
    async with target.begin() as connection:
        for table in Entity.metadata.sorted_tables:
            await connection.run_sync(table.create, checkfirst=True)
