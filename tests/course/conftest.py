"""One set of warm judges serves every test of the course."""

from collections.abc import AsyncIterator

import pytest

from workbook.course import Course
from workbook.judge.run import Judges

collect_ignore = ["right"]  # a right answer brings tests of its own


@pytest.fixture(scope="session")
def course() -> Course:
    return Course.load()


@pytest.fixture(scope="session")
async def judges(course: Course) -> AsyncIterator[Judges]:
    found = Judges(course)
    yield found
    await found.close()
