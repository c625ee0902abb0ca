"""Lesson 9: changes that break one promise of a package each, while it runs.

Each takes what the contract names, so it fits any package that keeps the contract; none of them
holds an answer.
"""

import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .kit import Kit

TASKS, PROJECTS = "services.task_service.TaskService", "services.project_service"
Change = Callable[[Kit, Any], Any]
CHANGES: dict[str, tuple[str, Change]] = {}


def change(place: str) -> Callable[[Change], Change]:
    """Enters a change of the function or method at a place: it gets the original, gives another."""

    def enter(make: Change) -> Change:
        CHANGES[make.__name__] = place, make
        return make

    return enter


def apply(kit: Kit, name: str) -> None:
    """Puts a change wherever the package has the original under a name."""
    place, make = CHANGES[name]
    owner, _, attribute = place.rpartition(".")
    original = kit.use(place) if owner == PROJECTS else getattr(kit.use(owner), attribute)
    changed = make(kit, original)
    if owner != PROJECTS:
        setattr(kit.use(owner), attribute, changed)
        return
    for module in [found for known, found in sys.modules.items() if known.startswith("app.")]:
        for held, value in list(vars(module).items()):
            if value is original:
                setattr(module, held, changed)


def _session(service: Any) -> AsyncSession:
    """The session of a service, under whatever name it keeps it."""
    return next(value for value in vars(service).values() if isinstance(value, AsyncSession))


@change(f"{TASKS}.create")
def writes_no_audit_row(kit: Kit, original: Any) -> Any:
    async def create(self: Any, *given: Any, **named: Any) -> Any:
        task = await original(self, *given, **named)
        log, session = kit.use("models.AuditLog"), _session(self)
        for row in await session.exec(select(log).where(log.entity_id == task.id)):
            await session.delete(row)
        await session.commit()
        return task

    return create


@change(f"{TASKS}.get")
def leaves_the_assignee_unloaded(kit: Kit, original: Any) -> Any:
    async def get(self: Any, *given: Any, **named: Any) -> Any:
        task = await original(self, *given, **named)
        if task is not None:
            _session(self).expire(task, ["assignee"])
        return task

    return get


@change(f"{TASKS}.list_by_project")
def lists_every_status(kit: Kit, original: Any) -> Any:
    async def list_by_project(self: Any, project_id: int, status: Any = None, **named: Any) -> Any:
        return await original(self, project_id, **named)

    return list_by_project


@change(f"{TASKS}.update")
def never_commits_an_update(kit: Kit, original: Any) -> Any:
    async def change_only(self: Any, task: Any, data: Any) -> Any:
        for name, value in data.model_dump(exclude_unset=True).items():
            setattr(task, name, value)
        await _session(self).flush()
        return task

    return change_only


@change(f"{TASKS}.delete")
def deletes_nothing(kit: Kit, original: Any) -> Any:
    async def delete(self: Any, task: Any) -> None:
        return None

    return delete


@change(f"{PROJECTS}.create_project_with_tasks")
def leaves_half_a_project(kit: Kit, original: Any) -> Any:
    async def create(session: Any, project_data: Any, *given: Any, **named: Any) -> Any:
        try:
            return await original(session, project_data, *given, **named)
        except Exception:
            session.add(kit.use("models.Project")(name=project_data.name))
            await session.commit()
            raise

    return create


@change(f"{PROJECTS}.complete_project_tasks")
def completes_every_project(kit: Kit, original: Any) -> Any:
    async def complete(session: Any, *given: Any, **named: Any) -> Any:
        count = await original(session, *given, **named)
        task = kit.use("models.Task")
        await session.exec(update(task).where(col(task.id) > 0).values(status="completed"))
        await session.commit()
        return count

    return complete


@change(f"{PROJECTS}.rename_worker")
def lets_the_databases_error_out(kit: Kit, original: Any) -> Any:
    async def rename(session: Any, worker_id: int, handle: str) -> Any:
        worker = await session.get(kit.use("models.Worker"), worker_id)
        worker.handle = handle
        await session.flush()
        return worker

    return rename


@change(f"{TASKS}.create")
def creates_nothing(kit: Kit, original: Any) -> Any:
    async def create(self: Any, *given: Any, **named: Any) -> Any:
        return None

    return create
