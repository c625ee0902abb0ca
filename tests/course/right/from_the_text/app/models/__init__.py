"""Everything that is mapped, under one roof: importing it fills ``Base.metadata``."""

from . import row_security
from .audit import AuditLog
from .project import Project
from .registry import Base
from .task import Task
from .tenant import Owned, Tenant
from .worker import Worker

OWNED: tuple[type[Owned], ...] = (AuditLog, Project, Task, Worker)
MAPPED = (*OWNED, Tenant)
for _model in OWNED:
    row_security.attach(Base.metadata.tables[_model.__tablename__])

__all__ = ["MAPPED", "OWNED", "AuditLog", "Base", "Owned", "Project", "Task", "Tenant", "Worker"]
