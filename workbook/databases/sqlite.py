"""A SQLite file: read without trust, emptied without waiting."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from workbook.databases.looking import KEPT, MOST_ROWS, MOST_SECONDS, Busy, Unreadable, first
from workbook.postgres import LogPosition

Result = TypeVar("Result")
_COMPANIONS = ("-journal", "-wal", "-shm")
_TABLES = """
    SELECT name FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"""

_SEQUENCE = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
_MEMORY, _ROOM = Path("/dev/shm"), 256 * 1024**2


def folder_for_a_while() -> tempfile.TemporaryDirectory[str]:
    """A folder for files nobody keeps: in memory if there is room, for commits wait for disks."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    return tempfile.TemporaryDirectory(prefix="workbook-", dir=_MEMORY if roomy else None)


class SQLiteDatabase:
    """A file that student code makes and fills."""

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        self.url = f"sqlite+aiosqlite:///{path.as_posix()}"

    async def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._reading, lambda file: _rows(file, sql, params))

    async def value(self, sql: str, *params: Any) -> Any:
        return first(await self.rows(sql, *params))

    async def tables(self) -> list[str]:
        return [row["name"] for row in await self.rows(_TABLES)]

    async def empty(self, keep: Collection[str] = KEPT) -> None:
        await asyncio.to_thread(self._empty, keep)

    async def log_position(self) -> LogPosition | None:
        return None

    async def statements(self, since: LogPosition | None) -> list[str] | None:
        return None

    async def drop(self) -> None:
        for ending in ("", *_COMPANIONS):
            self._beside(ending).unlink(missing_ok=True)

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _exists(self) -> bool:
        """Whether there is a file; something else in its place is refused."""
        for ending in ("", *_COMPANIONS):
            path = self._beside(ending)
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if not stat.S_ISREG(mode):
                raise Unreadable(f"{path.name} isn't an ordinary file")
        return self.path.exists()

    def _reading(self, look: Callable[[sqlite3.Connection], Result]) -> Result:
        address = f"{self.path.absolute().as_uri()}?mode=ro" if self._exists() else "file::memory:"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=0.5)) as file:
                file.execute("PRAGMA trusted_schema = off")
                file.set_authorizer(_tables_alone)
                _stop_after(MOST_SECONDS, file)
                return look(file)
        except sqlite3.Error as error:
            raise Unreadable(str(error)) from error

    def _empty(self, keep: Collection[str]) -> None:
        try:
            if not self._exists():
                return
            # A journal means that somebody writes, or was killed; rolling back a
            # journal that student code may have written isn't ours to do.
            journal = self._beside("-journal")
            if journal.exists() and journal.stat().st_size:
                raise Busy(f"{self.name} has an unfinished transaction")
            with closing(sqlite3.connect(self.path, timeout=0.2, isolation_level=None)) as file:
                _stop_after(MOST_SECONDS, file)
                file.execute("PRAGMA foreign_keys = off")
                file.execute("PRAGMA synchronous = off")
                file.execute("BEGIN IMMEDIATE")
                for (table,) in file.execute(_TABLES).fetchall():
                    if table not in keep:
                        file.execute(f'DELETE FROM "{table.replace(chr(34), chr(34) * 2)}"')
                if file.execute(_SEQUENCE).fetchone():
                    file.execute("DELETE FROM sqlite_sequence")
                file.execute("COMMIT")
        except (sqlite3.Error, Unreadable) as error:
            raise Busy(f"{self.name} can't be emptied: {error}") from error


def _rows(file: sqlite3.Connection, sql: str, params: tuple[Any, ...]) -> list[dict[str, Any]]:
    cursor = file.execute(sql, {str(place): value for place, value in enumerate(params, 1)})
    names = [column[0] for column in cursor.description or ()]
    found = cursor.fetchmany(MOST_ROWS + 1)
    if len(found) > MOST_ROWS:
        raise Unreadable(f"more than {MOST_ROWS:,} rows")
    return [dict(zip(names, row, strict=True)) for row in found]


def _tables_alone(
    action: int, table: str | None, column: str | None, database: str | None, view: str | None
) -> int:
    """Allow a SELECT from tables; a view would be read in the name of `view`."""
    allowed = {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
    return sqlite3.SQLITE_OK if action in allowed and view is None else sqlite3.SQLITE_DENY


def _stop_after(seconds: float, file: sqlite3.Connection) -> None:
    end = time.monotonic() + seconds
    file.set_progress_handler(lambda: time.monotonic() > end, 10_000)
