"""What a class run asks of the judge that grades one submission."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

Result = dict[str, Any]
"""One run in the shape of schema 1: earned, possible, extension, notes, checks."""


class GraderFault(Exception):
    """The grader failed, not the submission: it never costs a point."""


class Grader(Protocol):
    """Grades one staged project root at a time; built cheaply, started on entering.

    Two attributes are read when they are there. `containment` is what the grader's self-test saw
    (`{"rung": …, "self_test": [{"name": …, "held": true}]}`). A result may carry `timing`,
    seconds by check id; it is taken out before the result is kept.
    """

    suite_version: str

    def __enter__(self) -> "Grader": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None: ...

    def grade(self, staged: Path, *, seed: int) -> Result:
        """The result of one project root, the same for the same files, seed and suites.

        Raises `GraderFault` when the grader itself couldn't go on.
        """
        ...


GraderFactory = Callable[[], Grader]
"""Makes a grader; importable by name, because other processes make their own."""
