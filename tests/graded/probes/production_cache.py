"""Lesson 8: a cache, and those who read and write while it loads."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any

from sqlalchemy import delete, event, update
from sqlalchemy.util import await_only

from .kit import Kit, honest_engine

#: Who is told to wait on their way; copied into the tasks they start.
held_up: ContextVar[bool] = ContextVar("held_up", default=False)


@asynccontextmanager
async def cache(kit: Kit, **options: Any) -> AsyncIterator[Any]:
    """A cache in this process, of the kit's own engine."""
    await kit.tables()
    made = kit.use("production.TaskCache")(kit.engine, **options)
    try:
        yield made
    finally:
        if hasattr(made, "close"):
            await made.close()


def _told(task: Any) -> Any:
    if task is None:
        return None
    told = {name: getattr(task, name) for name in ("id", "title", "status", "assignee_id")}
    return told | {"tags": list(task.tags)}  # as they are now, whatever becomes of the list


async def _get(kit: Kit, cache: Any, tenant: int | None, task: int) -> dict[str, Any]:
    inside = nullcontext() if tenant is None else kit.use("tenancy.tenant_context")(tenant)
    with inside:
        found = await kit.outcome(cache.get(task))
    return {"value": _told(found["value"])} if "value" in found else found


async def reads(kit: Kit, *, asks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each of some reads of one cache gave; a window for each of them.

    The one who reads may change what they were given: that is theirs.
    """
    saw = []
    async with cache(kit) as kept:
        for number, ask in enumerate(asks):
            away = refusing(kit) if ask.get("refused") else nullcontext()
            with kit.recording(str(number)), away:
                saw.append(await _get(kit, kept, ask["tenant"], ask["task"]))
            if ask.get("changes") and saw[-1].get("value"):
                with kit.use("tenancy.tenant_context")(ask["tenant"]):
                    given = await kept.get(ask["task"])
                    with suppress(Exception):  # it may be one that can't be changed
                        given.title = ask["changes"]
                    with suppress(Exception):
                        given.tags.append(ask["changes"])
    return saw


@contextmanager
def refusing(kit: Kit) -> Iterator[None]:
    """Until it is over, each statement is refused."""

    def refuse(*_: object) -> None:
        raise ConnectionResetError("the database is away")

    event.listen(kit.engine.sync_engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(kit.engine.sync_engine, "before_cursor_execute", refuse)


async def aged(kit: Kit, *, tenant: int, task: int, title: str, ttl: float) -> dict[str, Any]:
    """What a cache gives once its time is over, of a task that another process changed."""
    table = kit.use("models.Task").__table__
    other = honest_engine(kit.url)
    async with cache(kit, ttl=ttl) as kept:
        saw = {"before": await _get(kit, kept, tenant, task)}
        async with other.begin() as connection:
            await connection.execute(update(table).where(table.c.id == task).values(title=title))
        await other.dispose()
        for _ in range(6):  # who asks often must not be told the same for ever
            await asyncio.sleep(ttl / 3)
            saw["after"] = await _get(kit, kept, tenant, task)
    return saw


@contextmanager
def hold_up(kit: Kit, place: str) -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Holds those who are `held_up` at a place, once: until the second event is set.

    The places: "after_cursor_execute", a SELECT of the task table was answered; "checkin", a
    connection comes back to the pool.
    """
    there, go = asyncio.Event(), asyncio.Event()

    def wait(*arguments: Any) -> None:
        reads = place == "checkin" or "from task" in " ".join(arguments[2].lower().split())
        if held_up.get() and reads and not there.is_set():
            there.set()
            await_only(go.wait())

    target = kit.engine.sync_engine if place != "checkin" else kit.engine.sync_engine.pool
    event.listen(target, place, wait)
    try:
        yield there, go
    finally:
        go.set()
        event.remove(target, place, wait)


async def _held(get: Any) -> Any:
    held_up.set(True)
    return await get


async def crowd(
    kit: Kit, *, tenant: int, task: int, first: int, callers: int, quits: bool
) -> dict[str, Any]:
    """What many callers were given who asked while the first one's load was on its way.

    In the window "one" a task is loaded for one; in "many" another one for all of them. The
    first of them may give up while it waits.
    """
    async with cache(kit) as kept:
        with kit.recording("one"):
            await _get(kit, kept, tenant, first)
        with hold_up(kit, "after_cursor_execute") as (there, go), kit.recording("many"):
            leader = asyncio.create_task(_held(_get(kit, kept, tenant, task)))
            arrived = asyncio.create_task(there.wait())
            await asyncio.wait({leader, arrived}, return_when="FIRST_COMPLETED")
            arrived.cancel()
            others = [asyncio.create_task(_get(kit, kept, tenant, task)) for _ in range(callers)]
            await asyncio.sleep(0.1)
            if quits:
                leader.cancel()
            go.set()
            led, *saw = await asyncio.gather(leader, *others, return_exceptions=True)
    return {
        "first": "gave up" if isinstance(led, BaseException) else led,
        "others": [{"value": str(type(one))} if isinstance(one, BaseException) else one
                   for one in saw],
    }  # fmt: skip


async def beside(kit: Kit, *, tenant: int, other: int, held: int, free: int) -> dict[str, Any]:
    """What is given of one task, and to another tenant, while the load of one is held up."""
    async with cache(kit) as kept:
        with hold_up(kit, "after_cursor_execute") as (there, go):
            holding = asyncio.create_task(_held(_get(kit, kept, tenant, held)))
            arrived = asyncio.create_task(there.wait())
            await asyncio.wait({holding, arrived}, return_when="FIRST_COMPLETED")
            arrived.cancel()
            asking = asyncio.create_task(_get(kit, kept, tenant, free))
            foreign = asyncio.create_task(_get(kit, kept, other, held))
            done, _waiting = await asyncio.wait({asking}, timeout=3)
            go.set()
            saw = {"in time": bool(done), "free": await asking, "foreign": await foreign}
            await holding
    return saw


async def overtaken(kit: Kit, *, tenant: int, task: int, title: str, place: str) -> dict[str, Any]:
    """What is read after a change was committed while a load was on its way."""
    async with cache(kit) as kept:
        with hold_up(kit, place) as (there, go):
            reader = asyncio.create_task(_held(_get(kit, kept, tenant, task)))
            arrived = asyncio.create_task(there.wait())
            await asyncio.wait({reader, arrived}, return_when="FIRST_COMPLETED")
            saw = {"held up": arrived.done()}
            arrived.cancel()
            saw["call"] = await kit.outcome(_written(kit, "service", tenant, task, title))
            go.set()
            await reader
        saw["after"] = await _get(kit, kept, tenant, task)
        saw["again"] = await _get(kit, kept, tenant, task)
    return saw


async def _written(kit: Kit, how: str, tenant: int, task: int, title: str) -> None:
    async for _ in writing(kit, how, tenant, task, title, commits=True):
        pass


async def writing(
    kit: Kit, how: str, tenant: int, task: int, title: str, commits: bool
) -> AsyncIterator[None]:
    """A write in some way; it stops once it was sent, and ends the transaction when asked on."""
    model = kit.use("models.Task")
    maker = kit.use("database.build_session_factory")
    if how in ("service", "complete", "delete", "tenant's session"):
        maker = kit.use("tenancy.tenant_session_factory")
    argument = (tenant,) if how == "argument" else ()
    with nullcontext() if argument else kit.use("tenancy.tenant_context")(tenant):
        async with maker(kit.engine)() as session:
            row = await session.get(model, task)
            service = kit.use("services.task_service.TaskService")(session, *argument)
            if how in ("service", "argument"):
                await session.commit()
                await service.update(row, kit.use("schemas.TaskUpdate")(title=title))
            elif how == "delete":
                await session.commit()
                await service.delete(row)
            elif how == "complete":
                project = row.project_id
                await session.commit()
                complete = kit.use("services.project_service.complete_project_tasks")
                await complete(session, project)
            elif how == "bulk":
                await session.exec(update(model).where(model.id == task).values(title=title))
            elif how == "bulk delete":
                await session.exec(delete(model).where(model.id == task))
            elif how == "savepoint":
                async with session.begin_nested():
                    row.title = title
            elif how in ("project", "assignee"):
                owner = "Project" if how == "project" else "Worker"
                gone = await session.get(kit.use(f"models.{owner}"), getattr(row, f"{how}_id"))
                await session.delete(gone)
                await session.flush()
            else:
                row.title = title
                await session.flush()
            yield
            await (session.commit() if commits else session.rollback())


async def writes(
    kit: Kit, *, how: str, tenant: int, task: int, title: str, commits: bool = True
) -> dict[str, Any]:
    """What a cache gives before a write, between its last statement and its end, and after it."""
    async with cache(kit) as kept:
        saw: dict[str, Any] = {"before": await _get(kit, kept, tenant, task)}
        write = writing(kit, how, tenant, task, title, commits)
        saw["call"] = await kit.outcome(anext(write))
        saw["between"] = await _get(kit, kept, tenant, task)
        saw["end"] = await kit.outcome(anext(write, None))
        saw["after"] = await _get(kit, kept, tenant, task)
    return saw
