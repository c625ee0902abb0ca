"""Whom an application serves: the tenant of the address, or without a domain the one there is."""

from contextlib import suppress

from sqlmodel import select
from starlette.types import ASGIApp, Receive, Scope, Send

from ..context import tenant_context
from ..database import build_session_factory, get_engine
from ..errors import ConflictError
from ..models.tenant import Tenant
from ..services.transaction import transaction
from .middleware import TenantMiddleware

#: Whose subdomain the rows are that are older than tenancy.
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
    known = select(Tenant.id).where(Tenant.subdomain == DEFAULT)
    async with build_session_factory(get_engine())() as session:
        with suppress(ConflictError):  # another process that starts was quicker
            async with transaction(session):
                if await session.scalar(known) is None:
                    session.add(Tenant(name=DEFAULT, subdomain=DEFAULT))
        return (await session.exec(known)).one()
