"""Tasks that were read once, kept in a dict for their tenant alone, while they are true.

The engine's own events tell what was written, whoever wrote it: a session, a bare connection, a
piece of text. A connection that wrote something is unsettled from its COMMIT on, until it is seen
that the COMMIT is over (it begins again, or goes back to the pool). What is kept is out of date
from then on; while any connection is unsettled nothing is given out or kept, since nobody can say
which of the two states a reader has seen.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from time import monotonic
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from ..context import required_tenant
from ..models import Task
from ..schemas import TaskRead
from ..tenancy import tenant_session_factory

READS = re.compile(
    r"\s*(SELECT|BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK|PRAGMA|SHOW|SET|EXPLAIN|VALUES)\b", re.I
)
SIZE = 10_000


class TaskCache:
    """The tasks of one engine's database; kept in this process, ``ttl`` seconds at most."""

    def __init__(self, engine: AsyncEngine, *, ttl: float = 60.0) -> None:
        self.engine, self.ttl = engine, ttl
        #: (tenant, task): the generation it was read in, when it is too old, its JSON.
        self.kept: dict[tuple[int, int], tuple[int, float, str]] = {}
        self.locks: dict[tuple[int, int], asyncio.Lock] = {}
        self.waiting: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.generation = 0
        self.unsettled: set[int] = set()
        self.close_events = self._watch()

    async def get(self, task_id: int) -> TaskRead | None:
        """The task, from the database only if it isn't kept; one load for all who wait."""
        key = required_tenant(), task_id
        if (text := self._look(key)) is None:
            lock = self.locks.setdefault(key, asyncio.Lock())
            self.waiting[key] += 1
            try:
                async with lock:
                    if (text := self._look(key)) is None:
                        text = await self._load(key)
            finally:
                self.waiting[key] -= 1
                if not self.waiting[key]:
                    del self.waiting[key], self.locks[key]
        return None if text is None else TaskRead.model_validate_json(text)

    def _look(self, key: tuple[int, int]) -> str | None:
        generation, until, text = self.kept.get(key, (-1, 0.0, ""))
        good = generation == self.generation and monotonic() < until and not self.unsettled
        return text if good else None

    async def _load(self, key: tuple[int, int]) -> str | None:
        """With a session of its own: a caller's may have seen what was never committed."""
        generation = self.generation
        settled = not self.unsettled
        async with tenant_session_factory(self.engine)() as session:
            task = (await session.exec(select(Task).where(Task.id == key[1]))).one_or_none()
        if task is None:
            return None
        text = TaskRead.model_validate(task).model_dump_json()
        if settled and generation == self.generation and not self.unsettled:
            self.kept.pop(key, None)
            while len(self.kept) >= SIZE:
                del self.kept[next(iter(self.kept))]  # the oldest
            self.kept[key] = generation, monotonic() + self.ttl, text
        return text

    def _watch(self) -> Callable[[], None]:
        engine = self.engine.sync_engine
        wrote = f"wrote-{id(self)}"

        def forget() -> None:
            self.generation += 1
            self.kept.clear()

        def on_execute(
            connection: Connection, _: Any, sql: str, __: Any, ___: Any, ____: bool
        ) -> None:
            if not READS.match(sql):
                info = connection.connection.record_info
                if info is not None:
                    info[wrote] = True
                if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
                    forget()  # there is no COMMIT to wait for

        def on_commit(connection: Connection) -> None:
            info = connection.connection.record_info
            if info is not None and info.get(wrote):
                self.unsettled.add(id(info))

        def settle(info: Any) -> None:
            if info is not None and info.pop(wrote, False):
                self.unsettled.discard(id(info))
                forget()

        def on_begin(connection: Connection) -> None:
            settle(connection.connection.record_info)

        def on_checkin(_: Any, record: Any) -> None:
            settle(record.record_info)

        listeners: list[tuple[str, Callable[..., None]]] = [
            ("after_cursor_execute", on_execute),
            ("commit", on_commit),
            ("begin", on_begin),
            ("checkin", on_checkin),
        ]
        for name, listener in listeners:
            event.listen(engine, name, listener)

        def stop() -> None:
            for name, listener in listeners:
                event.remove(engine, name, listener)

        return stop

    async def close(self) -> None:
        """Hear of no more writes, and keep nothing."""
        self.close_events()
        self.kept.clear()
