"""The application: a server such as uvicorn is told this module and ``app``."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from .context import tenant_context
from .database import build_session_factory, create_db_and_tables, get_engine
from .models import Tenant
from .problems import answering, on_http, on_input
from .production import StatementMonitor
from .routers import health_routes, router
from .tenancy import TenantMiddleware


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Tables, a tenant where no domain is configured, a monitor; at the end nothing is left open."""
    engine = get_engine()
    try:
        await create_db_and_tables(engine)
        if app.state.base_domain is None:
            app.state.tenant = await development_tenant()
        monitor = StatementMonitor(engine)
        app.state.metrics = monitor.registry
        try:
            yield
        finally:
            monitor.close()
    finally:
        await engine.dispose()


async def development_tenant() -> int:
    """The tenant default, which rows older than tenancy belong to as well."""
    query = select(Tenant.id).where(Tenant.subdomain == "default")
    factory = build_session_factory(get_engine())
    try:
        async with factory.begin() as session:
            if tenant_id := (await session.exec(query)).one_or_none():
                return tenant_id
            session.add(tenant := Tenant(name="default", subdomain="default"))
        return int(tenant.id or 0)
    except IntegrityError:  # another process was quicker
        async with factory() as session:
            return int((await session.exec(query)).one() or 0)


def serving(app: ASGIApp, base_domain: str | None) -> ASGIApp:
    """Pure ASGI: each request inside its tenant; /health/ is asked by machines that know none."""
    by_host = TenantMiddleware(app, base_domain=base_domain) if base_domain else None

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith("/health/"):
            await app(scope, receive, send)
        elif by_host is not None:
            await by_host(scope, receive, send)
        else:
            with tenant_context(scope["app"].state.tenant):
                await app(scope, receive, send)

    return asgi


def create_app() -> FastAPI:
    """Routes, tenants, and problems around both; nothing connects before the lifespan begins."""
    app = FastAPI(
        title="Task API",
        version="1.0.0",
        lifespan=lifespan,
        exception_handlers={HTTPException: on_http, RequestValidationError: on_input},
    )
    app.state.base_domain = os.environ.get("TENANT_BASE_DOMAIN") or None
    app.include_router(router)
    app.router.routes.extend(health_routes)
    app.state.routes = [*router.routes, *health_routes]  # for a 405: what a path knows
    app.add_middleware(serving, base_domain=app.state.base_domain)
    app.add_middleware(answering)
    return app


app = create_app()
