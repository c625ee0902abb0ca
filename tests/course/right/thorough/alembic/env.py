"""Runs the migrations: offline, on a connection that is passed in, or on an engine of its own."""

import asyncio
import logging
import os

from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from alembic import context
from app import models
from app.urls import to_async

log = logging.getLogger("alembic.env")
SETTINGS = {
    "target_metadata": models.Entity.metadata,
    "compare_type": True,
    "compare_server_default": True,
    "transaction_per_migration": True,
}


def database_url() -> str:
    configured = context.config.get_main_option("sqlalchemy.url") or ""
    return to_async(os.environ.get("DATABASE_URL") or configured)


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection, render_as_batch=connection.dialect.name == "sqlite", **SETTINGS
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_online() -> None:
    engine = create_async_engine(database_url(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            log.debug("migrating %s", connection.dialect.name)
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    context.configure(url=database_url(), literal_binds=True, **SETTINGS)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    asyncio.run(migrate_online())
