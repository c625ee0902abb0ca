"""Lesson 3: calls the service's methods and tells what came back."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import selectinload

from .kit import Kit, aware
from .trouble import OutageError, attempt, before, failing_with, once

COLUMNS = (
    *("id", "title", "description", "status", "priority", "tags", "due_date", "updated_at"),
    *("project_id", "assignee_id", "created_by_id", "parent_task_id"),
)


def service(kit: Kit, session: Any) -> Any:
    """The student's service on a session."""
    return kit.use("services.task_service.TaskService")(session)


def fields(values: dict[str, Any]) -> dict[str, Any]:
    """A row's values as they came in, its times no longer text."""
    times = {name: aware(values[name]) for name in values if name.endswith(("_at", "_date"))}
    return values | times


def told(task: Any, *relations: str) -> Any:
    """A task as plain data, read after its session closed: what isn't loaded says so."""
    if task is None:
        return None
    return {
        **{name: _read(task, name) for name in COLUMNS},
        **{name: _ids(_read(task, name)) for name in relations},
    }


def _read(row: Any, name: str) -> Any:
    try:
        value = getattr(row, name)
    except Exception:  # expired or never loaded: reading it asks for a query
        return "not loaded"
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    return list(value) if name == "tags" else getattr(value, "value", value)


def _ids(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else {"id": _read(value, "id")}


async def cast(kit: Kit, *, handles: list[str], names: list[str]) -> dict[str, list[int]]:
    """The ids of workers and of projects."""
    worker, project = kit.use("models.Worker"), kit.use("models.Project")
    async with kit.session() as session:
        workers = [worker(handle=handle) for handle in handles]
        projects = [project(name=name) for name in names]
        session.add_all([*workers, *projects])
        await session.commit()
        return {
            "workers": [worker.id for worker in workers],
            "projects": [project.id for project in projects],
        }


async def tasks(kit: Kit, *, rows: list[dict[str, Any]]) -> list[int]:
    """The ids of tasks, made in the order of the rows."""
    async with kit.session() as session:
        made = []
        for row in rows:
            made.append(kit.use("models.Task")(**fields(row)))
            session.add(made[-1])
            await session.flush()
        await session.commit()
        return [task.id for task in made]


async def stored(kit: Kit, *, id: int, changed: dict[str, Any] | None = None) -> Any:
    """A task as a new session reads it, with `changed` committed first."""
    if changed:
        await _meanwhile(kit, id, changed)
    async with kit.session() as session:
        task = await session.get(kit.use("models.Task"), id)
    return told(task)


async def get(kit: Kit, *, id: int, deleted: bool = False) -> Any:
    """What `get` returns, or returns when the task was there and was deleted since."""
    async with kit.session() as session:
        its = service(kit, session)
        if deleted:
            await session.delete(await its.get(id))
            await session.commit()
        with kit.recording():
            task = await its.get(id)
    return told(task, "assignee")


async def listed(kit: Kit, *, project: int, **options: Any) -> list[Any]:
    """What `list_by_project` returns, in its order."""
    async with kit.session() as session:
        with kit.recording():
            found = await service(kit, session).list_by_project(project, **options)
    return [told(task, "assignee", "created_by") for task in found]


async def create(
    kit: Kit,
    *,
    data: dict[str, Any],
    creator: int,
    breaks: str | None = None,
    by_deleting: int | None = None,
) -> dict[str, Any]:
    """What `create` returns or raises.

    `breaks` names a table whose INSERT fails; or before which another session deletes a worker.
    """
    act = failing_with(OutageError("the disk is full"))
    if by_deleting is not None:
        act = once(kit, f"DELETE FROM worker WHERE id = {by_deleting}")
    async with kit.session() as session:
        with before(kit, breaks, act):
            made = await kit.outcome(_create(kit, session, data, creator))
    return {"call": _telling(made, "project", "assignee", "created_by")}


async def change(
    kit: Kit,
    *,
    id: int,
    method: str = "update",
    data: dict[str, Any] | None = None,
    worker: int | None = None,
    meanwhile: dict[str, Any] | str | None = None,
    loaded: str | None = None,
    by_deleting: int | None = None,
    then_commits: bool = False,
    then: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What `update`, `assign` or `delete` returns or raises for a task that is held.

    `meanwhile` is what another session does between the caller's reading and the call:
    "delete", or the values it sets; `by_deleting` a worker whom it deletes before the UPDATE.
    After the call the caller may commit, or create a task.
    """
    model = kit.use("models.Task")
    arguments: list[Any] = {"delete": [], "assign": [worker]}.get(method) or []
    if method == "update":
        arguments = [kit.use("schemas.TaskUpdate")(**fields(data or {}))]
    async with kit.session() as session:
        options = [selectinload(getattr(model, loaded))] if loaded else []
        held = await session.get(model, id, options=options)
        if meanwhile is not None:
            await session.commit()  # the reading is over: on SQLite others may write now
            await _meanwhile(kit, id, meanwhile)
        act = once(kit, f"DELETE FROM worker WHERE id = {by_deleting}")
        with before(kit, by_deleting and "task", act):
            returned = await kit.outcome(getattr(service(kit, session), method)(held, *arguments))
        saw = {"call": _telling(returned, "assignee")}
        if then_commits:
            await attempt(kit, session.commit())
        if then is not None:
            creator = then.pop("creator")
            saw["after"] = _telling(await attempt(kit, _create(kit, session, then, creator)))
    return saw


async def failing(
    kit: Kit,
    *,
    data: dict[str, Any],
    creator: int,
    breaks: str | None = None,
    cancels: bool = False,
    then: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A `create` that fails; after it a commit of the caller's, or another create.

    `breaks` names what fails for it: the INSERT into a table, or "commit".
    """
    error = asyncio.CancelledError() if cancels else OutageError("the disk is full")
    async with kit.session() as session:
        with before(kit, breaks, failing_with(error)):
            call = await attempt(kit, _create(kit, session, data, creator))
        after = session.commit() if then is None else _create(kit, session, then, creator)
        afterwards = await attempt(kit, after)
    return {"call": _telling(call), "after": _telling(afterwards)}


async def _create(kit: Kit, session: Any, data: dict[str, Any], creator: int) -> Any:
    task = kit.use("schemas.TaskCreate")(**fields(data))
    return await service(kit, session).create(task, creator)


async def _meanwhile(kit: Kit, id: int, done: dict[str, Any] | str) -> None:
    async with kit.session() as session:
        task = await session.get(kit.use("models.Task"), id)
        if isinstance(done, dict):
            for name, value in fields(done).items():
                setattr(task, name, value)
        else:
            await session.delete(task)
        await session.commit()


def _telling(outcome: dict[str, Any], *relations: str) -> dict[str, Any]:
    return {"value": told(outcome["value"], *relations)} if "value" in outcome else outcome
