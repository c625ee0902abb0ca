"""What the database is asked, how long it takes, and why."""

from collections import deque
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider, get_tracer
from prometheus_client import CollectorRegistry, Gauge, Histogram
from sqlalchemy import Connection, ExceptionContext, QueuePool, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

OPERATIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@dataclass(frozen=True)
class SlowStatement:
    """A statement that took long, without its values, and how the database went about it."""

    sql: str
    seconds: float
    plan: str


class StatementMonitor:
    """Counts and times each statement of an engine, for Prometheus and OpenTelemetry."""

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
        self.slow_statements: deque[SlowStatement] = deque(maxlen=100)
        self.tracer = get_tracer(__name__, tracer_provider=tracer_provider)
        self.note = f"_monitor_{id(self)}"  # on the statement's execution, and gone with it
        self.seconds = Histogram(
            "db_statement_seconds",
            "How long statements took.",
            ["operation", "outcome"],
            registry=self.registry,
        )
        gauge = Gauge(
            "db_pool_connections", "The pool's connections.", ["state"], registry=self.registry
        )
        for label, method in (("in_use", "checkedout"), ("idle", "checkedin")):
            gauge.labels(label).set_function(lambda method=method: self.pool_count(method))
        self.listeners: dict[str, Any] = {
            "before_cursor_execute": self.on_sent,
            "after_cursor_execute": self.on_answered,
            "handle_error": self.on_error,
        }
        for name, listener in self.listeners.items():
            event.listen(self.engine, name, listener)

    def pool_count(self, method: str) -> int:
        pool = self.engine.pool  # a new one after each dispose
        return int(getattr(pool, method)()) if isinstance(pool, QueuePool) else 0

    def on_sent(
        self, _: Connection, __: Any, sql: str, ___: Any, context: Any, ____: bool
    ) -> None:
        word = first_word(sql)
        if word not in OPERATIONS or context is None:
            return
        system = "postgresql" if self.engine.name == "postgresql" else self.engine.name
        attributes = {"db.system.name": system, "db.query.text": sql}
        span = self.tracer.start_span(word, kind=SpanKind.CLIENT, attributes=attributes)
        setattr(context, self.note, (word, perf_counter(), span))

    def on_answered(
        self, connection: Connection, _: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        seconds = self.end(context, None)
        if seconds is not None and seconds >= self.slow:
            one = parameters[0] if many and parameters else parameters
            self.slow_statements.append(
                SlowStatement(sql, seconds, self.plan(connection, sql, one))
            )

    def on_error(self, failure: ExceptionContext) -> None:
        self.end(failure.execution_context, failure.original_exception)

    def end(self, context: Any, error: BaseException | None) -> float | None:
        """Close the statement's span and count its time, once; None if it wasn't noted."""
        noted: tuple[str, float, Span] | None = vars(context).pop(self.note, None) if context else None
        if noted is None:
            return None
        word, began, span = noted
        seconds = perf_counter() - began
        if error is not None:
            name = type(error).__name__
            # SQLAlchemy's form of asyncpg's error has asyncpg's own as its cause.
            span.set_attribute("error.type", name)
            span.set_status(StatusCode.ERROR)
        span.end()
        self.seconds.labels(word, "error" if error is not None else "ok").observe(seconds)
        return seconds

    def plan(self, connection: Connection, sql: str, parameters: Any) -> str:
        """EXPLAIN, on the statement's own connection, inside a savepoint; '' where there is none."""
        explain = "EXPLAIN QUERY PLAN" if self.engine.name == "sqlite" else "EXPLAIN"
        try:
            with connection.begin_nested():
                rows = connection.exec_driver_sql(f"{explain} {sql}", parameters or None).all()
        except DBAPIError:
            return ""
        return "\n".join(str(row[-1]) for row in rows)

    def close(self) -> None:
        for name, listener in self.listeners.items():
            event.remove(self.engine, name, listener)


def first_word(sql: str) -> str:
    """The first word in capitals, behind comments and brackets."""
    rest = sql.lstrip(" \t\r\n(")
    while rest.startswith(("--", "/*")):
        rest = rest.partition("\n" if rest.startswith("--") else "*/")[2].lstrip(" \t\r\n(")
    word = ""
    for letter in rest:
        if not letter.isalpha():
            break
        word += letter
    return word.upper()
