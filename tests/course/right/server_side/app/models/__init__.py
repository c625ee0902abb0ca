"""The tables; importing this package maps them all."""

from sqlalchemy import event

from ..context import required_tenant
from .audit import AuditLog
from .policies import secure_rows
from .project import Project
from .registry import Base
from .task import Task
from .tenant import Tenant
from .worker import Worker

__all__ = ["AuditLog", "Base", "Project", "Task", "Tenant", "Worker"]

secure_rows(Base.metadata)


def _own(_mapper: object, _connection: object, row: "Worker | Project | Task | AuditLog") -> None:
    # Here and not in the column's default alone: out of that, SQLAlchemy wraps the error.
    if row.tenant_id is None:
        row.tenant_id = required_tenant()


for _model in (AuditLog, Project, Task, Worker):
    event.listen(_model, "before_insert", _own)
