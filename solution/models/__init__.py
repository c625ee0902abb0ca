"""The tables; importing this package maps them all."""

from .audit import AuditLog
from .composite_keys import add_composite_keys
from .policies import secure_rows
from .project import Project
from .registry import Base
from .task import Task
from .tenant import Tenant
from .worker import Worker

__all__ = ["AuditLog", "Base", "Project", "Task", "Tenant", "Worker"]

# Now that all tables are there: a second key beside each that they refer to each other by.
add_composite_keys(Base.metadata)

# And what PostgreSQL is to do besides, whenever they are created.
secure_rows(Base.metadata)
