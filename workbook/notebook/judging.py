"""The judge behind `check`: started on first use, warm for as long as the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbook.course import Course
from workbook.notebook.telling import Unclear

if TYPE_CHECKING:
    from workbook.judge.run import Judges


class Judging:
    """One kernel's judge; the check runs in processes of its own, never in the kernel."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._judges: Judges | None = None

    async def run_checks(
        self, ids: Sequence[str], databases: Sequence[str], seed: int
    ) -> dict[str, Any]:
        """The result (schema 1) of checks on the student's own project."""
        # Imported here: a notebook that checks nothing doesn't wait for it.
        from workbook.judge.client import JudgeFault
        from workbook.judge.run import Judges
        from workbook.judge.target import TargetError

        if self._judges is None:
            self._judges = Judges(self.course)
        try:
            return await self._judges.run(ids, databases=databases, seed=seed)
        except TargetError as error:
            raise Unclear(str(error)) from None
        except JudgeFault as fault:
            raise Unclear(
                f"The checker could not do its work, and no points were touched: {fault}"
            ) from None

    async def close(self) -> None:
        """Ends the judge's processes."""
        if self._judges is not None:
            await self._judges.close()
            self._judges = None
