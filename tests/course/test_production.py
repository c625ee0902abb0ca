"""Lesson 8 against the real thing: a server that falls silent, a Redis of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import httpx
import pytest
from sqlalchemy import URL, make_url

from solution.context import tenant_context
from solution.database import (
    build_engine,
    build_session_factory,
    create_db_and_tables,
    get_engine,
)
from solution.main import create_app, lifespan
from solution.models import Project, Task, Tenant, Worker
from solution.production import TaskCache, check_health
from solution.schemas import TaskUpdate
from solution.services.task_service import TaskService
from solution.tenancy import tenant_session_factory
from workbook.postgres import fresh_database_url

pytestmark = pytest.mark.proof


class Line:
    """A line to a PostgreSQL server that can be cut, or fall silent."""

    def __init__(self, url: URL) -> None:
        folder, port = url.query["host"], url.port or 5432
        self.server = f"{folder}/.s.PGSQL.{port}"
        self.cut, self.speaks = False, asyncio.Event()
        self.speaks.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """The port where it listens."""
        listening = await asyncio.start_server(self.connect, "127.0.0.1", 0)
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:
            listening.close()

    async def connect(self, near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        if self.cut:
            answer.close()
            return
        far, ask = await asyncio.open_unix_connection(self.server)
        await asyncio.gather(self.pass_on(near, ask), self.pass_on(far, answer))

    async def pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while said := await source.read(65_536):
            await self.speaks.wait()
            sink.write(said)
        sink.close()


async def test_health_tells_a_server_that_is_silent_or_away() -> None:
    url = make_url(fresh_database_url("postgresql"))
    line = Line(url)
    async with line.open() as port:
        engine = build_engine(url.set(host="127.0.0.1", port=port, query={"ssl": "disable"}))
        assert (await check_health(engine)).status == 200
        line.speaks.clear()
        for _ in range(2):  # a connection of the pool, and a new one
            started = perf_counter()
            health = await check_health(engine, timeout=0.5)
            assert (health.status, health.error) == (503, "TimeoutError")
            assert perf_counter() - started < 1.5
        line.speaks.set()
        assert (await check_health(engine, timeout=10)).status == 200
        line.cut = True
        await engine.dispose()
        assert (await check_health(engine)).status == 503
        line.cut = False
        assert (await check_health(engine)).status == 200
        await engine.dispose()


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty Redis that is this test's alone."""
    command = shutil.which("redis-server")
    assert command, "Redis isn't installed: apt install redis-server"
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = await asyncio.create_subprocess_exec(command, *options, stdout=asyncio.subprocess.PIPE)
    assert server.stdout
    async for line in server.stdout:
        if b"Ready to accept connections" in line:
            break
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    await server.wait()


@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
async def test_two_processes_share_a_cache_in_redis(redis: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tasks.db'}"
    engines = [build_engine(url), build_engine(url)]  # as two processes would have
    await create_db_and_tables(engines[0])
    async with build_session_factory(engines[0])() as session:
        session.add_all(
            [Tenant(id=1, name="A", subdomain="a"), Tenant(id=2, name="B", subdomain="b")]
        )
        await session.commit()
        with tenant_context(1):
            task = Task(title="Old", project=Project(name="P"), created_by=Worker(handle="@kim"))
            session.add(task)
            await session.commit()
    caches = [TaskCache(engine, url=redis) for engine in engines]
    with tenant_context(1):
        for cache in caches:
            assert (await cache.get(1)).title == "Old"
        async with tenant_session_factory(engines[0])() as session:
            await TaskService(session).update(await session.get(Task, 1), TaskUpdate(title="New"))
        for cache in caches:
            assert (await cache.get(1)).title == "New"
    with tenant_context(2):
        assert await caches[1].get(1) is None
    for each in (*caches, *engines):
        await (each.close() if isinstance(each, TaskCache) else each.dispose())


async def test_a_redis_that_is_away_is_an_empty_cache(tmp_path: Path) -> None:
    engine = build_engine(f"sqlite:///{tmp_path / 'tasks.db'}")
    await create_db_and_tables(engine)
    cache = TaskCache(engine, url="redis://127.0.0.1:1/0")
    with tenant_context(1):
        assert await cache.get(1) is None
    cache.stop_watching()
    await engine.dispose()


async def test_the_application_tells_prometheus_what_it_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'tasks.db'}")
    get_engine.cache_clear()
    app = create_app()
    transport = httpx.ASGITransport(app)
    async with lifespan(app), httpx.AsyncClient(transport=transport, base_url="http://t") as web:
        assert (await web.get("/health/ready")).json() == {"status": "ready"}
        told = await web.get("/health/metrics")
    get_engine.cache_clear()
    assert told.headers["content-type"].startswith("text/plain")
    assert 'db_statement_seconds_count{operation="SELECT",outcome="ok"}' in told.text
    assert 'db_pool_connections{state="in_use"} 0.0' in told.text
