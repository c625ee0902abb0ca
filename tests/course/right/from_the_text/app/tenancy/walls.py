"""Tables of a tenant's own, in a schema or in a database of its own; PostgreSQL alone."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL, Connection, event, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from ..database import build_engine, build_session_factory, get_async_database_url
from ..errors import TenantRequiredError
from ..models import Base, Tenant
from ..whose import tenant_context

AT_ONCE = 12


def _name(tenant_id: int) -> str:
    if tenant_id is None:
        raise TenantRequiredError("Whose tables?")
    if type(tenant_id) is not int or tenant_id < 1:
        raise ValueError("A tenant is a whole number from 1 on.")
    return f"tenant_{tenant_id}"


def _look_in(connection: Connection, schema: str) -> None:
    connection.execute(text(f"SET LOCAL search_path TO {schema}"))


async def _furnish(connection: AsyncConnection, tenant_id: int) -> None:
    """The tables where the search path leads, and the tenant's row."""
    await connection.run_sync(Base.metadata.create_all)
    if await connection.scalar(select(Tenant.id).limit(1)) is None:
        await connection.execute(
            Tenant.__table__.insert(),
            {"id": tenant_id, "name": f"Tenant {tenant_id}", "subdomain": f"tenant-{tenant_id}"},
        )


async def create_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    """Make a schema with tables, and the tenant at home in it."""
    schema = _name(tenant_id)
    async with engine.begin() as connection:
        await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        await connection.run_sync(_look_in, schema)
        await _furnish(connection, tenant_id)


async def drop_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    """Take it away with all that is in it."""
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA IF EXISTS {_name(tenant_id)} CASCADE"))


@asynccontextmanager
async def tenant_schema_session(engine: AsyncEngine, tenant_id: int) -> AsyncIterator[AsyncSession]:
    """A session whose every transaction looks for tables in one schema alone."""
    schema = _name(tenant_id)
    with tenant_context(tenant_id):
        async with build_session_factory(engine)() as session:
            event.listen(
                session.sync_session,
                "after_begin",
                lambda _, __, connection: _look_in(connection, schema),
            )
            yield session


class _Databases:
    """Where they are, and the engines that were asked for last."""

    def __init__(self) -> None:
        self.server: URL | None = None
        self.engines: dict[int, AsyncEngine] = {}

    def address(self, tenant_id: int) -> URL:
        server = self.server or get_async_database_url(os.environ.get("DATABASE_URL", ""))
        if server.get_backend_name() != "postgresql":
            raise ValueError("Databases for tenants need PostgreSQL.")
        return server.set(database=_name(tenant_id))

    async def engine(self, tenant_id: int) -> AsyncEngine:
        address = self.address(tenant_id)
        engine = self.engines.pop(tenant_id, None)
        if engine is None:
            engine = build_engine(address, pool_size=1, max_overflow=1)
        self.engines[tenant_id] = engine
        spare = len(self.engines) - AT_ONCE
        for tenant, other in list(self.engines.items())[:-1]:
            if spare > 0 and not other.pool.checkedout():  # type: ignore[attr-defined]
                spare -= 1
                del self.engines[tenant]
                await other.dispose()
        return engine

    async def dispose(self) -> None:
        for tenant in list(self.engines):
            if (engine := self.engines.pop(tenant, None)) is not None:
                await engine.dispose()


_databases = _Databases()
tenant_engine = _databases.engine
dispose_tenant_engines = _databases.dispose


async def create_tenant_database(admin_url: str | URL, tenant_id: int) -> URL:
    """Make a database with tables, and the tenant at home in it."""
    name = _name(tenant_id)
    server = get_async_database_url(make_url(admin_url))
    admin = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with admin.connect() as connection:
            known = text("SELECT 1 FROM pg_database WHERE datname = :name")
            if await connection.scalar(known, {"name": name}) is None:
                await connection.execute(text(f"CREATE DATABASE {name}"))
    finally:
        await admin.dispose()
    _databases.server = server
    engine = build_engine(server.set(database=name), pool_size=1)
    try:
        async with engine.begin() as connection:
            await _furnish(connection, tenant_id)
    finally:
        await engine.dispose()
    return engine.url
