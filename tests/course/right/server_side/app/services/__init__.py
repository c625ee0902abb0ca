"""The services, by their names."""

from .project_service import (
    complete_project_tasks,
    create_project_with_tasks,
    delete_project,
    rename_worker,
)
from .task_service import TaskService
from .worker_service import create_worker

__all__ = [
    "TaskService",
    "complete_project_tasks",
    "create_project_with_tasks",
    "create_worker",
    "delete_project",
    "rename_worker",
]
