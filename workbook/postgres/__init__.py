"""PostgreSQL without an installation: one server per user, databases in a moment."""

from workbook.postgres.account import DatabaseUnavailable
from workbook.postgres.roles import create_database, drop_database, fresh_database_url, sweep
from workbook.postgres.server import Server, running_server
from workbook.postgres.statements import LogPosition

__all__ = [
    "DatabaseUnavailable",
    "LogPosition",
    "Server",
    "create_database",
    "drop_database",
    "fresh_database_url",
    "running_server",
    "sweep",
]
