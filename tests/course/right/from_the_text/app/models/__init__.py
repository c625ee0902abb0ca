"""Everything that is mapped, under one roof: importing it fills ``Base.metadata``."""

from .audit import AuditLog
from .project import Project
from .registry import Base
from .task import Task
from .worker import Worker

MAPPED = (AuditLog, Project, Task, Worker)
__all__ = ["MAPPED", "AuditLog", "Base", "Project", "Task", "Worker"]
