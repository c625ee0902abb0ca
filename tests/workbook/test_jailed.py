"""Submissions are judged behind walls as they are without, and nothing of them stays."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.workbook.accounts import ROOT, USER, opened
from workbook.course import Course
from workbook.grading.grader import GraderFault
from workbook.grading.running.judging import JailedGrader, grader_for
from workbook.judge.run import Judges
from workbook.sandbox import SandboxError, bubblewrap, choose, rungs
from workbook.sandbox.other_user import is_root

TALLY = Path(__file__).parent / "tally"
LESSONS = TALLY / "lessons"
ADD = "    return left + right"
STORE = "    await connection.commit()"
RUNGS = [rung.name for rung in rungs()[:-1] if rung.available() is None]


@pytest.fixture(scope="module")
def grader() -> Iterator[JailedGrader]:
    if not RUNGS:
        with pytest.raises(SandboxError, match="isolat"):
            choose()
        pytest.skip("nothing here can isolate code, and the ladder says so")
    with JailedGrader(LESSONS) as found:
        yield found


class Project:
    """A project root with the small course's answer in it, to be changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(TALLY / "reference", root / "app")
        self.file = root / "app" / "tally.py"

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert text.count(old) == 1
        self.file.write_text(text.replace(old, new))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "work")


def graded(grader: JailedGrader, project: Project) -> dict[str, Any]:
    result = grader.grade(project.root, seed=3)
    assert result.pop("timing")
    return result


def verdicts(grader: JailedGrader, project: Project) -> dict[str, dict[str, Any]]:
    rows = graded(grader, project)["checks"]
    return {row["id"].rpartition(".")[2]: row for row in rows}


def test_the_self_test_has_passed_before_anything_is_graded(grader: JailedGrader) -> None:
    assert grader.containment["rung"] == RUNGS[0]
    tried = grader.containment["self_test"]
    assert len(tried) >= 30
    assert all(one["held"] for one in tried if one["promised"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ADD, ADD),
        (ADD, "    print('adding')\n    return left - right"),
        (ADD, '    raise NotImplementedError("exercise tally.add")'),
        (ADD, "    return left +"),
        (STORE, "    raise OverflowError('the cup is full')"),
        (STORE, "    import os; os._exit(3)"),
        (STORE, ""),
    ],
)
async def test_the_walls_change_no_verdict_no_story_and_no_point(
    grader: JailedGrader, project: Project, old: str, new: str
) -> None:
    import asyncio

    project.change(old, new)
    judges = Judges(Course.load(LESSONS))
    try:
        plain = await judges.run((), project.root, seed=3)
    finally:
        await judges.close()
    assert await asyncio.to_thread(graded, grader, project) == plain


def test_what_the_sandbox_stops_is_refused_and_the_place_is_named(
    grader: JailedGrader, project: Project
) -> None:
    project.change(ADD, "    open('/etc/shadow').read()\n    return left + right")
    found = verdicts(grader, project)["adds_two_numbers"]
    assert found["verdict"] == "refused"
    assert "sandbox" in found["story"]
    assert found["where"] == "app/tally.py:9"


def test_a_refusal_that_the_code_survives_costs_nothing(
    grader: JailedGrader, project: Project
) -> None:
    project.change(
        ADD,
        "    try:\n        open('/etc/shadow')\n    except OSError:\n        pass\n" + ADD,
    )
    assert graded(grader, project)["earned"] == 6


def test_processor_time_that_is_used_up_is_not_called_memory(
    grader: JailedGrader, project: Project
) -> None:
    ignored = "    import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
    project.change(ADD, f"{ignored}    while True: pass")
    assert verdicts(grader, project)["adds_two_numbers"]["verdict"] == "timed out"


def test_memory_that_is_used_up_is_told_apart(grader: JailedGrader, project: Project) -> None:
    project.change(ADD, "    return len(bytearray(2**34))")
    assert verdicts(grader, project)["adds_two_numbers"]["verdict"] == "out of memory"


def test_a_replaced_probe_is_seen_and_earns_nothing(grader: JailedGrader, project: Project) -> None:
    project.change(
        ADD,
        "    import json; json.dumps = lambda *_, **__: '{}'\n    return left + right",
    )
    found = verdicts(grader, project)["adds_two_numbers"]
    assert (found["verdict"], found["earned"]) in {("refused", 0), ("crashed", 0)}


LIES = """
    import sys
    frame = sys._getframe()
    while "kit" not in frame.f_locals:
        frame = frame.f_back
    own = frame.f_locals["kit"].bench._recording
    windows, beside = {name: list(rows) for name, rows in own.windows.items()}, own.beside
    for _ in range(12):
        await connection.execute(text("SELECT sum FROM mark"))
    own.windows = windows
    own.beside = [*beside, *["SELECT sum FROM mark"] * HIDDEN]
"""


@pytest.mark.parametrize("hidden", [0, 12])
def test_statements_are_counted_by_the_server_and_not_by_what_is_said(
    grader: JailedGrader, project: Project, hidden: int
) -> None:
    project.change(STORE, LIES.replace("HIDDEN", str(hidden)) + STORE)
    found = verdicts(grader, project)["takes_one_insert"]
    assert found["databases"] == {"sqlite": "ok", "postgresql": "not yet"}
    assert found["earned"] == 0


def test_nothing_of_a_submission_is_left_for_the_next(
    grader: JailedGrader, project: Project, tmp_path: Path
) -> None:
    kept = "    import pathlib, tempfile; pathlib.Path(tempfile.gettempdir(), 'kept').touch()\n"
    project.change(ADD, kept + ADD)
    assert graded(grader, project)["earned"] == 6
    other = Project(tmp_path / "other")
    look = "    import os, tempfile; print(os.listdir(tempfile.gettempdir()))\n"
    other.change(ADD, look + ADD)
    assert "kept" not in verdicts(grader, other)["adds_two_numbers"]["printed"]


def test_names_that_change_from_run_to_run_are_not_told(
    grader: JailedGrader, project: Project
) -> None:
    project.change(
        STORE, "    raise ValueError(f'{connection.engine.url!r} {__file__} {object()}')"
    )
    first, second = graded(grader, project), graded(grader, project)
    assert first == second
    assert "/app/tally.py" not in str(first)


@pytest.mark.parametrize("rung", RUNGS[1:])
def test_weaker_rungs_grade_alike(grader: JailedGrader, project: Project, rung: str) -> None:
    project.change(ADD, "    return left - right")
    with JailedGrader(LESSONS, rung=rung) as weaker:
        assert graded(weaker, project) == graded(grader, project)


_ALIKE = """
import json, shutil, sys, tempfile
from pathlib import Path
from workbook.grading.running.judging import JailedGrader
tally, rung = Path(sys.argv[1]), sys.argv[2]
with tempfile.TemporaryDirectory() as made, JailedGrader(tally / "lessons", rung=rung) as grader:
    work = Path(made, "work")
    shutil.copytree(tally / "reference", work / "app")
    file = work / "app" / "tally.py"
    file.write_text(file.read_text().replace("left + right", "left - right"))
    print(json.dumps(grader.grade(work, seed=3)))
"""


@pytest.mark.skipif(not is_root() or bool(bubblewrap.missing()), reason="root alone can be others")
@pytest.mark.parametrize("rung", [one.name for one in rungs()[:-1] if not one.other_user])
def test_an_ordinary_user_grades_alike(grader: JailedGrader, project: Project, rung: str) -> None:
    project.change(ADD, "    return left - right")
    command = [*opened(), *USER, sys.executable, "-c", _ALIKE, str(TALLY), rung]
    ran = subprocess.run(
        command, cwd=ROOT, env={"PATH": "/usr/bin:/bin", "HOME": "/tmp"}, capture_output=True
    )
    assert ran.returncode == 0, ran.stderr.decode()
    found = json.loads(ran.stdout)
    assert found.pop("timing")
    assert found["databases"] == ["sqlite", "postgresql"]
    assert found == graded(grader, project)


def test_a_rung_that_is_not_there_is_our_own_fault_with_a_cure() -> None:
    with pytest.raises(GraderFault, match="choose from"), JailedGrader(LESSONS, rung="castle"):
        pass


def test_a_part_of_the_course_has_a_version_of_its_own() -> None:
    whole = grader_for(None)().suite_version
    one, same, other = (
        grader_for(None, checks=checks)().suite_version
        for checks in (("engine", "models"), ("2", "01_engine"), ("models",))
    )
    assert one == same
    assert len({whole, one, other}) == 3
    every = tuple(lesson.slug for lesson in Course.load().lessons)
    assert grader_for(None, checks=every)().suite_version == whole


_GRADER = """
import sys, time
from pathlib import Path
from workbook.grading.running.judging import JailedGrader
with JailedGrader(Path(sys.argv[1])) as grader:
    grader._run(grader._judges.warm(["sqlite", "postgresql"]))
    print(grader._staging.parent, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not RUNGS, reason="nothing here can isolate code")
def test_a_killed_grader_leaves_no_process_and_no_folder() -> None:
    grader = subprocess.Popen(
        [sys.executable, "-c", _GRADER, str(LESSONS)], stdout=subprocess.PIPE, text=True
    )
    assert grader.stdout is not None
    place = Path(grader.stdout.readline().strip())
    company = psutil.Process(grader.pid).children(recursive=True)
    assert place.is_dir()
    assert company
    os.kill(grader.pid, signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    _, alive = psutil.wait_procs(company, timeout=30)
    assert not alive
    deadline = time.monotonic() + 30
    while place.exists() and time.monotonic() < deadline:
        psutil.wait_procs([], timeout=0.1)
    assert not place.exists()
