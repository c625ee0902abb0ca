"""`python -m benchmarks.judge`: what a judge apart costs, against pytest in one process.

The floor is one cold `python -m pytest` process with no plugin but pytest-asyncio, running the
same assertions with the probes in its own process (`benchmarks/in_process.py`).
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.ratios import Ratio, compare, show
from workbook.course import Course
from workbook.judge.run import Judges

ONE = "services.get"
LESSONS = ("engine", "models", "services", "transactions", "migrations")
PLUGINS = ("pytest_asyncio.plugin", "workbook.judge.plugin", "benchmarks.in_process")


def cold(course: Course, db: str, keyword: str = "") -> None:
    """One pytest process from start to end."""
    command = [sys.executable, "-m", "pytest", str(course.suites), "-q", "--no-header"]
    command += [word for plugin in PLUGINS for word in ("-p", plugin)]
    command += [
        "--target",
        str(course.reference),
        "--db",
        db,
        *(["-k", keyword] if keyword else []),
    ]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


async def measure(rounds: int) -> list[Ratio]:
    """The two ratios, each from interleaved runs."""
    course = Course.load()
    judges = Judges(course)

    async def warm(ids: Sequence[str], databases: Sequence[str]) -> None:
        result = await judges.run(ids, course.reference, databases=databases)
        assert result["earned"] == result["possible"] > 0

    one = await compare(
        lambda: warm([ONE], ["sqlite"]),
        lambda: asyncio.to_thread(cold, course, "sqlite", "test_get_ and sqlite and not session"),
        rounds=rounds,
    )
    full = await compare(
        lambda: warm(LESSONS, ["sqlite", "postgresql"]),
        lambda: asyncio.to_thread(cold, course, "sqlite", "test_get_ and sqlite and not session"),
        rounds=rounds,
    )
    await judges.close()
    return [
        Ratio("SQLite", f"one exercise ({ONE}), warm", *one, target=0.3),
        Ratio("both", "lessons 1-5, warm, to one cold exercise", *full, target=4.0),
    ]


if __name__ == "__main__":
    show(asyncio.run(measure(int(sys.argv[1]) if sys.argv[1:] else 5)))
