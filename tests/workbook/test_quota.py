"""Nobody takes more of a server's disk, memory and locks than there is for one."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from workbook.databases import Database, Databases, DatabaseUnavailable, quota
from workbook.databases.postgresql import PostgresDatabase
from workbook.grading.running.scratch import Place
from workbook.postgres import Server

ENDLESS = "DO $$ BEGIN LOOP INSERT INTO big VALUES (repeat('x', 1000000)); END LOOP; END $$"


async def test_who_fills_a_database_is_shown_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "MOST_BYTES", 24 * 1024**2)
    monkeypatch.setattr(quota, "BREATH", 0.01)
    async with Databases(("postgresql",), folder=tmp_path, limited=True) as databases:
        if reason := databases.available("postgresql"):
            pytest.skip(reason)
        greedy, modest = [await databases.create("postgresql") for _ in "ab"]
        assert isinstance(greedy, PostgresDatabase)
        assert isinstance(modest, PostgresDatabase)
        owner = await asyncpg.connect(_dsn(greedy))
        neighbour = await asyncpg.connect(_dsn(modest))
        await owner.execute("CREATE TABLE big (words text STORAGE EXTERNAL)")
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await owner.execute(ENDLESS)
        with pytest.raises(asyncpg.PostgresError, match="not permitted to log in"):
            await asyncpg.connect(_dsn(greedy))
        assert await greedy.value("SELECT count(*) FROM big") == 0
        assert await neighbour.fetchval("SELECT 41 + 1") == 42
        await neighbour.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of its own: what is done to it here, the shared one's users would feel."""
    with Place() as place:
        try:
            own = Server(place.folder / "server")
        except DatabaseUnavailable as error:
            pytest.skip(str(error))
        yield own
        own.close()


async def test_locks_without_end_keep_nobody_from_a_database(
    tmp_path: Path, server: Server
) -> None:
    async with Databases(
        ("postgresql",), folder=tmp_path, server=server, limited=True
    ) as databases:
        greedy = await databases.create("postgresql")
        owner = await asyncpg.connect(_dsn(greedy))
        with pytest.raises(asyncpg.OutOfMemoryError, match="shared memory"):
            await owner.execute("SELECT pg_advisory_lock(i) FROM generate_series(1, 1000000) i")
        *_, modest = [await databases.create("postgresql") for _ in range(4)]
        assert await modest.value("SELECT 41 + 1") == 42
        owner.terminate()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT length(repeat('x', 400000000)) + length(repeat('y', 400000000))", "out of memory"),
        ("SELECT pg_notify('a', repeat('x', 7900) || i) FROM generate_series(1, 9000) i", "NOTIFY"),
    ],
)
async def test_what_would_take_the_machine_is_an_error(
    tmp_path: Path, server: Server, statement: str, reason: str
) -> None:
    async with Databases(("postgresql",), folder=tmp_path, server=server) as databases:
        database = await databases.create("postgresql")
        listener, owner = [await asyncpg.connect(_dsn(database)) for _ in "ab"]
        await listener.execute("LISTEN a")
        await listener.execute("BEGIN")
        with pytest.raises(asyncpg.PostgresError, match=reason):
            await owner.execute(statement)
        assert await database.value("SELECT 41 + 1") == 42
        for connection in (listener, owner):
            connection.terminate()


def _dsn(database: Database) -> str:
    return database.url.replace("postgresql+asyncpg", "postgresql")
