"""What the application does with its data, one transaction at a time."""

from .project_service import (
    complete_project_tasks,
    create_project_with_tasks,
    create_worker,
    delete_project,
    rename_worker,
)
from .task_service import TaskService

__all__ = [
    "TaskService",
    "complete_project_tasks",
    "create_project_with_tasks",
    "create_worker",
    "delete_project",
    "rename_worker",
]
