from .audit import AuditLog
from .enums import Priority, ProjectStatus, TaskStatus, WorkerType
from .project import Project
from .task import Task
from .worker import Worker

__all__ = [
    "AuditLog",
    "Priority",
    "Project",
    "ProjectStatus",
    "Task",
    "TaskStatus",
    "Worker",
    "WorkerType",
]
