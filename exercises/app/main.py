"""The application: a server such as uvicorn is told this module and ``app``."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.exceptions import ExceptionMiddleware

from .database import create_db_and_tables, get_engine
from .problems import EXCEPTION_HANDLERS
from .routers import health, projects, tasks, workers
from .tenancy.serving import HostTenants, OneTenant, development_tenant


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make tables and, without ``TENANT_BASE_DOMAIN``, a tenant; at the end, let go of both.

    The tables that don't exist yet are created, and the id of the ``development_tenant`` is left
    in ``app.state.tenant``. However the application ends, its start failing included, the
    process's engine is disposed: the database counts connections, ours must not be left over.
    """
    raise NotImplementedError("exercise api.application")
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
        exception_handlers=EXCEPTION_HANDLERS,
    )
    for router in (workers.router, projects.router, tasks.router, health.router):
        app.include_router(router)
    if domain := os.environ.get("TENANT_BASE_DOMAIN"):
        app.add_middleware(HostTenants, base_domain=domain)
    else:
        app.add_middleware(OneTenant)
    # The look for the tenant comes before the routes, where FastAPI's own handlers don't reach.
    handlers = {kind: one for kind, one in EXCEPTION_HANDLERS.items() if kind is not Exception}
    app.add_middleware(ExceptionMiddleware, handlers=handlers)
    return app


app = create_app()
