"""Records what reaches a database, by SQLAlchemy's own events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, ClassVar, cast

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import Pool

from workbook.seeing.trace import Kind, Step, Trace, is_boundary

_BEGIN = re.compile(r"\s*(BEGIN|START\s+TRANSACTION)\b", re.IGNORECASE)
_MOST = 20_000


@contextmanager
def record(*engines: Engine | AsyncEngine, name: str = "") -> Iterator[Trace]:
    """A trace that fills up while the block runs: of these engines, else of all.

    A statement is kept when it is sent; its parameters are held, not copied. After
    20,000 steps the rest of a block is left out.
    """
    recorder = _Recorder(Trace(name), engines)
    _Ears.listen()
    _Ears.recorders.append(recorder)
    try:
        yield recorder.trace
    finally:
        _Ears.recorders.remove(recorder)
        recorder.trace.lasted = recorder.now()


class _Recorder:
    """Puts what the events tell into one trace."""

    def __init__(self, trace: Trace, engines: tuple[Engine | AsyncEngine, ...]) -> None:
        self.trace = trace
        self.engines = [e.sync_engine if isinstance(e, AsyncEngine) else e for e in engines]
        self.began = perf_counter()
        # A connection is known by the dictionary that lives as long as it does; holding it
        # keeps its identity from being used again.
        self.known: dict[int, tuple[int, str, object]] = {}
        self.out: set[int] = set()
        self.running: dict[int, Step] = {}

    def now(self) -> float:
        return perf_counter() - self.began

    def wants(self, engine: Engine) -> bool:
        return not self.engines or any(engine.pool is each.pool for each in self.engines)

    def note(self, kind: Kind, connection: Connection, **more: Any) -> Step | None:
        if not self.wants(connection.engine) or len(self.trace.steps) >= _MOST:
            return None
        info = connection.connection.record_info
        entry = (len(self.known) + 1, connection.dialect.name, info)
        number, database, _ = self.known.setdefault(id(info), entry)
        step = Step(kind, number, database, self.now(), **more)
        self.trace.steps.append(step)
        if kind == "check-out":
            self.out.add(id(info))
        return step

    def returned(self, info: object) -> None:
        if id(info) in self.out:
            self.out.remove(id(info))
            number, database, _ = self.known[id(info)]
            self.trace.steps.append(Step("check-in", number, database, self.now()))

    def sends(self, connection: Connection, sql: str, parameters: Any, many: bool) -> None:
        if _BEGIN.match(sql):  # told by the engine's own event already
            return
        kind: Kind = "savepoint" if is_boundary(sql) else "statement"
        step = self.note(kind, connection, sql=sql, parameters=parameters, many=many)
        if step is not None:
            step.number = len(self.trace.statements) if kind == "statement" else 0
            self.running[id(connection)] = step

    def answers(self, connection: Connection, cursor: Any) -> None:
        if step := self.running.pop(id(connection), None):
            step.lasted = self.now() - step.at
            if step.kind == "statement":
                step.rows = _rows(cursor)

    def fails(self, connection: Connection | None, error: BaseException) -> None:
        step = self.running.pop(id(connection), None)
        if step is None and connection is not None and self.wants(connection.engine):
            # A COMMIT can be refused too, by a deferred key; no statement tells of it.
            last = self.trace.steps[-1] if self.trace.steps else None
            step = last if last is not None and last.kind == "commit" else None
        if step is not None:
            step.lasted = self.now() - step.at
            step.error = type(error).__name__


class _Ears:
    """Listeners bound once a process; they stay, and are deaf while nobody records."""

    recorders: ClassVar[list[_Recorder]] = []
    _bound: ClassVar[bool] = False

    @classmethod
    def listen(cls) -> None:
        if cls._bound:
            return
        cls._bound = True

        def word(kind: str) -> Any:
            def told(connection: Connection) -> None:
                for each in cls.recorders:
                    each.note(cast(Kind, kind), connection)

            return told

        def sends(c: Connection, _k: Any, sql: str, values: Any, _x: Any, many: bool) -> None:
            for each in cls.recorders:
                each.sends(c, sql, values, many)

        def answers(c: Connection, cursor: Any, _s: str, _p: Any, _x: Any, _m: bool) -> None:
            for each in cls.recorders:
                each.answers(c, cursor)

        def fails(context: ExceptionContext) -> None:
            for each in cls.recorders:
                each.fails(context.connection, context.original_exception)

        def returned(_dbapi: Any, connection_record: Any) -> None:
            for each in cls.recorders:
                each.returned(connection_record.record_info)

        event.listen(Engine, "engine_connect", word("check-out"))
        for kind in ("begin", "commit", "rollback"):
            event.listen(Engine, kind, word(kind))
        event.listen(Engine, "before_cursor_execute", sends)
        event.listen(Engine, "after_cursor_execute", answers)
        event.listen(Engine, "handle_error", fails)
        event.listen(Pool, "checkin", returned)


def _rows(cursor: Any) -> int | None:
    """How many rows came back or changed, as far as the driver has said so."""
    waiting = getattr(cursor, "_rows", None)  # async drivers have fetched them by now
    if cursor.description is not None and waiting is not None:
        return len(waiting)
    return cursor.rowcount if cursor.rowcount >= 0 else None
