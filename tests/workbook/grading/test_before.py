"""No class takes the place of another one's grades by accident."""

import os
import signal
from pathlib import Path

import pytest
from conftest import archive
from fake_grader import FakeGrader
from test_run import grades, process, run, settled_lines

from workbook.grading.catalogue import Catalogue
from workbook.grading.gradebook import GradebookError
from workbook.grading.intake import IntakeError
from workbook.grading.roster import Roster, Student
from workbook.grading.run import Plan, grade_class
from workbook.grading.verbs.standing import summary


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
