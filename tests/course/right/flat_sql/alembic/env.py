"""Where migrations run: an engine of their own, used once, whose transaction is all or nothing."""

import asyncio
import os

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from alembic import context
from app import models  # noqa: F401 - all of them, or Alembic would drop their tables
from app.database import get_async_database_url

url = get_async_database_url(
    os.environ.get("DATABASE_URL") or context.config.get_main_option("sqlalchemy.url") or ""
)
options = {
    "target_metadata": SQLModel.metadata,
    "render_as_batch": url.get_backend_name() == "sqlite",
    "transactional_ddl": True,  # SQLite's DDL is, too, once BEGIN is said
}


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, **options)
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            # The keys were off, so that rebuilding a table deletes nothing. Do they hold?
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RuntimeError(f"A migration left a key that points nowhere: {broken}")


async def online() -> None:
    """On SQLite without foreign keys: dropping the old form of a table would cascade."""
    arguments = {"isolation_level": None} if options["render_as_batch"] else {}
    engine = create_async_engine(url, poolclass=NullPool, connect_args=arguments)
    if options["render_as_batch"]:
        event.listen(engine.sync_engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    context.configure(
        url=url.render_as_string(hide_password=False),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(online())
