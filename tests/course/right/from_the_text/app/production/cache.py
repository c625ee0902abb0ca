"""Tasks in a dict, as long as nothing was written."""

import asyncio
from time import monotonic
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from ..schemas import TaskRead
from ..services import TaskService
from ..tenancy import tenant_session_factory
from ..whose import whose

#: What leaves the rows as they are.
HARMLESS = frozenset(
    "SELECT BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE SET SHOW PRAGMA EXPLAIN".split()
)
Key = tuple[int, int, int]


class TaskCache:
    """Keeps what was read of an engine's tasks until a transaction that wrote is over.

    The engine tells of statements, whoever sends them. Each transaction that wrote begins a new
    edition of everything, when its connection is given back or goes on to the next transaction;
    an edition that is over is not read again, so a load that is still on its way does no harm.
    """

    def __init__(self, engine: AsyncEngine, *, ttl: float = 60.0, most: int = 10_000) -> None:
        self._engine, self._ttl, self._most = engine, ttl, most
        self._edition = 0
        self._kept: dict[Key, tuple[float, TaskRead]] = {}
        self._loads: dict[Key, asyncio.Task[TaskRead | None]] = {}
        self._listeners: list[tuple[str, Any]] = [
            ("before_cursor_execute", self._on_statement),
            ("begin", self._on_begin),
            ("checkin", self._on_checkin),
            ("invalidate", self._on_checkin),
        ]
        for name, listener in self._listeners:
            event.listen(engine.sync_engine, name, listener)

    async def get(self, task_id: int) -> TaskRead | None:
        """The context's tenant's task, from memory where it is known."""
        key = (self._edition, whose(), task_id)
        until, task = self._kept.get(key, (0.0, None))
        if task is None or until < monotonic():
            load = self._loads.get(key)
            if load is None:
                load = self._loads[key] = asyncio.create_task(self._load(key))
                load.add_done_callback(lambda _: self._loads.pop(key, None))
            task = await asyncio.shield(load)
        return None if task is None else task.model_copy(deep=True)

    async def _load(self, key: Key) -> TaskRead | None:
        async with tenant_session_factory(self._engine)() as session:
            row = await TaskService(session).get(key[2])
            task = None if row is None else TaskRead.model_validate(row)
        if task is not None and key[0] == self._edition:
            if len(self._kept) >= self._most:
                self._kept.clear()
            self._kept[key] = (monotonic() + self._ttl, task)
        return task

    def _on_statement(self, connection: Any, _: object, statement: str, *__: object) -> None:
        if statement.lstrip().partition(" ")[0].upper() not in HARMLESS:
            connection.info["wrote"] = True

    def _on_begin(self, connection: Any) -> None:
        self._turn_over(connection.info)

    def _on_checkin(self, _: object, entry: Any, *__: object) -> None:
        self._turn_over(entry.info)

    def _turn_over(self, info: dict[Any, Any]) -> None:
        if info.pop("wrote", False):
            self._edition += 1
            self._kept.clear()

    async def close(self) -> None:
        """Listen no longer."""
        for name, listener in self._listeners:
            event.remove(self._engine.sync_engine, name, listener)
        self._kept.clear()
