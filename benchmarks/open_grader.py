"""A grader without walls, to measure what walls cost: for submissions of our own alone."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from workbook.course import Course
from workbook.grading.grader import Result
from workbook.judge.run import Judges
from workbook.judge.versions import suite_version


class OpenGrader:
    """The jailed grader's work without a jail: for our own submissions alone."""

    def __init__(self, checks: Sequence[str]) -> None:
        self.course = Course.load()
        self.suite_version = suite_version(self.course)
        self.checks = checks

    def __enter__(self) -> Self:
        self._runner, self._judges = asyncio.Runner(), Judges(self.course)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(self._judges.close())
        self._runner.close()

    def grade(self, staged: Path, *, seed: int) -> Result:
        return self._runner.run(self._judges.run(self.checks, staged, seed=seed))
