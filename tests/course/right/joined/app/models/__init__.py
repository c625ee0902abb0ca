"""The tables; importing this package maps them all."""

from .audit import AuditLog
from .borders import draw_borders
from .policies import secure_rows
from .project import Project
from .registry import Base
from .task import Task
from .tenant import Tenant
from .worker import Worker

__all__ = ["AuditLog", "Base", "Project", "Task", "Tenant", "Worker"]

draw_borders(Base.metadata)
secure_rows(Base.metadata)
