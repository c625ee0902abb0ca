"""Lesson 8: many rows, a database in trouble, and what is told of both."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import event, insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from .kit import Kit, honest_engine


async def fill(kit: Kit, *, projects: int, others: int, rare: int, status: str) -> dict[str, int]:
    """Projects with `others` completed tasks, then `rare` of a status; the last one's id."""
    task = kit.use("models.Task")
    async with kit.session() as session:
        worker = kit.use("models.Worker")(handle="@many")
        made = [kit.use("models.Project")(name=f"Many {number}") for number in range(projects)]
        session.add_all([worker, *made])
        await session.flush()
        for project in made:
            keys = {"project_id": project.id, "created_by_id": worker.id}
            for name, count in (("completed", others), (status, rare)):
                rows = [{"title": "One of many", "status": name, **keys}] * count
                await session.exec(insert(task), params=rows)
        found = {"tenant": made[-1].tenant_id, "project": made[-1].id}
        await session.commit()
    async with kit.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    return found


# -- trouble -----------------------------------------------------------------------------


@contextmanager
def trouble(engine: AsyncEngine, kind: str) -> Iterator[asyncio.Event]:
    """Until it is over, the database of an engine is away, or silent.

    Whoever asked in vain goes on asking until the event is set: what hangs may hang for good.
    """
    over = asyncio.Event()

    def refuse(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connect call failed ('10.1.2.3', 5432)")

    def wait(*_: object) -> None:
        await_only(over.wait())

    listeners = {
        "refuses connections": [("do_connect", refuse)],
        "accepts no connection": [("do_connect", wait)],
        "doesn't answer": [("before_cursor_execute", wait)],
        "hangs": [("before_cursor_execute", wait), ("reset", wait), ("invalidate", wait)],
    }[kind]
    for name, listener in listeners:
        event.listen(engine.sync_engine, name, listener)
    try:
        yield over
    finally:
        for name, listener in listeners:
            event.remove(engine.sync_engine, name, listener)


async def _ask(kit: Kit, engine: AsyncEngine, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109
    async def ask() -> dict[str, Any]:
        found = await kit.use("production.check_health")(engine, timeout=timeout)
        return {"status": found.status, "error": found.error}

    started = time.perf_counter()
    return await kit.outcome(ask()) | {"seconds": time.perf_counter() - started}


async def health(kit: Kit, *, kind: str, patience: float) -> dict[str, Any]:
    """What `check_health` says before, while and after a database is in trouble."""
    engine = honest_engine(kit.url, pool_size=2, max_overflow=0)
    saw = {"before": await _ask(kit, engine, 5.0)}
    over = asyncio.Event()
    if kind == "has no connection left":
        async with engine.connect(), engine.connect():
            saw["while"] = await _ask(kit, engine, patience)
    else:
        if "connection" in kind:
            await engine.dispose()
        with trouble(engine, kind) as over:
            # As often as there are connections: each question that was given up gives one back.
            asking = [asyncio.create_task(_ask(kit, engine, patience)) for _ in range(2)]
            _, waiting = await asyncio.wait(asking, timeout=patience + 5)
        if waiting or kind == "hangs":
            over.set()
        saw["while"] = await asking[0]  # for whoever waited until the trouble was over
        await asyncio.wait(asking)
    for _ in range(5):  # what hung needs a moment to let go
        await asyncio.sleep(0.2)
        saw["after"] = await _ask(kit, engine, 2.0)
        if saw["after"].get("value", {}).get("status") == 200:
            break
    over.set()
    await engine.dispose()
    return saw


# -- what is told ------------------------------------------------------------------------


@asynccontextmanager
async def watched(
    kit: Kit, connections: int = 5, **options: Any
) -> AsyncIterator[tuple[Any, Any, Any]]:
    """An engine that has connected before, its monitor, and the spans that end.

    The database has a function `be_slow` that takes a tenth of a second to say 0.
    """
    await kit.tables()
    engine = honest_engine(kit.url, pool_size=connections, max_overflow=0, pool_timeout=2.0)
    await _teach_to_be_slow(engine)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monitor = kit.use("production.StatementMonitor")(engine, tracer_provider=provider, **options)

    try:
        yield engine, monitor, spans
    finally:
        await engine.dispose()


async def _teach_to_be_slow(engine: Any) -> None:
    """The database itself takes its time: not what stands before it, which some don't count."""
    if engine.dialect.name == "postgresql":
        async with engine.begin() as connection:
            body = "SELECT pg_sleep(0.1); SELECT 0"
            sql = f"CREATE OR REPLACE FUNCTION be_slow() RETURNS int LANGUAGE sql AS '{body}'"
            await connection.execute(text(sql))
        return

    def be_slow() -> int:
        time.sleep(0.1)  # in the driver's own thread
        return 0

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.create_function("be_slow", 0, be_slow)


def _samples(monitor: Any) -> list[list[Any]]:
    return [
        [one.name, dict(one.labels), float(one.value)]
        for family in monitor.registry.collect()
        for one in family.samples
        if one.name.startswith("db_") and not one.name.endswith(("_bucket", "_created"))
    ]


def _spans(kept: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": span.name,
            "kind": span.kind.name,
            "status": span.status.status_code.name,
            "attributes": {str(key): str(value) for key, value in (span.attributes or {}).items()},
            "told": f"{span.status.description} {[dict(e.attributes or {}) for e in span.events]}",
        }
        for span in kept.get_finished_spans()
    ]


async def monitor(kit: Kit, *, handles: list[str], selects: int, together: int) -> dict[str, Any]:
    """What Prometheus and OpenTelemetry are told of some statements, two of which fail.

    The last ones run `together`, each on a connection of its own.
    """
    worker = kit.use("models.Worker")
    async with watched(kit, slow=60.0) as (engine, monitor, spans):
        with await kit.tenant():
            async with kit.use("database.build_session_factory")(engine)() as session:
                for _ in range(selects):
                    await session.exec(text("SELECT 1"))
                session.add(worker(handle=handles[0]))
                await session.flush()
                during = _samples(monitor)
                async with session.begin_nested():
                    await session.exec(update(worker).values(handle=handles[1]))
                await session.commit()
                session.add(worker(handle=handles[1]))
                taken = await kit.outcome(session.commit())
                await session.rollback()
                missing = await kit.outcome(session.exec(text("SELECT * FROM not_there")))
                await session.rollback()
                await session.exec(text("DELETE FROM worker WHERE id = (SELECT be_slow())"))
                await session.commit()

        async def read() -> None:
            async with engine.connect() as connection:
                await connection.execute(text("select\nbe_slow()"))

        await asyncio.gather(*(read() for _ in range(together)))
        return {
            "failed": ["error" in taken, "error" in missing],
            "during": during,
            "after": _samples(monitor),
            "spans": _spans(spans),
        }


async def slow(kit: Kit, *, threshold: float, handles: list[str]) -> dict[str, Any]:
    """The slow statements that are kept: an INSERT, one of two rows, a SELECT, a slow SELECT.

    The pool has the one connection that they run on.
    """
    worker = kit.use("models.Worker")
    async with watched(kit, connections=1, slow=threshold) as (engine, monitor, spans):
        with await kit.tenant():
            async with kit.use("database.build_session_factory")(engine)() as session:
                session.add(worker(handle=handles[0]))
                await session.flush()
                rows = [{"handle": handle} for handle in handles[1:]]
                await session.exec(insert(worker), params=rows)
                await session.exec(
                    text("SELECT id FROM worker WHERE handle = :handle"),
                    params={"handle": handles[0]},
                )
                await session.exec(text("SELECT be_slow(), count(*) FROM worker"))
                await session.commit()
        kept = [
            {"sql": str(one.sql), "seconds": float(one.seconds), "plan": str(one.plan)}
            for one in monitor.slow_statements
        ]
        return {"kept": kept, "spans": [span["name"] for span in _spans(spans)]}
