"""Lesson 6: a schema and a database for each tenant, on PostgreSQL."""

import asyncio
import inspect
import os
from contextlib import AsyncExitStack
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import select

from .kit import Kit
from .tenancy import unscoped


async def schemas(kit: Kit, *, sides: list[dict[str, Any]], bad: list[Any]) -> dict[str, Any]:
    """Two tenants' schemas: rows into each, what each finds, and what the pool hands on."""
    await kit.tables()
    create, enter, drop = (
        kit.use(f"tenancy.{name}")
        for name in ("create_tenant_schema", "tenant_schema_session", "drop_tenant_schema")
    )
    # Two sessions at once, and a second connection for each that wants one.
    engine = kit.use("database.build_engine")(kit.url, pool_size=4, max_overflow=0)
    project = kit.use("models.Project")
    saw: dict[str, Any] = {"found": [], "text": []}

    async def open_and_count(tenant: Any) -> int:
        async with enter(engine, tenant) as session:
            return len((await session.exec(select(project.id))).all())

    both = asyncio.Barrier(2)

    async def read_at_once(tenant: int) -> list[str]:
        async with enter(engine, tenant) as session:
            await both.wait()
            return sorted((await session.exec(select(project.name))).all())

    async def count_as_text(session: Any) -> int:
        return int((await session.exec(text("SELECT count(*) FROM project"))).one()[0])

    try:
        for side in sides:
            await create(engine, side["tenant"])
        for side in sides:
            async with enter(engine, side["tenant"]) as session:
                for name in side["names"]:  # each its own transaction
                    session.add(project(name=name))
                    await session.commit()
        await create(engine, sides[0]["tenant"])  # what is there stays
        for side in sides:
            async with enter(engine, side["tenant"]) as session:
                found = []
                for _ in range(2):
                    found = (await session.exec(select(project.name))).all()
                    await session.commit()
                saw["found"].append(sorted(found))
                saw["text"].append(await kit.outcome(count_as_text(session)))
        at_once = [read_at_once(side["tenant"]) for side in sides]
        saw["at once"] = await asyncio.gather(*at_once)
        saw["paths"] = await _search_paths(engine)
        async with unscoped(kit) as session:
            saw["shared"] = len((await session.exec(select(project.id))).all())
        saw["missing"] = await kit.outcome(open_and_count(sides[0]["tenant"] + 1))
        saw["none"] = await kit.outcome(open_and_count(None))
        saw["bad"] = [await kit.outcome(create(engine, name)) for name in bad]
        await drop(engine, sides[1]["tenant"])
        return saw
    finally:
        await engine.dispose()


async def _search_paths(engine: Any) -> list[str]:
    """What every connection of the pool looks for tables in."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(engine.connect()) for _ in range(4)]
        return [
            str((await connection.execute(text("SHOW search_path"))).scalar_one())
            for connection in connections
        ]


async def _engine(kit: Kit, tenant: int) -> Any:
    found = kit.use("tenancy.tenant_engine")(tenant)
    return await found if inspect.isawaitable(found) else found


async def databases(kit: Kit, *, sides: list[dict[str, Any]]) -> dict[str, Any]:
    """A database for each of two tenants: its name, and the rows its engine finds."""
    create, leave = (
        kit.use(f"tenancy.{name}") for name in ("create_tenant_database", "dispose_tenant_engines")
    )
    project, context = kit.use("models.Project"), kit.use("tenancy.tenant_context")
    factory = kit.use("database.build_session_factory")
    saw: dict[str, Any] = {"names": [], "found": []}
    configured = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = "sqlite+aiosqlite:///elsewhere.db"  # the admin's address counts
    try:
        for side in sides:
            url = await create(kit.url, side["tenant"])
            saw["names"].append(make_url(url).database)
            with context(side["tenant"]):
                async with factory(await _engine(kit, side["tenant"]))() as session:
                    session.add_all(project(name=name) for name in side["names"])
                    await session.commit()
        await create(kit.url, sides[0]["tenant"])  # what is there stays
        for side in sides:
            with context(side["tenant"]):
                async with factory(await _engine(kit, side["tenant"]))() as session:
                    saw["found"].append(sorted((await session.exec(select(project.name))).all()))
    finally:
        os.environ["DATABASE_URL"] = configured
        await leave()
    saw["open"] = await _open_connections(kit, saw["names"])
    return saw


async def _open_connections(kit: Kit, names: list[str]) -> int:
    admin = create_async_engine(kit.url)
    async with admin.connect() as connection:
        counted = await connection.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE datname = ANY (:names)"),
            {"names": names},
        )
        found = int(counted.scalar_one())
    await admin.dispose()
    return found


def _most(pool: Any) -> int | str:
    """How many connections a pool opens; for a size of 0, or an overflow of -1, there is no end."""
    if not hasattr(pool, "size"):
        return 1  # keeps none
    endless = pool.size() == 0 or pool._max_overflow < 0
    return "any number" if endless else pool.size() + pool._max_overflow


async def engines(kit: Kit, *, tenant: int, others: int) -> dict[str, Any]:
    """Whether a tenant's engine is kept, how many connections it opens, and if it is let go."""
    try:
        first = await _engine(kit, tenant)
        pool = first.sync_engine.pool
        saw = {"kept": await _engine(kit, tenant) is first, "most": _most(pool)}
        for other in range(1, others + 1):
            await _engine(kit, tenant + other)
        saw["let go"] = await _engine(kit, tenant) is not first
        return saw
    finally:
        await kit.use("tenancy.dispose_tenant_engines")()
