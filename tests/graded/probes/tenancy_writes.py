"""Lesson 6: what a tenant's session writes, and for whom."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import delete, insert, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import select

from .kit import Kit
from .tenancy import unscoped
from .tenancy_sessions import inside, models, open_session

Call = Callable[[Any], Awaitable[Any]]


async def write(
    kit: Kit,
    *,
    way: str,
    tenant: int,
    target: int,
    row: int,
    loose: int,
    own: int,
    handle: str = "@new",
) -> dict[str, Any]:
    """A write in one tenant's session, for the tenant `target` or its task `row`.

    Keys don't notice who writes to `loose`, a worker of that tenant, and to `own`, one of the
    session's: no task refers to them.
    """
    task, _, worker = models(kit)

    async def add(session: Any) -> None:
        session.add(worker(handle=handle, tenant_id=target))

    async def add_plain(session: Any) -> None:
        session.add(worker(handle=handle))

    async def move(session: Any) -> None:
        found = (await session.exec(select(task).order_by(task.id))).first()
        found.tenant_id = target

    async def held(model: Any, id: int) -> Any:
        async with unscoped(kit) as elsewhere:
            return await elsewhere.get(model, id)

    async def adopt(session: Any) -> None:
        found = await held(task, row)
        session.add(found)
        found.title = "Taken"

    async def take_over(session: Any) -> None:
        found = await held(worker, loose)
        session.add(found)
        found.tenant_id = tenant

    async def remove(session: Any) -> None:
        await session.delete(await held(task, row))

    async def insert_rows(session: Any) -> None:
        owners = [(handle, tenant), (f"{handle}-2", target)]
        rows = [{"handle": name, "tenant_id": owner} for name, owner in owners]
        await session.exec(insert(worker), params=rows)

    async def copy_rows(session: Any) -> None:
        rows = select(worker.handle + "-2", worker.type, worker.created_at, literal(target))
        columns = ["handle", "type", "created_at", "tenant_id"]
        await session.exec(insert(worker).from_select(columns, rows))

    async def upsert(session: Any) -> None:
        columns = ("title", "project_id", "created_by_id")
        kept = (await session.exec(select(*(getattr(task, name) for name in columns)))).first()
        dialect = {"sqlite": sqlite, "postgresql": postgresql}[kit.engine.dialect.name]
        values = {"id": row, "tenant_id": tenant} | dict(zip(columns, kept, strict=True))
        statement = dialect.insert(task).values(**values)
        taken = {"title": "Taken"}
        await session.exec(statement.on_conflict_do_update(index_elements=["id"], set_=taken))

    async def insert_plain(session: Any) -> None:
        await session.exec(insert(worker), params=[{"handle": handle}, {"handle": f"{handle}-2"}])

    async def update_all(session: Any) -> None:
        await session.exec(update(task).values(title="Taken"))

    async def update_by_key(session: Any) -> None:
        await session.exec(update(task), params=[{"id": row, "title": "Taken"}])

    async def give_away(session: Any) -> None:
        await session.exec(update(worker).where(worker.id == own).values(tenant_id=target))

    async def move_all(session: Any) -> None:
        await session.exec(update(task).values(tenant_id=target))

    async def delete_all(session: Any) -> None:
        await session.exec(delete(task))

    ways: dict[str, Call] = {
        call.__name__: call
        for call in (
            *(add, add_plain, move, adopt, take_over, remove),
            *(insert_rows, insert_plain, copy_rows, upsert),
            *(update_all, update_by_key, give_away, move_all, delete_all),
        )
    }

    async def run() -> None:
        with inside(kit, tenant):
            async with await open_session(kit) as session:
                await ways[way](session)
                await session.commit()

    return {"call": await kit.outcome(run())}
