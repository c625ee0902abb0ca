"""Who grades: the judge's own grader, or another one named on the command line."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from workbook.grading.grader import GraderFactory

GRADER = "workbook.grading.running.judging:grader_for"
"""The function that makes graders: `grader_for(course, databases=…, unsafe=…, …)`."""


class Maker(Protocol):
    """Gives a factory that other processes can import, for a course and its databases.

    `checks` are the lessons, exercises and checks to grade; all, if there are none.
    """

    def __call__(
        self,
        course: Path | None,
        *,
        databases: tuple[str, ...],
        unsafe: bool,
        checks: Sequence[str] = (),
    ) -> GraderFactory: ...


def maker(named: str) -> Maker:
    """The function called `module:name`; raises `ValueError` when there is none."""
    module, _, name = named.partition(":")
    try:
        found: Maker = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"there is no grader at {named}: {error}") from error
    return found
