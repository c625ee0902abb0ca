"""Given: the words and limits that schemas and CHECK constraints share."""

from string import ascii_lowercase, digits
from typing import Literal

WorkerType = Literal["human", "agent"]
ProjectStatus = Literal["active", "archived"]
TaskStatus = Literal["pending", "in_progress", "review", "blocked", "completed"]
TaskPriority = Literal["low", "medium", "high", "critical"]

TITLE_LENGTH = 500
HANDLE_LENGTH = 50  # the @ included
HANDLE_ALPHABET = ascii_lowercase + digits + "_-"
