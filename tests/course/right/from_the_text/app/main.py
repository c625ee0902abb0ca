"""The application, put together."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from sqlmodel import select

from . import api, problem_details
from .database import build_session_factory, create_db_and_tables, get_engine
from .models import Tenant
from .production import StatementMonitor
from .tenancy import TenantMiddleware


async def the_one_tenant() -> int:
    """The tenant ``default``, who owns what is older than tenants."""
    async with build_session_factory(get_engine())() as session:
        query = select(Tenant).where(Tenant.subdomain == "default")
        tenant = (await session.exec(query)).one_or_none()
        if tenant is None:
            tenant = Tenant(name="Default", subdomain="default")
            session.add(tenant)
            await session.commit()
        assert tenant.id is not None
        return tenant.id


def create_app() -> FastAPI:
    domain = os.environ.get("TENANT_BASE_DOMAIN")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as at_the_end:
            engine = get_engine()
            at_the_end.push_async_callback(engine.dispose)
            app.state.monitor = StatementMonitor(engine)
            at_the_end.callback(app.state.monitor.close)
            await create_db_and_tables()
            app.state.only_tenant = None if domain else await the_one_tenant()
            yield

    app = FastAPI(title="Tasks", lifespan=lifespan)
    app.include_router(api.everything)
    if domain:
        app.add_middleware(TenantMiddleware, base_domain=domain, open_to_all="/health/")
    app.add_middleware(problem_details.ProblemDetails)
    app.add_exception_handler(404, problem_details.on_http)
    app.add_exception_handler(405, problem_details.on_http)
    app.add_exception_handler(400, problem_details.on_http)
    app.add_exception_handler(problem_details.RequestValidationError, problem_details.on_input)
    return app


app = create_app()
