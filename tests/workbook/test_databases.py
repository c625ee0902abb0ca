"""Databases for student code: the same interface on both kinds, without trust."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from workbook.databases import (
    KINDS,
    Busy,
    Database,
    Databases,
    DatabaseUnavailable,
    Unreadable,
    looking,
    postgresql,
    sqlite,
)
from workbook.databases.postgresql import PostgresDatabase
from workbook.postgres import Server, account

TABLES = {
    "sqlite": "CREATE TABLE project (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)",
    "postgresql": "CREATE TABLE project (id serial PRIMARY KEY, name text)",
}


@pytest_asyncio.fixture(scope="module")
async def databases(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Databases]:
    async with Databases(KINDS, folder=tmp_path_factory.mktemp("databases")) as databases:
        yield databases


@pytest_asyncio.fixture(params=KINDS)
async def database(databases: Databases, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    database = await databases.create(request.param)
    await run(
        database,
        TABLES[database.kind],
        "CREATE TABLE task (id INTEGER, project_id INTEGER REFERENCES project (id))",
    )
    yield database
    await database.drop()


async def run(database: Database | SimpleNamespace, *statements: str, **options: str) -> None:
    """Do what student code would: through the address, with an engine."""
    engine = create_async_engine(database.url, poolclass=NullPool, **options)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def fill(database: Database) -> None:
    await run(
        database,
        "INSERT INTO project (name) VALUES ('Apollo'), ('Gemini')",
        "INSERT INTO task VALUES (1, 1)",
    )


async def test_rows_take_the_same_sql_on_both_kinds(database: Database) -> None:
    await fill(database)
    rows = await database.rows("SELECT id, name FROM project WHERE name = $1", "Gemini")
    assert rows == [{"id": 2, "name": "Gemini"}]
    assert await database.value("SELECT count(*) FROM project WHERE id < $1", 9) == 2
    assert await database.value("SELECT id FROM project WHERE id < $1", 0) is None


async def test_a_new_database_has_no_tables(databases: Databases, database: Database) -> None:
    assert await database.tables() == ["project", "task"]
    other = await databases.create(database.kind)
    assert await other.tables() == []
    with pytest.raises(Unreadable, match="project"):
        await other.rows("SELECT * FROM project")


async def test_empty_deletes_rows_and_restarts_identities(database: Database) -> None:
    await run(database, "CREATE TABLE alembic_version (version_num TEXT)")
    await run(database, "INSERT INTO alembic_version VALUES ('head')")
    await fill(database)
    await database.empty()
    assert await database.value("SELECT count(*) FROM project") == 0
    assert await database.value("SELECT count(*) FROM task") == 0
    assert await database.value("SELECT version_num FROM alembic_version") == "head"
    await fill(database)
    assert await database.value("SELECT min(id) FROM project") == 1


async def test_a_database_that_somebody_holds_is_busy(database: Database) -> None:
    await fill(database)
    engine = create_async_engine(database.url)
    async with engine.connect() as connection:
        await connection.execute(text("INSERT INTO task VALUES (2, 1)"))
        with pytest.raises(Busy):
            await database.empty()
    await engine.dispose()


async def test_a_view_in_a_tables_place_is_not_read(database: Database) -> None:
    await run(database, "CREATE VIEW worker AS SELECT 1 AS id FROM project")
    with pytest.raises(Unreadable, match=r"prohibited|authorized|restricted"):
        await database.rows("SELECT * FROM worker")
    assert await database.tables() == ["project", "task"]


@pytest.mark.parametrize("change", ["DELETE FROM project", "DROP TABLE task"])
async def test_the_judges_look_changes_nothing(database: Database, change: str) -> None:
    await fill(database)
    with pytest.raises(Unreadable):
        await database.rows(change)
    assert await database.value("SELECT count(*) FROM project") == 2


async def test_a_look_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (looking, postgresql, sqlite):
        monkeypatch.setattr(module, "MOST_ROWS", 1)
    await fill(database)
    with pytest.raises(Unreadable, match="more than 1 rows"):
        await database.rows("SELECT * FROM project")


async def test_a_dropped_database_is_gone_whoever_uses_it(databases: Databases) -> None:
    for kind in KINDS:
        database = await databases.create(kind)
        await run(database, TABLES[kind])
        await database.drop()
        await database.drop()
    assert not Path(str(database.url)).exists()


async def test_the_server_counts_the_statements_of_the_student(databases: Databases) -> None:
    database = await databases.create("postgresql")
    since = await database.log_position()
    await run(database, "SELECT 1", "SELECT 2")
    statements = await database.statements(since)
    assert statements is not None
    assert [each for each in statements if each.startswith("SELECT")][-2:] == [
        "SELECT 1",
        "SELECT 2",
    ]


async def test_the_students_view_runs_without_the_admins_rights(databases: Databases) -> None:
    database = await databases.create("postgresql")
    await run(
        database,
        TABLES["postgresql"],
        """CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN CREATE TABLE seen AS SELECT current_user AS by; RETURN NULL; END $$""",
        "CREATE TRIGGER spy BEFORE TRUNCATE ON project EXECUTE FUNCTION spy()",
    )
    await database.empty()
    assert await database.value("SELECT by FROM seen") == database.name


async def test_databases_that_a_student_creates_are_read_and_go_with_its_own(
    databases: Databases, tmp_path: Path
) -> None:
    other = await databases.create("postgresql")
    async with Databases(["postgresql"], folder=tmp_path) as leaving:
        mine = await leaving.create("postgresql")
        assert isinstance(mine, PostgresDatabase)
        name = f"beside_{mine.name}"
        with pytest.raises(DBAPIError, match="permission denied"):
            await run(mine, f"CREATE DATABASE {name}", isolation_level="AUTOCOMMIT")
        await mine.may_create_databases()
        await run(mine, f"CREATE DATABASE {name}", isolation_level="AUTOCOMMIT")
        beside = SimpleNamespace(url=mine.url.replace(f"/{mine.name}?", f"/{name}?"))
        await run(beside, TABLES["postgresql"], "INSERT INTO project (name) VALUES ('one')")
        assert await mine.rows_beside(name, "SELECT name FROM project") == [{"name": "one"}]
        with pytest.raises(Unreadable, match="created here"):
            await mine.rows_beside(other.name, "SELECT 1")
    left = await other.rows("SELECT datname FROM pg_database WHERE datname = $1", name)
    assert left == []


async def test_row_security_hides_nothing_from_the_judge(databases: Databases) -> None:
    database = await databases.create("postgresql")
    await run(
        database,
        TABLES["postgresql"],
        "INSERT INTO project (name) VALUES ('hidden')",
        "ALTER TABLE project ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE project FORCE ROW LEVEL SECURITY",
    )
    assert await database.value("SELECT count(*) FROM project") == 1


async def test_a_file_that_points_elsewhere_is_refused(
    databases: Databases, tmp_path: Path
) -> None:
    database = await databases.create("sqlite")
    elsewhere = tmp_path / "elsewhere.db"
    with sqlite3.connect(elsewhere) as file:
        file.execute("CREATE TABLE project (id INTEGER)")
    file.close()
    Path(database.url.removeprefix("sqlite+aiosqlite:///")).symlink_to(elsewhere)
    with pytest.raises(Unreadable, match="isn't an ordinary file"):
        await database.rows("SELECT * FROM project")
    with pytest.raises(Busy, match="isn't an ordinary file"):
        await database.empty()


async def test_an_unfinished_journal_is_left_to_its_writer(databases: Databases) -> None:
    database = await databases.create("sqlite")
    await run(database, TABLES["sqlite"])
    path = Path(database.url.removeprefix("sqlite+aiosqlite:///"))
    path.with_name(path.name + "-journal").write_bytes(b"anything")
    with pytest.raises(Busy, match="unfinished transaction"):
        await database.empty()


async def test_a_file_that_is_no_database_is_unreadable(databases: Databases) -> None:
    database = await databases.create("sqlite")
    path = Path(database.url.removeprefix("sqlite+aiosqlite:///"))
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Unreadable, match="not a database"):
        await database.tables()


async def test_a_given_server_holds_the_databases_and_counts_nothing(tmp_path: Path) -> None:
    address = Server.shared().admin_url.render_as_string(hide_password=False)
    address = address.replace("postgresql+asyncpg", "POSTGRES")
    async with Databases(["postgresql"], folder=tmp_path, db_url=address) as given:
        database = await given.create("postgresql")
        await run(database, TABLES["postgresql"])
        assert await database.tables() == ["project"]
        assert await database.log_position() is None
        assert await database.statements(None) is None
        await database.empty()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(database.url.replace("+asyncpg", ""))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://someone:hunter2@127.0.0.1:1/x", "127.0.0.1:1 refused the connection"),
        ("postgresql://someone:hunter2@[broken", "takes the address of a PostgreSQL server"),
        ("mysql://someone:hunter2@localhost/x", "takes the address of a PostgreSQL server"),
        ("hunter2", "takes the address of a PostgreSQL server"),
    ],
)
async def test_a_server_that_refuses_gets_one_line_without_a_password(
    tmp_path: Path, address: str, words: str
) -> None:
    with pytest.raises(DatabaseUnavailable) as refusal:
        async with Databases(["postgresql"], folder=tmp_path, db_url=address):
            pass
    assert words in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


async def test_a_refused_password_is_said_without_it(tmp_path: Path) -> None:
    url = Server.shared().admin_url.set(password="hunter2")
    address = url.render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnavailable, match="authentication failed") as refusal:
        async with Databases(["postgresql"], folder=tmp_path, db_url=address):
            pass
    assert "hunter2" not in str(refusal.value)


async def test_without_postgresql_the_reason_is_told_and_sqlite_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Server:
        raise DatabaseUnavailable("no wheel for this machine")

    monkeypatch.setattr(Server, "shared", refuse)
    async with Databases(KINDS, folder=tmp_path) as databases:
        assert databases.available("postgresql") == "no wheel for this machine"
        assert databases.available("sqlite") is None
        assert (await databases.create("sqlite")).kind == "sqlite"
        with pytest.raises(DatabaseUnavailable, match="no wheel"):
            await databases.create("postgresql")


async def test_leaving_drops_every_database(tmp_path: Path) -> None:
    server = Server.shared()
    async with Databases(KINDS, folder=tmp_path) as databases:
        made = [await databases.create(kind) for kind in KINDS]
        await run(made[0], TABLES["sqlite"])
    assert list(tmp_path.iterdir()) == []
    admin = await server.connect()
    left = await admin.fetch("SELECT datname FROM pg_database WHERE datname = $1", made[1].name)
    await admin.close()
    assert left == []


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no database 'oracle'"):
        Databases(["oracle"], folder=tmp_path)


def test_root_keeps_its_server_where_the_servers_account_can_go() -> None:
    if account.is_root():
        assert account.server_account().can_reach(account.shared_folder().parent.parent)
    else:
        assert account.shared_folder().is_relative_to(Path.home())
