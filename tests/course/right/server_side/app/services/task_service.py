"""Six things to do with tasks, and a list; each that writes is one transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import attributes, joinedload
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..schemas import TaskCreate, TaskUpdate
from .repository import Repository
from .unit_of_work import UnitOfWork, owned

_T: Any = Task
WITH_ASSIGNEE = joinedload(_T.assignee)
WITH_PEOPLE = (joinedload(_T.assignee), joinedload(_T.created_by, innerjoin=True))


class TaskService:
    """The tasks of one session and one tenant."""

    def __init__(self, session: AsyncSession, tenant_id: int | None = None) -> None:
        self.session = session
        self.tenant_id = required_tenant(tenant_id)
        self.tasks = Repository(session, Task, self.tenant_id)
        self.workers = Repository(session, Worker, self.tenant_id)
        self.projects = Repository(session, Project, self.tenant_id)

    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        async with UnitOfWork(self.session):
            fields = data.model_dump(exclude={"project_id", "assignee_id", "parent_task_id"})
            project = await self.projects.pinned(data.project_id)
            creator = await self.workers.pinned(created_by_id)
            assignee = await self.workers.pinned_or_none(data.assignee_id)
            parent = await self._parent(data.parent_task_id, data.project_id)
            task = Task(
                **fields,
                tenant_id=self.tenant_id,
                project_id=project.id,
                created_by_id=creator.id,
                assignee_id=assignee and assignee.id,
                parent_task_id=parent and parent.id,
            )
            self.session.add(task)
            await self.session.flush()
            for name, row in (("project", project), ("created_by", creator), ("assignee", assignee)):
                attributes.set_committed_value(task, name, row)
            self.session.add(
                AuditLog(
                    tenant_id=self.tenant_id,
                    entity_type="task",
                    entity_id=task.id,
                    action="created",
                    actor_id=created_by_id,
                )
            )
        return task

    async def get(self, task_id: int) -> Task | None:
        return await self.tasks.one(task_id, WITH_ASSIGNEE)

    async def list_by_project(
        self,
        project_id: int,
        status: str | None = None,
        *,
        limit: int | None = None,
        after_id: int | None = None,
    ) -> list[Task]:
        where = [_T.project_id == project_id]
        if status is not None:
            where.append(_T.status == status)
        return await self.tasks.all(*where, options=WITH_PEOPLE, limit=limit, after_id=after_id)

    async def list_tasks(
        self, *, limit: int | None = None, after_id: int | None = None
    ) -> list[Task]:
        return await self.tasks.all(options=WITH_PEOPLE, limit=limit, after_id=after_id)

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        changes = data.model_dump(exclude_unset=True)
        async with UnitOfWork(self.session):
            task = await self.tasks.locked(task, WITH_ASSIGNEE)
            if changes.get("parent_task_id") is not None:
                if changes["parent_task_id"] == task.id:
                    raise ConflictError("A task can't be its own parent.")
                await self._parent(changes["parent_task_id"], task.project_id)
            if "assignee_id" in changes:
                await self._hand_over(task, changes.pop("assignee_id"))
            for name, value in changes.items():
                setattr(task, name, value)
        return task

    async def delete(self, task: Task) -> None:
        async with UnitOfWork(self.session):
            task = await self.tasks.locked(task)
            key = task.id
            statement = (
                delete(Task)
                .where(_T.id == key, _T.tenant_id == self.tenant_id)
                .execution_options(synchronize_session="evaluate")
            )
            gone: Any = await self.session.execute(statement)
            if not gone.rowcount:
                raise NotFoundError(f"There is no task {key} any more.")
            for child in owned(self.session, Task, {"parent_task_id": key}):
                attributes.set_committed_value(child, "parent_task_id", None)
                attributes.set_committed_value(child, "parent", None)

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        async with UnitOfWork(self.session):
            task = await self.tasks.locked(task)
            await self._hand_over(task, worker_id)
        return task

    async def _hand_over(self, task: Task, worker_id: int | None) -> None:
        worker = await self.workers.pinned_or_none(worker_id)
        task.assignee_id = worker_id
        await self.session.flush()
        attributes.set_committed_value(task, "assignee", worker)

    async def _parent(self, parent_id: int | None, project_id: int) -> Task | None:
        parent = await self.tasks.pinned_or_none(parent_id)
        if parent is not None and parent.project_id != project_id:
            raise ConflictError("The parent task belongs to another project.")
        return parent
