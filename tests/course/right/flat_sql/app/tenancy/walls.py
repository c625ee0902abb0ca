"""A schema or a database for each tenant, on PostgreSQL."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL, Connection, event, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import tenant_context
from ..database import build_engine, build_session_factory, get_async_database_url
from ..errors import TenantRequiredError
from ..models import Tenant
from .sessions import SET_TENANT

SET_PATH = text("SELECT set_config('search_path', :path, true)")  # true: for this transaction
ENGINES, POOL_SIZE = 16, 2
DUPLICATE_DATABASE = "42P04"

engines: dict[int, AsyncEngine] = {}  # the one longest not asked for comes first
server: dict[str, URL] = {}  # under "url": where create_tenant_database made the last one


def name_of(tenant_id: int) -> str:
    """tenant_7 for 7; a name can't be a bound parameter, so nothing but a number becomes one."""
    if tenant_id is None:
        raise TenantRequiredError("A wall is somebody's: there is no tenant.")
    if type(tenant_id) is not int or tenant_id < 1:
        raise ValueError("A tenant's id is a whole number from 1 on.")
    return f"tenant_{tenant_id}"


async def make_tables(connection: AsyncConnection, tenant_id: int) -> None:
    """All tables, and in the tenant table the one row whose tables they are."""
    await connection.run_sync(SQLModel.metadata.create_all)
    if await connection.scalar(select(Tenant.id).limit(1)) is None:
        name = name_of(tenant_id)
        row = {"id": tenant_id, "name": name, "subdomain": name.replace("_", "-")}
        await connection.execute(insert(Tenant), row)


async def create_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    """The schema, its tables and its tenant's row, in one transaction; callable again."""
    name = name_of(tenant_id)
    async with engine.begin() as connection:
        await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {name}"))
        await connection.execute(SET_PATH, {"path": name})
        await make_tables(connection, tenant_id)


async def drop_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA IF EXISTS {name_of(tenant_id)} CASCADE"))


@asynccontextmanager
async def tenant_schema_session(engine: AsyncEngine, tenant_id: int) -> AsyncIterator[AsyncSession]:
    """A session whose every transaction looks for tables in the tenant's schema alone."""
    name = name_of(tenant_id)

    def on_begin(_: object, __: object, connection: Connection) -> None:
        connection.execute(SET_PATH, {"path": name})
        connection.execute(SET_TENANT, {"tenant": str(tenant_id)})

    with tenant_context(tenant_id):
        async with build_session_factory(engine)() as session:
            event.listen(session.sync_session, "after_begin", on_begin)
            yield session


async def create_tenant_database(admin_url: str | URL, tenant_id: int) -> URL:
    """The database, its tables and its tenant's row; one that is there keeps what it holds."""
    name = name_of(tenant_id)
    url = get_async_database_url(admin_url)
    if url.get_backend_name() != "postgresql":
        raise ValueError("A database for each tenant needs PostgreSQL.")
    admin = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        try:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DUPLICATE_DATABASE:
                raise
    own = create_async_engine(url.set(database=name), poolclass=NullPool)
    async with own.begin() as connection:
        await make_tables(connection, tenant_id)
    server["url"] = url
    return url.set(database=name)


async def tenant_engine(tenant_id: int) -> AsyncEngine:
    """The engine of a tenant's database, one of at most ENGINES; ask each time, keep none."""
    name = name_of(tenant_id)
    engine = engines.pop(tenant_id, None)
    if engine is None:
        url = server.get("url") or get_async_database_url(os.environ.get("DATABASE_URL", ""))
        if url.get_backend_name() != "postgresql":
            raise ValueError("A database for each tenant needs PostgreSQL.")
        engine = build_engine(url.set(database=name), pool_size=POOL_SIZE, max_overflow=0)
    engines[tenant_id] = engine
    idle = [key for key, one in engines.items() if key != tenant_id and not in_use(one)]
    for old in [engines.pop(key) for key in idle[: max(0, len(engines) - ENGINES)]]:
        await old.dispose()
    return engine


def in_use(engine: AsyncEngine) -> int:
    pool = engine.sync_engine.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else 0


async def dispose_tenant_engines() -> None:
    """Close every connection to the tenants' databases; the next use opens new ones."""
    while engines:
        await engines.pop(next(iter(engines))).dispose()
