"""Databases of a server: each with a role of its own that can do no harm outside it.

A name says which use of the server made it, so what a killed process left is found.
"""

from __future__ import annotations

import asyncio
import atexit
import secrets
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.postgres.server import Server
from workbook.postgres.settings import MAKERS, READER

if TYPE_CHECKING:
    from asyncpg import Connection


async def create_database(server: Server, admin: Connection) -> str:
    """Create an empty database and the role that owns it; both have the returned name."""
    name = f"w{server.user}_{secrets.token_hex(6)}"
    password = server.url(name).password
    await admin.execute(
        f"CREATE ROLE {name} LOGIN PASSWORD '{password}' CONNECTION LIMIT 40;"
        f"ALTER ROLE {name} SET log_statement = 'all';"
        f"ALTER ROLE {name} SET temp_file_limit = '64MB'"
    )
    await admin.execute(
        f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 STRATEGY file_copy"
    )
    await admin.execute(
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {READER}"
    )
    return name


async def allow_databases(admin: Connection, name: str) -> None:
    """Let a role of ours create databases and enter them; they are dropped with its own.

    A database that it creates lets others in as well, as long as they are makers too. What
    is in it is theirs to see then, not to change.
    """
    await admin.execute(
        f"DO $$ BEGIN CREATE ROLE {MAKERS}; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$"
    )
    await admin.execute(f"ALTER ROLE {name} CREATEDB; GRANT {MAKERS} TO {name}")


async def created_databases(admin: Connection, name: str) -> list[str]:
    """The names of the databases that a role of ours created."""
    rows = await admin.fetch(
        "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = $1 AND datname <> $1", name
    )
    return [row["datname"] for row in rows]


async def drop_database(admin: Connection, name: str) -> None:
    """Drop a database, its role and what that one created, whoever is still connected."""
    for other in [*await created_databases(admin, name), name]:
        quoted = other.replace('"', '""')
        await admin.execute(f'DROP DATABASE IF EXISTS "{quoted}" WITH (FORCE)')
    await admin.execute(f"DROP ROLE IF EXISTS {name}")


async def sweep(server: Server, admin: Connection) -> None:
    """Drop the databases of uses that ended without doing so."""
    names = await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname ~ '^w[0-9a-f]{10}_'")
    alive = await asyncio.to_thread(server.users)
    for (name,) in names:
        if name[1:11] not in alive:
            # Another process may be sweeping too.
            with suppress(Exception):
                await drop_database(admin, name)


def fresh_database_url(kind: str = "postgresql", *, creates_databases: bool = False) -> str:
    """The address of a new, empty database that lasts as long as this process.

    Its role may create databases, where that is asked for; they go with it.

    Blocks for some milliseconds; works in a notebook too, where a loop is running.
    """
    if kind == "sqlite":
        folder = Path(tempfile.mkdtemp(prefix="workbook-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return f"sqlite+aiosqlite:///{(folder / 'app.db').as_posix()}"
    server = Server.shared()

    async def make() -> str:
        admin = await server.connect()
        try:
            await sweep(server, admin)
            name = await create_database(server, admin)
            if creates_databases:
                await allow_databases(admin, name)
            return name
        finally:
            await admin.close()

    with ThreadPoolExecutor(1) as beside:  # a notebook's own loop is running here
        name = beside.submit(asyncio.run, make()).result()
    return server.url(name).render_as_string(hide_password=False)
