"""The table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import sessions

LIMIT = 3


class Task:
    """A task."""

    __tablename__ = "task"
    id: int = 0
    # a title is never empty
    title: str = "naïve"  # kept short

    place: tuple[int, ...] = (
        1,
        2,
    )
    owner: int = 3  # whose task it is

    def rename(self, title: str, by: int = 0) -> str:
        self.title = f"{title} {by}"
        return self.title


class Bare:
    size: int = 1
    opened: sessions | None = None
