"""The tables; importing this package registers them all with SQLModel.metadata."""

from .audit import AuditLog
from .policies import row_security
from .tables import Project, Task, Tenant, Worker

__all__ = ["AuditLog", "Project", "Task", "Tenant", "Worker", "row_security"]
