"""Lesson 6: two tenants' rows, and what models, services and revisions make of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from itertools import product
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from .kit import Kit
from .migrations import runs

Side = dict[str, Any]
#: The relationships that come along.
LOADED = {
    "get": ("assignee",),
    "list_by_project": ("assignee", "created_by"),
}


async def tenants(kit: Kit, *, subdomains: list[str]) -> list[dict[str, Any]]:
    """What came of a tenant for each subdomain, all of one name: its id, or what was raised."""
    await kit.tables()
    return [await kit.outcome(_tenant(kit, subdomain)) for subdomain in subdomains]


async def _tenant(kit: Kit, subdomain: str) -> int:
    async with AsyncSession(kit.engine, expire_on_commit=False) as session:
        row = kit.use("models.Tenant")(name="A customer", subdomain=subdomain)
        session.add(row)
        await session.commit()
        return int(row.id)


async def settle(kit: Kit, *, sides: list[Side]) -> list[Side]:
    """Workers, a project, tasks and an audit row for each of some tenants; their ids."""
    worker, project, task, audit = (
        kit.use(f"models.{name}") for name in ("Worker", "Project", "Task", "AuditLog")
    )
    await kit.tables()
    made = []
    for side in sides:
        tenant = await _tenant(kit, side["subdomain"])
        async with kit.session(tenant) as session:
            workers = [worker(handle=handle) for handle in side["handles"]]
            home = project(name=side["name"])
            session.add_all([*workers, home])
            await session.flush()
            keys = {"project_id": home.id, "created_by_id": workers[0].id}
            tasks = []
            for title in side["titles"]:
                tasks.append(task(title=title, assignee_id=workers[1].id, **keys))
                session.add(tasks[-1])
                await session.flush()
            entry = {"entity_type": "project", "entity_id": home.id, "action": "created"}
            session.add(audit(actor_id=workers[0].id, **entry))
            await session.commit()
            made.append(
                {
                    "tenant": tenant,
                    "workers": [row.id for row in workers],
                    "project": home.id,
                    "tasks": [row.id for row in tasks],
                }
            )
    return made


@asynccontextmanager
async def unscoped(kit: Kit, tenant: int | None = None) -> AsyncIterator[Any]:
    """A session of `build_session_factory`, in a tenant's context or in none."""
    await kit.tables()
    with ExitStack() as stack:
        if tenant is not None:
            stack.enter_context(kit.use("tenancy.tenant_context")(tenant))
        async with kit.use("database.build_session_factory")(kit.engine)() as session:
            yield session


async def context(kit: Kit, *, ours: int, theirs: int) -> dict[str, Any]:
    """Whose turn it is at places inside and outside of contexts."""
    current, enter = kit.use("tenancy.current_tenant"), kit.use("tenancy.tenant_context")
    saw: dict[str, Any] = {}

    def note(place: str) -> None:
        saw[place] = current.get(None)

    async def wait_inside() -> None:
        try:
            with enter(theirs):
                await asyncio.Event().wait()
        finally:
            note("after a cancellation")

    async def work(tenant: int, guest: int) -> list[Any]:
        with enter(tenant):
            seen = []
            for _ in range(3):
                with enter(guest):
                    await asyncio.sleep(0)
                seen.append(current.get(None))
                await asyncio.sleep(0)
            return seen

    note("before")
    with enter(ours):
        note("inside")
        with enter(theirs):
            note("inside another one's")
        note("after another one's")
        with suppress(LookupError), enter(theirs):
            raise LookupError
        note("after an exception")
        waiting = asyncio.create_task(wait_inside())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    note("at the end")
    saw["side by side"] = await asyncio.gather(work(ours, theirs), work(theirs, ours))
    return saw


async def rows(kit: Kit, *, tries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What came of each row of a model, committed in a tenant's context or in none."""

    async def add(model: str, fields: dict[str, Any], tenant: int | None) -> None:
        async with unscoped(kit, tenant) as session:
            session.add(kit.use(f"models.{model}")(**fields))
            await session.commit()

    return [await kit.outcome(add(**one)) for one in tries]


async def migrate(kit: Kit, *, commands: list[list[str]]) -> list[dict[str, Any]]:
    """Alembic's commands, with no connection open that remembers the tables as they were."""
    await kit.close()
    return await runs(kit, commands=commands)


async def calls(kit: Kit, *, tries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What came of each call of a service, with a session that filters nothing."""
    return [await kit.outcome(_call(kit, **one)) for one in tries]


async def _call(
    kit: Kit,
    *,
    method: str,
    tenant: int | None = None,
    within: int | None = None,
    task: int | None = None,
    data: dict[str, Any] | None = None,
    **arguments: Any,
) -> Any:
    async with unscoped(kit, within) as session:
        held = [] if task is None else [await session.get(kit.use("models.Task"), task)]
        await session.commit()  # the reading is over: on SQLite others may write now
        if data is not None:
            schema = "TaskCreate" if method == "create" else "TaskUpdate"
            held.append(kit.use(f"schemas.{schema}")(**data))
        if method in ("complete_project_tasks", "rename_worker"):
            function = kit.use(f"services.project_service.{method}")
            found = await function(session, **arguments)
            await session.commit()
        else:
            named = {} if tenant is None else {"tenant_id": tenant}
            service = kit.use("services.task_service.TaskService")(session, **named)
            found = await getattr(service, method)(*held, **arguments)
        if method in LOADED:  # what was not loaded can't be read without await
            rows = found if isinstance(found, list) else [found] if found else []
            for row, relationship in product(rows, LOADED[method]):
                getattr(row, relationship)
        return _ids(found)


def _ids(found: Any) -> Any:
    if isinstance(found, list):
        return [row.id for row in found]
    return getattr(found, "id", found)
