"""What routes ask for: a session of the request's tenant, a row that is there."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from ..database import get_engine
from ..errors import NotFoundError
from ..models import Project, Task
from ..schemas import RowId
from ..services.task_service import TaskService
from ..tenancy import tenant_session_factory


async def tenant_session() -> AsyncIterator[AsyncSession]:
    """Yield a session of the request's tenant, and close it when the route is done.

    One request, one session, from the ``tenant_session_factory`` of the process's engine.
    """
    raise NotImplementedError("exercise api.sessions")
    yield


# "function": closed before the answer goes out, so that no slow client holds a connection.
Session = Annotated[AsyncSession, Depends(tenant_session, scope="function")]


async def known_task(task_id: RowId, session: Session) -> Task:
    """Return the task that the path names, or raise ``NotFoundError``.

    The commit ends the transaction that the look began: what the service does next is one of its
    own. On SQLite a writer that has already read can't wait its turn.
    """
    raise NotImplementedError("exercise api.sessions")


async def known_project(project_id: RowId, session: Session) -> Project:
    """Return the project that the path names, or raise ``NotFoundError``."""
    raise NotImplementedError("exercise api.sessions")


KnownTask = Annotated[Task, Depends(known_task)]
KnownProject = Annotated[Project, Depends(known_project)]
