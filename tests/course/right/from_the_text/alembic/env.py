"""How Alembic reaches the application's database and knows its tables."""

import asyncio
import os
from logging.config import fileConfig
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from app.database import get_async_database_url, make_transactions_real
from app.models import Base
from sqlalchemy import JSON, URL, Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import TypeDecorator

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def database_url() -> URL:
    """The URL written in alembic.ini, else the application's own."""
    return get_async_database_url(
        config.get_main_option("sqlalchemy.url")
        or os.environ.get("DATABASE_URL", "sqlite:///task_api.db")
    )


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write SQLModel's types as the plain ones that are below them.

    A revision is a record of what was done to the database; it has no need of SQLModel.
    """
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    if kind == "type" and isinstance(item, JSON):
        # Alembic's own rendering names a Text that no revision imports.
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


OPTIONS: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "render_item": render_item,
    "compare_type": True,
    "compare_server_default": True,
    # SQLite alters a table by making it anew.
    "render_as_batch": True,
    # True of SQLite as well, now that BEGIN is ours to say (make_transactions_real).
    "transactional_ddl": True,
}


def migrate_offline() -> None:
    """Write the SQL instead of running it."""
    context.configure(
        url=database_url(),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def migrate(connection: Connection) -> None:
    """Run every revision that is missing, all of them or none."""
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(f"Keys point nowhere: {broken}")


async def migrate_online() -> None:
    """Connect, without foreign keys on SQLite.

    To alter a table there is to drop it, and with foreign keys on, a DROP TABLE deletes
    what points at its rows.
    """
    engine = create_async_engine(database_url(), poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":
        make_transactions_real(engine)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    migrate_offline()
else:
    asyncio.run(migrate_online())
