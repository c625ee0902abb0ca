"""How much there is to do."""

from .models import Task


def told(tasks: list[Task]) -> str:
    """Say it in words."""
    return f"{len(tasks)} to do"
