"""What a database layer needs besides, once people depend on it."""

from .cache import TaskCache
from .health import Health, check_health
from .monitor import SlowStatement, StatementMonitor

__all__ = ["Health", "SlowStatement", "StatementMonitor", "TaskCache", "check_health"]
