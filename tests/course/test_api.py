"""The API under what production brings: any input, a thousand requests, a database that dies."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from solution.database import build_engine, build_session_factory, create_db_and_tables
from solution.models import Tenant
from tests.course.serving import DOMAIN, control, ready, served
from workbook.postgres import Server, create_database, fresh_database_url, running_server

pytestmark = pytest.mark.proof

TENANTS = [f"tenant-{number:02}" for number in range(20)]
PROBLEM = "application/problem+json"


def client(address: str, tenant: str) -> httpx.AsyncClient:
    """A client of one tenant, with as many connections as it asks for."""
    return httpx.AsyncClient(
        base_url=address,
        headers={"host": f"{tenant}.{DOMAIN}"},
        limits=httpx.Limits(max_connections=None),
        timeout=None,
        verify=False,  # no address here begins with https
    )


async def rows(database: str, sql: str) -> list[tuple[Any, ...]]:
    """A look into the database, past the application."""
    engine = create_async_engine(database)
    try:
        async with engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(sql))]
    finally:
        await engine.dispose()


async def add_tenants(database: str) -> None:
    engine = build_engine(database)
    try:
        await create_db_and_tables(engine)
        async with build_session_factory(engine)() as session:
            session.add_all([Tenant(name=name, subdomain=name) for name in TENANTS])
            await session.commit()
    finally:
        await engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_no_input_that_its_openapi_leads_to_breaks_a_promise(
    kind: str, tmp_path: Path
) -> None:
    async with served(tmp_path, fresh_database_url(kind)) as address:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"]
        command += ["--checks", "all", "--max-examples", "10", "--seed", "7", "--no-color"]
        # A machine that is busy with other tests breaks no promise.
        command += ["--request-timeout", "60", "--max-response-time", "60"]
        command += ["--continue-on-failure", "--report-json-path", str(tmp_path / "report.json")]
        ran = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, cwd=tmp_path
        )
    report = json.loads((tmp_path / "report.json").read_text())
    cases, operations = report["test_cases"], report["operations"]
    print(f"{kind}: {cases['generated']} cases of {operations['tested']} operations")
    assert (report["failures"], report["errors"], ran.returncode) == ([], [], 0), ran.stdout
    assert operations["tested"] == operations["total"] >= 14
    assert cases["generated"] >= 300


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_thousand_requests_at_once_of_twenty_tenants_leave_no_row_astray(
    kind: str, tmp_path: Path
) -> None:
    database = fresh_database_url(kind)
    await add_tenants(database)
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(served(tmp_path, database, DOMAIN))
        https = [await stack.enter_async_context(client(address, tenant)) for tenant in TENANTS]
        places = [await move_in(http, tenant) for http, tenant in zip(https, TENANTS, strict=True)]
        asked = [
            ask(http, tenant, own, other, number)
            for http, tenant, own, other in zip(
                https, TENANTS, places, places[1:] + places[:1], strict=True
            )
            for number in range(50)
        ]
        assert len(asked) == 1000
        told = Counter(await asyncio.gather(*asked))
    # Too many writers of one SQLite file, or a pool asked for too much: 503, and nothing written.
    print(kind, dict(told))
    served_all = {("POST", 201): 400, ("GET", 200): 400, ("GET", 404): 200}
    assert told.keys() - served_all.keys() <= {("POST", 503), ("GET", 503)}
    assert all(0 < told[each] <= most for each, most in served_all.items())
    astray = await rows(
        database,
        "SELECT task.id FROM task JOIN tenant ON tenant.id = task.tenant_id"
        " WHERE task.title NOT LIKE tenant.subdomain || '%'",
    )
    assert astray == []
    assert await rows(database, "SELECT count(*) FROM task") == [(20 + told["POST", 201],)]


async def move_in(http: httpx.AsyncClient, tenant: str) -> tuple[int, int, int]:
    """A worker, a project and a task of a tenant; their ids."""
    worker = (await http.post("/workers", json={"handle": "@ada"})).json()["id"]
    body = {"name": tenant, "task_titles": [f"{tenant} first"], "created_by_id": worker}
    project = (await http.post("/projects", json=body)).json()["id"]
    (task,) = (await http.get(f"/projects/{project}/tasks")).json()
    return worker, project, task["id"]


async def ask(
    http: httpx.AsyncClient, tenant: str, own: tuple[int, ...], other: tuple[int, ...], number: int
) -> tuple[str, int]:
    """One request on a connection of its own: a write, a read, or a look at a neighbour's."""
    worker, project, task = own
    if number % 5 < 2:
        body = {"title": f"{tenant} {number}", "created_by_id": worker}
        answer = await http.post(f"/projects/{project}/tasks", json=body)
    else:
        pages = (f"/tasks/{other[2]}", f"/tasks/{task}", f"/projects/{project}/tasks?limit=100")
        answer = await http.get(pages[number % 5 - 2])
    if answer.is_success:
        found = answer.json()
        titles = [each["title"] for each in (found if isinstance(found, list) else [found])]
        assert all(title.startswith(f"{tenant} ") for title in titles), titles
    else:
        assert answer.headers["content-type"] == PROBLEM, answer.text
    return answer.request.method, answer.status_code


@pytest.fixture
async def mortal() -> AsyncIterator[tuple[Server, str]]:
    """A PostgreSQL server that may be killed, and a database of it; it keeps what it confirms."""
    folder = Path(tempfile.mkdtemp(prefix="workbook-"))
    folder.chmod(0o755)  # root's server runs under another account
    try:
        with running_server(folder / "cluster") as server:
            admin = await server.connect()
            await admin.execute("ALTER SYSTEM SET synchronous_commit = on")
            await admin.execute("SELECT pg_reload_conf()")
            name = await create_database(server, admin)
            await admin.close()
            yield server, server.url(name).render_as_string(hide_password=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_a_database_killed_under_load_is_told_and_leaves_nothing_half_written(
    mortal: tuple[Server, str], tmp_path: Path
) -> None:
    server, database = mortal
    await add_tenants(database)
    told: list[tuple[str, httpx.Response]] = []
    numbers, over = count(), asyncio.Event()

    async def keep_writing(http: httpx.AsyncClient, tenant: str, worker: int) -> None:
        while not over.is_set():
            name = f"{tenant} {next(numbers)}"
            body = {"name": name, "task_titles": ["a", "b", "c"], "created_by_id": worker}
            told.append((name, await http.post("/projects", json=body)))

    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(served(tmp_path, database, DOMAIN))
        writers = []
        for tenant in TENANTS:
            http = await stack.enter_async_context(client(address, tenant))
            worker, _, _ = await move_in(http, f"{tenant} home")
            writers.append(asyncio.create_task(keep_writing(http, tenant, worker)))
        await asyncio.sleep(2)
        await asyncio.to_thread(control, server, "stop", "-m", "immediate")
        async with httpx.AsyncClient(base_url=address) as http:
            assert (await http.get("/health/ready")).status_code == 503
            assert (await http.get("/health/live")).status_code == 200
        await asyncio.sleep(1)
        log = str(server.folder / "log" / "start.txt")
        await asyncio.to_thread(control, server, "start", "-l", log)
        await ready(address)
        back = len(told)
        await asyncio.sleep(2)
        over.set()
        await asyncio.gather(*writers)

    statuses = Counter(answer.status_code for _, answer in told)
    print(dict(statuses))
    assert set(statuses) == {201, 503}
    assert all(a.headers["content-type"] == PROBLEM for _, a in told if a.status_code == 503)
    assert 201 in {answer.status_code for _, answer in told[back:]}, "the service isn't back"
    sizes = dict(
        await rows(
            database,
            "SELECT project.name, count(task.id) FROM project"
            " LEFT JOIN task ON task.project_id = project.id GROUP BY project.id, project.name",
        )
    )
    halves = {name for name, size in sizes.items() if size != (1 if "home" in name else 3)}
    assert not halves, "a project is half there"
    lost = {name for name, answer in told if answer.status_code == 201} - set(sizes)
    assert not lost, "a project that was confirmed is gone"
    logged = await rows(database, "SELECT count(*) FROM audit_log WHERE entity_type = 'project'")
    assert logged == [(len(sizes),)]
