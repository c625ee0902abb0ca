"""The grader of a class run: jailed judges, proven walls, a server of its own."""

import asyncio
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbook import sandbox
from workbook.course import Course
from workbook.databases import KINDS, DatabaseUnavailable
from workbook.grading.grader import GraderFactory, GraderFault, Result
from workbook.grading.running.scratch import Place
from workbook.judge.client import JudgeFault
from workbook.judge.confinement import Confinement
from workbook.judge.outcome import Outcome
from workbook.judge.run import Judges
from workbook.judge.versions import suite_version
from workbook.postgres import Server
from workbook.sandbox.other_user import closed_to_others

SHARED_MEMORY = Path("/dev/shm")


class JailedGrader:
    """Grades one submission after another behind the walls of a rung that was just attacked."""

    def __init__(
        self,
        course: Path | None = None,
        *,
        databases: tuple[str, ...] = KINDS,
        rung: str | None = None,
        unsafe: bool = False,
        checks: Sequence[str] = (),
    ) -> None:
        """`checks` are the ids to grade: lessons, exercises or checks; all, if there are none."""
        self.course = Course.load(course)
        self.suite_version = _version(self.course, checks)
        self.containment: dict[str, Any] = {}
        self._databases, self._rung, self._unsafe = databases, rung, unsafe
        self.checks = checks
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Proves the sandbox, starts the judges. Raises `GraderFault` when either can't be."""
        with ExitStack() as opening:
            try:
                rung = sandbox.choose(self._rung, unsafe=self._unsafe)
                self._settle(rung, opening)
                proven = self._run(_proven(rung, self._judges, self._databases))
                self.containment = _seen(rung, proven)
            except (sandbox.SandboxError, DatabaseUnavailable, JudgeFault) as error:
                raise GraderFault(str(error)) from error
            self._open = opening.pop_all()
        return self

    def _settle(self, rung: sandbox.Rung, opening: ExitStack) -> None:
        place = opening.enter_context(Place()).folder
        self._staging = place / "staging"
        self._staging.mkdir()
        if rung.other_user:
            read = [self.course.suites / "probes", Path(sandbox.__file__).parents[1]]
            if closed := closed_to_others(read):
                raise sandbox.SandboxError(
                    f"Other users can't enter {closed}. Move the course to where they can,"
                    " or install bubblewrap."
                )
        scratch = None
        if not rung.mounts:
            scratch = opening.enter_context(Place(SHARED_MEMORY)).folder
        server = None
        if "postgresql" in self._databases:
            server = Server(place / "server")
            opening.callback(server.close)
        home = server.folder if server else None
        confined = Confinement(rung.name, self._staging, home, scratch)
        runner = opening.enter_context(asyncio.Runner())
        judges = Judges(self.course, confinement=confined)
        opening.callback(lambda: runner.run(judges.close()))
        self._judges, self._run = judges, runner.run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def grade(self, staged: Path, *, seed: int) -> Result:
        """The result of one project root, with `timing`: the seconds of each check."""
        seconds: dict[str, float] = defaultdict(float)

        def note(outcome: Outcome) -> None:
            seconds[outcome.check] += outcome.seconds

        work = self._staging / "work"
        shutil.copytree(staged, work)
        _open_to_others(work)
        try:
            result = self._run(
                self._judges.run(
                    self.checks,
                    work,
                    databases=self._databases,
                    seed=seed,
                    on_outcome=note,
                )
            )
        except JudgeFault as fault:
            raise GraderFault(str(fault)) from fault
        finally:
            shutil.rmtree(work)
        return {**result, "timing": {id: round(spent, 3) for id, spent in seconds.items()}}


def grader_for(
    course: Path | None,
    *,
    databases: tuple[str, ...] = KINDS,
    unsafe: bool = False,
    rung: str | None = None,
    checks: Sequence[str] = (),
) -> GraderFactory:
    """Makes graders that other processes can import; each starts a server of its own."""
    return partial(
        JailedGrader, course, databases=databases, unsafe=unsafe, rung=rung, checks=checks
    )


def _version(course: Course, checks: Sequence[str]) -> str:
    """The suites' version; another one for a part of them, as that gives another result."""
    whole, chosen = suite_version(course), course.select(checks)
    if len(chosen) == len(course.checks):
        return whole
    part = " ".join([whole, *(check.id for check in chosen)])
    return hashlib.sha256(part.encode()).hexdigest()[: len(whole)]


async def _proven(
    rung: sandbox.Rung, judges: Judges, databases: Sequence[str]
) -> list[sandbox.Proof]:
    """What the self-test saw; the judges start meanwhile."""
    proofs, _ = await asyncio.gather(asyncio.to_thread(sandbox.prove, rung), judges.warm(databases))
    return proofs


def _seen(rung: sandbox.Rung, proofs: list[sandbox.Proof]) -> dict[str, Any]:
    """What a report says of the walls."""
    tried = [{"name": one.name, "held": one.held, "promised": one.promised} for one in proofs]
    return {"rung": rung.name, "isolation": rung.isolation, "self_test": tried}


def _open_to_others(folder: Path) -> None:
    """Lets the user inside the jail read what was staged."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
