"""An application in the kernel, started, asked and stopped as a server would do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx


@asynccontextmanager
async def served(app: Any, host: str = "localhost") -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that starts with the block and stops at its end.

    No socket is opened: the client calls the application (FastAPI, Starlette) itself. An
    exception of a route is an answer with status 500, as a server makes it.
    """
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client,
    ):
        yield client
