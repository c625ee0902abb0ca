"""Whom an application serves: the tenant of the address, or without a domain the one there is."""

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from starlette.types import ASGIApp, Receive, Scope, Send

from ..context import tenant_context
from ..database import get_engine
from ..models.tenant import Tenant
from .middleware import TenantMiddleware


DEFAULT = "default"


class HostTenants(TenantMiddleware):
    """Given: the tenant of the host; /health/ is asked by machines that know no host."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/health/"):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class OneTenant:
    """Given: every request is the tenant's that the start left in the application's state."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:
            with tenant_context(scope["app"].state.tenant):
                await self.app(scope, receive, send)


async def development_tenant() -> int:
    """Return the id of the tenant ``default``, made if it isn't there.

    The one that rows older than tenancy belong to: an application that grew up finds its rows.
    """
    query = select(Tenant.id).where(Tenant.subdomain == DEFAULT)
    async with get_engine().begin() as connection:
        found = (await connection.execute(query)).scalar_one_or_none()
        if found is not None:
            return found
    try:
        async with get_engine().begin() as connection:
            row = {"name": "Default", "subdomain": DEFAULT}
            made = await connection.execute(insert(Tenant).values(row).returning(Tenant.id))
            return made.scalar_one()
    except IntegrityError:  # another process was quicker
        async with get_engine().begin() as connection:
            return (await connection.execute(query)).scalar_one()
