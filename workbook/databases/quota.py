"""How much disk the databases of a server of ours may take: PostgreSQL itself knows no limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import asyncpg

MOST_BYTES, MOST_LOGGED = 256 * 1024**2, 512 * 1024**2
"""Of one database, and of the log of what was said to all of them."""
BREATH = 0.25
_LARGE = """
    SELECT datname FROM pg_database
    WHERE datname = ANY($1::text[]) AND pg_database_size(datname) > $2"""
_END = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = ANY($1::text[]) AND usename = datname"""
# No table of the whole server, to read which takes a lock: there is none left then.
_END_ALL = """
    SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_get_activity(NULL)
    WHERE usesysid <> 10"""


async def keep(
    connection: asyncpg.Connection, log: Path, names: Callable[[], Collection[str]]
) -> None:
    """Closes databases that outgrow the limit, until it is cancelled.

    Their owners' connections end, and there are no new ones; the judge still reads them.
    """
    try:
        while True:
            await asyncio.sleep(BREATH)
            # A database may be dropped, and a log file removed, while we look at them.
            with suppress(asyncpg.PostgresError, OSError):
                await _close_large(connection, log, list(names()))
    finally:
        connection.terminate()


async def _close_large(connection: asyncpg.Connection, log: Path, names: list[str]) -> None:
    large = [row["datname"] for row in await connection.fetch(_LARGE, names, MOST_BYTES)]
    if _size(log) > MOST_LOGGED:
        large = names
    for name in large:
        await connection.execute(f"ALTER ROLE {name} NOLOGIN")
    if large:
        await connection.fetch(_END, large)


async def end_all(connection: asyncpg.Connection) -> None:
    """Ends every connection that isn't the admin's: somebody took all the locks there are."""
    await connection.fetch(_END_ALL)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.json"))
