"""What Alembic runs: the models' metadata on one side, the database on the other."""

import asyncio
import os
from typing import Any

from alembic import context
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from solution.database import get_async_database_url, make_transactions_real
from solution.models import Base

url = get_async_database_url(
    os.environ.get("DATABASE_URL") or context.config.get_main_option("sqlalchemy.url", "")
)
options: dict[str, Any] = {
    "target_metadata": Base.metadata,
    # SQLite alters a table by copying it.
    "render_as_batch": url.get_backend_name() == "sqlite",
    # With real transactions a revision that fails leaves nothing behind on SQLite either.
    "transactional_ddl": True,
}


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, **options)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_online() -> None:
    # Its own engine, not the application's: that one belongs to another event loop, and on
    # SQLite it checks foreign keys, so that copying a table would empty those that refer to it.
    engine = create_async_engine(url, poolclass=NullPool)
    if url.get_backend_name() == "sqlite":
        make_transactions_real(engine)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(migrate_online())
