"""Lesson 6: what a tenant's session reads, refuses, and leaves to the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import exists, func, text, update
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlmodel import select

from .kit import Kit

Call = Callable[[Any], Awaitable[Any]]
UNSCOPED = {"tenant_unscoped": True}


def models(kit: Kit) -> Any:
    """The classes of tasks, projects and workers."""
    return [kit.use(f"models.{name}") for name in ("Task", "Project", "Worker")]


async def open_session(kit: Kit) -> Any:
    """A session of the student's `tenant_session_factory`."""
    await kit.tables()
    return kit.use("tenancy.tenant_session_factory")(kit.engine)()


def inside(kit: Kit, tenant: int) -> Any:
    """A tenant's context."""
    return kit.use("tenancy.tenant_context")(tenant)


async def _all(session: Any, statement: Any, **options: Any) -> list[Any]:
    return sorted((await session.exec(statement, **options)).all())


async def reads(kit: Kit, *, tenant: int, theirs: dict[str, Any]) -> dict[str, Any]:
    """The ids that each kind of SELECT finds, the same again after a commit."""
    task, project, worker = models(kit)
    other = aliased(task)
    homes, counted = select(project.id), select(func.count(task.id))
    statements = {
        "select(Task.id)": select(task.id),
        "a join": select(task.id).join(project, project.id == task.project_id),
        "an alias": select(other.id),
        "a subquery": select(task.id).where(task.project_id.in_(homes)),
        "the columns of a subquery": select(select(task.id).subquery().c.id),
        "workers with a task": select(worker.id).where(
            exists().where(task.assignee_id == worker.id)
        ),
        "select(Project.id)": homes,
        "the tenants of select(AuditLog)": select(kit.use("models.AuditLog").tenant_id).distinct(),
    }
    saw: dict[str, Any] = {}
    with inside(kit, tenant):
        async with await open_session(kit) as session:
            for _ in range(2):
                for name, statement in statements.items():
                    saw[name] = await _all(session, statement)
                found = (await session.exec(select(task).order_by(task.id))).all()
                saw["select(Task)"] = [row.id for row in found]
                saw["a count"] = (await session.exec(counted)).one()
                beside = select(project.id, counted.scalar_subquery())
                saw["a count beside a project"] = (await session.exec(beside)).first()[1]
                saw["get"] = await session.get(task, theirs["tasks"][0]) is None
                option = selectinload(project.tasks)
                homes_found = (await session.exec(select(project).options(option))).all()
                saw["Project.tasks"] = sorted(row.id for home in homes_found for row in home.tasks)
                joined = select(task).options(joinedload(task.project), joinedload(task.assignee))
                fresh = joined.order_by(task.id).execution_options(populate_existing=True)
                with_projects = (await session.exec(fresh)).all()
                saw["tasks joined with their project"] = [
                    row.id for row in with_projects if row.project is not None
                ]
                await session.commit()
    return saw


async def outside(kit: Kit) -> dict[str, Any]:
    """What a session answers where there is no tenant."""
    task, project, _ = models(kit)

    async def run(call: Call) -> None:
        async with await open_session(kit) as session:
            await call(session)
            await session.commit()

    async def add(session: Any) -> None:
        session.add(project(name="Nobody's"))

    return {
        "select": await kit.outcome(run(lambda session: session.exec(select(task.id)))),
        "get": await kit.outcome(run(lambda session: session.get(task, 1))),
        "write": await kit.outcome(run(add)),
    }


async def side_by_side(kit: Kit, *, tenants: list[int]) -> list[list[int]]:
    """The tasks that sessions of tenants at work at the same time find."""
    task, _, _ = models(kit)

    async def work(tenant: int) -> list[int]:
        found = set()
        with inside(kit, tenant):
            async with await open_session(kit) as session:
                for _ in range(3):
                    found |= set(await _all(session, select(task.id)))
                    await asyncio.sleep(0)
        return sorted(found)

    return await asyncio.gather(*(work(tenant) for tenant in tenants))


async def switch(kit: Kit, *, ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What one session finds by id: for the first tenant, for the second, for the first again."""
    task, _, _ = models(kit)
    one, other = ours["tasks"][0], theirs["tasks"][0]
    saw: dict[str, Any] = {}
    kept = []  # what nobody holds the session forgets by itself
    async with await open_session(kit) as session:
        for turn, tenant in (("first", ours), ("second", theirs), ("again", ours)):
            with inside(kit, tenant["tenant"]):
                found = [await session.get(task, id) for id in (one, other)]
                query = select(task).where(task.id.in_([one, other]))
                listed = (await session.exec(query)).all()
                kept += [*found, *listed]
                saw[turn] = {
                    "get": [row is not None for row in found],
                    "select": sorted(row.id for row in listed),
                }
    async with await open_session(kit) as session, await open_session(kit) as beside:
        with inside(kit, ours["tenant"]):
            kept.append(await session.get(task, one))
        with inside(kit, theirs["tenant"]):
            kept.append(await beside.get(task, other))
            found = [await session.get(task, id) for id in (one, other)]
        saw["beside"] = [row is not None for row in found]
    async with await open_session(kit) as session:
        with inside(kit, ours["tenant"]):
            kept.append(await session.get(task, one))
            await session.rollback()  # what was loaded is expired, and nobody asks whose it was
        with inside(kit, theirs["tenant"]):
            found = [await session.get(task, id) for id in (one, other)]
        saw["rolled back"] = [row is not None for row in found]
    return saw


async def raw(kit: Kit, *, tenant: int, way: str, lifted: bool = False) -> dict[str, Any]:
    """The ids that a statement no filter holds gives in a tenant's session, or what it raised."""
    task, _, _ = models(kit)
    table = task.__table__
    statements = {
        "text": text("SELECT id FROM task"),
        "a table": select(table.c.id),
        "text as a model": select(task).from_statement(text("SELECT * FROM task")),
        "an UPDATE of a table": update(table).values(title="Taken"),
        "an UPDATE as text": text("UPDATE task SET title = 'Taken'"),
    }

    async def run() -> list[int]:
        with inside(kit, tenant):
            async with await open_session(kit) as session:
                options = {"execution_options": UNSCOPED} if lifted else {}
                result = await session.exec(statements[way], **options)
                found = result.all() if way in ("text", "a table", "text as a model") else []
                await session.commit()
        return sorted(getattr(row, "id", row) for row in found)

    return {"call": await kit.outcome(run())}


async def below(kit: Kit, *, ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What plain SQL reaches on one connection: in a tenant's session, and when that is over."""
    engine = kit.use("database.build_engine")(kit.url, pool_size=1, max_overflow=0)
    look = text("SELECT id FROM task ORDER BY id")
    saw: dict[str, Any] = {}

    async def found(session: Any, **options: Any) -> list[int]:
        return [row.id for row in (await session.exec(look, **options)).all()]

    async def copy(session: Any) -> int:
        # An UPDATE with a WHERE is held to what may be read, too; an INSERT isn't.
        sql = text(
            "INSERT INTO worker (tenant_id, handle, type, created_at) "
            "SELECT :tenant, handle || '-2', type, created_at FROM worker WHERE id = :id"
        )
        params = {"tenant": theirs["tenant"], "id": ours["workers"][0]}
        done = await session.exec(sql, params=params, execution_options=UNSCOPED)
        await session.commit()
        return int(done.rowcount)

    try:
        await kit.tables()
        factory = kit.use("tenancy.tenant_session_factory")(engine)
        with inside(kit, ours["tenant"]):
            async with factory() as session:
                saw["read"] = await found(session, execution_options=UNSCOPED)
                sql = text("UPDATE task SET title = title || '!'")
                await session.exec(sql, execution_options=UNSCOPED)
                await session.commit()
                saw["read again"] = await found(session, execution_options=UNSCOPED)
            async with factory() as session:
                saw["copy"] = await kit.outcome(copy(session))
        async with kit.use("database.build_session_factory")(engine)() as session:
            saw["unscoped"] = await found(session)
        with inside(kit, theirs["tenant"]):
            async with factory() as session:
                saw["theirs"] = await found(session, execution_options=UNSCOPED)
        return saw
    finally:
        await engine.dispose()
