"""Migrations run on an engine of their own: one connection, one transaction, then gone."""

import asyncio
import os
from typing import Any

from alembic import context
from app import models  # noqa: F401  (maps every table)
from app.database import get_async_database_url
from app.models.columns import UtcDateTime, utc_clock
from app.models.words import Word
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

config = context.config
target_metadata = SQLModel.metadata


def address() -> Any:
    named = os.environ.get("DATABASE_URL") or config.get_main_option("sqlalchemy.url") or ""
    return get_async_database_url(named)


def render_item(kind: str, item: Any, autogen: Any) -> Any:
    """Revisions say what is stored, not which of our classes reads it."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Word):
        return "sa.Text()"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), utc_clock):
        autogen.imports.add("from app.models.columns import utc_clock")
        return "utc_clock()"
    return False


def configure(dialect: str, **how: Any) -> None:
    context.configure(
        target_metadata=target_metadata,
        render_item=render_item,
        render_as_batch=dialect == "sqlite",
        transactional_ddl=True,
        version_table="schema_version",
        **how,
    )


def migrate(connection: Connection) -> None:
    configure(connection.dialect.name, connection=connection)
    with context.begin_transaction():
        context.run_migrations()


def plain_transactions(engine: Any) -> None:
    """SQLite: DDL inside the transaction. Foreign keys stay off, or DROP TABLE would cascade."""

    @event.listens_for(engine, "connect")
    def connect(dbapi_connection: Any, _: Any) -> None:
        dbapi_connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


async def online() -> None:
    engine = create_async_engine(address(), poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        plain_transactions(engine.sync_engine)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
            await connection.commit()
    finally:
        await engine.dispose()


def offline() -> None:
    url = address()
    configure(
        url.get_backend_name(), url=url, literal_binds=True, dialect_opts={"paramstyle": "named"}
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    offline()
else:
    asyncio.run(online())
