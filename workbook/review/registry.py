"""The rules by code: what each looks for, why it hurts, and the cure."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .project import Project
    from .sources import Source

Mark = tuple[ast.AST, str]
"""The node a rule points at, and what it says there."""

Look = Callable[["Source", "Project"], Iterator[Mark]]


@dataclass(frozen=True)
class Rule:
    """One rule; `everywhere` means that tests and scripts are held to it too."""

    code: str
    title: str
    why: str
    fix: str
    subject: str
    everywhere: bool
    look: Look

    @property
    def page(self) -> str:
        return f"docs/review/{self.subject}.md#{self.code.lower()}"


RULES: dict[str, Rule] = {}

SYNTAX = "WB001"
UNKNOWN_SUPPRESSION = "WB002"


def rule(
    code: str, title: str, *, why: str, fix: str, everywhere: bool = False
) -> Callable[[Look], Look]:
    """Enter the decorated function as the rule `code`; its module is its subject."""

    def enter(look: Look) -> Look:
        if code in RULES:
            raise ValueError(f"{code} is taken by {RULES[code].title!r}")
        subject = look.__module__.rpartition(".")[2]
        RULES[code] = Rule(code, title, why, fix, subject, everywhere, look)
        return look

    return enter
