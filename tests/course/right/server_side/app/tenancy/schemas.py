"""A schema for each tenant, on PostgreSQL: tables of their own in one database.

One mechanism: search_path, LOCAL to each transaction, so that the pool never hands it on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateSchema, DropSchema
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import tenant_context
from ..database import build_session_factory
from ..errors import TenantRequiredError
from ..models.tenant import Tenant
from .sessions import mark


def tenant_name(tenant_id: int) -> str:
    """``tenant_7`` for 7, the name of a schema or a database."""
    if tenant_id is None:
        raise TenantRequiredError("a tenant's name needs a tenant")
    if type(tenant_id) is not int or tenant_id < 1:
        raise ValueError("a tenant's number is a whole number from 1 on")
    return f"tenant_{tenant_id:d}"


def set_search_path(connection: Connection, name: str) -> None:
    """Look for tables in this schema alone, until the transaction ends."""
    connection.execute(select(func.set_config("search_path", name, True)))


async def create_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    name = tenant_name(tenant_id)
    async with engine.begin() as connection:
        await connection.execute(CreateSchema(name, if_not_exists=True))
        await connection.run_sync(set_search_path, name)
        await connection.run_sync(SQLModel.metadata.create_all)
        await add_own_row(connection, tenant_id)


async def add_own_row(connection: AsyncConnection, tenant_id: int) -> None:
    """The tenant table of a tenant's own tables holds that tenant alone."""
    if (await connection.execute(select(Tenant.id).limit(1))).first() is None:
        name = tenant_name(tenant_id)
        await connection.execute(
            insert(Tenant).values(id=tenant_id, name=name, subdomain=name.replace("_", "-"))
        )


async def drop_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(DropSchema(tenant_name(tenant_id), cascade=True, if_exists=True))


@asynccontextmanager
async def tenant_schema_session(engine: AsyncEngine, tenant_id: int) -> AsyncIterator[AsyncSession]:
    name = tenant_name(tenant_id)
    with tenant_context(tenant_id):
        async with build_session_factory(engine)() as session:

            @event.listens_for(session.sync_session, "after_begin")
            def look_here(_: Any, __: Any, connection: Connection) -> None:
                set_search_path(connection, name)
                mark(connection, tenant_id)

            yield session
