"""What the database is asked, how long it takes, and why."""

from collections import deque
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider, get_tracer
from prometheus_client import CollectorRegistry, Gauge, Histogram
from sqlalchemy import Connection, ExceptionContext, QueuePool, event
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

#: The words a statement for data begins with. BEGIN, SET and PRAGMA are no work of ours.
OPERATIONS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
#: How many slow statements are kept: the last ones.
KEPT = 100


@dataclass(frozen=True)
class SlowStatement:
    """Given: a statement that took long, without its values, and how the database went about it."""

    sql: str
    seconds: float
    plan: str


@dataclass(frozen=True)
class Running:
    """Given: a statement that was sent and has not ended."""

    operation: str
    started: float
    span: Span


class StatementMonitor:
    """Counts and times each statement of an engine, for Prometheus and OpenTelemetry.

    For Prometheus, in ``registry`` (its own unless one is given):

    - ``db_statement_seconds``, a histogram with the labels ``operation`` (the first word of the
      statement, one of ``OPERATIONS``) and ``outcome`` ("ok" or "error"). Its ``_count`` is
      how many statements there were, its ``_sum`` how long they took.
    - ``db_pool_connections``, a gauge with the label ``state``: "in_use", "idle".

    For OpenTelemetry, a span for each statement, by ``tracer_provider`` or else the process's
    own: named by the operation, of the kind CLIENT, with the attributes ``db.system.name``
    ("postgresql", "sqlite") and ``db.query.text`` (without values), the status ERROR and
    ``error.type`` (the name of the driver's exception) if it failed.
    https://opentelemetry.io/docs/specs/semconv/db/database-spans/

    ``slow_statements`` holds those that took ``slow`` seconds or longer.

    An application has one from its start to its end: ``lifespan`` makes it, for the process's
    engine, leaves its registry in ``app.state.metrics`` and closes it; ``GET /health/metrics``
    answers ``generate_latest(request.app.state.metrics)``, with ``CONTENT_TYPE_LATEST``.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        slow: float = 0.5,
        registry: CollectorRegistry | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        self.engine, self.slow = engine.sync_engine, slow
        self.registry = registry or CollectorRegistry()
        self.seconds = Histogram(
            "db_statement_seconds",
            "How long statements took.",
            ["operation", "outcome"],
            registry=self.registry,
        )
        pool = Gauge(
            "db_pool_connections", "The pool's connections.", ["state"], registry=self.registry
        )
        pool.labels("in_use").set_function(lambda: self.connections("checkedout"))
        pool.labels("idle").set_function(lambda: self.connections("checkedin"))
        self.tracer = get_tracer(__name__, tracer_provider=tracer_provider)
        self.slow_statements: deque[SlowStatement] = deque(maxlen=KEPT)
        #: By its execution, so that one that never ends is forgotten with it.
        self.running: WeakKeyDictionary[ExecutionContext, Running] = WeakKeyDictionary()
        event.listen(self.engine, "before_cursor_execute", self.sent)
        event.listen(self.engine, "after_cursor_execute", self.answered)
        event.listen(self.engine, "handle_error", self.failed)

    def connections(self, state: str) -> int:
        """Given: how many of the pool's connections are checked out, or in."""
        pool = self.engine.pool
        return int(getattr(pool, state)()) if isinstance(pool, QueuePool) else 0

    def sent(
        self, connection: Connection, _: object, sql: str, __: object, context: Any, ___: bool
    ) -> None:
        """Note a statement that is about to run, unless it is none of ``OPERATIONS``.

        ``self.running[context]`` keeps it until it ends: its operation, when it started
        (``perf_counter()``), its span (``self.tracer.start_span(name, kind=…, attributes=…)``).
        Not a list on the connection: a statement that fails, or never ends, would stay on it.
        """
        operation = "".join(sql.split(maxsplit=1)[:1]).upper()
        if operation in OPERATIONS:
            attributes = {"db.system.name": connection.dialect.name, "db.query.text": sql}
            span = self.tracer.start_span(operation, kind=SpanKind.CLIENT, attributes=attributes)
            self.running[context] = Running(operation, perf_counter(), span)

    def answered(
        self, connection: Connection, _: object, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        """End a statement that was answered; keep it if it was slow."""
        seconds = self.end(context)
        if seconds is not None and seconds >= self.slow:
            # Of an INSERT of many rows in one statement, SQLAlchemy says ``many`` as well.
            one = parameters[0] if many and isinstance(parameters, list) else parameters
            plan = self.explain(connection, sql, one)
            self.slow_statements.append(SlowStatement(sql, seconds, plan))

    def failed(self, failure: ExceptionContext) -> None:
        """End a statement that raised; ``failure`` tells which and what."""
        self.end(failure.execution_context, failure.original_exception)

    def end(
        self, context: ExecutionContext | None, error: BaseException | None = None
    ) -> float | None:
        """End a statement's span and count its time; return that, or None if it wasn't noted.

        ``self.seconds.labels(operation, outcome).observe(seconds)``. Of an exception the span gets
        the class, and not the message, which may hold values.
        """
        running = self.running.pop(context, None) if context is not None else None
        if running is None:
            return None
        seconds = perf_counter() - running.started
        self.seconds.labels(running.operation, "error" if error else "ok").observe(seconds)
        if error:
            running.span.set_status(StatusCode.ERROR)
            running.span.set_attribute("error.type", type(error).__name__)
        running.span.end()
        return seconds

    def explain(self, connection: Connection, sql: str, parameters: Any) -> str:
        """Return how the database goes about a statement, one step a line.

        EXPLAIN, or EXPLAIN QUERY PLAN on SQLite, before the same text with the same values, by
        ``connection.exec_driver_sql``: on the statement's own connection, where its tables and
        its tenant are. The last column of each row is the step. Not EXPLAIN ANALYZE: that runs
        the statement again, and would insert twice. In a savepoint: a plan that can't be had is
        an empty one, and the transaction that is watched goes on.
        """
        how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        try:
            with connection.begin_nested():
                rows = connection.exec_driver_sql(f"{how} {sql}", parameters or None).all()
        except DBAPIError:
            return ""
        return "\n".join(str(row[-1]) for row in rows)

    def close(self) -> None:
        """Given: watch the engine no longer."""
        event.remove(self.engine, "before_cursor_execute", self.sent)
        event.remove(self.engine, "after_cursor_execute", self.answered)
        event.remove(self.engine, "handle_error", self.failed)
