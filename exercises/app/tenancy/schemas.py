"""A schema for each tenant, on PostgreSQL: tables of their own in one database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection, event, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateSchema, DropSchema
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import tenant_context
from ..database import build_session_factory
from ..errors import TenantRequiredError
from ..models import Base
from ..models.tenant import Tenant
from .sessions import mark


def tenant_name(tenant_id: int) -> str:
    """Return ``tenant_7`` for 7: the name of a schema, or of a database.

    A name can't be a bound parameter, so what becomes part of one is checked: anything but a
    whole number from 1 on is a ``ValueError``, None a ``TenantRequiredError``.
    """
    raise NotImplementedError("exercise tenancy.schemas")


async def create_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    """Create a tenant's schema, the tables in it, and its own row in the tenant table.

    One transaction, and callable again. ``CreateSchema(name, if_not_exists=True)`` quotes the
    name that ``tenant_name`` makes. The connection's ``execution_options(schema_translate_map=
    {None: name})`` puts every table that names no schema into this one, for ``create_all`` and
    for ``add_own_row``. Not SET search_path: the connection would keep it in the pool.
    """
    raise NotImplementedError("exercise tenancy.schemas")


async def add_own_row(connection: AsyncConnection, tenant_id: int) -> None:
    """Given: the tenant table of a tenant's own tables holds that tenant alone."""
    if not (await connection.execute(select(Tenant.id))).first():
        name = tenant_name(tenant_id)
        row = {"id": tenant_id, "name": name, "subdomain": name.replace("_", "-")}
        await connection.execute(insert(Tenant).values(row))


async def drop_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    """Given: drop a tenant's schema with all that is in it, if there is one."""
    async with engine.begin() as connection:
        await connection.execute(DropSchema(tenant_name(tenant_id), cascade=True, if_exists=True))


@asynccontextmanager
async def tenant_schema_session(engine: AsyncEngine, tenant_id: int) -> AsyncIterator[AsyncSession]:
    """Yield a session on a tenant's own tables, inside the tenant's context.

    Without a tenant it fails, and so does every statement where the schema isn't there: none
    reaches the tables of all. ``engine.execution_options(schema_translate_map=…)`` writes the
    schema into each statement of models. Text it can't translate; for that, each transaction
    begins with ``set_search_path`` (event "after_begin" of ``session.sync_session``).
    """
    raise NotImplementedError("exercise tenancy.schemas")
    yield


def set_search_path(connection: Connection, name: str) -> None:
    """Given: look for tables in this schema alone, until the transaction ends."""
    connection.execute(text("SELECT set_config('search_path', :name, true)"), {"name": name})
