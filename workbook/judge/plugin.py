"""The judge as a pytest plugin: a check is a test, its verdict comes from how it ended.

`pytest tests/graded --target exercises` runs every check; the service process serves one
submission after another on tests that were collected once.
"""

import asyncio
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import pytest

from workbook.databases import KINDS, Databases, folder_for_a_while

from .options import add_options, confinement_of
from .versions import seed_of, suite_version


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds what a run of the graded suites needs."""
    group = parser.getgroup("workbook", "graded suites")
    group.addoption("--target", type=Path, help="the project root to check")
    group.addoption("--course", type=Path, help="the folder of lessons (default: ours)")
    group.addoption("--db", choices=[*KINDS, "both"], default="both", help="databases to check on")
    group.addoption("--db-url", help="an existing PostgreSQL server to use")
    group.addoption("--seed", type=int, help="the seed of the random inputs")
    add_options(group)


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker."""
    config.addinivalue_line("markers", "check(id): a graded check of the manifest")


class Room:
    """What lives as long as the judge: the course, warm witnesses, databases, one sitting."""

    def __init__(self, config: pytest.Config) -> None:
        from workbook.course import Course

        self.course = Course.load(config.getoption("--course"))
        self.checks = {check.id: check for check in self.course.checks}
        self.lessons = {lesson.slug: lesson for lesson in self.course.lessons}
        self.config = config
        self.loop: asyncio.AbstractEventLoop | None = None
        self.nursery: Any = None
        self.databases: Any = None
        self.sitting: Any = None
        self.folder: Any = None
        self.works: dict[str, Any] = {}

    async def sit(self, folder: Path, seed: int | None) -> None:
        """Opens the sitting of one submission."""
        from .sitting import Sitting
        from .target import find_target

        await self.rise()
        await self.prepare()
        target = find_target(self.course, folder)
        if seed is None:
            seed = seed_of(target.digest(), suite_version(self.course))
        self.sitting = Sitting(self.course, target, seed, self.nursery, self.databases)

    def furnish(self) -> None:
        """Makes what every sitting shares, once; the witnesses' warm process begins to start."""
        from .nurseries import nursery

        if self.nursery is None:
            probes = self.course.suites / "probes"
            option = self.config.getoption
            kinds = KINDS if option("--db") == "both" else (option("--db"),)
            if confined := confinement_of(self.config):
                from .jailed import furnished

                self.nursery, self.databases = furnished(confined, probes, kinds)
            else:
                self.nursery = nursery(probes)
                self.folder = folder_for_a_while()
                self.databases = Databases(
                    kinds, folder=Path(self.folder.name), db_url=option("--db-url")
                )
            self.nursery.start()

    async def prepare(self) -> None:
        """Starts what every sitting shares, once."""
        self.furnish()
        if self.loop is None:
            self.loop = asyncio.get_running_loop()
            await self.databases.__aenter__()

    async def rise(self) -> None:
        """Closes the sitting, if one is open, and leaves nothing of its submission."""
        if self.sitting is not None:
            sitting, self.sitting = self.sitting, None
            await sitting.close()
            await self.nursery.sweep()

    async def close(self) -> None:
        """Closes all."""
        await self.rise()
        if self.nursery is not None:
            self.nursery.close()
        if self.loop is not None:
            await self.databases.__aexit__(None, None, None)
        if self.folder is not None:
            self.folder.cleanup()


ROOM = pytest.StashKey[Room]()


def room_of(config: pytest.Config) -> Room:
    """The room of this run, made on first use."""
    if ROOM not in config.stash:
        config.stash[ROOM] = Room(config)
    return config.stash[ROOM]


def check_id(item: pytest.Item) -> str | None:
    """The id of the check that a test is, or `None`."""
    marker = item.get_closest_marker("check")
    return str(marker.args[0]) if marker else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A check runs once on each database that the manifest names."""
    marker = metafunc.definition.get_closest_marker("check")
    if marker is None:
        return
    room = room_of(metafunc.config)
    found = room.checks.get(marker.args[0])
    if found is None:
        raise pytest.UsageError(f"{metafunc.function.__name__}: no check {marker.args[0]!r}")
    chosen = metafunc.config.getoption("--db")
    kinds = [kind for kind in found.databases if chosen in ("both", kind)]
    if kinds:
        metafunc.parametrize("work", kinds, indirect=True)
    else:
        metafunc.parametrize("work", [pytest.param(chosen, marks=NOT_HERE)], indirect=True)


NOT_HERE = pytest.mark.skip(reason="the manifest names another database for this check")


@pytest.fixture(scope="session")
async def judge_room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    """The room, closed when the run ends."""
    room = room_of(request.config)
    await room.prepare()
    target = request.config.getoption("--target")
    if room.sitting is None and target is not None:
        await room.sit(target, request.config.getoption("--seed"))
    yield room
    await room.close()


@pytest.fixture
async def work(request: pytest.FixtureRequest, judge_room: Room) -> AsyncIterator[Any]:
    """A check's hands on the database of its parameter."""
    found = judge_room.checks[check_id(request.node) or ""]
    sitting = judge_room.sitting
    if sitting is None:
        raise pytest.UsageError("name what to check: --target FOLDER")
    lesson = judge_room.lessons[found.id.split(".")[0]]
    work = await sitting.work(lesson, found, request.param)
    judge_room.works[request.node.nodeid] = work
    yield work
    judge_room.works.pop(request.node.nodeid, None)


OUTCOME = pytest.StashKey[Any]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Turns how a check ended into its outcome, and the report into its story."""
    report = yield
    id = check_id(item)
    if id is None or call.when == "teardown" or report.skipped:
        return report
    if call.excinfo is None and call.when != "call":
        return report
    from .channel import WitnessEndedError
    from .outcome import Outcome, judge
    from .steady import steady

    room = room_of(item.config)
    error = call.excinfo.value if call.excinfo else None
    kind = item.callspec.params["work"]  # type: ignore[attr-defined]
    if isinstance(error, WitnessEndedError) and room.sitting is not None:
        room.sitting.note_end(room.checks[id], error)
    work = room.works.get(item.nodeid)
    outcome = judge(id, kind, error, work)
    if outcome.verdict == "not yet" and id.rpartition(".")[0] in room.sitting.untouched:
        outcome = Outcome(id, kind, "not started")
    elif work is not None:
        outcome = steady(outcome, room.sitting.target.root, work.databases)
    item.stash[OUTCOME] = outcome
    if error is not None and outcome.verdict != "ours":
        place = f"  {outcome.where}" if outcome.where else ""
        report.longrepr = f"{outcome.verdict}: {outcome.story}{place}"
    return report
