"""The doors to the data."""

from .project_service import complete_project_tasks, create_project_with_tasks, rename_worker
from .task_service import TaskService

__all__ = ["TaskService", "complete_project_tasks", "create_project_with_tasks", "rename_worker"]
