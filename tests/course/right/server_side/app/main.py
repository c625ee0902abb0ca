"""The application: ``uvicorn app.main:app`` serves it."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.exceptions import ExceptionMiddleware

from .database import create_db_and_tables, get_engine
from .problems import TOLD
from .production import StatementMonitor
from .routers import health, projects, tasks, workers
from .tenancy.serving import HostTenants, OneTenant, development_tenant


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Tables, a tenant where no domain tells one, a monitor; at the end nothing stays open."""
    async with AsyncExitStack() as at_the_end:
        engine = get_engine()
        at_the_end.push_async_callback(engine.dispose)
        monitor = StatementMonitor(engine)
        at_the_end.callback(monitor.close)
        await create_db_and_tables(engine)
        app.state.monitor = monitor
        if not os.environ.get("TENANT_BASE_DOMAIN"):
            app.state.tenant = await development_tenant()
        yield


def create_app() -> FastAPI:
    """Return the application with its routes, its tenants and its way to tell problems.

    Nothing connects before the lifespan begins.
    """
    app = FastAPI(
        title="Task API",
        summary="Projects, their tasks, and the people and agents who do them.",
        version="1.0.0",
        lifespan=lifespan,
        exception_handlers=TOLD,
    )
    for router in (workers.router, projects.router, tasks.router, health.router):
        app.include_router(router)
    if domain := os.environ.get("TENANT_BASE_DOMAIN"):
        app.add_middleware(HostTenants, base_domain=domain)
    else:
        app.add_middleware(OneTenant)
    # The look for the tenant comes before the routes, where FastAPI's own handlers don't reach.
    told = {kind: told for kind, told in TOLD.items() if kind is not Exception}
    app.add_middleware(ExceptionMiddleware, handlers=told)
    return app


app = create_app()
