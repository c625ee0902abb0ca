"""What every database offers the judge, and the two ways it can refuse."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from workbook.postgres import LogPosition

#: Tables that `empty` leaves alone: without its row the migrations would run again.
KEPT = ("alembic_version",)
#: The judge reads this many rows at most, and this many seconds.
MOST_ROWS, MOST_SECONDS = 100_000, 5.0


class Busy(Exception):
    """The database can't be emptied now: take a new one."""


class Unreadable(Exception):
    """The judge can't read this; the message is the database's own reason."""


class Database(Protocol):
    """One database for one piece of student code, and the judge's own look into it."""

    kind: str
    name: str
    #: The address for the student's code, password included.
    url: str

    async def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        """The rows of a SELECT with `$1`, `$2`… on both kinds; raises `Unreadable`.

        Reads tables alone: a view in a table's place is refused.
        """

    async def value(self, sql: str, *params: Any) -> Any:
        """The first column of the first row, `None` without one."""

    async def tables(self) -> list[str]:
        """The names of the ordinary tables, sorted."""

    async def empty(self, keep: Collection[str] = KEPT) -> None:
        """Delete all rows and restart the identities; raises `Busy`."""

    async def log_position(self) -> LogPosition | None:
        """The place in the server's log after everything executed until now."""

    async def statements(self, since: LogPosition | None) -> list[str] | None:
        """The statements since then as the server saw them; `None` where nobody counts."""

    async def drop(self) -> None:
        """Remove the database; safe to call again."""


def first(rows: list[dict[str, Any]]) -> Any:
    return next(iter(rows[0].values()), None) if rows else None
