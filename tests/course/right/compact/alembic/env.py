import asyncio

from sqlalchemy.ext.asyncio import async_engine_from_config
from sqlalchemy.pool import NullPool

from alembic import context
from app.models import Table

configured = dict(target_metadata=Table.metadata, compare_type=True)


def run(connection):
    context.configure(connection=connection, **configured)
    with context.begin_transaction():
        context.run_migrations()


async def connect():
    section = context.config.get_section(context.config.config_ini_section)
    engine = async_engine_from_config(section, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"), literal_binds=True, **configured
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(connect())
