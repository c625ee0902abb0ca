"""Migrations, on an engine of their own: a connection or two, and no rule in their way."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.database import get_async_database_url, make_transactions_real
from app.models import AuditLog, Base, Project, Task, Tenant, Worker

MODELS = (AuditLog, Project, Task, Tenant, Worker)
target_metadata = Base.metadata
assert {model.__tablename__ for model in MODELS} == set(target_metadata.tables)


def database_url() -> str:
    """The environment's, else that of alembic.ini or of whoever calls Alembic."""
    return os.environ.get("DATABASE_URL") or context.config.get_main_option("sqlalchemy.url") or ""


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        compare_type=True,
        # SQLite can do it as well, once the driver lets it: half a migration stays nowhere.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            # Nobody watched the foreign keys while tables were replaced.
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(f"Rows point at no row: {broken}")


async def online() -> None:
    # Not build_engine: on SQLite to replace a table is to drop it, and with foreign keys enforced
    # that would delete the rows of other tables that point at it.
    engine = create_async_engine(get_async_database_url(database_url()), poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":
        make_transactions_real(engine)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
            await connection.commit()
    finally:
        await engine.dispose()


def offline() -> None:
    context.configure(
        url=get_async_database_url(database_url()),
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    offline()
elif given is not None:
    migrate(given)
else:
    asyncio.run(online())
