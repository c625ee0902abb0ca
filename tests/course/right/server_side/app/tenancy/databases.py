"""A database for each tenant, on PostgreSQL, and few connections for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool

from ..database import build_engine, create_db_and_tables, get_async_database_url
from .schemas import add_own_row, tenant_name

#: So many tenants have an engine at a time, each with so many connections.
ENGINES, POOL_SIZE = 16, 2
DUPLICATE_DATABASE = "42P04"


class TenantServer:
    """The server the tenants' databases are on, and the engines in use, longest unasked first."""

    def __init__(self) -> None:
        self.url: URL | None = None
        self.engines: dict[int, AsyncEngine] = {}  # a dict keeps its order

    def url_of(self, tenant_id: int) -> URL:
        name = tenant_name(tenant_id)
        server = self.url or get_async_database_url(os.environ.get("DATABASE_URL", ""))
        if server.get_backend_name() != "postgresql":
            raise ValueError("A database for each tenant needs PostgreSQL.")
        return server.set(database=name)

    def take(self, tenant_id: int) -> AsyncEngine:
        url = self.url_of(tenant_id)
        engine = self.engines.pop(tenant_id, None)
        if engine is not None and engine.url != url:  # another server by now
            self.engines[-id(engine)] = engine
            engine = None
        if engine is None:
            engine = build_engine(url, pool_size=POOL_SIZE, max_overflow=0)
        self.engines[tenant_id] = engine
        return engine

    def leavers(self, staying: int) -> Iterator[AsyncEngine]:
        """Those that are too many and idle, the longest unasked first."""
        for number in list(self.engines):
            if len(self.engines) <= ENGINES:
                return
            if number != staying and not connections_in_use(self.engines[number]):
                yield self.engines.pop(number)


servers = TenantServer()


async def create_tenant_database(admin_url: str | URL, tenant_id: int) -> URL:
    name = tenant_name(tenant_id)
    server = get_async_database_url(admin_url)
    if server.get_backend_name() != "postgresql":
        raise ValueError("A database for each tenant needs PostgreSQL.")
    admin = create_async_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f'CREATE DATABASE "{name}"'))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != DUPLICATE_DATABASE:
            raise
    finally:
        await admin.dispose()
    servers.url = server
    engine = await tenant_engine(tenant_id)
    await create_db_and_tables(engine)
    async with engine.begin() as connection:
        await add_own_row(connection, tenant_id)
    return servers.url_of(tenant_id)


async def tenant_engine(tenant_id: int) -> AsyncEngine:
    engine = servers.take(tenant_id)
    for leaver in servers.leavers(staying=tenant_id):
        await leaver.dispose()
    return engine


def connections_in_use(engine: AsyncEngine) -> int:
    pool = engine.sync_engine.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else 0


async def dispose_tenant_engines() -> None:
    """Close every connection to the tenants' databases; the next use opens new ones."""
    while servers.engines:
        await servers.engines.pop(next(iter(servers.engines))).dispose()
