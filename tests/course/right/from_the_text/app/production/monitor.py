"""What the engine is asked, in numbers."""

from collections import deque
from collections.abc import Iterator
from time import perf_counter
from typing import Any, NamedTuple

from opentelemetry import trace
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import ExceptionContext, event
from sqlalchemy.ext.asyncio import AsyncEngine

WORK = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


class SlowStatement(NamedTuple):
    sql: str
    seconds: float
    plan: str


class _Pool:
    """A collector: asks the pool when Prometheus asks."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def describe(self) -> list[GaugeMetricFamily]:
        return [GaugeMetricFamily("db_pool_connections", "The pool's connections.")]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = GaugeMetricFamily(
            "db_pool_connections", "The pool's connections.", labels=["state"]
        )
        for state, ask in (("in_use", "checkedout"), ("idle", "checkedin")):
            found.add_metric([state], getattr(self.engine.pool, ask, lambda: 0)())
        yield found


class StatementMonitor:
    """Times the statements of an engine; Prometheus and OpenTelemetry are told."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        slow: float = 0.5,
        registry: CollectorRegistry | None = None,
        tracer_provider: trace.TracerProvider | None = None,
    ) -> None:
        self.slow = slow
        self.slow_statements: deque[SlowStatement] = deque(maxlen=100)
        self.registry = CollectorRegistry() if registry is None else registry
        self._engine = engine.sync_engine
        self._histogram = Histogram(
            "db_statement_seconds",
            "Seconds from sending a statement to its answer.",
            labelnames=("operation", "outcome"),
            registry=self.registry,
        )
        self._pool = _Pool(self._engine)
        self.registry.register(self._pool)
        self._tracer = trace.get_tracer("tasks.database", tracer_provider=tracer_provider)
        self._mark = f"_monitored_{id(self)}"
        self._events = {
            "before_cursor_execute": self._before,
            "after_cursor_execute": self._after,
            "handle_error": self._error,
        }
        for name, listener in self._events.items():
            event.listen(self._engine, name, listener)

    def _before(self, _: Any, __: Any, sql: str, ___: Any, context: Any, ____: bool) -> None:
        words = sql.split(None, 1)
        operation = words[0].upper() if words else ""
        if operation in WORK and context is not None:
            span = self._tracer.start_span(
                operation,
                kind=trace.SpanKind.CLIENT,
                attributes={"db.system.name": self._engine.dialect.name, "db.query.text": sql},
            )
            setattr(context, self._mark, (operation, span, perf_counter()))

    def _after(
        self, connection: Any, _: Any, sql: str, values: Any, context: Any, many: bool
    ) -> None:
        seconds = self._finish(context, None)
        if seconds is not None and seconds >= self.slow:
            if many and isinstance(values, list):
                values = values[0]
            plan = self._plan(connection, sql, values)
            self.slow_statements.append(SlowStatement(sql, seconds, plan))

    def _error(self, failure: ExceptionContext) -> None:
        self._finish(failure.execution_context, failure.original_exception)

    def _finish(self, context: Any, error: BaseException | None) -> float | None:
        noted = context.__dict__.pop(self._mark, None) if context is not None else None
        if noted is None:
            return None
        operation, span, begun = noted
        seconds = perf_counter() - begun
        self._histogram.labels(operation, "ok" if error is None else "error").observe(seconds)
        if error is not None:
            span.set_status(trace.StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
        span.end()
        return float(seconds)

    def _plan(self, connection: Any, sql: str, values: Any) -> str:
        prefix = "EXPLAIN QUERY PLAN " if self._engine.dialect.name == "sqlite" else "EXPLAIN "
        steps = connection.exec_driver_sql(prefix + sql, values or None)
        return "\n".join(str(step[-1]) for step in steps)

    def close(self) -> None:
        """Listen no longer."""
        for name, listener in self._events.items():
            event.remove(self._engine, name, listener)
        self.registry.unregister(self._pool)
