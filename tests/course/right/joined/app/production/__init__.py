"""What a database needs under load."""

from .cache import TaskCache
from .health import Health, check_health
from .monitor import SlowStatement, StatementMonitor

__all__ = ["Health", "SlowStatement", "StatementMonitor", "TaskCache", "check_health"]
