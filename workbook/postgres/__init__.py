"""PostgreSQL without an installation: one server per user, databases in a moment."""

from workbook.postgres.account import DatabaseUnavailable
from workbook.postgres.roles import (
    allow_databases,
    create_database,
    created_databases,
    drop_database,
    fresh_database_url,
    sweep,
)
from workbook.postgres.server import Server, running_server
from workbook.postgres.statements import LogPosition

__all__ = [
    "DatabaseUnavailable",
    "LogPosition",
    "Server",
    "allow_databases",
    "create_database",
    "created_databases",
    "drop_database",
    "fresh_database_url",
    "running_server",
    "sweep",
]
