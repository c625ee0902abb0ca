"""What an honest submission does; a wall that stops this is no use.

The controls of the self-test: without them, a jail in which nothing works would
look like a safe one.
"""

import asyncio
import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Target = dict[str, Any]


def _reads(target: Target) -> None:
    Path(target["own"]).read_text()
    os.listdir(Path(target["own"]).parent)


def _writes(target: Target) -> None:
    path = Path(target["scratch"], "note")
    path.write_text("kept")
    path.rename(path.with_suffix(".txt"))
    path.with_suffix(".txt").unlink()


def _connects(target: Target) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(target["database"])


def _keeps_rows(target: Target) -> None:
    path = Path(target["scratch"], "app.db")
    database = sqlite3.connect(path)
    with database:
        database.execute("create table note (words text)")
        database.execute("insert into note values ('kept')")
    database.execute("pragma journal_mode=wal")
    database.execute("select words from note").fetchone()
    database.close()
    path.unlink()


def _threads(target: Target) -> None:
    threads = [threading.Thread(target=int) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _loops(target: Target) -> None:
    async def main() -> int:
        await asyncio.sleep(0)
        return await asyncio.to_thread(int)

    asyncio.run(main())


def _imports(target: Target) -> None:
    import colorsys  # noqa: F401  # any module that nothing has loaded yet


def _remembers(target: Target) -> None:
    bytearray(64 << 20)


NEEDS: dict[str, Callable[[Target], None]] = {
    "can read its own submission": _reads,
    "can write its own scratch folder": _writes,
    "can open its database's socket": _connects,
    "can keep a SQLite database": _keeps_rows,
    "can start a few threads": _threads,
    "can run an event loop": _loops,
    "can import from the library": _imports,
    "can use ordinary memory": _remembers,
}
