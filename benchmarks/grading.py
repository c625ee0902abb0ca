"""`python -m benchmarks.grading`: what the walls cost, and what warm processes save.

The same submissions, on both databases, graded two at a time in three ways, in turns: by jailed
judges as `workbook grade` does; by the same judges without walls; by one `python -m pytest`
process for each submission, in a jail of its own, with the student's code beside the assertions.
"""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.open_grader import OpenGrader
from benchmarks.ratios import Ratio, compare, show
from workbook.course import Course
from workbook.cuts import render
from workbook.grading.intake.staging import bundle, unbundle
from workbook.grading.running.crew import LocalCrew
from workbook.grading.running.judging import JailedGrader
from workbook.grading.running.scratch import Place
from workbook.postgres import Server
from workbook.sandbox import Jail, choose, interpreter_trees, prove

ROOT = Path(__file__).parents[1]
AT_ONCE = 2
PLUGINS = ("pytest_asyncio.plugin", "workbook.judge.plugin", "benchmarks.in_process")
SETTINGS = {
    "asyncio_mode": "auto",
    "asyncio_default_fixture_loop_scope": "session",
    "asyncio_default_test_loop_scope": "session",
    "filterwarnings": "ignore",
    "addopts": "--import-mode=importlib",
}


def submissions(count: int) -> list[bytes]:
    """The reference, each time with another last line."""
    texts = render(Course.load(), [], package="app")
    return [
        bundle(
            {name: text.encode() for name, text in texts.items()}
            | {"app/errors.py": f"{texts['app/errors.py']}\n# {number}\n".encode()}
        )
        for number in range(count)
    ]


class ColdPytest:
    """One jailed pytest process for each submission."""

    def __init__(self, lessons: Sequence[str], server: Server, place: Path) -> None:
        self.rung, self.server, self.place = choose(), server, place
        prove(self.rung)
        course = Course.load()
        self.suites = [
            str(path)
            for lesson in lessons
            for path in course.suites.glob(f"test_[0-9][0-9]_{lesson}.py")
        ]
        self.jailed = [ROOT / "workbook", ROOT / "benchmarks", course.suites, *interpreter_trees()]

    def grade(self, files: bytes, number: int) -> None:
        """One process from start to end; it must pass."""
        staging = self.place / str(number)
        staging.mkdir()
        unbundle(files, staging / "work")
        for path in (staging, *staging.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        address = self.server.admin_url.render_as_string(hide_password=False)
        jail = Jail(read=self.jailed, staging=staging, socket_dir=Path(self.server.host))
        command = [sys.executable, "-P", "-m", "pytest", *self.suites, "-q", "--no-header"]
        command += [word for plugin in PLUGINS for word in ("-p", plugin)]
        command += [word for name, value in SETTINGS.items() for word in ("-o", f"{name}={value}")]
        command += ["-p", "no:cacheprovider", f"--rootdir={staging}", "-c", "/dev/null"]
        command += ["-k", "not tables_are_made_and_again"]  # asks for a process of its own
        command += ["--target", str(staging / "work"), f"--db-url={address}"]
        process = self.rung.popen(
            command,
            jail,
            env={"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(said.decode()[-4000:])


async def measure(lessons: Sequence[str], rounds: int, count: int) -> list[Ratio]:
    """The two ratios, from interleaved batches."""
    jailed = LocalCrew(partial(JailedGrader, checks=lessons), AT_ONCE)
    plain = LocalCrew(partial(OpenGrader, lessons), AT_ONCE)
    threads = ThreadPoolExecutor(AT_ONCE)
    turns = iter(range(10**6))

    def by(crew: LocalCrew) -> None:
        found = [crew.submit(files, 1) for files in submissions(count)]
        for graded in [one.result() for one in found]:
            assert graded.document is not None, graded.faults
            assert graded.document["earned"] == graded.document["possible"], graded.document

    with Place() as place:
        server = Server(place.folder / "server")
        cold = ColdPytest(lessons, server, place.folder)

        def by_pytest() -> None:
            jobs = [threads.submit(cold.grade, files, next(turns)) for files in submissions(count)]
            for job in jobs:
                job.result()

        try:
            walls = await compare(
                lambda: asyncio.to_thread(by, jailed),
                lambda: asyncio.to_thread(by, plain),
                rounds=rounds,
            )
            warm = await compare(
                lambda: asyncio.to_thread(by, jailed),
                lambda: asyncio.to_thread(by_pytest),
                rounds=rounds,
            )
        finally:
            jailed.close()
            plain.close()
            threads.shutdown()
            server.close()
    name = f"{count} submissions, {', '.join(lessons)}"
    return [
        Ratio("both", f"{name}: to the same without walls", *walls, target=1.3),
        Ratio("both", f"{name}: to a jailed pytest process each", *warm, target=0.25),
    ]


if __name__ == "__main__":
    given = sys.argv[1:]
    rounds, count = (int(word) for word in (given[:2] or ("3", "8")))
    wanted = given[2:] or ["engine", "models", "services", "transactions", "migrations"]
    show(asyncio.run(measure(wanted, rounds, count)))
