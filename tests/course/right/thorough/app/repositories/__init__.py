"""Reading and writing rows, without a word about transactions."""

from .repository import Repository
from .tasks import TaskRepository

__all__ = ["Repository", "TaskRepository"]
