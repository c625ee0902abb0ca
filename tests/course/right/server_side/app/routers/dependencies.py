"""What routes ask for: a session of the request's tenant, a row that is there."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from ..database import get_engine
from ..errors import NotFoundError
from ..models import Project, Task
from ..schemas import RowId
from ..services import TaskService
from ..tenancy import tenant_session_factory


async def tenant_session() -> AsyncIterator[AsyncSession]:
    async with tenant_session_factory(get_engine())() as session:
        yield session


# "function": closed before the answer goes out, so that no slow client holds a connection.
Session = Annotated[AsyncSession, Depends(tenant_session, scope="function")]


async def known_task(task_id: RowId, session: Session) -> Task:
    task = await TaskService(session).get(task_id)
    if task is None:
        raise NotFoundError(f"There is no task {task_id}.")
    # What the service does next is a transaction of its own: on SQLite a writer can't have read.
    await session.commit()
    return task


async def known_project(project_id: RowId, session: Session) -> Project:
    project = await session.get(Project, project_id)
    if project is None:
        raise NotFoundError(f"There is no project {project_id}.")
    await session.commit()
    return project


KnownTask = Annotated[Task, Depends(known_task)]
KnownProject = Annotated[Project, Depends(known_project)]
