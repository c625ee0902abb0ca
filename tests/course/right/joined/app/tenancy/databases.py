"""A database for each tenant, on PostgreSQL, and few connections for all of them."""

import os
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool

from ..database import build_engine, get_async_database_url
from ..models import Base
from .schemas import add_own_row, tenant_name

#: So many tenants have an engine at a time, each with so many connections.
ENGINES, POOL_SIZE = 16, 2
DUPLICATE_DATABASE = "42P04"


class TenantServer:
    """Given: the server the tenants' databases are on, and the engines in use, oldest first."""

    def __init__(self) -> None:
        self.url: URL | None = None
        self.engines: OrderedDict[int, AsyncEngine] = OrderedDict()

    def url_of(self, tenant_id: int) -> URL:
        """The address of a tenant's database: that server's, else ``DATABASE_URL``'s."""
        server = self.url or get_async_database_url(os.environ.get("DATABASE_URL", ""))
        if server.get_backend_name() != "postgresql":
            raise ValueError("A database for each tenant needs PostgreSQL.")
        return server.set(database=tenant_name(tenant_id))


servers = TenantServer()


async def create_tenant_database(admin_url: str | URL, tenant_id: int) -> URL:
    """Create a tenant's database with its tables and the tenant's own row; return its URL.

    ``admin_url`` may create databases; its server is that of ``tenant_engine`` from now on. A
    database that is there already keeps what it holds. CREATE DATABASE runs in no transaction:
    a connection with ``isolation_level="AUTOCOMMIT"``.
    """
    server, name = get_async_database_url(admin_url), tenant_name(tenant_id)
    if server.get_backend_name() != "postgresql":
        raise ValueError("A database for each tenant needs PostgreSQL.")
    await _create_database(server, name)
    if servers.url != server:
        await dispose_tenant_engines()  # those of another server, if there are any
        servers.url = server

    url = servers.url_of(tenant_id)
    engine = create_async_engine(url, poolclass=NullPool)
    async with _passing(engine), engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await add_own_row(connection, tenant_id)
    return url


async def _create_database(server: URL, name: str) -> None:
    admin = create_async_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with _passing(admin), admin.connect() as connection:
        try:
            await connection.execute(text(f'CREATE DATABASE "{name}"'))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DUPLICATE_DATABASE:
                raise


@asynccontextmanager
async def _passing(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """An engine for the length of a block."""
    try:
        yield engine
    finally:
        await engine.dispose()


async def tenant_engine(tenant_id: int) -> AsyncEngine:
    """Return the engine of a tenant's database; the same one while it is in use.

    ``ENGINES`` of them, with ``POOL_SIZE`` connections each: a pool for each of a thousand
    tenants would be more connections than a server takes. With one more, the one that was
    longest not asked for goes, and its connections are closed (``dispose``); not one that is at
    work (``connections_in_use``): it goes later. So ask each time, and keep none.

    ``servers.url_of`` tells the URL. ``servers.engines`` keeps the engines in the order they
    were put in: take out and put back what is asked for, and the oldest come first.
    """
    url = servers.url_of(tenant_id)
    if tenant_id not in servers.engines:
        servers.engines[tenant_id] = build_engine(url, pool_size=POOL_SIZE, max_overflow=0)
    servers.engines.move_to_end(tenant_id)
    engine = servers.engines[tenant_id]

    spare = len(servers.engines) - ENGINES
    idle = (
        other
        for other, candidate in servers.engines.items()
        if other != tenant_id and not connections_in_use(candidate)
    )
    # Out of the way before the first await, so that nobody is given one that is going.
    going = [servers.engines.pop(other) for other in list(islice(idle, max(spare, 0)))]
    for old in going:
        await old.dispose()
    return engine


def connections_in_use(engine: AsyncEngine) -> int:
    """Given: how many connections of an engine are out of its pool."""
    pool = engine.sync_engine.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else 0


async def dispose_tenant_engines() -> None:
    """Close every connection to the tenants' databases; the next use opens new ones."""
    while servers.engines:
        _, engine = servers.engines.popitem()
        await engine.dispose()
