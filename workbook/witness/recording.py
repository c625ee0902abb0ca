"""What SQL ran, seen through SQLAlchemy's own events on every engine of the process.

The listeners are bound before a student's code is imported. A student's process can still
hide a statement from itself; on PostgreSQL the judge compares with what the server logged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

_LONGEST = 2_000
_MOST = 400
_BESIDE = 20


class Recording:
    """The statements of this process: those inside a window, and the first beside one."""

    def __init__(self) -> None:
        self.windows: dict[str, list[dict[str, Any]]] = {}
        self.beside: list[str] = []
        self._open: list[str] = []
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "begin", self._begin)
        for word in ("commit", "rollback"):
            event.listen(Engine, word, self._word(word.upper()))
        event.listen(Engine, "savepoint", self._named("SAVEPOINT"))
        event.listen(Engine, "rollback_savepoint", self._named("ROLLBACK TO SAVEPOINT"))
        event.listen(Engine, "release_savepoint", self._named("RELEASE SAVEPOINT"))

    def reset(self) -> None:
        """Forgets what was recorded; the next probe starts at zero."""
        self.windows, self._open, self.beside = {}, [], []

    @contextmanager
    def window(self, name: str = "") -> Iterator[list[dict[str, Any]]]:
        """Keeps the statements that run inside it, under `name`."""
        kept = self.windows.setdefault(name, [])
        self._open.append(name)
        try:
            yield kept
        finally:
            self._open.remove(name)

    def _keep(self, sql: str, times: int) -> None:
        for name in self._open:
            kept = self.windows[name]
            if len(kept) < _MOST:
                kept.append({"sql": sql[:_LONGEST], "times": times})
            else:
                kept[-1]["more"] = kept[-1].get("more", 0) + 1

    def _statement(
        self, _c: Connection, _k: Any, sql: str, parameters: Any, _x: Any, many: bool
    ) -> None:
        times = len(parameters) if many else 1
        if not self._open and len(self.beside) < _BESIDE:
            self.beside.append(sql[:_LONGEST])
        self._keep(sql, times)

    def _begin(self, _connection: Connection) -> None:
        self._keep("BEGIN", 0)

    def _word(self, word: str) -> Any:
        def keep(_connection: Connection) -> None:
            self._keep(word, 0)

        return keep

    def _named(self, word: str) -> Any:
        def keep(_connection: Connection, name: str | None, *_rest: object) -> None:
            self._keep(word, 0)

        return keep
