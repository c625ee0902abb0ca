"""Projects, with all that happens to their tasks at once.

``create_project_with_tasks`` takes the project's own fields as a ``ProjectCreate``, and beside it
the titles and the creator. ``complete_project_tasks`` doesn't tell a project without open tasks
from one that isn't there; the route does, with a 404. ``delete_project`` deletes.
"""

from fastapi import APIRouter

from ..models import Project
from ..problems import problems
from ..schemas import ProjectCreate, ProjectRead, RowId
from ..services.project_service import (
    complete_project_tasks,
    create_project_with_tasks,
    delete_project,
)
from .bodies import Completed, NewProject
from .dependencies import KnownProject, Session, known_project

router = APIRouter(prefix="/projects", tags=["projects"])


@router.post("", status_code=201, response_model=ProjectRead, responses=problems(400, 404, 422))
async def add_project(body: NewProject, session: Session) -> Project:
    """Add a project with its first tasks: all of them or nothing."""
    raise NotImplementedError("exercise api.resources")


@router.get("/{project_id}", response_model=ProjectRead, responses=problems(404, 422))
async def read_project(project: KnownProject) -> Project:
    """Read a project."""
    return project


@router.delete("/{project_id}", status_code=204, responses=problems(404, 422))
async def remove_project(project_id: RowId, session: Session) -> None:
    """Delete a project with its tasks."""
    raise NotImplementedError("exercise api.resources")


@router.post("/{project_id}/complete", responses=problems(404, 422))
async def complete_project(project_id: RowId, session: Session) -> Completed:
    """Complete all tasks of a project."""
    raise NotImplementedError("exercise api.resources")
