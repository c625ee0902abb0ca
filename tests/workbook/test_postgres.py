"""The wheel's server: one for many processes, safe from its users, gone with the last."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import psutil
import pytest

from workbook import postgres
from workbook.postgres import Server, account, create_database, drop_database, roles, sweep
from workbook.postgres.held import Held, is_held

CLIENT = """
import sys
from pathlib import Path
from workbook.postgres import Server
server = Server(Path(sys.argv[1]))
print((server.folder / "data/postmaster.pid").read_text().split()[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not tmp_path: root's server runs as another account, which can't enter that.
    place = Path(tempfile.mkdtemp(prefix="cluster-"))
    yield place
    wait_for_the_end(place)
    shutil.rmtree(place)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.close()


def wait_for_the_end(folder: Path) -> None:
    """Sleep on the keeper's file, which it holds until the server has stopped."""
    Held(folder / "keeper").let_go()


def client(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def process_id(client: subprocess.Popen[str]) -> int:
    assert client.stdout is not None
    return int(client.stdout.readline())


def end(client: subprocess.Popen[str], *, kill: bool = False) -> None:
    if kill:
        client.kill()
    client.communicate()


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "data/postmaster.pid").read_text().split()[0]))


def test_processes_that_start_at_once_share_one_server_until_the_last_is_gone(
    folder: Path,
) -> None:
    clients = [client(folder) for _ in range(3)]
    assert len({process_id(each) for each in clients}) == 1
    killed, *others = clients
    end(killed, kill=True)
    survivor = Server(folder)
    assert survivor.is_running()
    for other in others:
        end(other)
    sockets = Path(survivor.host)
    assert survivor.is_running()
    assert len(survivor.users()) == 1
    survivor.close()
    wait_for_the_end(folder)
    assert not survivor.is_running()
    assert not sockets.exists()


def test_a_server_whose_only_user_was_killed_stops_too(folder: Path) -> None:
    only = client(folder)
    process_id(only)
    end(only, kill=True)
    wait_for_the_end(folder)
    assert not (folder / "data/postmaster.pid").exists()


async def test_a_killed_server_comes_back_on_next_use(folder: Path, server: Server) -> None:
    process = postmaster(folder)
    children = process.children()
    process.kill()
    for child in children:
        child.wait(20)
    assert not server.is_running()
    again = await asyncio.to_thread(Server, folder)
    connection = await again.connect()
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    again.close()


async def test_a_server_whose_programs_were_deleted_is_started_anew(
    folder: Path, server: Server
) -> None:
    before = (folder / "data" / "postmaster.pid").read_text()
    (folder / "data" / "postmaster.opts").write_text("/deleted/bin/postgres\n")
    assert not server.is_running()
    with postgres.running_server(folder) as again:
        assert (folder / "data" / "postmaster.pid").read_text() != before
        connection = await again.connect()
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


async def test_a_damaged_cluster_is_made_anew(folder: Path) -> None:
    Server(folder).close()
    wait_for_the_end(folder)
    (folder / "data/global/pg_control").write_bytes(b"damage")
    with postgres.running_server(folder) as server:
        connection = await server.connect()
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


def test_threads_of_a_process_get_the_same_shared_server() -> None:
    with ThreadPoolExecutor(4) as threads:
        servers = list(threads.map(lambda _: Server.shared(), range(4)))
    assert len({id(server) for server in servers}) == 1
    assert servers[0].folder == account.shared_folder()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no user ids")
def test_the_server_never_runs_as_root_and_keeps_its_secret_from_others(
    folder: Path, server: Server
) -> None:
    assert postmaster(folder).uids().effective != 0
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert (folder / "secret").stat().st_uid == os.geteuid()
    assert Path(server.host).stat().st_mode & 0o777 == 0o711
    assert len(f"{server.host}/.s.PGSQL.{server.port}") < 100


async def test_a_role_reaches_its_own_database_and_nothing_else(server: Server) -> None:
    admin = await server.connect()
    mine, other = [await create_database(server, admin) for _ in range(2)]
    for database in ("postgres", "template1", other):
        with pytest.raises(asyncpg.PostgresError, match=r"no pg_hba\.conf entry"):
            await server.connect(mine, database)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=server.host, port=server.port, user=mine, password="guess")
    student = await server.connect(mine)
    for attempt in (
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "SET log_statement = 'none'",
        "SET temp_file_limit = -1",
        "CREATE ROLE another",
        "CREATE DATABASE another",
        f"DROP DATABASE {other}",
        "SET ROLE postgres",
    ):
        with pytest.raises(asyncpg.PostgresError, match=r"permission denied|must be owner"):
            await student.execute(attempt)
    await student.execute("CREATE TABLE mine (id int)")
    await student.close()
    for name in (mine, other):
        await drop_database(admin, name)
    assert await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname ~ '^w.*_'") == 0
    await admin.close()


async def test_the_log_tells_the_statements_of_one_database_in_order(server: Server) -> None:
    admin = await server.connect()
    mine, other = [await create_database(server, admin) for _ in range(2)]
    student, neighbour = await server.connect(mine), await server.connect(other)
    await student.execute("SELECT 'before'")
    since = await server.log_position()
    await neighbour.execute("SELECT 'elsewhere'")
    await student.execute("SELECT 'simple: protocol'")
    await student.fetch("SELECT $1::int", 3)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await student.execute("SELECT 1 / 0")
    assert await server.statements(since, mine) == [
        "SELECT 'simple: protocol'",
        "SELECT $1::int",
        "SELECT 1 / 0",
    ]
    for connection in (student, neighbour):
        await connection.close()
    for name in (mine, other):
        await drop_database(admin, name)
    await admin.close()


async def test_a_statement_fetched_in_pieces_counts_once(server: Server) -> None:
    admin = await server.connect()
    name = await create_database(server, admin)
    student = await server.connect(name)
    since = await server.log_position()
    async with student.transaction():
        rows = [row async for row in student.cursor("SELECT generate_series(1, 120)", prefetch=50)]
    assert len(rows) == 120
    statements = await server.statements(since, name)
    assert statements.count("SELECT generate_series(1, 120)") == 1
    await student.close()
    await drop_database(admin, name)
    await admin.close()


async def test_the_databases_of_a_killed_process_are_swept_away(
    folder: Path, server: Server
) -> None:
    admin = await server.connect()
    gone = Server(folder)
    orphan = await create_database(gone, admin)
    gone.close()
    kept = await create_database(server, admin)
    await sweep(server, admin)
    names = {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
    assert orphan not in names
    assert kept in names
    await drop_database(admin, kept)
    await admin.close()


async def test_a_notebook_gets_a_fresh_database_while_its_loop_runs() -> None:
    url = roles.fresh_database_url("postgresql").replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    assert await connection.fetch("SELECT * FROM pg_tables WHERE schemaname = 'public'") == []
    await connection.close()
    assert roles.fresh_database_url("sqlite").startswith("sqlite+aiosqlite:///")


async def test_a_notebook_that_asks_for_it_may_create_databases() -> None:
    for creates in (False, True):
        url = roles.fresh_database_url("postgresql", creates_databases=creates)
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        sql = "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert await connection.fetchval(sql) is creates
        await connection.close()


def test_programs_that_only_root_can_reach_are_copied_within_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "wheel"
    (package / "pginstall18/bin").mkdir(parents=True)
    (package / "pginstall18/bin/postgres").write_text("program")
    monkeypatch.setattr(account, "shared_folder", lambda: tmp_path / "cache" / "postgres")
    copies = {account._copy_within_reach(package, "1.0") for _ in range(2)}
    assert copies == {tmp_path / "cache/programs-1.0/wheel"}
    assert (copies.pop() / "pginstall18/bin/postgres").read_text() == "program"
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["programs-1.0"]


def test_a_missing_wheel_is_one_line_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "find_spec", lambda name: None)
    with pytest.raises(postgres.DatabaseUnavailable, match=r"isn't installed.*--db-url") as refusal:
        Server(tmp_path / "cluster")
    assert "\n" not in str(refusal.value)


def test_a_held_file_is_free_when_its_holder_lets_go(tmp_path: Path) -> None:
    held = Held(tmp_path / "file")
    assert is_held(tmp_path / "file")
    with pytest.raises(BlockingIOError, match="is held by another process"):
        Held(tmp_path / "file", wait=False)
    held.let_go()
    assert not is_held(tmp_path / "file")
