"""An application is started, asked and stopped inside one block."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from workbook.notebook.serving import served


async def test_an_application_starts_answers_and_stops() -> None:
    life: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        life.append("started")
        yield
        life.append("stopped")

    app = FastAPI(lifespan=lifespan)

    @app.get("/fails")
    async def fails() -> None:
        life.append("asked")
        raise LookupError

    async with served(app, "acme.test") as api:
        answer = await api.get("/fails")
    assert (answer.status_code, answer.request.url.host) == (500, "acme.test")
    assert life == ["started", "asked", "stopped"]
