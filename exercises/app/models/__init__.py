"""The tables; importing this package maps them all."""

from .audit import AuditLog
from .project import Project
from .registry import Base
from .task import Task
from .worker import Worker

__all__ = ["AuditLog", "Base", "Project", "Task", "Worker"]
