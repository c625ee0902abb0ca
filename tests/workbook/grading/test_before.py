"""No grades take the place of others by accident: of another class, of other lessons."""

import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from conftest import archive
from fake_grader import FakeGrader, NoStart
from test_run import canonical_files, grades, process, run, settled_lines

from workbook.course import Course
from workbook.grading.gradebook.book import FILE, GradebookError
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.intake.opening import IntakeError
from workbook.grading.intake.roster import Roster, Student
from workbook.grading.running.crew import CannotStart
from workbook.grading.running.merging import merge
from workbook.grading.running.run import Plan, grade_class
from workbook.grading.verbs.summary import summary

COURSE = Course.load(Path(__file__).parents[1] / "tiny_course" / "tool" / "lessons")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A class of other people."""
    archive(tmp_path / "other" / "xena.zip", "passes = 6\n")
    archive(tmp_path / "other" / "yves.zip", "passes = 6\n")
    return tmp_path / "other"


def test_an_empty_folder_is_no_class_even_with_a_roster(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IntakeError, match="holds no submissions"):
        run(tmp_path / "empty", tmp_path / "out", roster=Roster([Student("ada")]))
    assert grades(tmp_path / "out")["ada"]["earned"] == "8"


def test_a_folder_that_holds_no_class_makes_no_gradebook(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(IntakeError):
        run(tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_class_does_not_replace_the_grades_of_this_one(
    klass: Path, other: Path, tmp_path: Path
) -> None:
    run(klass, tmp_path / "out")
    said = r"another class \(7 people, none of them here\): name another --out"
    with pytest.raises(GradebookError, match=said):
        run(other, tmp_path / "out")
    assert grades(tmp_path / "out")["ada"]["earned"] == "8"
    run(klass, tmp_path / "out")


def test_a_cut_off_run_does_not_go_on_with_another_class(
    klass: Path, other: Path, tmp_path: Path
) -> None:
    with process(klass, tmp_path / "out") as running:
        settled_lines(running, 2)
        os.kill(running.pid, signal.SIGKILL)
    with pytest.raises(GradebookError, match="none of them here"):
        run(other, tmp_path / "out", resume=True)
    run(klass, tmp_path / "out", resume=True)
    assert grades(tmp_path / "out")["ada"]["earned"] == "8"


def test_a_roster_that_renames_people_is_still_the_same_class(klass: Path, tmp_path: Path) -> None:
    run(klass, tmp_path / "out")
    roster = Roster([Student("al1", name="ada"), Student("bn2", name="ben")])
    for name in ("cleo", "dan", "eve", "fay_1", "fay_2", "gus"):
        (klass / f"{name}.zip").unlink()
    run(klass, tmp_path / "out", roster=roster)
    assert grades(tmp_path / "out")["al1"]["earned"] == "8"


def test_who_was_graded_before_and_handed_in_nothing_now_is_named(
    klass: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(klass, tmp_path / "out")
    (klass / "ben.zip").unlink()
    (klass / "gus.zip").unlink()
    plan = Plan(catalogue=Catalogue(extension=("tenancy",)))
    summary(grade_class(klass, tmp_path / "out", FakeGrader, plan), tmp_path / "out")
    assert "2 graded before are not in the folder any more: ben, gus" in capsys.readouterr().out


def graded(
    klass: Path, out: Path, *chosen: str, roster: Roster | None = None, **plan: object
) -> dict[str, bytes]:
    """What grading a part of the small course writes."""
    of_course = Plan(catalogue=Catalogue.of(COURSE, chosen), **plan)  # type: ignore[arg-type]
    grade_class(klass, out, FakeGrader, of_course, roster=roster)
    return canonical_files(out)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (["engine"], ["models"], "grades for engine, and these would be for models: give the"),
        ([], ["models"], "for all lessons, and these would be for models"),
        (["models"], ["models", "engine"], "for models, and these would be for engine and models"),
        (["engine"], ["engine.url"], "for engine.sessions and engine.url, and these would be for"),
    ],
)
def test_other_lessons_do_not_replace_the_grades_of_these(
    klass: Path, tmp_path: Path, before: list[str], now: list[str], said: str
) -> None:
    files = graded(klass, tmp_path / "out", *before)
    with pytest.raises(GradebookError) as refused:
        graded(klass, tmp_path / "out", *now)
    assert said in str(refused.value)
    assert str(refused.value).endswith("give the same --lesson again, or name another --out")
    assert canonical_files(tmp_path / "out") == files
    assert graded(klass, tmp_path / "out", *before) == files


def test_other_databases_do_not_replace_the_grades_on_these(klass: Path, tmp_path: Path) -> None:
    files = graded(klass, tmp_path / "out")
    said = "for postgresql and sqlite, and these would be for sqlite: give the same --db again"
    with pytest.raises(GradebookError, match=said):
        graded(klass, tmp_path / "out", databases=("sqlite",))
    assert graded(klass, tmp_path / "out") == files


def test_a_roster_left_out_does_not_drop_who_is_absent(klass: Path, tmp_path: Path) -> None:
    graded(klass, tmp_path / "out")
    expected = [Student("ada", "Ada Lovelace"), Student("zoe", "Zoe Absent")]
    files = graded(klass, tmp_path / "out", roster=Roster(expected))
    with pytest.raises(GradebookError, match="roster, which is missing now: give --roster again"):
        graded(klass, tmp_path / "out")
    assert canonical_files(tmp_path / "out") == files
    graded(klass, tmp_path / "out", roster=Roster([*expected, Student("ben")]))
    assert grades(tmp_path / "out")["zoe"]["state"] == "absent"


def test_merged_shards_still_know_that_they_had_a_roster(klass: Path, tmp_path: Path) -> None:
    for part in (1, 2):
        graded(klass, tmp_path / f"{part}", roster=Roster([Student("ada")]), shard=(part, 2))
    merge([tmp_path / "1", tmp_path / "2"], tmp_path / "all")
    with pytest.raises(GradebookError, match="missing now"):
        graded(klass, tmp_path / "all")


def test_a_cut_off_run_does_not_go_on_into_the_grades_of_other_lessons(
    klass: Path, tmp_path: Path
) -> None:
    graded(klass, tmp_path / "out", "engine")
    with pytest.raises(CannotStart):
        run(klass, tmp_path / "out", factory=partial(NoStart, "suite-2"))
    with pytest.raises(GradebookError, match="these would be for models"):
        graded(klass, tmp_path / "out", "models", resume=True)
    graded(klass, tmp_path / "out", "engine", resume=True)


def test_a_course_that_grew_is_the_same_assignment(klass: Path, tmp_path: Path) -> None:
    graded(klass, tmp_path / "out")
    whole = Catalogue.of(COURSE)
    grown = replace(
        whole,
        exercises={**whole.exercises, "engine.new": "New"},
        points={**whole.points, "engine.new.works": 1, "engine.url.more": 1},
    )
    grade_class(klass, tmp_path / "out", FakeGrader, Plan(catalogue=grown))


def test_a_gradebook_of_before_knows_its_roster_by_who_is_absent(
    klass: Path, tmp_path: Path
) -> None:
    graded(klass, tmp_path / "out", roster=Roster([Student("ada"), Student("zoe")]))
    with closing(sqlite3.connect(tmp_path / "out" / FILE)) as file, file:
        file.execute("ALTER TABLE run DROP COLUMN roster")
        file.execute("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(GradebookError, match="missing now"):
        graded(klass, tmp_path / "out")
