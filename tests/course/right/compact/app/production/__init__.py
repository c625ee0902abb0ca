"""What people who depend on a database layer need besides."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any, Protocol
from uuid import uuid4
from weakref import WeakKeyDictionary

from opentelemetry import trace
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import QueuePool, event, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.util import await_only

from ..models import Owned
from ..schemas import TaskRead
from ..scope import whose
from ..services.task_service import TaskService
from ..tenancy import TenantSession, tenant_session_factory

__all__ = ["Health", "SlowStatement", "StatementMonitor", "TaskCache", "check_health"]

# --- is it there ---


@dataclass(frozen=True)
class Health:
    status: int
    error: str | None
    seconds: float


_questions: set[asyncio.Task[None]] = set()


async def check_health(engine: AsyncEngine, *, timeout: float = 2.0) -> Health:
    async def ask() -> None:
        async with engine.connect() as connection:
            await connection.execute(select(1))

    def over(question: asyncio.Task[None]) -> None:
        _questions.discard(question)
        question.cancelled() or question.exception()

    started = perf_counter()
    question = asyncio.create_task(ask())
    _questions.add(question)
    question.add_done_callback(over)
    failure = None
    try:
        # Shielded: to be cancelled takes a hanging connection longer than anybody waits.
        await asyncio.wait_for(asyncio.shield(question), timeout)
    except Exception as error:
        failure = type(error).__name__
    finally:
        question.cancel()
    return Health(503 if failure else 200, failure, perf_counter() - started)


# --- read once ---

Tell = Callable[[set[int | None]], Awaitable[None]]


class Writes:
    """Hears of what sessions write to an engine's database, and tells when it is over."""

    def __init__(self, engine: AsyncEngine, tell: Tell) -> None:
        self.engine, self.tell = engine, tell
        self.noted: WeakKeyDictionary[Session, set[int | None]] = WeakKeyDictionary()
        self.listening = [
            ("after_flush", self.flushed),
            ("do_orm_execute", self.executed),
            ("after_transaction_end", self.ended),
        ]
        for name, listener in self.listening:
            event.listen(Session, name, listener)

    def stop(self) -> None:
        for name, listener in self.listening:
            event.remove(Session, name, listener)

    def note(self, session: Session, tenants: Iterable[int | None]) -> None:
        bind = session.bind
        if bind is not None and bind.engine.pool is self.engine.sync_engine.pool:
            self.noted.setdefault(session, set()).update(tenants)

    def flushed(self, session: Session, _: Any) -> None:
        for row in [*session.new, *session.dirty, *session.deleted]:
            if isinstance(row, Owned):
                self.note(session, inspect(row).attrs.tenant_id.history.sum())

    def executed(self, state: ORMExecuteState) -> None:
        if not state.is_select:
            theirs = isinstance(state.session, TenantSession)
            scoped = theirs and not state.execution_options.get("tenant_unscoped")
            self.note(state.session, {whose() if scoped else None})

    def ended(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None and (tenants := self.noted.pop(session, None)):
            await_only(asyncio.shield(asyncio.ensure_future(self.tell(tenants))))


class Store(Protocol):
    async def get(self, key: str) -> str | None: ...
    async def put(self, key: str, text: str, *, missing: bool = False) -> None: ...
    async def drop(self, key: str) -> None: ...


@dataclass
class Memory:
    """In this process: so many texts, each for so many seconds."""

    seconds: float
    most: int = 10_000
    texts: OrderedDict[str, tuple[float, str]] = field(default_factory=OrderedDict)

    async def get(self, key: str) -> str | None:
        until, text = self.texts.get(key, (0.0, ""))
        if until <= monotonic():
            self.texts.pop(key, None)
            return None
        self.texts.move_to_end(key)
        return text

    async def put(self, key: str, text: str, *, missing: bool = False) -> None:
        if missing and await self.get(key) is not None:
            return
        self.texts[key] = (monotonic() + self.seconds, text)
        while len(self.texts) > self.most:
            self.texts.popitem(last=False)

    async def drop(self, key: str) -> None:
        self.texts.pop(key, None)

    async def close(self) -> None:
        self.texts.clear()


class Redis:
    """In a Redis; one that can't be reached is as good as an empty one."""

    def __init__(self, url: str, seconds: float) -> None:
        from redis.asyncio import Redis as Client

        self.client = Client.from_url(url, decode_responses=True)
        self.milliseconds = max(1, int(seconds * 1000))

    async def tried(self, answer: Awaitable[Any]) -> Any:
        from redis.exceptions import RedisError

        try:
            return await answer
        except (RedisError, OSError):
            return None

    async def get(self, key: str) -> str | None:
        return await self.tried(self.client.get(key))

    async def put(self, key: str, text: str, *, missing: bool = False) -> None:
        await self.tried(self.client.set(key, text, px=self.milliseconds, nx=missing))

    async def drop(self, key: str) -> None:
        await self.tried(self.client.delete(key))

    async def close(self) -> None:
        await self.client.aclose()


class TaskCache:
    """Keeps what was read under two words: one changes with a tenant's writes, one with any."""

    def __init__(self, engine: AsyncEngine, *, url: str = "mem://", ttl: float = 60.0) -> None:
        self.engine = engine
        self.store: Any = Redis(url, ttl) if url.startswith("redis") else Memory(ttl)
        self.loads: dict[str, asyncio.Task[str | None]] = {}
        self.writes = Writes(engine, self.forget)

    async def get(self, task_id: int) -> TaskRead | None:
        tenant = whose()
        words = [await self.word("all"), await self.word(str(tenant))]
        key = f"tasks:{tenant}:{':'.join(words)}:{task_id}"
        text = await self.store.get(key)
        if text is None:
            if key not in self.loads:
                load = self.loads[key] = asyncio.create_task(self.load(key, task_id))
                load.add_done_callback(lambda done: self.loaded(key, done))
            # Who stops waiting leaves the load to the others.
            text = await asyncio.shield(self.loads[key])
        return None if text is None else TaskRead.model_validate_json(text)

    async def load(self, key: str, task_id: int) -> str | None:
        async with tenant_session_factory(self.engine)() as session:
            task = await TaskService(session).get(task_id)
        if task is None:
            return None
        text = TaskRead.model_validate(task).model_dump_json()
        await self.store.put(key, text)
        return text

    def loaded(self, key: str, load: asyncio.Task[str | None]) -> None:
        self.loads.pop(key, None)
        load.cancelled() or load.exception()

    async def word(self, of: str) -> str:
        key = f"tasks:word:{of}"
        word: str | None = await self.store.get(key)
        if word is None:
            word = uuid4().hex
            await self.store.put(key, word, missing=True)
            word = await self.store.get(key) or word
        return word

    async def forget(self, tenants: set[int | None]) -> None:
        for tenant in tenants:
            await self.store.drop(f"tasks:word:{'all' if tenant is None else tenant}")

    async def close(self) -> None:
        self.writes.stop()
        for load in list(self.loads.values()):
            load.cancel()
        await self.store.close()


# --- what it is asked ---

WORK = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}


@dataclass(frozen=True)
class SlowStatement:
    sql: str
    seconds: float
    plan: str


class StatementMonitor:
    """Runs the statements of an engine itself, so that it sees each begin and end."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        slow: float = 0.5,
        registry: CollectorRegistry | None = None,
        tracer_provider: trace.TracerProvider | None = None,
    ) -> None:
        self.engine, self.slow = engine.sync_engine, slow
        self.registry = registry or CollectorRegistry()
        self.registry.register(self)
        self.seconds = Histogram(
            "db_statement_seconds", "Statements.", ["operation", "outcome"], registry=self.registry
        )
        self.tracer = trace.get_tracer("task_api.database", tracer_provider=tracer_provider)
        self.slow_statements: deque[SlowStatement] = deque(maxlen=50)
        self.listening = [
            ("do_execute", self.one),
            ("do_executemany", self.many),
            ("do_execute_no_params", self.bare),
        ]
        for name, listener in self.listening:
            event.listen(self.engine, name, listener)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For Prometheus: the pool, as it is when somebody asks."""
        gauge = GaugeMetricFamily("db_pool_connections", "Connections.", labels=["state"])
        pool = self.engine.pool
        counts = (pool.checkedout(), pool.checkedin()) if isinstance(pool, QueuePool) else (0, 0)
        for state, count in zip(("in_use", "idle"), counts, strict=True):
            gauge.add_metric([state], count)
        yield gauge

    def one(self, cursor: Any, sql: str, values: Any, context: Any) -> bool:
        with self.watched(sql, values, context):
            self.engine.dialect.do_execute(cursor, sql, values, context)
        return True

    def many(self, cursor: Any, sql: str, values: Any, context: Any) -> bool:
        with self.watched(sql, values[0] if values else (), context):
            self.engine.dialect.do_executemany(cursor, sql, values, context)
        return True

    def bare(self, cursor: Any, sql: str, context: Any) -> bool:
        with self.watched(sql, (), context):
            self.engine.dialect.do_execute_no_params(cursor, sql, context)
        return True

    @contextmanager
    def watched(self, sql: str, values: Any, context: Any) -> Iterator[None]:
        operation = sql.split(None, 1)[0].upper() if sql.strip() else ""
        if operation not in WORK:
            yield
            return
        attributes = {"db.system.name": self.engine.dialect.name, "db.query.text": sql}
        span = self.tracer.start_span(operation, kind=trace.SpanKind.CLIENT, attributes=attributes)
        started, outcome = perf_counter(), "ok"
        try:
            yield
        except BaseException as error:
            outcome = "error"
            span.set_status(trace.StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            seconds = perf_counter() - started
            span.end()
            self.seconds.labels(operation, outcome).observe(seconds)
        if seconds >= self.slow:
            self.slow_statements.append(
                SlowStatement(sql, seconds, self.plan(sql, values, context))
            )

    def plan(self, sql: str, values: Any, context: Any) -> str:
        how = "EXPLAIN QUERY PLAN" if self.engine.dialect.name == "sqlite" else "EXPLAIN"
        cursor = context.root_connection.connection.cursor()
        try:
            cursor.execute(f"{how} {sql}", values)
            return "\n".join(str(row[-1]) for row in cursor.fetchall())
        finally:
            cursor.close()

    def close(self) -> None:
        for name, listener in self.listening:
            event.remove(self.engine, name, listener)
        self.registry.unregister(self)
