"""A database that outgrows its limit is closed to its owner, and to nobody else."""

from pathlib import Path

import asyncpg
import pytest

from workbook.databases import Databases, quota
from workbook.databases.postgresql import PostgresDatabase

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


def _dsn(database: PostgresDatabase) -> str:
    return database.url.replace("postgresql+asyncpg", "postgresql")
