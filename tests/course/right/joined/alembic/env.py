"""Runs the revisions on an engine of the application's own, all of them in one transaction."""

import asyncio
import os
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

from alembic import context
from app.database import build_engine, get_async_database_url
from app.models import Base


def address() -> URL:
    """Where the database is: as told on the way (``set_main_option``), else as for the app."""
    told = context.config.get_main_option("sqlalchemy.url") or os.environ.get("DATABASE_URL")
    return get_async_database_url(told or "sqlite:///task_api.db")


def configure(**how: Any) -> None:
    context.configure(target_metadata=Base.metadata, compare_type=True, **how)


def leave_keys_alone(connection: Any, _: object) -> None:
    """SQLite changes a table by making a new one: dropping the old would delete what refers to it.

    The PRAGMA does nothing inside a transaction, so each connection gets it at its start, after
    the application's own one. ``check_keys`` looks in the end.
    https://www.sqlite.org/lang_altertable.html#otheralter
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


def check_keys(connection: Connection) -> None:
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise RuntimeError(f"Rows point at rows that are not there: {broken[:10]}")


def migrate(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    configure(connection=connection, render_as_batch=sqlite)
    context.run_migrations()
    if sqlite:
        check_keys(connection)


async def run(engine: AsyncEngine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", leave_keys_alone)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    configure(url=address(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(run(build_engine(address())))
