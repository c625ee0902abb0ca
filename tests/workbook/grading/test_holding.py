"""A folder in the class folder is a project, attempts at one, or the place of several people."""

import os
import zipfile
from pathlib import Path

import pytest
from laying import archive, flags, labels, project, zips

from workbook.grading.intake.candidates import read_class
from workbook.grading.intake.roster import Roster, Student

CLASS = Roster([Student(key) for key in ("ada", "anna", "bea", "ben")])


def groups(folder: Path) -> Path:
    zips(folder / "Group A", "ada", "anna_2")
    zips(folder / "Group B", "ben", "stranger")
    project(folder / "Group B" / "bea")
    return folder


def test_a_folder_that_is_nobodys_is_gone_into_for_people_on_the_roster(tmp_path: Path) -> None:
    assert labels(read_class(groups(tmp_path), CLASS)) == {
        "ada": ["Group A/ada.zip"],
        "anna": ["Group A/anna_2.zip"],
        "bea": ["Group B/bea"],
        "ben": ["Group B/ben.zip"],
        "stranger": ["Group B/stranger.zip"],
    }
    assert flags(tmp_path, CLASS) == {"stranger": ("not on the roster",)}


def test_without_a_roster_unlike_things_in_a_folder_are_flagged_attempts(tmp_path: Path) -> None:
    found = labels(read_class(groups(tmp_path)))
    assert found["Group B"] == ["Group B/bea", "Group B/ben.zip", "Group B/stranger.zip"]
    told = "Group A holds ada.zip and anna_2.zip, which were taken for attempts of one person"
    assert flags(tmp_path)["Group A"] == (told,)


def test_a_folder_of_somebody_on_the_roster_is_theirs_whatever_it_holds(tmp_path: Path) -> None:
    zips(tmp_path / "ben", "ada", "backup_old")
    assert labels(read_class(tmp_path, CLASS))["ben"] == ["ben/ada.zip", "ben/backup_old.zip"]
    told = "ben holds ada.zip and backup_old.zip, which were taken for attempts of one person"
    assert flags(tmp_path, CLASS) == {"ben": (told,)}


def test_numbered_folders_and_archives_are_attempts_without_a_flag(tmp_path: Path) -> None:
    zips(tmp_path / "ada", "attempt 1", "attempt 2")
    project(tmp_path / "ben" / "v1")
    project(tmp_path / "ben" / "v2")
    assert labels(read_class(tmp_path)) == {
        "ada": ["ada/attempt 1.zip", "ada/attempt 2.zip"],
        "ben": ["ben/v1", "ben/v2"],
    }
    assert flags(tmp_path) == {}


def test_an_archive_beside_pictures_is_the_submission(tmp_path: Path) -> None:
    archive(tmp_path / "ada" / "work.zip")
    (tmp_path / "ada" / "screens").mkdir()
    assert labels(read_class(tmp_path)) == {"ada": ["ada/work.zip"]}


def test_a_zip_in_a_whole_repository_is_no_attempt(tmp_path: Path) -> None:
    project(tmp_path / "ada" / "exercises")
    zipfile.ZipFile(tmp_path / "ada" / "data.zip", "w").close()
    assert labels(read_class(tmp_path)) == {"ada": ["ada"]}


@pytest.mark.skipif(os.geteuid() == 0, reason="root sees everything")
def test_a_folder_nobody_may_look_into_holds_up_nobody(tmp_path: Path) -> None:
    zips(tmp_path, "ada")
    (tmp_path / "ben" / "exercises").mkdir(parents=True)
    archive(tmp_path / "ben" / "work.zip")
    for folder in ("ben/exercises", "ben"):
        (tmp_path / folder).chmod(0)
    assert labels(read_class(tmp_path, CLASS))["ben"] == ["ben"]
    (tmp_path / "ben").chmod(0o700)
    assert labels(read_class(tmp_path, CLASS))["ben"] == ["ben/work.zip"]
    (tmp_path / "ben" / "exercises").chmod(0o700)
