from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import environ
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from starlette.exceptions import HTTPException

from .database import create_db_and_tables, get_engine
from .models import Tenant
from .problems import Problems, tell_http, tell_input
from .routers import router
from .tenancy import TenantMiddleware, tenant_context

DEFAULT = {"name": "Default", "subdomain": "default"}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = get_engine()
    try:
        await create_db_and_tables(engine)
        if not environ.get("TENANT_BASE_DOMAIN"):
            dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
            async with engine.begin() as connection:
                await connection.execute(
                    dialect.insert(Tenant).values(DEFAULT).on_conflict_do_nothing()
                )
                wanted = select(Tenant.id).where(Tenant.subdomain == DEFAULT["subdomain"])
                app.state.tenant = await connection.scalar(wanted)
        yield
    finally:
        await engine.dispose()


class Tenants:
    """The tenant of the host, or the only one; those who ask for health know no host."""

    def __init__(self, app: Any, domain: str | None) -> None:
        self.app = app
        self.hosts = TenantMiddleware(app, base_domain=domain) if domain else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith("/health/"):
            await self.app(scope, receive, send)
        elif self.hosts:
            await self.hosts(scope, receive, send)
        else:
            with tenant_context(scope["app"].state.tenant):
                await self.app(scope, receive, send)


def create_app() -> FastAPI:
    app = FastAPI(title="Task API", lifespan=lifespan)
    app.include_router(router)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(RequestValidationError, tell_input)
    app.add_middleware(Tenants, domain=environ.get("TENANT_BASE_DOMAIN"))
    app.add_middleware(Problems)
    return app


app = create_app()
