"""Tables."""

from .audit import AuditLog
from .entity import Entity
from .project import Project
from .task import Task
from .worker import Worker

__all__ = ["AuditLog", "Entity", "Project", "Task", "Worker"]
