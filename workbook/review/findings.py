"""One thing the review found: where, what, why it hurts, and the cure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """A rule's verdict on one place; lines and columns count from one."""

    path: str
    line: int
    column: int
    code: str
    message: str
    why: str
    fix: str
    page: str

    def as_json(self) -> dict[str, str | int]:
        """The finding as schema 1 of the JSON format spells it."""
        return {
            "code": self.code,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "why": self.why,
            "fix": self.fix,
            "page": self.page,
        }
