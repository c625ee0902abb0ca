"""What learning platforms hand over becomes one candidate a person, attempts in order."""

import unicodedata
from pathlib import Path

import pytest
from laying import archive, flags, labels, project

from workbook.grading.intake.candidates import read_class
from workbook.grading.intake.limits import Refused
from workbook.grading.intake.roster import Roster, Student
from workbook.grading.intake.staging import stage

ADA = Student("ada", "Ada Lovelace", email="ada@x.edu", canvas="12345", number="S1")
BEN = Student("ben", "Ben Ng", email="ben@x.edu")
MARY = Student("mary-ann", "Mary Ann")
CLASS = Roster([ADA, BEN, MARY])


def test_canvas_names_with_late_marks_and_resubmissions(tmp_path: Path) -> None:
    archive(tmp_path / "lovelaceada_LATE_12345_9002_work-1.zip")
    archive(tmp_path / "lovelaceada_12345_8999_work.zip")
    archive(tmp_path / "ngben_777_9001_my_work.zip")
    (tmp_path / "ngben_777_9003_screenshot.png").write_text("")
    ada, ben = read_class(tmp_path, Roster([ADA, BEN]))
    assert [attempt.late for attempt in ada.attempts] == [False, True]
    assert ada.student == ADA
    assert (ben.student.key, ben.student.canvas, ben.flags) == ("ben", "777", ())
    assert [attempt.label for attempt in ben.attempts] == ["ngben_777_9001_my_work.zip"]


def test_namesakes_on_canvas_stay_two_people_without_a_roster(tmp_path: Path) -> None:
    archive(tmp_path / "leekim_1_10_a.zip")
    archive(tmp_path / "leekim_2_11_a.zip")
    assert list(labels(read_class(tmp_path))) == ["leekim", "leekim (canvas 2)"]


def test_a_name_that_fits_two_on_the_roster_is_flagged_and_not_guessed(tmp_path: Path) -> None:
    archive(tmp_path / "leekim_1_10_a.zip")
    two = Roster([Student("k1", "Kim Lee"), Student("k2", "Kim Lee")])
    flagged = next(candidate for candidate in read_class(tmp_path, two) if candidate.attempts)
    assert flagged.student.key == "leekim"
    assert "may be k1 or k2" in flagged.flags[0]


def test_moodle_folders_and_loose_files_of_one_name_pattern(tmp_path: Path) -> None:
    archive(tmp_path / "Ada Lovelace_501_assignsubmission_file_" / "work.zip")
    (tmp_path / "Ada Lovelace_501_assignsubmission_onlinetext_").mkdir()
    archive(tmp_path / "Ben Ng_502_assignsubmission_file_work.zip")
    ada, ben = read_class(tmp_path, Roster([ADA, BEN]))
    assert (ada.student.key, ada.student.moodle, len(ada.attempts)) == ("ada", "501", 1)
    assert (ben.student.key, ben.student.moodle) == ("ben", "502")
    assert "app/database.py" in stage(ada.attempts[0].source()).files


def test_a_gradescope_export_and_its_groups(tmp_path: Path) -> None:
    export = tmp_path / "assignment_77_export"
    project(export / "submission_1")
    project(export / "submission_2")
    (export / "submission_metadata.yml").write_text(
        "submission_1:\n"
        "  :submitters:\n"
        "  - :name: Ada Lovelace\n    :sid: S1\n    :email: ADA@x.edu\n"
        "  - :name: Ben Ng\n    :sid: ''\n    :email: ben@x.edu\n"
        "  :created_at: 2026-03-01 10:00:00.000000000 Z\n"
        "  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess\n    score: 3\n"
        "submission_2:\n"
        "  :submitters:\n  - :name: Ada Lovelace\n    :sid: S1\n    :email: ada@x.edu\n"
        "  :created_at: 2026-03-02 10:00:00.000000000 Z\n"
    )
    found = labels(read_class(tmp_path, Roster([ADA, BEN])))
    assert found == {"ada": ["submission_1", "submission_2"], "ben": ["submission_1"]}
    assert list(labels(read_class(tmp_path))) == ["ADA@x.edu", "ben@x.edu"]


def test_a_gradescope_list_that_is_not_one_says_so(tmp_path: Path) -> None:
    (tmp_path / "submission_metadata.yml").write_text("[1, 2")
    with pytest.raises(ValueError, match="Gradescope"):
        read_class(tmp_path)


def test_repositories_are_told_by_the_name_after_the_assignment(tmp_path: Path) -> None:
    for name in ("cs-task-api-ada", "cs-task-api-mary-ann", "cs-task-api-zed"):
        project(tmp_path / name / "exercises")
    (tmp_path / "scores.csv").write_text("")
    assert list(labels(read_class(tmp_path))) == ["ada", "mary-ann", "zed"]
    known = {candidate.student.key: candidate for candidate in read_class(tmp_path, CLASS)}
    assert known["mary-ann"].attempts
    assert known["zed"].flags == ("not on the roster",)
    assert known["ben"].attempts == ()


def test_plain_archives_and_folders_with_numbered_attempts(tmp_path: Path) -> None:
    archive(tmp_path / "ada_2.zip")
    archive(tmp_path / "ada_10.tar.gz")
    archive(tmp_path / "ada.zip")
    archive(tmp_path / "ben" / "attempt 2" / "work.zip")
    project(tmp_path / "ben" / "attempt 1")
    archive(tmp_path / "mary-ann_homework.zip")
    assert labels(read_class(tmp_path, CLASS)) == {
        "ada": ["ada.zip", "ada_2.zip", "ada_10.tar.gz"],
        "ben": ["ben/attempt 1", "ben/attempt 2/work.zip"],
        "mary-ann": ["mary-ann_homework.zip"],
    }


def test_absent_is_a_candidate_without_attempts(tmp_path: Path) -> None:
    archive(tmp_path / "ada.zip")
    absent = [c.student.key for c in read_class(tmp_path, CLASS) if not c.attempts]
    assert absent == ["ben", "mary-ann"]


def test_a_link_to_a_neighbours_archive_is_not_followed(tmp_path: Path) -> None:
    archive(tmp_path / "ben" / "work.zip")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "work.zip").symlink_to(tmp_path / "ben" / "work.zip")
    assert labels(read_class(tmp_path))["ada"] == ["ada"]


def test_one_project_alone_is_a_class_of_one(tmp_path: Path) -> None:
    project(tmp_path / "ada")
    assert labels(read_class(tmp_path / "ada")) == {"ada": ["ada"]}
    assert labels(read_class(tmp_path)) == {"ada": ["ada"]}


def test_a_whole_repository_can_be_one_submission(tmp_path: Path) -> None:
    project(tmp_path / "repo" / "exercises")
    (tmp_path / "repo" / "docs").mkdir()
    (alone,) = read_class(tmp_path / "repo", one=True)
    assert alone.student.key == "repo"
    assert list(stage(alone.attempts[0].source()).files) == ["app/database.py"]


def test_the_grades_of_an_earlier_run_are_no_submission(tmp_path: Path) -> None:
    archive(tmp_path / "ada.zip")
    archive(tmp_path / "ben.zip")
    (tmp_path / "grades").mkdir()
    (tmp_path / "grades" / "gradebook.sqlite").write_text("")
    assert list(labels(read_class(tmp_path))) == ["ada", "ben"]


def test_a_name_composed_or_in_pieces_is_one_person(tmp_path: Path) -> None:
    archive(tmp_path / unicodedata.normalize("NFC", "Jürgen Müller.zip"))
    project(tmp_path / unicodedata.normalize("NFD", "Jürgen Müller"))
    (jurgen,) = read_class(tmp_path)
    assert (jurgen.student.key, len(jurgen.attempts), jurgen.flags) == ("Jürgen Müller", 2, ())


def test_what_gradescope_does_not_list_has_a_row_of_its_own(tmp_path: Path) -> None:
    project(tmp_path / "submission_1")
    project(tmp_path / "submission_2")
    (tmp_path / "submission_metadata.yml").write_text(
        "submission_1:\n  :submitters:\n  - :name: Ada\n    :email: ada@x.edu\n"
    )
    assert labels(read_class(tmp_path)) == {
        "ada@x.edu": ["submission_1"],
        "submission_2": ["submission_2"],
    }
    assert flags(tmp_path) == {"submission_2": ("not in submission_metadata.yml",)}


def test_online_text_alone_is_refused_and_not_absent(tmp_path: Path) -> None:
    (tmp_path / "Ada Lovelace_501_assignsubmission_onlinetext_").mkdir()
    ada, _ = read_class(tmp_path, Roster([ADA, BEN]))
    with pytest.raises(Refused, match="handed in as online text, not as a file"):
        ada.attempts[0].source()


def test_a_document_called_like_somebody_is_handed_in_and_others_are_paperwork(
    tmp_path: Path,
) -> None:
    for name in ("ada.txt", "Ben Ng.html", "notes.txt", "mary-ann.csv"):
        (tmp_path / name).write_text("")
    archive(tmp_path / "zed.zip")
    found = labels(read_class(tmp_path, CLASS))
    assert found == {"ada": ["ada.txt"], "ben": ["Ben Ng.html"], "mary-ann": [], "zed": ["zed.zip"]}
