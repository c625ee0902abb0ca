"""What the database is asked, how long it takes, and why."""

import re
from collections import deque
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider, get_tracer
from prometheus_client import CollectorRegistry, Gauge, Histogram
from sqlalchemy import Connection, ExceptionContext, QueuePool, event
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

#: The words a statement for data begins with. BEGIN, SET and PRAGMA are no work of ours.
OPERATIONS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*([a-zA-Z]+)", re.DOTALL)
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
    """

    @property
    def note(self) -> str:
        return f"_monitored_by_{id(self)}"

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
        self.listeners = {
            "before_cursor_execute": self.sent,
            "after_cursor_execute": self.answered,
            "handle_error": self.failed,
        }
        for name, listener in self.listeners.items():
            event.listen(self.engine, name, listener)

    def connections(self, state: str) -> int:
        """Given: how many of the pool's connections are checked out, or in."""
        pool = self.engine.pool
        return int(getattr(pool, state)()) if isinstance(pool, QueuePool) else 0

    def sent(
        self, connection: Connection, _: object, sql: str, __: object, context: Any, ___: bool
    ) -> None:
        first = FIRST_WORD.match(sql)
        operation = first.group(1).upper() if first else ""
        if operation not in OPERATIONS:
            return
        span = self.tracer.start_span(
            operation,
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": connection.dialect.name, "db.query.text": sql},
        )
        # On the execution itself: one that never ends takes its note along.
        setattr(context, self.note, Running(operation, perf_counter(), span))

    def answered(
        self, connection: Connection, _: object, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        seconds = self.end(context)
        if seconds is not None and seconds >= self.slow:
            first = parameters[0] if many and isinstance(parameters, list) else parameters
            plan = self.explain(connection, sql, first)
            self.slow_statements.append(SlowStatement(sql, seconds, plan))

    def failed(self, failure: ExceptionContext) -> None:
        self.end(failure.execution_context, failure.original_exception)

    def end(
        self, context: ExecutionContext | None, error: BaseException | None = None
    ) -> float | None:
        """End a statement's span and count its time; return that, or None if it wasn't noted."""
        running: Running | None = context.__dict__.pop(self.note, None) if context else None
        if running is None:
            return None
        seconds = perf_counter() - running.started
        outcome = "ok" if error is None else "error"
        self.seconds.labels(running.operation, outcome).observe(seconds)
        if error is not None:
            running.span.set_status(StatusCode.ERROR)
            running.span.set_attribute("error.type", type(error).__name__)
        running.span.end()
        return seconds

    def explain(self, connection: Connection, sql: str, parameters: Any) -> str:
        """How the database goes about a statement, one step a line; it isn't run again."""
        how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        try:
            steps = connection.exec_driver_sql(f"{how} {sql}", parameters or None)
            return "\n".join(str(step[-1]) for step in steps)
        except DBAPIError as error:
            return f"no plan: {type(error.orig).__name__}"

    def close(self) -> None:
        """Watch the engine no longer."""
        for name, listener in self.listeners.items():
            if event.contains(self.engine, name, listener):
                event.remove(self.engine, name, listener)
